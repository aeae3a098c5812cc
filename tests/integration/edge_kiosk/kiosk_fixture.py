"""The kiosk's application over a shop that the tests own, with tickets as staff would move them."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI

from edge.console_source import Tickets
from edge.facts import KioskHandoffFact
from edge.floor_plan import FloorPlan, load_floor_plan
from edge.kiosk.app import KioskShop, create_app
from edge.kiosk.config import KioskSettings
from tests.unit.edge_assistant.shop_fixture import DEMO, Shop


class RecordedTickets:
    """Open tickets, from what the shop has recorded so far."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def open_at(self, kiosk_id: str) -> Sequence[tuple[str, bool]]:
        return tickets_of(self._shop).open_at(kiosk_id)


def tickets_of(shop: Shop) -> Tickets:
    """The tickets as staff see them."""
    tickets = Tickets()
    for fact in shop.recorded:
        if isinstance(fact, KioskHandoffFact):
            tickets.note(fact)
    return tickets


def demo_plan() -> FloorPlan:
    """The demo shop's floor."""
    return load_floor_plan(Path(DEMO / "floor-plan.toml"))


def kiosk_app(
    shop: Shop,
    settings: KioskSettings,
    *,
    name: str = "Corner Market",
    floor_plan: FloorPlan | None = None,
) -> FastAPI:
    """The application."""
    about = KioskShop(
        name=name,
        assistant=shop.assistant,
        floor_plan=floor_plan,
        tickets=RecordedTickets(shop),
        record=shop.recorded.append,
    )
    return create_app(about, settings, clock=shop.clock)
