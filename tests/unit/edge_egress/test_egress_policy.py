from pathlib import Path
from typing import Annotated

import pytest

from edge.egress_policy import ACCOUNTING_KINDS, ENVELOPE_FIELDS, load_policy, load_store_key, parse_policy
from edge.errors import ConfigError
from edge.facts import FACT_TYPES, DataClass, Fact
from sync.records import Lane

SHIPPED = Path("firmware-config/egress-policy.toml")


class LoyaltyFact(Fact):
    kind = "loyalty.seen"
    lane = Lane.P1

    card: Annotated[str, DataClass.PAYMENT]
    member: Annotated[str, DataClass.PERSONAL]
    gait: Annotated[float, DataClass.BIOMETRIC]
    points: Annotated[int, DataClass.INTERNAL]


def _policy(body: str) -> str:
    return f'version = "t1"\n{body}'


def test_the_shipped_policy_decides_every_field_of_every_kind() -> None:
    policy = load_policy(SHIPPED)
    for fact_type in FACT_TYPES:
        if fact_type.kind in ACCOUNTING_KINDS:
            continue
        undecided = set(fact_type.model_fields) - set(policy.kinds[fact_type.kind]) - set(ENVELOPE_FIELDS)
        assert not undecided, f"{fact_type.kind}: {undecided}"


@pytest.mark.parametrize("field", ["card", "member", "gait"])
def test_a_policy_that_lets_a_floor_field_leave_is_refused_with_a_sentence(field: str) -> None:
    with pytest.raises(ConfigError, match="never leaves the shop"):
        parse_policy(_policy(f'[kinds."loyalty.seen"]\n{field} = "keep"'), fact_types=[LoyaltyFact])


def test_a_policy_may_say_that_a_floor_field_is_dropped() -> None:
    policy = parse_policy(_policy('[kinds."loyalty.seen"]\ncard = "drop"\npoints = "keep"'), fact_types=[LoyaltyFact])
    assert str(policy.kinds["loyalty.seen"]["card"]) == "drop"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('[kinds."shelf.cuont"]\nunits = "keep"', "no such fact kind"),
        ('[kinds."shelf.count"]\nunit = "keep"', "no such field"),
        ('[kinds."shelf.count"]\nunits = "send"', "say "),
        ('[kinds."shelf.count"]\nunits = "round"', "take a number"),
        ('[kinds."shelf.count"]\nunits = "keep(3)"', "take a number"),
        ('[kinds."shelf.count"]\nunits = "bucket(0)"', "above zero"),
        ('[kinds."shelf.count"]\nunits = "hash"', "does not fit"),
        ('[kinds."shelf.count"]\nsku = "round(1)"', "does not fit"),
        ('[kinds."shelf.count"]\nat = "drop"', "leaves with every record"),
        ('[kinds."shelf.count"]\nsource = "drop"', "leaves with every record"),
        ('[kinds.gap]\nfirst = "drop"', "always leaves whole"),
        ("[floor]\noff = true", "unknown key"),
        ("kinds = 3", "must be tables"),
        ("= =", "not valid TOML"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(body: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_policy(_policy(body))


def test_a_policy_without_a_version_is_refused() -> None:
    with pytest.raises(ConfigError, match="version"):
        parse_policy('[kinds."shelf.count"]\nunits = "keep"')


def test_a_missing_policy_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_policy(tmp_path / "nowhere.toml")


def test_a_store_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "store.key"
    key = load_store_key(path)
    assert load_store_key(path) == key
    assert len(key) == 32
    assert path.stat().st_mode & 0o077 == 0


def test_a_short_store_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match="at least 32"):
        load_store_key(path)
