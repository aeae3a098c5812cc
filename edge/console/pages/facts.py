"""Facts: everything that the node wrote down, newest first, with filters and a pause."""

from edge.console import wording
from edge.console.pages.stage import Parts, Stage, or_none
from edge.console.source import FactRow


class FactsPage:
    """``/facts``."""

    def __init__(self, parts: Parts) -> None:
        self._snapshots = parts.snapshots
        self._group = ""
        self._source = ""
        self._held: tuple[FactRow, ...] | None = None
        self._stage = Stage(parts, active="/facts", title="Facts", lead="What happened in the shop, newest first")
        with self._stage.body:
            self._bar = self._stage.region("facts_bar.html", classes="bar")
            self._table = self._stage.region("facts_table.html", classes="card fill")
        self._bar.on_action(self._act)

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._stage.run(self._refresh)

    async def _refresh(self) -> None:
        kinds = wording.kinds_in(self._group)
        rows = await or_none(lambda: self._snapshots.facts(kinds=kinds, source=self._source))
        cameras = await or_none(self._snapshots.cameras)
        self._show_bar(rows, [camera.camera_id for camera in cameras or ()])
        if self._held is not None:
            rows = self._held
        if rows is None:
            self._table.show_unavailable("The stream of facts")
            return
        self._table.show(facts=rows, is_filtered=bool(self._group or self._source))

    def _show_bar(self, rows: tuple[FactRow, ...] | None, camera_ids: list[str]) -> None:
        seen = {row.source for row in rows or ()}
        newest = self._held[0].fact_id if self._held else 0
        self._bar.show(
            groups=list(wording.KIND_GROUPS),
            group=self._group,
            sources=sorted(seen | set(camera_ids) | ({self._source} - {""})),
            source=self._source,
            is_paused=self._held is not None,
            newer=sum(row.fact_id > newest for row in rows or ()) if self._held is not None else 0,
        )

    async def _act(self, action: str, value: str) -> None:
        if action == "group" and value in ("", *wording.KIND_GROUPS):
            self._group, self._held = value, None
        elif action == "source" and len(value) <= 128:
            self._source, self._held = value, None
        elif action == "pause":
            await self._turn_pause()
        await self._refresh()

    async def _turn_pause(self) -> None:
        if self._held is not None:
            self._held = None
            return
        kinds = wording.kinds_in(self._group)
        self._held = await or_none(lambda: self._snapshots.facts(kinds=kinds, source=self._source))
