"""The privacy policy: which fields of which fact kinds may leave the shop, and in what shape.

Owns the file's grammar, its checks and the compiled floor. Refuses, with a sentence, a policy that names an unknown
kind or field (a slip of the pen must be loud), that would let a personal, payment or biometric field leave, or that
touches the kinds with which the shop accounts for its own records. Read once at start; `edge.egress` applies it.
"""

import errno
import os
import re
import secrets
import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from edge.errors import ConfigError
from edge.facts import FACT_TYPES, DataClass, Fact, data_class_of

FLOOR = frozenset({DataClass.PERSONAL, DataClass.PAYMENT, DataClass.BIOMETRIC})
"""Classes that never leave, whatever a policy says."""

ACCOUNTING_KINDS = frozenset({"gap", "store.epoch", "egress.denied", "audit.checkpoint"})
"""Always leave whole: without them nobody could prove that nothing is missing."""

ENVELOPE_FIELDS = ("at", "mono_s", "source")
"""Leave with every record of a named kind; only ``source`` may be hashed."""

_ACTION = re.compile(r"^(?P<name>keep|drop|hash|round|bucket)(?:\((?P<number>\d+(?:\.\d+)?)\))?$")
_KEY_BYTES, _SERIALS = 32, 2**53


class Verb(StrEnum):
    """What happens to one field's value on its way out."""

    KEEP = "keep"
    ROUND = "round"
    BUCKET = "bucket"
    HASH = "hash"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Action:
    """A verb, with digits for ``round`` and the width for ``bucket``."""

    verb: Verb
    number: float | None = None

    def __str__(self) -> str:
        return self.verb.value if self.number is None else f"{self.verb.value}({self.number:g})"


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Actions by kind and field. What is not in here stays in the shop."""

    version: str
    kinds: Mapping[str, Mapping[str, Action]]
    serial: int = 0
    """Rises with every policy that a shop signs, so that an older one can be told; 0: the file gives none."""


class EgressSettings(BaseModel):
    """Section ``[egress]``: where the policy and the key for hashed fields lie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Path = Path("egress-policy.toml")
    """Policy file; the one that came with the appliance where the shop has none."""
    signers: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """Head office's public keys (Ed25519, hexadecimal); one of them must have signed a policy of the shop's own."""
    store_key_file: Path | None = None
    """Key under which hashed fields leave; made at the first start where none is named."""


def load_policy(path: Path, *, fact_types: Sequence[type[Fact]] = FACT_TYPES) -> EgressPolicy:
    """Read and check a policy file.

    Raises:
        ConfigError: the file is missing, is no TOML, or says something that may not be said.
    """
    return policy_of(path, read_policy(path), fact_types=fact_types)


def read_policy(path: Path) -> bytes:
    """The bytes of a policy file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"egress policy {path}: cannot be read ({error.strerror}); nothing may leave") from error


def policy_of(path: Path, text: bytes, *, fact_types: Sequence[type[Fact]] = FACT_TYPES) -> EgressPolicy:
    """Check the bytes of a policy; ``path`` is for the sentences.

    Raises:
        ConfigError: it says something that may not be said.
    """
    try:
        return parse_policy(text.decode(), fact_types=fact_types)
    except UnicodeDecodeError as error:
        raise ConfigError(f"egress policy {path}: is no text in UTF-8") from error
    except ConfigError as error:
        raise ConfigError(f"egress policy {path}: {error}") from error


def parse_policy(text: str, *, fact_types: Sequence[type[Fact]] = FACT_TYPES) -> EgressPolicy:
    """Check the text of a policy and return it.

    Raises:
        ConfigError: with the place and what would be right.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {error}") from error
    unknown = set(document) - {"version", "serial", "kinds"}
    if unknown:
        raise ConfigError(f'unknown key {min(unknown)!r}; only version, serial and [kinds."..."] belong here')
    version = document.get("version")
    if not isinstance(version, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", version):
        raise ConfigError('version: give the policy one, such as version = "2026-11-22.1"')
    serial = document.get("serial", 0)
    if type(serial) is not int or not 0 <= serial < _SERIALS:
        raise ConfigError("serial: must be a whole number from 1 on, one higher at every change")
    by_kind = {fact_type.kind: fact_type for fact_type in fact_types}
    kinds = document.get("kinds", {})
    if not isinstance(kinds, dict):
        raise ConfigError('kinds: must be tables, such as [kinds."shelf.count"]')
    checked = {kind: _checked_kind(kind, fields, by_kind) for kind, fields in kinds.items()}
    return EgressPolicy(version, checked, serial)


def load_store_key(path: Path) -> bytes:
    """Read the key that hashed fields are hashed with; make one, readable by its owner only, when there is none.

    Raises:
        ConfigError: the file cannot be read or made, or is too short to be a key.
    """
    try:
        # An empty file never was a key: the disk was full, or the power went, while one was made.
        if not path.exists() or path.stat().st_size == 0:
            _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        cure = "free some disk space" if error.errno == errno.ENOSPC else "it must be a file that this user may read"
        raise ConfigError(f"store key {path}: {error.strerror}; {cure}") from error
    if len(key) < _KEY_BYTES:
        raise ConfigError(
            f"store key {path}: holds {len(key)} bytes, needs at least {_KEY_BYTES} random ones; restore it from a"
            " backup, or remove it to have a new one made (hashed fields then differ from those sent before)"
        )
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.new")
    aside.touch(mode=0o600)
    with aside.open("wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _checked_kind(kind: str, fields: Any, by_kind: Mapping[str, type[Fact]]) -> Mapping[str, Action]:
    if kind in ACCOUNTING_KINDS:
        raise ConfigError(f"kinds.{kind}: always leaves whole, it accounts for what is missing; remove it here")
    fact_type = by_kind.get(kind)
    if fact_type is None:
        raise ConfigError(f"kinds.{kind}: no such fact kind; known are {', '.join(sorted(by_kind))}")
    if not isinstance(fields, dict):
        raise ConfigError(f'kinds.{kind}: must be a table of fields, such as units = "keep"')
    for field in ENVELOPE_FIELDS:
        if data_class_of(fact_type, field) in FLOOR:
            raise ConfigError(f"kinds.{kind}: its {field} is {data_class_of(fact_type, field)} and never leaves")
    return {field: _checked_action(fact_type, field, words) for field, words in fields.items()}


def _checked_action(fact_type: type[Fact], field: str, words: Any) -> Action:
    place = f"kinds.{fact_type.kind}.{field}"
    if field not in fact_type.model_fields:
        raise ConfigError(f"{place}: the kind has no such field; it has {', '.join(fact_type.model_fields)}")
    action = _parsed_action(place, words)
    data_class = data_class_of(fact_type, field)
    if data_class in FLOOR and action.verb is not Verb.DROP:
        raise ConfigError(f"{place}: the field is {data_class}, and {data_class} data never leaves the shop")
    if field in ENVELOPE_FIELDS and action.verb is not Verb.KEEP and (field, action.verb) != ("source", Verb.HASH):
        raise ConfigError(f"{place}: leaves with every record of the kind; only source may be set, to keep or hash")
    allowed = _verbs_for(fact_type, field)
    if action.verb not in allowed:
        raise ConfigError(f"{place}: {action.verb} does not fit the field's values; {', '.join(sorted(allowed))} do")
    return action


def _parsed_action(place: str, words: Any) -> Action:
    match = _ACTION.match(words) if isinstance(words, str) else None
    if match is None:
        raise ConfigError(f'{place}: say "keep", "drop", "hash", "round(2)" or "bucket(5)"')
    verb, number = Verb(match["name"]), match["number"]
    if (number is None) is (verb in {Verb.ROUND, Verb.BUCKET}):
        raise ConfigError(f"{place}: round and bucket take a number, the others none")
    if (verb is Verb.BUCKET and float(number) <= 0) or (verb is Verb.ROUND and "." in number):
        raise ConfigError(f"{place}: bucket takes a width above zero, round a whole number of digits")
    return Action(verb, None if number is None else float(number))


def _verbs_for(fact_type: type[Fact], field: str) -> frozenset[Verb]:
    value_types = _plain_types(fact_type.model_fields[field].annotation)
    verbs = {Verb.KEEP, Verb.DROP}
    if value_types <= {int, float}:
        verbs |= {Verb.ROUND, Verb.BUCKET}
    if value_types <= {str}:
        verbs |= {Verb.HASH}
    if not value_types <= {int, float, str, bool, datetime}:
        verbs -= {Verb.KEEP}
    return frozenset(verbs)


def _plain_types(annotation: Any) -> set[type]:
    """Value types inside an annotation, None left out: ``Annotated[int, ...] | None`` gives ``{int}``."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return set().union(*(_plain_types(part) for part in get_args(annotation)))
    if origin is Literal:
        return {type(choice) for choice in get_args(annotation)}
    if hasattr(annotation, "__metadata__"):
        return _plain_types(get_args(annotation)[0])
    if annotation is type(None):
        return set()
    if annotation is AwareDatetime:
        return {datetime}
    if isinstance(annotation, type):
        return {str} if issubclass(annotation, str) else {annotation}
    return {object}
