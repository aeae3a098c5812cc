"""The composition root: joins the concrete parts of one shop's node, starts them in order and stops them in reverse.

The only place that knows which class stands behind which port. Decides nothing about the shop.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import Literal, Self

from edge.answering import load_shop_data, make_assistant, search_vectors
from edge.assistant.tools import NoStockView
from edge.assistant.wording import PREFIX
from edge.camera_posts import make_post_surface, posting_cameras
from edge.clock import Clock
from edge.config import ShopFiles
from edge.console.app import create_console
from edge.console.auth import PasswordHash, generate_password, read_password, write_password
from edge.console.config import ShopLabel
from edge.console_source import RunningShop, ShopSource, Tickets
from edge.desk_making import make_desk
from edge.egress import fields_that_stay
from edge.facts import ArtefactActivatedFact, Fact, KioskHandoffFact
from edge.floor_plan import load_floor_plan
from edge.head_office import HeadOffice
from edge.housekeeping import Chores, Housekeeper
from edge.kiosk.app import KioskShop, create_app
from edge.mcp_server.toolbox import Toolbox
from edge.node_report import Addresses, NodeReport, NoUplink
from edge.node_store import open_store
from edge.node_vault import vault_open
from edge.places import DEFAULT_ARTEFACTS, Places
from edge.programs import Program, ProgramParts, program_addresses, program_ports, program_status, serve_programs
from edge.recorder import Recorder
from edge.serving import WebSurface, take_ports
from edge.shelf_joins import ShelfJoins
from edge.status import write_status
from edge.stock import ShelfStock, SlotSight
from edge.translate import Translator
from edge.watchdog import ServiceManager
from models.governor import Governor
from models.language.client import LanguageModel
from models.manifest import Task
from models.registry import Registry
from sync.link import Endpoint
from sync.uplink import Uplink
from vision.box_network import BoxNetwork
from vision.readings import Reading
from vision.service import VisionService

_HANDOFFS_LOOKED_AT = 200


class Appliance:
    """One shop's node. ``with Appliance(...) as node`` returns when kiosk and console answer.

    Args:
        shop: settings, cameras and data files.
        places: the data folder.
        clock: the node's clocks.
        endpoint: the broker to send to; None keeps everything in the outbox.
        new_password: make a new staff password even if there is one.
    """

    def __init__(
        self,
        shop: ShopFiles,
        places: Places,
        *,
        clock: Clock,
        endpoint: Endpoint | None,
        new_password: bool = False,
    ) -> None:
        """Keep what to start; nothing is opened yet."""
        self._shop = shop
        self._places = places
        self._clock = clock
        self._endpoint = endpoint
        self._wants_new_password = new_password
        self._stack = ExitStack()
        self._producers = ExitStack()
        self._tickets = Tickets()
        self._manager = ServiceManager(os.environ.get("NOTIFY_SOCKET"), os.environ.get("WATCHDOG_USEC"))
        self._translating = Lock()

    def __enter__(self) -> Self:
        """Start every part.

        Raises:
            ConfigError: a settings or data file is wrong, or a port is taken.
            StoreError: the store cannot be opened.
            ModelsError: weights are missing or wrong.
        """
        with self._stack:
            self._start()
            self._stack = self._stack.pop_all()
        self._manager.ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what makes facts, then the uplink and the store."""
        self._manager.stopping()
        self._stack.close()

    def quiesce(self) -> None:
        """Stop house-keeping, screens, cameras and the language model; the store goes on emptying into the uplink."""
        self._producers.close()

    def _start(self) -> None:
        self._places.make()
        ports = self._take_ports()
        self._started_at = self._clock.now()
        self.store, self._policy = self._stack.enter_context(open_store(self._shop, self._places, self._clock))
        self._recorder = Recorder(self.store)
        newest = self.store.facts(limit=1, newest_first=True)
        self.first_fact_id = newest[0].id if newest else 0
        """Facts of this run have ids above it."""
        self._head_office = HeadOffice(self._shop, self._places, self.store, record=self._recorder, clock=self._clock)
        self.uplink = self._start_uplink()
        self._stack.enter_context(self._producers)
        self._start_producers(ports)

    def _start_producers(self, ports: Mapping[str, socket.socket]) -> None:
        settings = self._shop.settings
        start = self._producers.enter_context
        self._registry = Registry(self._places.models, DEFAULT_ARTEFACTS)
        self._data = load_shop_data(self._shop)
        self._language = start(
            LanguageModel(lambda: self._registry.active(Task.LANGUAGE), settings.models.language, prefixes=(PREFIX,))
        )
        self._governor = self._make_governor()
        self._record_artefacts()
        self._translator = Translator(known_units=self._known_units())
        self._producers.callback(self._tell_last_footfall)
        self.vision = start(self._make_vision())
        start(self._head_office.open(self.vision, self._language))
        start(self._head_office.home(self.vision, self.store, self.uplink))
        start(vault_open(settings.vault, self._places, vision=self.vision, audit=self.store, clock=self._clock))
        self._serve(ports)
        start(Housekeeper(self._chores(), self._clock, settings.shop.node))

    def _make_governor(self) -> Governor:
        settings = self._shop.settings.models.language
        return Governor(
            most_cores=float(settings.threads),
            least_cores=settings.least_cores,
            allow=self._language.allow,
            mono_s=self._clock.mono_s,
        )

    def _tell_last_footfall(self) -> None:
        self._recorder.record(self._translator.due_footfall(self._clock.now(), final=True))

    def _take_ports(self) -> Mapping[str, socket.socket]:
        taken = take_ports(wanted_ports(self._shop))
        for held in taken.values():
            self._stack.callback(held.close)
        return taken

    def _make_vision(self) -> VisionService:
        models = self._shop.settings.models
        networks = {}
        for task in (Task.PERSONS, Task.FACES):
            artefact = self._registry.active(task)
            network = BoxNetwork.open(artefact, threads=models.onnx_threads, providers=models.providers)
            networks[task] = self._producers.enter_context(network)
        vision = self._shop.settings.vision
        shelves = self._producers.enter_context(ShelfJoins(self._registry, self._places, models, packs=vision.packs))
        return VisionService(
            self._shop.cameras,
            vision,
            person_network=networks[Task.PERSONS],
            face_network=networks[Task.FACES],
            on_readings=self._on_readings,
            clock=self._clock,
            on_turn=self._governor.tell,
            aids_of=shelves.of,
        )

    def _start_uplink(self) -> "Uplink | NoUplink":
        if self._endpoint is None:
            return NoUplink(self._started_at)
        uplink = self._head_office.uplink(self.store, self._endpoint)
        self._stack.enter_context(uplink)
        self._stack.callback(self.store.subscribe(uplink.wake))
        return uplink

    def _on_readings(self, readings: Sequence[Reading]) -> None:
        with self._translating:  # house-keeping asks the translator for footfall from its own thread
            facts = self._translator.facts(readings)
        self._recorder.record(facts)

    def _due_footfall(self, now: datetime) -> list[Fact]:
        with self._translating:
            return self._translator.due_footfall(now)

    def _tell_alive(self) -> None:
        """Silence gets the process restarted, so a dead cameras' worker must not go unnoticed."""
        if self.vision.failure is None:
            self._manager.alive()

    def _record(self, fact: Fact) -> None:
        if not isinstance(fact, KioskHandoffFact):
            self._recorder.record([fact])
            return
        self.store.append_wait([fact])  # a call that cannot be kept must fail in front of the shopper
        self._tickets.note(fact)

    def _move_ticket(self, ticket: str, kiosk: str, state: Literal["coming", "closed"]) -> None:
        now, mono_s = self._clock.now(), self._clock.mono_s()
        self._record(KioskHandoffFact(at=now, mono_s=mono_s, source=kiosk, ticket=ticket, state=state))

    def _known_units(self) -> dict[tuple[str, str], int]:
        return {key: int(fact.body["units"]) for key, fact in self.store.latest_by_slot().items()}

    def _sights(self) -> list[SlotSight]:
        return [
            SlotSight(sku=slot.sku, units=slot.units if slot.is_separable else None, known_at=slot.known_at)
            for view in self.vision.views()
            for slot in view.slots
        ]

    def _serve(self, ports: Mapping[str, socket.socket]) -> None:
        settings = self._shop.settings
        password_hash, new_password = self._staff_password()
        kiosk = self._producers.enter_context(self._make_kiosk(ports["kiosk"]))
        console = self._producers.enter_context(self._make_console(ports["console"], password_hash))
        programs = self._serve_programs(ports)
        if "camera_post" in ports:
            posts = make_post_surface(self._shop, self._places.data, deliver=self.vision.post, clock=self._clock)
            self._producers.enter_context(WebSurface(posts, ports["camera_post"], name="camera-post"))
        self.addresses = Addresses(kiosk.url, console.url, new_password, **program_addresses(programs))
        self._report = NodeReport(
            shop=settings.shop,
            addresses=self.addresses,
            started_at=self._started_at,
            clock=self._clock,
            store=self.store,
            recorder=self._recorder,
            cameras=self.vision,
            language=self._language,
            budget=self._governor,
            uplink=self.uplink,
            programs=lambda: program_status(programs),
        )

    def _make_kiosk(self, taken: socket.socket) -> WebSurface:
        settings = self._shop.settings
        tools, assistant = make_assistant(
            self._shop,
            self._data,
            ShelfStock(self._sights) if self._shop.cameras else NoStockView(),
            language=self._language,
            clock=self._clock,
            record=self._record,
            first_ticket=self._first_ticket(),
        )
        self._producers.enter_context(search_vectors(tools, self._places, self._registry))
        self._toolbox = Toolbox(tools, assistant)
        plan = settings.shop.floor_plan
        shop = KioskShop(
            name=settings.shop.name,
            assistant=assistant,
            floor_plan=None if plan is None else load_floor_plan(self._shop.path(plan)),
            tickets=self._tickets,
            record=self._record,
        )
        return WebSurface(create_app(shop, settings.kiosk, clock=self._clock), taken, name="kiosk")

    def _make_console(self, taken: socket.socket, password: PasswordHash) -> WebSurface:
        settings = self._shop.settings
        self._desk = make_desk(
            self._shop,
            self._places,
            vision=self.vision,
            catalogue=self._data.catalogue,
            registry=self._registry,
            store=self.store,
            clock=self._clock,
        )
        app = create_console(
            ShopSource(self._running_shop()),
            self._desk,
            settings.console,
            password=password,
            shop=ShopLabel(name=settings.shop.name, node=settings.shop.node, timezone=settings.shop.timezone),
            clock=self._clock,
        )
        return WebSurface(app, taken, name="console")

    def _serve_programs(self, ports: Mapping[str, socket.socket]) -> Mapping[str, Program]:
        parts = ProgramParts(
            settings=self._shop.settings,
            data=self._places.data,
            language=self._language,
            registry=self._registry,
            toolbox=self._toolbox,
            clock=self._clock,
        )
        return serve_programs(parts, ports, self._producers.enter_context)

    def _first_ticket(self) -> int:
        """Go on after the last number given out, and show again who still waits."""
        handoffs = self.store.facts(kind=KioskHandoffFact.kind, limit=_HANDOFFS_LOOKED_AT, newest_first=True)
        for stored in reversed(handoffs):
            self._tickets.note(KioskHandoffFact(**stored.body))
        numbers = [
            int(digits) for stored in handoffs if (digits := "".join(filter(str.isdigit, stored.body["ticket"])))
        ]
        return max(numbers, default=0) + 1

    def _staff_password(self) -> tuple[PasswordHash, str | None]:
        path = self._places.data / self._shop.settings.console.password_file
        known = None if self._wants_new_password else read_password(path)
        if known is not None:
            return known, None
        fresh = generate_password()
        return write_password(path, fresh), fresh

    def _running_shop(self) -> RunningShop:
        return RunningShop(
            store=self.store,
            vision=self.vision,
            registry=self._registry,
            language=self._language,
            governor=self._governor,
            catalogue=self._data.catalogue,
            tickets=self._tickets,
            move_ticket=self._move_ticket,
            clock=self._clock,
            started_at=self._started_at,
            policy_version=self._policy.version,
            kept_fields=fields_that_stay(self._policy),
            uplink=self.uplink,
            data=self._places.data,
        )

    def _record_artefacts(self) -> None:
        """Tell which weights are in use, once for each change."""
        told = {f.body["task"]: f.body["sha256"] for f in self.store.facts(kind=ArtefactActivatedFact.kind, limit=1000)}
        now, mono_s = self._clock.now(), self._clock.mono_s()
        fresh: list[Fact] = []
        for entry in self._registry.list():
            manifest = entry.manifest
            if entry.slot == "active" and told.get(manifest.task) != manifest.sha256:
                fresh.append(
                    ArtefactActivatedFact(
                        at=now,
                        mono_s=mono_s,
                        source=self._shop.settings.shop.node,
                        task=manifest.task,
                        artefact=manifest.name,
                        version=manifest.version,
                        sha256=manifest.sha256,
                    )
                )
        self._recorder.record(fresh)

    def _chores(self) -> Chores:
        return Chores(
            health=self._report.health,
            footfall=self._due_footfall,
            record=self._recorder.record,
            status=self._report.status,
            publish_status=lambda body: write_status(self._places.status, body),
            alive=self._tell_alive,
            collect_heat=self._desk.collect_heat,
        )


def wanted_ports(shop: ShopFiles) -> dict[str, tuple[str, int]]:
    """Where a shop's surfaces listen, as (host, port), by the section of the settings that says so."""
    settings = shop.settings
    wanted = {
        "kiosk": (settings.kiosk.host, settings.kiosk.port),
        "console": (settings.console.host, settings.console.port),
    }
    wanted |= program_ports(settings)
    if posting_cameras(shop):
        wanted["camera_post"] = (settings.camera_post.host, settings.camera_post.port)
    return wanted
