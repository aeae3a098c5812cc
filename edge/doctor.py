"""The technician's questions, each with pass or fail and the cure: weights, disk, clock, trust, cameras, broker.

Owns what is checked and what to do about it. Changes nothing on the node; may run beside a running one. Each check
has a deadline, so that a dead camera or broker costs seconds.
"""

import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from edge.certificate_check import certificate_check
from edge.checks import Check, judge
from edge.clock import Clock
from edge.config import ShopFiles
from edge.mcp_server.config import McpSettings
from edge.openai_api.config import OpenAiSettings
from edge.places import Places
from edge.trust_checks import trust_checks
from models.errors import ModelsError
from models.registry import Registry
from sync.errors import SyncError
from vision.config import CameraSettings
from vision.errors import VisionError

MIN_FREE_BYTES = 1_000_000_000
CONNECT_WITHIN_S = 3.0
_EARLIEST_TRUE_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class Doctor:
    """Looks at one shop's node. ``look_at_camera`` opens a feed, returns a word on its first picture, or raises."""

    def __init__(
        self,
        shop: ShopFiles,
        places: Places,
        *,
        registry: Registry,
        clock: Clock,
        look_at_camera: Callable[[CameraSettings], str],
    ) -> None:
        """Keep what to look at; nothing is opened yet."""
        self._shop = shop
        self._places = places
        self._registry = registry
        self._clock = clock
        self._look_at_camera = look_at_camera

    def checks(self) -> Iterator[Check]:
        """Every check in turn, as it is done."""
        yield Check("settings", passed=True, found=f"{self._shop.folder / 'shop.toml'} is right")
        yield from self._weights()
        yield self._disk()
        yield self._writable()
        yield self._time()
        yield from trust_checks(self._shop, self._places)
        for camera in self._shop.cameras:
            yield self._camera(camera)
        yield self._broker()
        certificate = certificate_check(self._shop.settings.sync, self._clock.now())
        if certificate is not None:
            yield certificate
        yield self._programs()
        yield self._tools()

    def _weights(self) -> Iterator[Check]:
        for entry in self._registry.list():
            if entry.slot != "active":
                continue
            name = f"weights: {entry.manifest.task}"
            try:
                self._registry.verify(entry.manifest.name)
            except ModelsError as error:
                cure = f"Return to the weights before: backroom models roll-back {entry.manifest.task}"
                yield Check(name, passed=False, found=str(error), cure=cure)
            else:
                yield Check(name, passed=True, found=f"{entry.manifest.name} is what its manifest says")

    def _disk(self) -> Check:
        usage = shutil.disk_usage(_existing(self._places.data))
        found = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB free at {self._places.data}"
        cure = f"Free at least {MIN_FREE_BYTES / 1e9:.0f} GB, or move the data folder with --data."
        return judge("disk", usage.free >= MIN_FREE_BYTES, found, cure)

    def _writable(self) -> Check:
        folder = _existing(self._places.data)
        cure = f"Give this user the folder: chown -R {os.geteuid()} {folder}"
        is_ours = os.access(folder, os.W_OK | os.X_OK)
        return judge("data folder", is_ours, f"{folder} {'can' if is_ours else 'cannot'} be written", cure)

    def _time(self) -> Check:
        now, quality = self._clock.now(), self._clock.time_quality()
        cure = "Set the clock, and let a time service keep it: timedatectl set-ntp true"
        if now < _EARLIEST_TRUE_TIME:
            return Check("clock", passed=False, found=f"it says {now:%Y-%m-%d}, which is past", cure=cure)
        note = "kept by a time service" if quality == "synced" else "kept by nobody: facts are marked unsynced"
        return Check("clock", passed=True, found=f"{now:%Y-%m-%d %H:%M:%S} UTC, {note}")

    def _camera(self, camera: CameraSettings) -> Check:
        name = f"camera: {camera.id}"
        if not camera.url:
            return Check(name, passed=False, found="it has no address", cure=f"Give url in the file of {camera.id}.")
        try:
            return Check(name, passed=True, found=self._look_at_camera(camera))
        except VisionError as error:
            cure = f"Check cable, power, address and password of {camera.id}."
            if "://" not in camera.url and not camera.url.startswith("/dev/"):
                cure = f"Put the file or folder there, or correct url in the file of {camera.id}."
            return Check(name, passed=False, found=str(error), cure=cure)

    def _broker(self) -> Check:
        settings = self._shop.settings.sync
        if settings.broker is None:
            return Check("broker", passed=True, found="none is set: facts wait in the outbox (the demo starts its own)")
        try:
            endpoint = settings.endpoint()
            with socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_WITHIN_S):
                return Check("broker", passed=True, found=f"{endpoint.address} answers")
        except SyncError as error:
            return Check("broker", passed=False, found=str(error), cure="Correct the section [sync] of shop.toml.")
        except OSError as error:
            found = f"{settings.broker} does not answer: {error.strerror or error}"
            cure = "The shop works on and sends later. Check the cable, the broker and its address in [sync]."
            return Check("broker", passed=False, found=found, cure=cure)

    def _programs(self) -> Check:
        return self._door("openai", self._shop.settings.openai, off="other programs cannot ask the language model")

    def _tools(self) -> Check:
        return self._door("mcp", self._shop.settings.mcp, off="other programs cannot ask the shop's facts")

    def _door(self, name: str, settings: OpenAiSettings | McpSettings, *, off: str) -> Check:
        if not settings.enabled:
            return Check(name, passed=True, found=f"off: {off}")
        key = self._places.data / settings.key_file
        if not key.exists():
            return Check(name, passed=True, found=f"on; its key is made at the first start: {key}")
        is_private = not key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        found = f"on; its key is in {key}, which {'only its owner' if is_private else 'others too'} may read"
        return judge(name, is_private, found, f"Close it, remove it if others may have read it: chmod 600 {key}")


def _existing(folder: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    return next(f for f in (folder, *folder.parents) if f.exists())
