"""Health: the machine, the store, the language model and the weights in use."""

from edge.console.pages.stage import Parts, Stage, or_none


class HealthPage:
    """``/health``."""

    def __init__(self, parts: Parts) -> None:
        self._snapshots = parts.snapshots
        self._stage = Stage(parts, active="/health", title="Health", lead="The machine and what runs on it")
        with self._stage.body:
            self._notes = self._stage.region("health_notes.html")
            self._tiles = self._stage.region("health_tiles.html", classes="tiles tiles-wide")
            self._tables = self._stage.region("health_tables.html", classes="columns even-columns")

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._stage.run(self._refresh)

    async def _refresh(self) -> None:
        panel = await or_none(self._snapshots.health)
        cameras = await or_none(self._snapshots.cameras)
        if panel is None:
            self._notes.show(notes=())
            self._tiles.show_unavailable("The state of the machine")
            self._tables.show_unavailable("The list of weights")
            return
        self._notes.show(notes=panel.notes)
        self._tiles.show(panel=panel)
        self._tables.show(panel=panel, cameras=cameras)
