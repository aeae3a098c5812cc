"""From readings to facts: deltas, thresholds told once, faults with their beginning, footfall by the quarter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.translate import FOOTFALL_PERIOD_S, Translator
from vision.readings import (
    FeedFault,
    FeedFaulted,
    FeedRestored,
    LineCrossed,
    PackMisplaced,
    PlanogramCompared,
    ShelfCounted,
)

START = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def _count(units: int, *, at_s: float = 0.0, slot: str = "d-1", low_at: int = 1) -> ShelfCounted:
    return ShelfCounted(
        camera_id="cam-dairy",
        captured_at=START + timedelta(seconds=at_s),
        mono_s=100 + at_s,
        media_s=at_s,
        slot_id=slot,
        sku="BR-0001",
        units=units,
        facings=3,
        shelf_units=units,
        low_at=low_at,
        confidence=0.97,
    )


def _crossed(direction: str, at_s: float) -> LineCrossed:
    return LineCrossed(
        camera_id="cam-door",
        captured_at=START + timedelta(seconds=at_s),
        mono_s=at_s,
        media_s=at_s,
        line_id="door",
        direction=direction,
        confidence=0.8,
    )


@pytest.mark.parametrize(
    ("units", "kinds"),
    [
        pytest.param([3], [["shelf.count"]], id="first count"),
        pytest.param([3, 3], [["shelf.count"], []], id="no change says nothing"),
        pytest.param([3, 2], [["shelf.count"], ["shelf.count"]], id="one taken"),
        pytest.param([3, 1], [["shelf.count"], ["shelf.count", "shelf.low"]], id="low"),
        pytest.param([3, 0], [["shelf.count"], ["shelf.count", "shelf.out_of_stock"]], id="straight to zero"),
        pytest.param(
            [1, 0], [["shelf.count", "shelf.low"], ["shelf.count", "shelf.out_of_stock"]], id="low, then zero"
        ),
        pytest.param([0, 1], [["shelf.count", "shelf.out_of_stock"], ["shelf.count"]], id="one put back is still low"),
        pytest.param(
            [0, 3], [["shelf.count", "shelf.out_of_stock"], ["shelf.count", "shelf.restocked"]], id="restocked"
        ),
    ],
)
def test_counts_become_the_facts_that_staff_act_on(units: list[int], kinds: list[list[str]]) -> None:
    translator = Translator()
    assert [[f.kind for f in translator.facts([_count(u)])] for u in units] == kinds


def test_a_restart_does_not_tell_old_news() -> None:
    translator = Translator(known_units={("cam-dairy", "d-1"): 0})
    assert translator.facts([_count(0)]) == []
    (count, restocked) = translator.facts([_count(3, at_s=60)])
    assert (count.model_dump()["delta"], restocked.model_dump()["out_s"]) == (3, None)


def test_restocking_says_how_long_the_slot_was_short() -> None:
    translator = Translator()
    translator.facts([_count(1, at_s=10)])
    translator.facts([_count(0, at_s=40)])
    assert translator.facts([_count(3, at_s=100)])[1].model_dump()["out_s"] == 90.0


def test_a_fault_carries_when_it_began_and_what_stays_unknown() -> None:
    seen = {"camera_id": "cam-dairy", "captured_at": START, "mono_s": 0.0, "media_s": 9.0}
    began = START - timedelta(seconds=2)
    fault, restored = Translator().facts(
        [
            FeedFaulted(**seen, fault=FeedFault.BLIND, began_at=began, began_media_s=7.0),
            FeedRestored(**seen, fault=FeedFault.BLIND, began_at=began, no_data_s=11.0),
        ]
    )
    assert (fault.kind, fault.model_dump()["began_at"]) == ("feed.blind", began)
    assert (restored.model_dump()["fault"], restored.model_dump()["no_data_s"]) == ("blind", 11.0)


def test_footfall_is_counted_by_the_quarter_of_an_hour() -> None:
    translator = Translator()
    translator.facts([_crossed("in", 0), _crossed("in", 5), _crossed("out", 20)])
    assert translator.due_footfall(START + timedelta(seconds=60)) == []
    (footfall,) = translator.due_footfall(START + timedelta(seconds=FOOTFALL_PERIOD_S))
    assert footfall.model_dump(include={"entered", "left", "period_s"}) == {
        "entered": 2,
        "left": 1,
        "period_s": FOOTFALL_PERIOD_S,
    }
    assert translator.due_footfall(START + timedelta(hours=1)) == []


def test_an_unfinished_quarter_is_told_at_the_stop() -> None:
    translator = Translator()
    translator.facts([_crossed("in", 0)])
    (footfall,) = translator.due_footfall(START + timedelta(seconds=60), final=True)
    assert footfall.model_dump()["period_s"] == 60.0


def test_a_wrong_pack_has_a_beginning_and_an_end() -> None:
    seen = {"camera_id": "cam-dairy", "captured_at": START, "mono_s": 0.0, "media_s": 9.0}
    told = Translator().facts(
        PackMisplaced(
            **seen, slot_id="d-1", sku="BR-1", seen_sku="BR-2", confidence=0.8, began_at=START, is_over=is_over
        )
        for is_over in (False, True)
    )
    bodies = [fact.model_dump() for fact in told]
    assert [(b["state"], b["slot"], b["sku"], b["seen_sku"], b["began_at"]) for b in bodies] == [
        ("began", "d-1", "BR-1", "BR-2", START),
        ("ended", "d-1", "BR-1", "BR-2", START),
    ]


def test_compliance_is_told_in_per_cent() -> None:
    seen = {"camera_id": "cam-dairy", "captured_at": START, "mono_s": 0.0, "media_s": 9.0}
    reading = PlanogramCompared(**seen, compliance=2 / 3, planned=12, in_place=8, unknown_slots=1)
    (fact,) = Translator().facts([reading])
    assert fact.model_dump()["percent"] == 66.7


def test_a_fill_level_travels_with_the_count_of_goods_that_cannot_be_told_apart() -> None:
    (count, *_) = Translator().facts([replace(_count(2), fill=0.667)])
    assert count.model_dump()["fill"] == 0.667
    (packs, *_) = Translator().facts([_count(2)])
    assert packs.model_dump()["fill"] is None
