"""What a node says of itself: the health fact for head office, the status for people and monitors on this machine.

Owns which figures are told. Asks the parts, changes none of them.
"""

import os
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from edge.clock import Clock
from edge.config import ShopSettings
from edge.facts import NodeHealthFact
from edge.recorder import Recorder
from edge.store.store import Store
from models.language.requests import LanguageStats
from sync.uplink import UplinkStatus
from vision.seats import CameraView


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people find the node, and the staff password when it was made just now."""

    kiosk: str
    console: str
    new_password: str | None
    openai: str | None = None
    """Base URL for other programs, where that is switched on."""
    openai_key_file: Path | None = None
    mcp: str | None = None
    """Where other programs find the shop's facts as MCP tools, where that is switched on."""
    mcp_key_file: Path | None = None


class Cameras(Protocol):
    """The part of the cameras that is told."""

    def views(self) -> Sequence[CameraView]:
        """Every camera as it is now."""
        ...


class Language(Protocol):
    """The part of the language model that is told."""

    @property
    def is_up(self) -> bool:
        """Whether it would answer now."""
        ...

    def stats(self) -> LanguageStats:
        """What it did since the start."""
        ...


class Budget(Protocol):
    """The part of the governor that is told."""

    @property
    def cores(self) -> float:
        """What the language model may use now."""
        ...

    @property
    def held_s(self) -> float:
        """For how many seconds it has had less than all."""
        ...


class UplinkView(Protocol):
    """The part of the uplink that is told."""

    def status(self) -> UplinkStatus:
        """State of a moment ago."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """Asked by the house-keeping thread."""

    shop: ShopSettings
    addresses: Addresses
    started_at: datetime
    clock: Clock
    store: Store
    recorder: Recorder
    cameras: Cameras
    language: Language
    budget: Budget
    uplink: UplinkView
    programs: Callable[[], Mapping[str, Mapping[str, object] | None]]
    """What the surfaces for other programs tell, by name; None for one that is off."""

    def health(self) -> NodeHealthFact:
        """The minute's health fact."""
        views = self.cameras.views()
        return NodeHealthFact(
            at=self.clock.now(),
            mono_s=self.clock.mono_s(),
            source=self.shop.node,
            uptime_s=max(0.0, round((self.clock.now() - self.started_at).total_seconds(), 1)),
            cameras_ok=sum(view.fault is None for view in views),
            cameras=len(views),
            language_up=self.language.is_up,
            disk_free_share=round(self.store.stats().disk_free_share, 4),
            rss_mb=round(rss_mb(), 1),
            skipped_frames=sum(view.skipped_frames for view in views),
            late_frames=sum(view.late_frames for view in views),
            thinned_frames=sum(view.thinned_frames for view in views),
            unchanged_frames=sum(view.gated_frames for view in views),
            language_held_s=round(self.budget.held_s, 1),
        )

    def status(self) -> dict[str, Any]:
        """The body of the status file; plain values, no secrets."""
        stats, link, shop = self.store.stats(), self.uplink.status(), self.shop
        return {
            "written_at": self.clock.now().isoformat(),
            "pid": os.getpid(),
            "shop": shop.name,
            "node": f"{shop.tenant}/{shop.store}/{shop.node}",
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "kiosk_url": self.addresses.kiosk,
            "console_url": self.addresses.console,
            **self.programs(),
            "language_up": self.language.is_up,
            "language": asdict(self.language.stats()),
            "budget": {"language_cores": self.budget.cores, "language_held_s": round(self.budget.held_s, 1)},
            "rss_mb": round(rss_mb(), 1),
            "facts": stats.facts,
            "facts_waiting_for_store": self.recorder.waiting,
            "facts_lost": self.recorder.lost,
            "store": {
                "epoch": stats.epoch,
                "room": stats.room,
                "fill": round(stats.fill, 4),
                "check": stats.quick_check,
            },
            "link": {
                "up": link.is_up,
                "broker": link.broker,
                "reason": link.reason,
                "pending": {lane.value: count for lane, count in stats.pending.items()},
            },
            "cameras": [
                {
                    "id": view.camera_id,
                    "state": "ok" if view.fault is None else view.fault.value,
                    "fps": round(view.analysed_fps, 1),
                    "skipped": view.skipped_frames,
                    "late": view.late_frames,
                    "thinned": view.thinned_frames,
                    "unchanged": view.gated_frames,
                }
                for view in self.cameras.views()
            ],
        }


class NoUplink:
    """Stands in for the uplink where no broker is set: facts wait in the outbox."""

    def __init__(self, since: datetime) -> None:
        """Remember since when nothing is sent."""
        self._since = since

    def status(self) -> UplinkStatus:
        """Down, with the reason that a person can act on."""
        return UplinkStatus(
            broker="none set",
            is_up=False,
            since=self._since,
            reason="no broker is set in [sync]",
            receiver=None,
            last_ack_age_s=None,
            in_flight=0,
            pending={},
            published=0,
            deleted=0,
            reconnects=0,
            stalls=0,
            refused_publications=0,
            rejected_answers=0,
        )


def rss_mb() -> float:
    """Memory that this process holds now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6
