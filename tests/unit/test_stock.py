"""The kiosk's view of stock: the sum over a product's slots, as old as its oldest part, and never half known."""

from datetime import UTC, datetime, timedelta

import pytest

from edge.assistant.tools import Stock
from edge.stock import ShelfStock, SlotSight

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=12)


@pytest.mark.parametrize(
    ("sights", "stock"),
    [
        pytest.param([], None, id="no slot at all"),
        pytest.param([SlotSight("BR-2", 3, NOW)], None, id="another product"),
        pytest.param([SlotSight("BR-1", 3, NOW)], Stock(units=3, seen_at=NOW), id="one slot"),
        pytest.param([SlotSight("BR-1", 0, NOW)], Stock(units=0, seen_at=NOW), id="none left is a statement"),
        pytest.param(
            [SlotSight("BR-1", 3, NOW), SlotSight("BR-1", 1, EARLIER)],
            Stock(units=4, seen_at=EARLIER),
            id="as old as its oldest slot",
        ),
        pytest.param([SlotSight("BR-1", 3, NOW), SlotSight("BR-1", None, None)], None, id="one slot unknown"),
    ],
)
def test_stock_is_what_all_slots_say_together(sights: list[SlotSight], stock: Stock | None) -> None:
    assert ShelfStock(lambda: sights).stock("BR-1") == stock
