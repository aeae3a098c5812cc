from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.store.config import StoreSettings
from edge.store.numbers import LaneNumbers
from edge.store.rows import checksum, decode_record, encode_record, from_us, to_us
from edge.store.schema import record_number, unpacked
from edge.store.space import Room
from sync.records import Lane, OutgoingRecord


@given(st.integers(1, 60_000), st.sampled_from(Lane), st.integers(1, 2**44 - 1))
def test_a_record_number_unpacks_to_what_was_packed(epoch_no: int, lane: Lane, seq: int) -> None:
    assert unpacked(record_number(epoch_no, lane, seq)) == (epoch_no, lane, seq)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_keeps_its_microseconds(at: datetime) -> None:
    assert from_us(to_us(at)) == at


def test_a_record_is_read_back_as_it_was_written() -> None:
    record = OutgoingRecord(
        lane=Lane.P1, kind="shelf.count", source="cam", occurred_at=datetime(2026, 11, 22, 10, tzinfo=UTC), mono_s=1.25,
        boot_id="b", time_quality="synced", data_class="internal", policy_version="v", key=None,
        data={"units": 3, "share": 0.5, "sku": "BR-0001", "is": True, "none": None, "name": "K\u00e4se"},
    )  # fmt: skip
    assert decode_record(encode_record(record), Lane.P1, None) == record


@pytest.mark.parametrize(("number", "text"), [(8, "facts"), (7, "fact"), (7, "Facts")])
def test_a_checksum_tells_a_changed_row_and_a_row_in_the_wrong_place(number: int, text: str) -> None:
    assert checksum(7, "facts") != checksum(number, text)


def test_lane_numbers_with_a_flipped_digit_are_not_believed() -> None:
    row = LaneNumbers(1, "abc", Lane.P2, 9, 8, 0, 7, 2).row()
    assert LaneNumbers.from_row(row) is not None
    assert LaneNumbers.from_row((*row[:3], 90, *row[4:])) is None


def test_watermarks_must_rise() -> None:
    with pytest.raises(ValidationError, match="must rise"):
        StoreSettings(trim_at=0.9, trim_hard_at=0.85)


@pytest.mark.parametrize(("used", "limit", "fill"), [(70, 100, 0.7), (200, 100, 1.0), (0, 0, 0.0)])
def test_fill_is_the_used_share_of_the_possible_room(used: int, limit: int, fill: float) -> None:
    assert Room(used, limit, 0, 1).fill == fill
