"""What all pages share: the rail, the header, regions that are sent again only when they changed, and the tick.

Owns the only timer of a page. A region whose values cannot be had says "unavailable" in place of the last ones.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog
from nicegui import ui
from nicegui.events import GenericEventArguments

from edge.clock import Clock
from edge.console.config import ShopLabel
from edge.console.desk_calls import DeskCalls
from edge.console.errors import SourceUnavailableError
from edge.console.fragments import Fragments
from edge.console.snapshots import Snapshots
from edge.console.source import CameraPanel, CameraState

T = TypeVar("T")
TICK_S: Final = 1.0
_EMIT_ACTION: Final = """(event) => {
    const at = event.target.closest('[data-action]');
    if (!at || (at.tagName === 'SELECT') !== (event.type === 'change')) return;
    emit(at.dataset.action, at.tagName === 'SELECT' ? at.value : at.dataset.value ?? '');
}"""


@dataclass(frozen=True, slots=True)
class Parts:
    """What pages are made from."""

    snapshots: Snapshots
    desk: DeskCalls
    fragments: Fragments
    clock: Clock
    shop: ShopLabel


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One line of the rail."""

    path: str
    title: str
    icon: str


NAVIGATION: Final = (
    NavigationEntry("/", "Overview", "overview"),
    NavigationEntry("/cameras", "Cameras", "camera"),
    NavigationEntry("/facts", "Facts", "facts"),
    NavigationEntry("/sync", "Sync", "sync"),
    NavigationEntry("/privacy", "Privacy", "privacy"),
    NavigationEntry("/health", "Health", "health"),
)


class Region:
    """A piece of a page made by one template."""

    def __init__(self, fragments: Fragments, template: str, *, classes: str = "") -> None:
        self._fragments = fragments
        self._template = template
        self._sent = ""
        # Autoescape has been through it; the page's policy runs no script in it either.
        self._element = ui.html("", sanitize=False).classes(f"region {classes}")

    def show(self, **values: object) -> None:
        """Render, and send it when it is not what the browser has."""
        self._put(self._fragments.render(self._template, **values))

    def show_unavailable(self, what: str) -> None:
        """Say that ``what`` cannot be told now."""
        self._put(self._fragments.render("unavailable.html", what=what))

    def on_action(self, act: Callable[[str, str], Awaitable[None]]) -> None:
        """Call ``act(action, value)`` for clicks and choices on whatever carries ``data-action``."""

        async def forward(event: GenericEventArguments) -> None:
            match event.args:
                case [str(action), str(value)]:
                    await act(action, value)

        for kind in ("click", "change"):
            self._element.on(kind, forward, js_handler=_EMIT_ACTION)

    def _put(self, markup: str) -> None:
        if markup != self._sent:
            self._sent = markup
            self._element.set_content(markup)


class Stage:
    """Frame of one page. Use as ``with stage.body:`` and end with ``await stage.run(refresh)``."""

    def __init__(self, parts: Parts, *, active: str, title: str, lead: str) -> None:
        self._parts = parts
        self._active = active
        for sheet in ("theme", "desk"):
            ui.add_head_html(f'<link rel="stylesheet" href="/static/{sheet}.css">')
        ui.add_head_html('<script src="/static/console.js"></script>')
        ui.page_title(f"{title} \u00b7 {parts.shop.name}")
        self._rail = self.region("rail.html", classes="rail")
        with ui.element("main").classes("stage"):
            self._header = self.region("header.html", classes="stage-header")
            self._title = title
            self._lead = lead
            self.body = ui.element("div").classes("stage-body")

    def region(self, template: str, *, classes: str = "") -> Region:
        """A region at the place where the page is being built."""
        return Region(self._parts.fragments, template, classes=classes)

    def retitle(self, title: str) -> None:
        """Change the heading."""
        self._title = title

    async def run(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Fill the page before it is sent, and once a second from then on."""

        async def tick() -> None:
            await self._refresh_frame()
            await refresh()

        await tick()
        ui.timer(TICK_S, tick, immediate=False)

    async def _refresh_frame(self) -> None:
        now = self._parts.clock.now().astimezone(self._parts.shop.zone)
        self._header.show(title=self._title, lead=self._lead, now=now.strftime("%A %d %B, %H:%M"), zone=now.tzname())
        marks = {"/": await self._waiting(), "/cameras": await self._blind(), "/health": await self._troubles()}
        link = await self._link()
        self._rail.show(entries=NAVIGATION, active=self._active, shop=self._parts.shop, marks=marks, link=link)

    async def _troubles(self) -> int:
        health = await or_none(self._parts.snapshots.health)
        return 0 if health is None else len(health.alarms)

    async def _waiting(self) -> int:
        tickets = await or_none(self._parts.snapshots.tickets)
        return len(tickets or ())

    async def _blind(self) -> int:
        cameras: list[CameraPanel] = list(await or_none(self._parts.snapshots.cameras) or ())
        return sum(camera.state is not CameraState.OK for camera in cameras)

    async def _link(self) -> str:
        link = await or_none(self._parts.snapshots.link)
        if link is None:
            return "unknown"
        return "up" if link.up else "down"


async def or_none(ask: Callable[[], Awaitable[T]]) -> T | None:
    """The answer, or None while the source has none."""
    try:
        return await ask()
    except SourceUnavailableError as error:
        structlog.get_logger().debug("console.source_unavailable", reason=str(error))
        return None
