"""A shop that is not there: a console source held in memory, with drawn pictures, for tests and for looking at."""

import math
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import cv2
import numpy as np

from edge.clock import SystemClock
from edge.console.app import create_console
from edge.console.auth import write_password
from edge.console.config import ConsoleSettings, ShopLabel
from edge.console.errors import SourceUnavailableError
from edge.console.source import (
    CameraPanel,
    CameraState,
    FactPage,
    FactRow,
    GapRow,
    HealthPanel,
    HeldRow,
    KindTotal,
    LaneRow,
    LedgerRow,
    LinkPanel,
    Picture,
    PrivacyPanel,
    SlotRow,
    SlotState,
    Ticket,
)
from edge.serving import WebSurface, take_port
from sync.records import Lane
from tests.integration.edge_console.desk_fake import FakeDesk

PASSWORD = "correct-horse-battery"  # noqa: S105 - of a shop that is not there
SHOP = ShopLabel(name="Maple Street Market", node="store 014, node a", timezone="Europe/Berlin")
_PRODUCTS = (
    "Farmhouse Whole Milk 1 l",
    "Oat Drink Barista 1 l",
    "Salted Butter 250 g",
    "Greek Yoghurt 500 g",
    "Gouda Slices 200 g",
    "Free-range Eggs, 10",
    "Orange Juice with Bits 1 l",
    "Cherry Tomatoes 500 g",
    "Basil Pesto 190 g",
    "Spaghetti No. 5 500 g",
    "Ground Coffee Dark 500 g",
    "Corn Flakes 375 g",
)


class FakeSource:
    """Implements the port; ``is_away`` makes every question fail."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC) - timedelta(hours=31, minutes=12)
        self.is_away = False
        self.is_link_up = True
        self.asked: dict[str, int] = {}
        self.states = {
            "cam-dairy": CameraState.OK,
            "cam-pantry": CameraState.OK,
            "cam-produce": CameraState.BLIND,
            "cam-door": CameraState.OK,
        }
        self._names = {
            "cam-dairy": "Dairy fridge",
            "cam-pantry": "Pantry, bay 4",
            "cam-produce": "Produce table",
            "cam-door": "Entrance",
        }
        self.picture_numbers = True
        self._lock = threading.Lock()
        self._frame = 0
        now = datetime.now(UTC)
        self.open_tickets = {
            "t-0007": Ticket(
                ticket_id="t-0007", opened_at=now - timedelta(minutes=6), kiosk="kiosk-1", about="Gluten-free bread"
            ),
            "t-0008": Ticket(ticket_id="t-0008", opened_at=now - timedelta(seconds=48), kiosk="kiosk-1"),
        }
        self.stored = [self._fact(number, now) for number in range(1, 91)]

    def _ask(self, what: str) -> None:
        with self._lock:
            self.asked[what] = self.asked.get(what, 0) + 1
        if self.is_away:
            raise SourceUnavailableError("away")

    def add_fact(self, kind: str, source: str, **fields: str | int | float | bool | None) -> FactRow:
        """Store one more fact, now."""
        row = FactRow(
            fact_id=len(self.stored) + 1, at=datetime.now(UTC), kind=kind, source=source, lane=Lane.P1, fields=fields
        )
        self.stored.append(row)
        return row

    def _fact(self, number: int, now: datetime) -> FactRow:
        at = now - timedelta(seconds=(90 - number) * 41 + 12)
        camera = ("cam-dairy", "cam-pantry")[number % 2]
        slot, sku = f"s{number % 6 + 1}", f"BR-{number % 12 + 1:04d}"
        made = (
            ("shelf.count", camera, Lane.P1, {"slot": slot, "sku": sku, "units": 4, "facings": 6, "delta": -1}),
            ("zone.crossing", "cam-door", Lane.P2, {"line": "door", "direction": "in"}),
            (
                "kiosk.turn",
                "kiosk-1",
                Lane.P2,
                {
                    "intent": "where_is",
                    "outcome": "answered",
                    "wording": "model",
                    "verified": True,
                    "sku": sku,
                    "total_ms": 412.0,
                },
            ),
            ("shelf.low", camera, Lane.P1, {"slot": slot, "sku": sku, "units": 1, "facings": 6, "low_at": 1}),
            ("zone.dwell", "cam-door", Lane.P2, {"zone": "entrance", "dwell_s": 7.4}),
            ("feed.blind", "cam-produce", Lane.P0, {"began_at": (at - timedelta(seconds=3)).isoformat()}),
            (
                "feed.restored",
                "cam-produce",
                Lane.P0,
                {"fault": "blind", "no_data_s": 37.0, "began_at": (at - timedelta(seconds=40)).isoformat()},
            ),
            ("shelf.out_of_stock", camera, Lane.P1, {"slot": slot, "sku": sku, "units": 0, "facings": 6}),
            (
                "node.health",
                "node",
                Lane.P3,
                {
                    "cameras_ok": 4,
                    "cameras": 4,
                    "language_up": True,
                    "disk_free_share": 0.61,
                    "rss_mb": 512.0,
                    "skipped_frames": 18,
                },
            ),
        )[number % 9]
        kind, source, lane, fields = made
        product = _PRODUCTS[number % 12] if "sku" in fields else ""
        return FactRow(fact_id=number, at=at, kind=kind, source=source, lane=lane, fields=fields, product=product)

    def _slots(self, camera_id: str) -> tuple[SlotRow, ...]:
        if camera_id == "cam-door":
            return ()
        since = datetime.now(UTC).replace(microsecond=0, second=0)
        first = {"cam-dairy": 0, "cam-pantry": 4, "cam-produce": 8}[camera_id]
        blind = self.states[camera_id] is not CameraState.OK
        rows = []
        for index in range(6 if camera_id != "cam-produce" else 4):
            state = SlotState.NO_DATA if blind else SlotState.OCCLUDED if (first + index) == 5 else SlotState.STEADY
            units = (6, 1, 0, 5, 4, 3, 6, 0, 2, 6)[(first + index) % 10]
            rows.append(
                SlotRow(
                    slot_id=f"{camera_id[4:]}-{index + 1}",
                    sku=f"BR-{first + index + 1:04d}",
                    product=_PRODUCTS[(first + index) % 12],
                    units=units,
                    facings=6,
                    low_at=1,
                    state=state,
                    since=since - timedelta(minutes=7 * index + 2),
                    misplaced=_PRODUCTS[9] if first + index == 3 else "",
                )
            )
        return tuple(rows)

    def cameras(self) -> list[CameraPanel]:
        self._ask("cameras")
        self._frame += 1 if self.picture_numbers else 0
        now = datetime.now(UTC)
        return [
            CameraPanel(
                camera_id=camera_id,
                name=self._names[camera_id],
                state=state,
                since=self.started_at if state is CameraState.OK else now - timedelta(minutes=4),
                picture_id=str(self._frame),
                fps=4.9,
                skipped=18,
                compliance_percent=92.0 if camera_id == "cam-dairy" else None,
                slots=self._slots(camera_id),
            )
            for camera_id, state in self.states.items()
        ]

    def picture(self, camera_id: str) -> Picture | None:
        self._ask("picture")
        if camera_id not in self.states:
            return None
        return Picture(picture_id=str(self._frame), jpeg=draw_shelf(self._slots(camera_id), self._frame))

    def facts(self, *, after_id: int, limit: int, kinds: tuple[str, ...] = (), source: str = "") -> FactPage:
        self._ask("facts")
        rows = [
            row
            for row in reversed(self.stored)
            if row.fact_id > after_id and (not kinds or row.kind in kinds) and (not source or row.source == source)
        ]
        return FactPage(rows=tuple(rows[:limit]), upto_id=self.stored[-1].fact_id if self.stored else 0)

    def _wave(self, swing: int) -> int:
        return int(swing * (1 + math.sin(self.asked.get("link", 0) / 5)))

    def link(self) -> LinkPanel:
        self._ask("link")
        now = datetime.now(UTC)
        lanes = tuple(
            LaneRow(lane=lane, pending=pending, in_flight=min(pending, 3), drawn_upto=drawn, acked_upto=drawn - pending)
            for lane, pending, drawn in (
                (Lane.P0, 0, 212),
                (Lane.P1, 14 + self._wave(7), 18422),
                (Lane.P2, 131 + self._wave(60), 90417),
                (Lane.P3, 1, 1871),
            )
        )
        gaps = (
            GapRow(at=now - timedelta(hours=3), epoch="e7k2", lane=Lane.P2, first=80112, last=80690, reason="evicted"),
        )
        return LinkPanel(
            up=self.is_link_up,
            since=now - timedelta(hours=2, minutes=4),
            broker="mqtt.shop.lan:8883",
            reconnects=3,
            epoch="e7k2",
            last_ack_at=now - timedelta(seconds=2),
            lanes=lanes,
            gaps=gaps,
        )

    def privacy(self, *, limit: int) -> PrivacyPanel:
        self._ask("privacy")
        now = datetime.now(UTC).replace(microsecond=0)
        kinds = (
            ("shelf.count", ("at", "sku", "units", "facings", "delta"), ("slot", "shelf_units", "source")),
            ("shelf.out_of_stock", ("at", "sku", "units"), ("slot", "source")),
            ("footfall.count", ("at", "period_s", "entered", "left"), ("line",)),
            ("kiosk.turn", ("at", "intent", "outcome", "verified"), ("sku", "total_ms")),
            ("feed.blind", ("at", "source", "began_at"), ()),
        )
        ledger = tuple(
            LedgerRow(
                at=now - timedelta(seconds=19 * number),
                record_id=f"e7k2:p1:{18408 - number}",
                kind=kinds[number % 5][0],
                fields=kinds[number % 5][1],
                size_bytes=312 + number % 40,
                policy_version="2026-11-02",
                sends=1 + (number % 17 == 3),
            )
            for number in range(limit)
        )
        totals = tuple(
            KindTotal(
                kind=kind,
                records=9120 // (place + 1),
                size_bytes=2_900_000 // (place + 1),
                fields=fields,
                fields_kept=kept,
            )
            for place, (kind, fields, kept) in enumerate(kinds)
        )
        held = (
            HeldRow(kind="zone.dwell", reason="not in the policy", records=4417, last_at=now),
            HeldRow(kind="zone.crossing", reason="not in the policy", records=3906, last_at=now),
            HeldRow(kind="kiosk.turn", reason="detector: phone number", records=2, last_at=now - timedelta(days=3)),
        )
        return PrivacyPanel(policy_version="2026-11-02", ledger=ledger, totals=totals, held=held)

    def health(self) -> HealthPanel:
        self._ask("health")
        return HealthPanel(
            uptime_s=(datetime.now(UTC) - self.started_at).total_seconds(),
            version="0.1.0",
            boot_id="8d1f2c9e",
            time_quality="synced",
            language_up=True,
            language_name="SmolLM2-135M-Instruct Q4_1",
            disk_free_bytes=39_000_000_000,
            disk_total_bytes=64_000_000_000,
            rss_bytes=538_000_000,
            memory_total_bytes=8_200_000_000,
            store_bytes=214_000_000,
            facts_stored=231_804,
            artefacts=(
                ("persons", "nanodet-g-416-int8", "1"),
                ("faces", "centerface-int8", "1"),
                ("language", "smollm2-135m-instruct-q4_1", "0.1.2"),
            ),
            notes=("The produce camera has been covered or dark for 4 min.",),
        )

    def tickets(self) -> list[Ticket]:
        self._ask("tickets")
        return list(self.open_tickets.values())

    def take_ticket(self, ticket_id: str) -> bool:
        self._ask("take_ticket")
        if ticket_id not in self.open_tickets:
            return False
        self.open_tickets[ticket_id] = replace(self.open_tickets[ticket_id], is_taken=True)
        return True

    def close_ticket(self, ticket_id: str) -> bool:
        self._ask("close_ticket")
        return self.open_tickets.pop(ticket_id, None) is not None


def draw_shelf(slots: tuple[SlotRow, ...], frame: int) -> bytes:
    """A drawn shelf with slots and counts, 1280x720 BGR, as JPEG."""
    image = np.full((720, 1280, 3), (176, 188, 192), np.uint8)
    colours = ((66, 120, 200), (90, 160, 90), (190, 130, 70), (70, 70, 170), (120, 170, 200), (140, 110, 160))
    for index, slot in enumerate(slots):
        left, top = 30 + (index % 3) * 415, 60 + (index // 3) * 320
        cv2.rectangle(image, (left, top + 240), (left + 400, top + 262), (225, 225, 225), -1)
        for unit in range(slot.units or 0):
            x = left + 8 + unit * 65
            cv2.rectangle(image, (x, top + 50), (x + 58, top + 238), colours[index % 6], -1)
            cv2.rectangle(image, (x + 8, top + 110), (x + 50, top + 170), (245, 245, 245), -1)
        colour = {0: (60, 60, 200), 1: (40, 150, 230)}.get(slot.units or 0, (90, 160, 40))
        cv2.rectangle(image, (left, top), (left + 400, top + 262), colour, 3)
        cv2.rectangle(image, (left, top), (left + 150, top + 34), colour, -1)
        cv2.putText(
            image,
            f"{slot.slot_id} {slot.units}/{slot.facings}",
            (left + 8, top + 25),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.62,
            (255, 255, 255),
            2,
        )
    cv2.circle(image, (1180, 690), int(10 + 6 * math.sin(frame)), (80, 90, 90), -1)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())


class OffsetClock(SystemClock):
    """The machine's clock, moved forward at will."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0

    def mono_s(self) -> float:
        return super().mono_s() + self.ahead_s


class RunningConsole:
    """A console on a free port with its source and its clock at hand."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.source = FakeSource()
        self.desk = FakeDesk()
        self.clock = OffsetClock()
        password = write_password(folder / "console-password", PASSWORD)
        self.app = create_console(
            self.source, self.desk, ConsoleSettings(), password=password, shop=SHOP, clock=self.clock
        )
        taken = take_port("127.0.0.1", port, setting="console.port")
        self.surface = WebSurface(self.app, taken, name="console-web")

    @classmethod
    @contextmanager
    def start(cls, folder: Path, *, port: int = 0) -> Iterator["RunningConsole"]:
        """Run it for the time of a ``with`` block."""
        running = cls(folder, port=port)
        with running.surface:
            yield running

    @property
    def netloc(self) -> str:
        return self.surface.url.removeprefix("http://")

    def refresh(self) -> None:
        """Forget what earlier tests did: a long time passes and the source is as new."""
        self.clock.ahead_s += 9 * 3600.0
        self.source.__init__()  # type: ignore[misc]
        self.desk.__init__()  # type: ignore[misc]

    def ask(
        self, method: str, path: str, *, body: str | None = None, cookie: str = "", **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        """One raw request; header names are given with underscores."""
        connection = HTTPConnection(self.netloc, timeout=10)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if cookie:
                sent["Cookie"] = cookie
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def log_in(self, password: str = PASSWORD) -> tuple[HTTPResponse, str]:
        """Send the login form; returns the response and the cookie to send from then on."""
        response, _ = self.ask("POST", "/login", body=f"password={password}", Origin=f"http://{self.netloc}")
        return response, (response.getheader("Set-Cookie") or "").split(";")[0]


def main() -> None:
    """Serve the fake shop and print the address; obeys lines on the standard input until that closes."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with tempfile.TemporaryDirectory() as folder, RunningConsole.start(Path(folder), port=port) as running:
        sys.stdout.write(f"{running.surface.url}\n")
        sys.stdout.flush()
        for line in sys.stdin:
            match line.split():
                case ["fact", slot]:
                    running.source.add_fact("shelf.restocked", "cam-dairy", slot=slot, sku="BR-0001", units=6)
                case ["blind", camera_id]:
                    running.source.states[camera_id] = CameraState.BLIND
                case ["away"]:
                    running.source.is_away = True
                case ["back"]:
                    running.source.is_away = False
                case ["expire"]:
                    running.clock.ahead_s += 8 * 3600.0


if __name__ == "__main__":
    main()
