"""The node's link to head office, joined: the uplink, the desk of commands, the twin, and what each command does.

Decides nothing; says which part of the node stands behind which command. Without ``[sync] command_key`` there is no
desk and nothing is subscribed to.
"""

import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Protocol

from edge.clock import Clock
from edge.commands import CommandDesk, DeskPorts, Work
from edge.config import ShopFiles
from edge.doctor import Doctor
from edge.errors import CommandError
from edge.home_states import states_of
from edge.node_key import is_signed
from edge.node_report import NoUplink
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.recorder import Recorder
from edge.snapshots import Snapshots
from edge.store.store import Store
from edge.trusted_key import TrustedKey
from edge.twins import TwinBook, TwinPorts
from models.registry import Registry
from sync.home_assistant import HomeAssistant
from sync.link import Endpoint, Message
from sync.mqtt_link import mqtt_links
from sync.pace import Pace
from sync.topics import Channel, NodeName
from sync.twin import BOUNDS
from sync.uplink import Uplink, UplinkTools, uplink_profile
from vision.config import CameraSettings
from vision.errors import FeedUnavailableError, VisionError
from vision.service import VisionService

_SNAPSHOTS_KEPT = 20


class Language(Protocol):
    """The part of the language model that can be ended; its keeper starts it again."""

    @property
    def pid(self) -> int | None:
        """Process id while there is a process."""
        ...


class HeadOffice:
    """What head office may ask of this node. ``open`` once there are cameras."""

    def __init__(self, shop: ShopFiles, places: Places, store: Store, *, record: Recorder, clock: Clock) -> None:
        identity = shop.settings.shop
        self.node = NodeName(identity.tenant, identity.store, identity.node)
        self._shop, self._places, self._clock = shop, places, clock
        self._pace = Pace()
        self._snapshots: Snapshots | None = None
        self._snapshots_kept = _SNAPSHOTS_KEPT
        self._desk: CommandDesk | None = None
        if shop.settings.sync.command_key is not None:
            self._key = TrustedKey(places.command_key, shop.settings.sync.command_key)
            ports = DeskPorts(
                inbox=store,
                epoch=lambda: store.stats().epoch,
                record=record.record,
                clock=clock,
                is_signed=is_signed,
                key=self._key,
            )
            self._desk = CommandDesk(self.node, ports)
            self._twin = TwinBook(places.twin, self.node, self._twin_ports(self._desk))

    def uplink(self, store: Store, endpoint: Endpoint) -> Uplink:
        """The way up, not yet started, and with it the way down."""
        settings = self._shop.settings.sync
        tools = UplinkTools(downlink=None if self._desk is None else self._take, pace=self._pace)
        links = mqtt_links(uplink_profile(self.node, endpoint, settings))
        return Uplink(store.outbox, self.node, settings, make_link=links, broker=endpoint.address, tools=tools)

    def open(self, vision: VisionService, language: Language) -> ExitStack:
        """Carry out what was and will be taken; what is returned ends that."""
        stack = ExitStack()
        if self._desk is not None:
            self._snapshots = Snapshots(self._places.snapshots, vision)
            self._snapshots.kept = self._snapshots_kept
            stack.enter_context(self._desk.open(self._works(vision, language, self._snapshots)))
        return stack

    def home(self, vision: VisionService, store: Store, uplink: Uplink | NoUplink) -> AbstractContextManager[object]:
        """The shop's own Home Assistant, where a broker is named; what is returned runs it."""
        settings = self._shop.settings.home_assistant
        if settings.broker is None:
            return nullcontext()
        return HomeAssistant(self.node, settings, states_of(vision.views, store.stats, uplink.status))

    def _take(self, message: Message) -> None:
        if self._desk is not None and message.topic == self.node.topic(Channel.COMMAND):
            self._desk.take(message)
        elif message.topic == self.node.topic(Channel.TWIN):
            self._twin.take(message)

    def _twin_ports(self, desk: CommandDesk) -> TwinPorts:
        return TwinPorts(
            is_signed=is_signed, key=self._key, apply=self._apply, tell=desk.tell_twin, note=desk.note_refusal
        )

    def _apply(self, settings: Mapping[str, int]) -> None:
        self._pace.bytes_per_s = settings.get("drain_bytes_per_s", 0)
        self._snapshots_kept = settings.get("snapshots_kept", _SNAPSHOTS_KEPT)
        if self._snapshots is not None:
            self._snapshots.kept = self._snapshots_kept

    def _works(self, vision: VisionService, language: Language, snapshots: Snapshots) -> Mapping[str, Work]:
        return {
            "restart": lambda part: _restart(part, vision, language),
            "drain-rate": self._set_drain_rate,
            "snapshot": snapshots.take,
            "rotate-key": self._key.rotate,
            "doctor": lambda _about: self._examine(vision),
        }

    def _set_drain_rate(self, about: str) -> None:
        least, most = BOUNDS["drain_bytes_per_s"]
        if not re.fullmatch(r"\d{1,10}", about) or not least <= int(about) <= most:
            raise CommandError("no-rate")
        self._pace.bytes_per_s = int(about)

    def _examine(self, vision: VisionService) -> str:
        """``passed``, or the first thing that did not and how many there were."""
        registry = Registry(self._places.models, DEFAULT_ARTEFACTS)
        doctor = Doctor(
            self._shop, self._places, registry=registry, clock=self._clock, look_at_camera=_look_through(vision)
        )
        failed = [check.name for check in doctor.checks() if not check.passed]
        return f"{len(failed)}-failed:{re.sub(r'[^A-Za-z0-9._:-]', '', failed[0])}"[:128] if failed else "passed"


def _look_through(vision: VisionService) -> Callable[[CameraSettings], str]:
    """A running camera is asked for its newest frame; opened a second time, some devices refuse."""

    def look(camera: CameraSettings) -> str:
        try:
            frame = vision.call(camera.id, lambda seat: seat.feed.newest())
        except (KeyError, TimeoutError) as error:
            raise FeedUnavailableError(f"{camera.id} does not answer") from error
        if frame is None:
            raise FeedUnavailableError(f"{camera.id} gives no picture")
        return f"{camera.id} gives pictures"

    return look


def _restart(part: str, vision: VisionService, language: Language) -> None:
    """Begin a camera, the language model's process or the whole node anew.

    Raises:
        CommandError: there is no such part, or it does not run.
    """
    if part == "node":
        # In order, as by the service manager, which starts it again; the result is told before the store closes.
        os.kill(os.getpid(), signal.SIGTERM)
    elif part == "language":
        if (pid := language.pid) is None:
            raise CommandError("not-running")
        os.kill(pid, signal.SIGTERM)
    else:
        try:
            vision.replace(vision.call(part.removeprefix("camera:"), lambda seat: seat.settings))
        except KeyError as error:
            raise CommandError("no-such-part") from error
        except (TimeoutError, VisionError) as error:
            raise CommandError("not-restarted") from error
