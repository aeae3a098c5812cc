"""Every fact field carries a data class, every kind has one lane, and nothing but plain values fits in."""

import types
import typing
from datetime import UTC, datetime

import pytest
from pydantic import AwareDatetime, ValidationError

from edge.facts import FACT_TYPES, DataClass, Fact, GapFact, NodeHealthFact, ShelfCountFact, data_class_of
from sync.records import Lane

PLAIN = {str, int, float, bool, AwareDatetime, type(None)}
NOW = datetime(2026, 5, 4, 10, 2, tzinfo=UTC)
COUNT = {
    "at": NOW,
    "mono_s": 12.0,
    "source": "cam-dairy",
    "slot": "d-1",
    "sku": "BR-0001",
    "units": 2,
    "facings": 3,
    "delta": -1,
    "shelf_units": 9,
}


def _atoms(annotation: object) -> set[object]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return set().union(*(_atoms(a) for a in typing.get_args(annotation)))
    if origin is typing.Literal:
        return {type(a) for a in typing.get_args(annotation)}
    if origin is typing.Annotated:
        return _atoms(typing.get_args(annotation)[0])
    return {annotation}


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda t: t.kind)
def test_every_field_has_a_data_class_and_a_plain_value(fact_type: type[Fact]) -> None:
    for name, field in fact_type.model_fields.items():
        assert isinstance(data_class_of(fact_type, name), DataClass), name
        assert _atoms(field.annotation) <= PLAIN, name


def test_no_kind_is_used_twice_and_every_kind_has_a_lane() -> None:
    kinds = [t.kind for t in FACT_TYPES]
    assert len(kinds) == len(set(kinds))
    assert all(isinstance(t.lane, Lane) for t in FACT_TYPES)


def test_only_metrics_replace_each_other() -> None:
    assert ShelfCountFact(**COUNT).coalescing_key() is None
    assert {t.kind for t in FACT_TYPES if t.lane is Lane.P3} == {NodeHealthFact.kind}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", -1),
        ("source", "cam dairy; drop table"),
        ("at", datetime(2026, 5, 4)),  # noqa: DTZ001 - a naive time is the case
        ("mono_s", float("nan")),
        ("shopper", "Ada"),
    ],
)
def test_a_fact_refuses_what_it_does_not_mean(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        ShelfCountFact(**{**COUNT, field: value})


def test_a_fact_cannot_be_changed() -> None:
    fact = GapFact(at=NOW, mono_s=0, source="box-1", epoch="e", gap_lane="p2", first=1, last=4, reason="evicted")
    with pytest.raises(ValidationError):
        fact.last = 9  # type: ignore[misc]
