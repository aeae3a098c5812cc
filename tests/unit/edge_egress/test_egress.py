from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.egress import Disposition, EgressGate, Origin, fields_that_stay
from edge.egress_policy import parse_policy
from edge.facts import (
    DataClass,
    EgressDeniedFact,
    Fact,
    GapFact,
    KioskHandoffFact,
    NodeHealthFact,
    ShelfCountFact,
    ZoneDwellFact,
)
from sync.records import Lane

AT = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=1)))
KEY = b"k" * 32


class NoteFact(Fact):
    kind = "note"
    lane = Lane.P1

    words: Annotated[str, DataClass.INTERNAL]
    number: Annotated[int, DataClass.INTERNAL] = 0
    member: Annotated[str | None, DataClass.PERSONAL] = None


POLICY = parse_policy(
    """
    version = "t7"
    [kinds."shelf.count"]
    sku = "keep"
    units = "bucket(5)"
    confidence = "round(1)"
    slot = "hash"
    facings = "drop"
    [kinds."zone.dwell"]
    dwell_s = "bucket(2.5)"
    source = "hash"
    [kinds."node.health"]
    source = "hash"
    [kinds.note]
    words = "keep"
    number = "keep"
    """,
    fact_types=[ShelfCountFact, ZoneDwellFact, NodeHealthFact, NoteFact],
)
GATE = EgressGate(
    POLICY, KEY, fact_types=[ShelfCountFact, ZoneDwellFact, NodeHealthFact, NoteFact, GapFact, EgressDeniedFact]
)


def _count() -> ShelfCountFact:
    return ShelfCountFact(
        at=AT, mono_s=5.0, source="cam-1", media_s=3.2, confidence=0.987,
        slot="s1", sku="BR-0001", units=13, facings=20, delta=-1, shelf_units=40,
    )  # fmt: skip


def test_only_named_fields_leave_and_each_as_the_policy_says() -> None:
    verdict = GATE.judge(_count(), Origin("boot-1", "synced"))
    record = verdict.record
    assert record is not None
    slot = record.data["slot"]
    assert record.data == {"sku": "BR-0001", "units": 10, "confidence": 1.0, "slot": slot}
    assert isinstance(slot, str)
    assert "s1" not in slot
    assert len(slot) == 24
    assert (record.lane, record.kind, record.source, record.boot_id) == (Lane.P1, "shelf.count", "cam-1", "boot-1")
    assert (record.policy_version, record.data_class, record.time_quality) == ("t7", "internal", "synced")
    assert record.occurred_at == AT
    assert record.occurred_at.tzinfo is UTC


def test_hashing_depends_on_the_store_key() -> None:
    other = EgressGate(POLICY, b"o" * 32, fact_types=[ShelfCountFact])
    mine, theirs = GATE.judge(_count()).record, other.judge(_count()).record
    assert mine
    assert theirs
    assert mine.data["slot"] != theirs.data["slot"]
    assert GATE.judge(_count()).record == mine


def test_a_kind_that_the_policy_does_not_name_stays() -> None:
    verdict = GATE.judge(KioskHandoffFact(at=AT, mono_s=1.0, source="kiosk-1", ticket="t-1"))
    assert (verdict.disposition, verdict.record, verdict.tombstones) == (Disposition.KEPT, None, ())


def test_a_hashed_source_does_not_leave_through_the_coalescing_key() -> None:
    health = NodeHealthFact(
        at=AT, mono_s=1.0, source="till-of-anna", uptime_s=1.0, cameras_ok=0, cameras=0,
        language_up=True, disk_free_share=0.5, rss_mb=1.0, skipped_frames=0,
    )  # fmt: skip
    record = GATE.judge(health).record
    assert record
    assert record.key
    assert "anna" not in record.key
    assert "anna" not in record.source


def test_accounting_facts_leave_whole_without_being_named() -> None:
    gap = GapFact(at=AT, mono_s=1.0, source="store", epoch="abc", gap_lane="p2", first=3, last=9, reason="evicted")
    record = GATE.judge(gap).record
    assert record
    assert record.data == {
        "epoch": "abc",
        "gap_lane": "p2",
        "first": 3,
        "last": 9,
        "reason": "evicted",
        "confidence": None,
        "media_s": None,
    }


@pytest.mark.parametrize(
    ("fact", "detector"),
    [
        (NoteFact(at=AT, mono_s=1, source="till", words="4111-1111-1111-1111"), "card"),
        (NoteFact(at=AT, mono_s=1, source="till", words="ok", number=4111111111111111), "card"),
        (NoteFact(at=AT, mono_s=1, source="4111-1111-1111-1111", words="ok"), "card"),
        (NoteFact(at=AT, mono_s=1, source="till", words="write to anna@example.com"), "email"),
        (NoteFact(at=AT, mono_s=1, source="till", words="GB29 NWBK 6016 1331 9268 19"), "iban"),
        (NoteFact(at=AT, mono_s=1, source="till", words="ring 030 1234567"), "phone"),
    ],
    ids=["dashed card", "card as a number", "card in the source", "e-mail", "iban", "phone"],
)
def test_a_hit_keeps_the_record_in_and_sends_only_a_count(fact: NoteFact, detector: str) -> None:
    verdict = GATE.judge(fact)
    assert (verdict.disposition, verdict.record) == (Disposition.DENIED, None)
    (tombstone,) = verdict.tombstones
    assert (tombstone.denied_kind, tombstone.detector, tombstone.hits) == ("note", detector, 1)
    told = GATE.judge(tombstone).record
    assert told
    assert "4111" not in str(told)
    assert "anna" not in str(told)


def test_a_personal_field_stays_even_when_its_kind_is_named() -> None:
    record = GATE.judge(NoteFact(at=AT, mono_s=1, source="till", words="ok", member="Anna")).record
    assert record
    assert "member" not in record.data


@given(
    st.text(max_size=60),
    st.integers(0, 10**20),
    st.sampled_from(["4111 1111 1111 1111", "a.b@example.com", "DE89 3704 0044 0532 0130 00"]),
)
def test_a_planted_datum_never_leaves_whatever_stands_around_it(around: str, number: int, planted: str) -> None:
    fact = NoteFact(at=AT, mono_s=1, source="till", words=f"{around} {planted} {around[::-1]}", number=number)
    assert GATE.judge(fact).record is None


def test_explain_says_what_happens_to_every_field_and_why() -> None:
    fates = {fate.field: fate for fate in GATE.explain(_count())}
    assert set(fates) == set(ShelfCountFact.model_fields)
    assert (fates["units"].action, fates["units"].leaves_as) == ("bucket(5)", 10)
    assert fates["facings"].why == "the policy drops the field"
    assert fates["delta"].why == "the policy does not name the field"
    assert fates["at"].leaves_as == "2026-11-22T09:00:00+00:00"


def test_explain_tells_the_floor_an_unknown_kind_and_a_hit_apart() -> None:
    note = NoteFact(at=AT, mono_s=1, source="till", words="ok", member="Anna")
    assert "personal data never leaves" in {fate.field: fate.why for fate in GATE.explain(note)}["member"]
    handoff = KioskHandoffFact(at=AT, mono_s=1.0, source="kiosk-1", ticket="t-1")
    assert all("does not name the kind" in fate.why for fate in GATE.explain(handoff))
    leak = NoteFact(at=AT, mono_s=1, source="till", words="a@example.com")
    assert all(fate.leaves_as is None and "1 x email" in fate.why for fate in GATE.explain(leak))


def test_the_fields_that_stay_are_those_the_gate_holds_back() -> None:
    stay = fields_that_stay(POLICY, fact_types=[NoteFact, GapFact, ZoneDwellFact])

    assert stay["note"] == ("media_s", "confidence", "member")
    assert stay["gap"] == ()  # accounts for records, so it leaves whole though no policy names it
    assert "dwell_s" not in stay["zone.dwell"]
    assert "zone" in stay["zone.dwell"]
