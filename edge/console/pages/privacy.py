"""Privacy: the ledger of what left the shop, field by field, and what stayed."""

from edge.console.pages.stage import Parts, Stage, or_none


class PrivacyPage:
    """``/privacy``."""

    def __init__(self, parts: Parts) -> None:
        self._snapshots = parts.snapshots
        self._stage = Stage(parts, active="/privacy", title="Privacy", lead="What left the shop, and what stayed")
        with self._stage.body:
            self._tiles = self._stage.region("privacy_tiles.html", classes="tiles")
            self._kinds = self._stage.region("privacy_kinds.html", classes="card")
            self._ledger = self._stage.region("privacy_ledger.html", classes="card fill")

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._stage.run(self._refresh)

    async def _refresh(self) -> None:
        panel = await or_none(self._snapshots.privacy)
        if panel is None:
            self._tiles.show_unavailable("The egress ledger")
            self._kinds.show_unavailable("The totals by kind")
            self._ledger.show_unavailable("The list of records")
            return
        self._tiles.show(
            panel=panel,
            records=sum(total.records for total in panel.totals),
            size_bytes=sum(total.size_bytes for total in panel.totals),
            held=sum(row.records for row in panel.held),
        )
        self._kinds.show(panel=panel)
        self._ledger.show(panel=panel)
