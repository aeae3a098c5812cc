"""The privacy gate: turns a fact into the record that may leave the shop, or keeps it in.

Owns the only place where an outgoing record is made. Pure: the same fact, policy and key give the same verdict; it
reaches neither network nor disk nor pixels. First the policy, field by field, default-deny under a compiled floor;
then the second net over every string that is left. Stands between the facts and the store's outbox.
"""

import base64
import hashlib
import hmac
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from edge.detectors import Detector, scan
from edge.egress_policy import ACCOUNTING_KINDS, ENVELOPE_FIELDS, FLOOR, Action, EgressPolicy, Verb
from edge.facts import FACT_TYPES, DataClass, EgressDeniedFact, Fact, data_class_of
from sync.records import OutgoingRecord, Scalar

_SENSITIVITY = (DataClass.PUBLIC, DataClass.INTERNAL, DataClass.PERSONAL, DataClass.PAYMENT, DataClass.BIOMETRIC)
_LONG_NUMBER = 10**11
_CACHED_STRINGS = 8192
_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})


class Disposition(StrEnum):
    """What became of a fact at the gate."""

    QUEUED = "queued"
    """A record of it is in the outbox, or left already."""
    KEPT = "kept"
    """The policy does not name its kind: it stays in the shop."""
    DENIED = "denied"
    """The second net found something in it: it stays, and a count-only tombstone goes instead."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The node's clock at the fact: what a record says about how far its time may be trusted."""

    boot_id: str = "unknown"
    time_quality: str = "unsynced"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may leave. ``record`` is set exactly when the disposition is queued, ``tombstones`` when it is denied."""

    disposition: Disposition
    record: OutgoingRecord | None = None
    tombstones: tuple[EgressDeniedFact, ...] = ()
    hits: Mapping[Detector, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldFate:
    """One field's way through the gate; ``leaves_as`` is None when it stays."""

    field: str
    data_class: DataClass
    action: str
    leaves_as: Scalar
    why: str

    @property
    def leaves(self) -> bool:
        """Whether anything of the field goes out."""
        return self.action not in ("drop", "deny")


@dataclass(frozen=True, slots=True)
class _Plan:
    """A kind's way out, worked out once."""

    source: Action
    fields: tuple[tuple[str, Action], ...]
    data_class: DataClass


class EgressGate:
    """Judges facts under one policy. May be called from any thread; never blocks."""

    def __init__(
        self, policy: EgressPolicy, store_key: bytes, *, fact_types: Sequence[type[Fact]] = FACT_TYPES
    ) -> None:
        self._policy = policy
        self._store_key = store_key
        self._plans = {kind.kind: plan for kind in fact_types if (plan := _plan(policy, kind)) is not None}
        self._scan = lru_cache(maxsize=_CACHED_STRINGS)(_detectors_in)

    @property
    def policy_version(self) -> str:
        """Version that every record made here carries."""
        return self._policy.version

    def judge(self, fact: Fact, origin: Origin = Origin()) -> Verdict:
        """Decide what of a fact may leave.

        A denied fact yields one tombstone per detector, stamped with the gate's own name as its source, because the
        fact's source may be the very thing that must not leave.
        """
        plan = self._plans.get(fact.kind)
        if plan is None:
            return Verdict(Disposition.KEPT)
        record = self._record(fact, plan, origin)
        hits = self._hits(record)
        if hits:
            return Verdict(Disposition.DENIED, tombstones=_tombstones(fact, hits), hits=hits)
        return Verdict(Disposition.QUEUED, record)

    def explain(self, fact: Fact) -> list[FieldFate]:
        """Say for every field of a fact what happens to it at the gate, and why."""
        plan = self._plans.get(fact.kind)
        hits = self._hits(self._record(fact, plan, Origin())) if plan else {}
        fates = [self._fate(type(fact), name, fact) for name in type(fact).model_fields]
        if not hits:
            return fates
        why = f"the second net found {', '.join(f'{count} x {name}' for name, count in hits.items())} in the record"
        return [FieldFate(fate.field, fate.data_class, "deny", None, why) for fate in fates]

    def explain_kind(self, fact_type: type[Fact]) -> list[FieldFate]:
        """Say for every field of a kind what happens to it, and why, without a value."""
        return [self._fate(fact_type, name, None) for name in fact_type.model_fields]

    def _record(self, fact: Fact, plan: _Plan, origin: Origin) -> OutgoingRecord:
        source = str(self._apply(plan.source, fact.source))
        key = fact.coalescing_key()
        return OutgoingRecord(
            lane=fact.lane,
            kind=fact.kind,
            source=source,
            occurred_at=fact.at.astimezone(UTC),
            mono_s=fact.mono_s,
            boot_id=origin.boot_id,
            time_quality=origin.time_quality,
            data_class=plan.data_class.value,
            policy_version=self._policy.version,
            data={name: self._apply(action, getattr(fact, name)) for name, action in plan.fields},
            key=key if key is None or source == fact.source else str(self._hash(key)),
        )

    def _apply(self, action: Action, value: object) -> Scalar:
        if action.verb is Verb.KEEP and type(value) in _PLAIN_TYPES:
            return value  # type: ignore[return-value]
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat()
        if isinstance(value, str):
            return self._hash(value) if action.verb is Verb.HASH else str(value)
        if not isinstance(value, int | float):
            raise TypeError(f"a fact holds plain values only, not {type(value).__name__}")
        return _coarsened(action, value)

    def _hash(self, value: str) -> str:
        digest = hmac.digest(self._store_key, value.encode(), hashlib.sha256)
        return base64.b32encode(digest[:15]).decode().lower()

    def _hits(self, record: OutgoingRecord) -> Mapping[Detector, int]:
        found: list[Detector] = []
        for value in (record.source, record.boot_id, *record.data.values()):
            if type(value) is str:
                found.extend(self._scan(value))
            elif value is not None and not isinstance(value, str) and abs(value) >= _LONG_NUMBER:
                found.extend(self._scan(f"{abs(value):.0f}"))
        return Counter(found)

    def _fate(self, fact_type: type[Fact], name: str, fact: Fact | None) -> FieldFate:
        data_class, plan, kind = data_class_of(fact_type, name), self._plans.get(fact_type.kind), fact_type.kind
        if data_class in FLOOR:
            return FieldFate(name, data_class, "drop", None, f"{data_class} data never leaves the shop")
        if plan is None:
            return FieldFate(name, data_class, "drop", None, f"the policy does not name the kind {kind}")
        action = dict(plan.fields).get(name) or (plan.source if name == "source" else None)
        if action is None and name in ENVELOPE_FIELDS:
            action = Action(Verb.KEEP)
        if action is None:
            named = self._policy.kinds.get(kind, {}).get(name)
            why = "the policy drops the field" if named else "the policy does not name the field"
            return FieldFate(name, data_class, "drop", None, why)
        value = None if fact is None else self._apply(action, getattr(fact, name))
        why = "the shop accounts for its records with it" if kind in ACCOUNTING_KINDS else self._named_by(name)
        return FieldFate(name, data_class, str(action), value, why)

    def _named_by(self, name: str) -> str:
        return f"{'every record carries it' if name in ENVELOPE_FIELDS else 'named'} (policy {self.policy_version})"


def class_of_kind(fact_type: type[Fact]) -> DataClass:
    """Highest data class among the fields of a kind: how long the store may keep it."""
    return highest(data_class_of(fact_type, name) for name in fact_type.model_fields)


def fields_that_stay(
    policy: EgressPolicy, *, fact_types: Sequence[type[Fact]] = FACT_TYPES
) -> dict[str, tuple[str, ...]]:
    """For each kind the fields of which nothing goes out under a policy."""
    gate = EgressGate(policy, b"", fact_types=fact_types)
    return {kind.kind: tuple(fate.field for fate in gate.explain_kind(kind) if not fate.leaves) for kind in fact_types}


def highest(classes: Iterable[DataClass]) -> DataClass:
    """The most sensitive of some classes."""
    return max(classes, key=_SENSITIVITY.index)


def _plan(policy: EgressPolicy, fact_type: type[Fact]) -> _Plan | None:
    whole = fact_type.kind in ACCOUNTING_KINDS
    named = policy.kinds.get(fact_type.kind)
    if named is None and not whole:
        return None
    keep = Action(Verb.KEEP)
    actions = {
        name: keep if whole else (named or {}).get(name, Action(Verb.DROP))
        for name in fact_type.model_fields
        if name not in ENVELOPE_FIELDS and data_class_of(fact_type, name) not in FLOOR
    }
    leaving = tuple((name, action) for name, action in actions.items() if action.verb is not Verb.DROP)
    names = (*ENVELOPE_FIELDS, *(name for name, _ in leaving))
    return _Plan(
        source=(named or {}).get("source", keep),
        fields=leaving,
        data_class=highest(data_class_of(fact_type, name) for name in names),
    )


def _coarsened(action: Action, value: float) -> float:
    if action.number is None or isinstance(value, bool):
        return value
    if action.verb is Verb.ROUND:
        return round(value, int(action.number))
    bucket = math.floor(value / action.number) * action.number
    return int(bucket) if isinstance(value, int) and bucket == int(bucket) else bucket


def _detectors_in(text: str) -> tuple[Detector, ...]:
    return tuple(span.detector for span in scan(text))


def _tombstones(fact: Fact, hits: Mapping[Detector, int]) -> tuple[EgressDeniedFact, ...]:
    return tuple(
        EgressDeniedFact(
            at=fact.at, mono_s=fact.mono_s, source="egress", denied_kind=fact.kind, detector=detector.value, hits=count
        )
        for detector, count in hits.items()
    )
