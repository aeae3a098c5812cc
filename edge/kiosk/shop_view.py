"""What the screen shows of the shop without a question: tiles, open or closed, the week. All from the tools' facts."""

from datetime import timedelta

from edge.assistant.assistant import Assistant
from edge.assistant.tools import Tools
from edge.catalogue import Product
from edge.kiosk.requests import DayHours, DepartmentResponse, ShopResponse, Tile

_OFFERS_SHOWN = 8
_PRODUCTS_SHOWN = 80
_DAYS_SHOWN = 7


class ShopView:
    """Read-only views of one shop, in the language asked for where the shop has it. Any thread may ask."""

    def __init__(self, assistant: Assistant, *, name: str) -> None:
        self._assistant = assistant
        self._name = name

    @property
    def products(self) -> int:
        """How many products the shop has."""
        return len(self._assistant.tools().shop.catalogue)

    def shop(self, language: str | None) -> ShopResponse:
        """The state of the shop now."""
        tools = self._assistant.tools(language)
        local = tools.local_now()
        now = tools.shop.info.open_range(local)
        following = tools.shop.info.next_opening(local) if now is None else None
        return ShopResponse(
            name=self._name,
            local_time=local.strftime("%H:%M"),
            is_open=now is not None,
            closes=now.closes if now is not None else None,
            next_day=following[0] if following is not None else None,
            next_opens=following[1].opens if following is not None else None,
            departments=tools.shop.catalogue.departments,
            offers=[_tile(tools, product) for product in tools.offers_today()[:_OFFERS_SHOWN]],
            week=_week(tools),
        )

    def department(self, name: str, language: str | None) -> DepartmentResponse | None:
        """The products of a department, or None where there is no such department."""
        tools = self._assistant.tools(language)
        products = tools.shop.catalogue.in_department(name)
        if not products:
            return None
        return DepartmentResponse(department=name, products=[_tile(tools, p) for p in products[:_PRODUCTS_SHOWN]])


def _week(tools: Tools) -> list[DayHours]:
    today = tools.local_now().date()
    week = []
    for ahead in range(_DAYS_SHOWN):
        day = today + timedelta(days=ahead)
        ranges, special = tools.shop.info.on(day)
        week.append(DayHours(day=day, ranges=[(span.opens, span.closes) for span in ranges], special=special))
    return week


def _tile(tools: Tools, product: Product) -> Tile:
    price = tools.price(product)
    return Tile(
        sku=product.sku,
        title=product.title,
        name=product.name,
        brand=product.brand,
        size=product.size,
        department=product.department,
        amount=f"{price.amount:.2f}",
        normal=None if price.normal is None else f"{price.normal:.2f}",
        currency=price.currency,
        offer_text=price.offer_text,
        aisle=product.aisle,
        bay=product.bay,
    )
