"""Reads a camera's day out of the store: which facts its curves need, and how many of them at most.

Blocks on disk for some tens of milliseconds; the curves themselves are made in `edge.day_curves`.
"""

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from edge.console.desk import DayPanel
from edge.console.errors import SourceUnavailableError
from edge.day_curves import curves, fault_holes, quarters, silent_holes
from edge.errors import StoreError
from edge.store.rows import StoredFact
from edge.store.store import Store

_MOST_FACTS = 4000
_MOST_BEATS = 1600  # a day of minutes, and some
_FAULTS = ("feed.lost", "feed.frozen", "feed.blind", "feed.moved", "feed.blurred", "feed.restored")


class CameraDays:
    """Each camera's day in the shop. Any thread."""

    def __init__(self, store: Store, *, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone

    def day(self, camera_id: str, now: datetime) -> DayPanel:
        """Counts from midnight in the shop to now.

        Raises:
            SourceUnavailableError: the store does not answer.
        """
        try:
            return self._day(camera_id, now)
        except StoreError as error:
            raise SourceUnavailableError(str(error)) from error

    def _day(self, camera_id: str, now: datetime) -> DayPanel:
        local = now.astimezone(self._zone)
        since = datetime.combine(local.date(), time(), self._zone)
        faults = sorted((f for kind in _FAULTS for f in self._facts(kind, camera_id)), key=lambda fact: fact.id)
        beats = [fact.at for fact in self._facts("node.health", None, most=_MOST_BEATS)]
        holes = [*fault_holes(faults), *silent_holes([*(at for at in beats if at < now), now])]
        counts, queues = self._facts("shelf.count", camera_id), self._facts("queue.length", camera_id)
        return DayPanel(
            since=since,
            until=now,
            slots=curves(counts, name="slot", value="units", since=since, until=now, holes=holes),
            queues=curves(queues, name="zone", value="people", since=since, until=now, holes=holes),
            waits_s=_waits_s(queues),
            footfall=quarters(self._facts("footfall.count", camera_id), since=since),
            is_cut=any(len(facts) == _MOST_FACTS and facts[0].at > since for facts in (counts, queues)),
        )

    def _facts(self, kind: str, source: str | None, *, most: int = _MOST_FACTS) -> list[StoredFact]:
        """The newest ones, oldest first."""
        return list(self._store.facts(kind=kind, source=source, limit=most, newest_first=True))[::-1]


def _waits_s(queues: Sequence[StoredFact]) -> dict[str, float]:
    """The newest estimate of each queue, where its newest fact has one."""
    newest = {str(fact.body["zone"]): fact.body.get("wait_s") for fact in queues}
    return {zone: float(wait_s) for zone, wait_s in newest.items() if wait_s is not None}
