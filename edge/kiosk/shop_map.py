"""The map on the screen: the floor plan as boxes to draw, and the ways of an answer from the kiosk that asks.

Owns which kiosks there are and one `Ways` for each. Where the shop has no plan, or the plan no such bay, there is no
map and no way: the answer's words stand alone.
"""

from collections.abc import Mapping, Sequence

from edge.assistant.assistant import Assistant
from edge.floor_plan import FloorPlan
from edge.floor_way import Way, Ways
from edge.kiosk.requests import BayBox, LegResponse, MarkResponse, PlanResponse, ScreenPlace, ShelfBox, WayResponse


class ShopMap:
    """Read-only; any thread may ask.

    Raises:
        ConfigError: nobody could stand before a kiosk of the plan.
    """

    def __init__(self, plan: FloorPlan | None, assistant: Assistant, *, kiosk_id: str) -> None:
        self._plan = plan
        self._assistant = assistant
        self._ways = {} if plan is None else {kiosk.id: Ways(plan, kiosk) for kiosk in plan.kiosks}
        self.kiosks = frozenset({kiosk_id, *self._ways})
        """Every screen that may ask."""

    def plan(self, kiosk_id: str) -> PlanResponse | None:
        """What to draw for one screen, or None where the shop has no plan."""
        if self._plan is None:
            return None
        kiosk = self._plan.kiosk(kiosk_id)
        return PlanResponse(
            width_m=self._plan.width_m,
            depth_m=self._plan.depth_m,
            shelves=[
                ShelfBox(
                    aisle=shelf.aisle,
                    front=shelf.front,
                    box_m=shelf.box_m,
                    bays=[BayBox(bay=bay, box_m=box_m) for bay, box_m in shelf.bay_boxes()],
                )
                for shelf in self._plan.shelves
            ],
            blocked=[blocked.box_m for blocked in self._plan.blocked],
            marks=[MarkResponse(kind=mark.kind, at_m=mark.at_m) for mark in self._plan.marks],
            kiosk=None if kiosk is None else ScreenPlace(at_m=kiosk.at_m, faces=kiosk.faces),
        )

    def ways(
        self, facts: Sequence[Mapping[str, object]], kiosk_id: str, language: str | None
    ) -> dict[str, WayResponse]:
        """The ways to what the facts of an answer name, by SKU or by the service's name in that language."""
        ways = self._ways.get(kiosk_id)
        if ways is None:
            return {}
        found = {}
        for fact in facts:
            if fact["kind"] == "place":
                found[str(fact["sku"])] = ways.to_bay(str(fact["aisle"]), str(fact["bay"]))
            elif fact["kind"] == "service":
                found[str(fact["name"])] = self._to_service(ways, str(fact["name"]), language)
        return {name: _told(way) for name, way in found.items() if way is not None}

    def _to_service(self, ways: Ways, said: str, language: str | None) -> Way | None:
        own = self._assistant.tools().services()
        named = {told.name: one.name for told, one in zip(self._assistant.tools(language).services(), own, strict=True)}
        marks = self._plan.marks if self._plan is not None else ()
        mark = next((mark for mark in marks if mark.service is not None and mark.service == named.get(said)), None)
        return None if mark is None else ways.to_point(*mark.at_m)


def _told(way: Way) -> WayResponse:
    return WayResponse(
        points_m=way.points_m,
        goal_m=way.goal_m,
        metres=way.metres,
        legs=[LegResponse(turn=leg.turn, metres=leg.metres) for leg in way.legs],
        side=way.side,
    )
