"""Sync: the link to head office, what waits in which lane, and the gaps that were declared."""

from collections.abc import Sequence

from edge.console import wording
from edge.console.pages.stage import Parts, Stage, or_none
from edge.console.snapshots import PendingSample
from edge.console.source import LinkPanel
from sync.records import Lane

CHART_WIDTH, CHART_HEIGHT = 260.0, 36.0
_LANE_WORDS = {
    Lane.P0: ("Alarms and audit", "never dropped"),
    Lane.P1: ("Business facts", "the producer waits"),
    Lane.P2: ("Telemetry", "oldest range dropped, declared as a gap"),
    Lane.P3: ("Metrics", "only the latest is kept"),
}


class SyncPage:
    """``/sync``."""

    def __init__(self, parts: Parts) -> None:
        self._snapshots = parts.snapshots
        self._stage = Stage(parts, active="/sync", title="Sync", lead="The link to head office and what waits for it")
        with self._stage.body:
            self._tiles = self._stage.region("sync_tiles.html", classes="tiles")
            self._lanes = self._stage.region("sync_lanes.html", classes="card")
            self._gaps = self._stage.region("sync_gaps.html", classes="card fill")

    async def run(self) -> None:
        """Fill the page and keep it filled."""
        await self._stage.run(self._refresh)

    async def _refresh(self) -> None:
        link = await or_none(self._snapshots.link)
        if link is None:
            self._tiles.show_unavailable("The state of the link")
            self._lanes.show_unavailable("The outbox")
            self._gaps.show_unavailable("The list of gaps")
            return
        self._tiles.show(link=link, pending=sum(row.pending for row in link.lanes))
        samples = self._snapshots.pending
        self._lanes.show(
            link=link,
            words=_LANE_WORDS,
            charts=_charts(link, samples),
            peaks={lane: max((sample.pending.get(lane, 0) for sample in samples), default=0) for lane in Lane},
            width=CHART_WIDTH,
            height=CHART_HEIGHT,
        )
        self._gaps.show(link=link)


def _charts(link: LinkPanel, samples: Sequence[PendingSample]) -> dict[Lane, list[str]]:
    return {
        row.lane: wording.sparkline(
            [(sample.at.timestamp(), float(sample.pending.get(row.lane, 0))) for sample in samples],
            width=CHART_WIDTH,
            height=CHART_HEIGHT,
        )
        for row in link.lanes
    }
