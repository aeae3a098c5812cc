"""What the screen shows of the shop without a question: tiles, aisles, open or closed. All from the tools' facts."""

from datetime import timedelta

from edge.assistant.tools import Tools
from edge.catalogue import Product
from edge.kiosk.requests import DayHours, DepartmentResponse, Place, ShopResponse, Tile

_OFFERS_SHOWN = 8
_PRODUCTS_SHOWN = 80


class ShopView:
    """Read-only views of one shop. Any thread may ask."""

    def __init__(self, tools: Tools, *, name: str) -> None:
        self._tools = tools
        self._name = name
        self._aisles = _aisles_of(tools)

    @property
    def products(self) -> int:
        """How many products the shop has."""
        return len(self._tools.shop.catalogue)

    def shop(self) -> ShopResponse:
        """The state of the shop now."""
        today = self._tools.hours()
        is_open = today.is_open_now is True
        if is_open:
            open_text = f"Open until {today.closes}"
        elif today.next_opens:
            open_text = f"Closed, opens {today.next_day_text} at {today.next_opens}"
        else:
            open_text = "Closed"
        return ShopResponse(
            name=self._name,
            local_time=self._tools.local_now().strftime("%H:%M"),
            is_open=is_open,
            open_text=open_text,
            departments=self._tools.shop.catalogue.departments,
            offers=[self._tile(product) for product in self._tools.offers_today()[:_OFFERS_SHOWN]],
            aisles=self._aisles,
            week=self._week(),
        )

    def department(self, name: str) -> DepartmentResponse | None:
        """The products of a department, or None where there is no such department."""
        products = self._tools.shop.catalogue.in_department(name)
        if not products:
            return None
        return DepartmentResponse(department=name, products=[self._tile(p) for p in products[:_PRODUCTS_SHOWN]])

    def _week(self) -> list[DayHours]:
        today = self._tools.local_now().date()
        week = []
        for ahead in range(7):
            fact = self._tools.hours(today + timedelta(days=ahead))
            hours = " and ".join(f"{span.opens} to {span.closes}" for span in fact.ranges) or "closed"
            weekday = self._tools.formats.weekday_name(fact.day)
            name = f"{weekday}, {fact.special}" if fact.special else weekday
            week.append(DayHours(name=name, hours=hours, is_today=ahead == 0))
        return week

    def _tile(self, product: Product) -> Tile:
        price = self._tools.price(product)
        return Tile(
            sku=product.sku,
            title=product.title,
            name=product.name,
            brand=product.brand,
            size=product.size,
            department=product.department,
            price=price.text,
            normal_price=price.normal_text,
            offer_text=price.offer_text,
            aisle=product.aisle,
            bay=product.bay,
        )


def _aisles_of(tools: Tools) -> list[Place]:
    bays: dict[str, dict[str, None]] = {}
    departments: dict[str, dict[str, None]] = {}
    for product in tools.shop.catalogue:
        bays.setdefault(product.aisle, {})[product.bay] = None
        departments.setdefault(product.aisle, {})[product.department] = None
    return [
        Place(aisle=aisle, bays=sorted(bays[aisle], key=_natural), departments=list(departments[aisle]))
        for aisle in sorted(bays, key=_natural)
    ]


def _natural(place: str) -> tuple[int, str]:
    return (int(place), "") if place.isdigit() else (10_000, place)
