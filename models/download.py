"""Weights from a server: over TLS, in pieces that survive a power cut, continued where the last try ended.

Owns one transfer into a `.part` file: the range request, redirects, the cap by the manifest's length, time limits and
the back-off. Judges nothing that arrives: the registry reads the whole file again from the disk and compares its
hash before anything else sees it. Only https is spoken, to where redirects lead as well.
"""

import http.client
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from models.durable import Disk
from models.errors import ArtefactInvalidError, ArtefactMissingError, ArtefactRejectedError, SourceUnavailableError
from models.verification import Progress

PIECE_BYTES = 1 << 20
READ_BYTES = 1 << 16
SYNC_EVERY_BYTES = 16 << 20
"""A power cut costs this much of a download at most."""
MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for."""

    silence_s: float = 20.0
    """Until a connection or a read that brings nothing is given up."""
    slow_window_s: float = 60.0
    slow_bytes: int = 1 << 16
    """Fewer bytes than these within the window are as good as silence."""
    tries: int = 6
    """In a row that bring less than ``slow_bytes``, before it is given up."""
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


class _CutError(Exception):
    """The server or the way to it failed; the text says how. Another try may do."""


class Downloader:
    """Brings files over https. One thread at a time; every wait has an end."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        patience: Patience | None = None,
        rng: random.Random | None = None,
        wait: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the settings; nothing is opened.

        Args:
            tls: whom to trust; the machine's certificate store when None.
            patience: time limits and tries.
            rng: jitter of the back-off.
            wait: waits so many seconds between tries.
            clock: seconds that never fall.
        """
        self._tls = tls or ssl.create_default_context()
        self._patience = patience or Patience()
        self._rng = rng or random.Random()
        self._wait = wait or threading.Event().wait
        self._clock = clock

    def fetch(self, url: str, part: Path, *, size_bytes: int, disk: Disk, progress: Progress | None = None) -> bool:
        """Bring a file into ``part``, going on from what lies there. Blocks until it is whole and durable.

        Returns:
            Whether bytes of an earlier call were kept; then a wrong hash may be their fault, not the server's.

        Raises:
            SourceUnavailableError: the server is away, too slow or not trusted; what arrived is kept in ``part``.
            ArtefactMissingError: the server has no such file, or does not give it to us.
            ArtefactInvalidError: the server offers a file of another length; ``part`` is left as it was.
            ArtefactRejectedError: the server sends on to something that is not https, or in circles.
            OSError: ``part`` cannot be written.
        """
        transfer = _Transfer(part, size_bytes, disk, progress)
        resumed, failed = transfer.done_bytes > 0, 0
        while not transfer.is_whole:
            before = transfer.done_bytes
            try:
                self._go_on(url, transfer)
            except _CutError as cut:
                gained = transfer.done_bytes - before
                failed = 0 if gained >= self._patience.slow_bytes else failed + 1
                if failed >= self._patience.tries:
                    raise SourceUnavailableError(_given_up(url, cut, transfer)) from cut
                self._back_off(failed)
            finally:
                transfer.sync()
        return resumed and not transfer.restarted

    def _back_off(self, failed: int) -> None:
        longest = min(self._patience.first_wait_s * 2**failed, self._patience.longest_wait_s)
        self._wait(longest * self._rng.uniform(0.5, 1.0))

    def _go_on(self, url: str, transfer: "_Transfer") -> None:
        for _ in range(MAX_REDIRECTS + 1):
            with self._answer(url, transfer.done_bytes) as response:
                if response.status not in _REDIRECTS:
                    self._take(url, response, transfer)
                    return
                url = _sent_on(url, response.getheader("Location", ""))
        raise ArtefactRejectedError(f"{_host(url)}: sends on more than {MAX_REDIRECTS} times")

    @contextmanager
    def _answer(self, url: str, begin: int) -> Iterator[http.client.HTTPResponse]:
        address = urlsplit(url)
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        headers = {"Accept-Encoding": "identity", "User-Agent": "backroom"}
        if begin:
            headers["Range"] = f"bytes={begin}-"
        connection = http.client.HTTPSConnection(
            str(address.hostname), address.port, timeout=self._patience.silence_s, context=self._tls
        )
        with closing(connection):
            with _network(url):
                connection.request("GET", target, headers=headers)
                response = connection.getresponse()
            with response:
                yield response

    def _take(self, url: str, response: http.client.HTTPResponse, transfer: "_Transfer") -> None:
        if response.status == 416:
            transfer.restart()
            raise _CutError("cannot go on from where we were")
        if response.status in _BUSY:
            raise _CutError(f"answers {response.status}")
        if response.status not in (200, 206):
            raise ArtefactMissingError(f"{_host(url)}: answers {response.status} {response.reason}: check the address")
        if response.getheader("Content-Encoding", "identity") != "identity":
            raise _CutError("sends the file packed, which was not asked for")
        if response.status == 200:
            transfer.restart()
        _check_offer(url, response, transfer)
        for chunk in self._chunks(url, response):
            transfer.take(chunk)
        if not transfer.is_whole:
            raise _CutError("ended the connection")

    def _chunks(self, url: str, response: http.client.HTTPResponse) -> Iterator[bytes]:
        since_s, arrived = self._clock(), 0
        while True:
            with _network(url):
                chunk = response.read1(READ_BYTES)
            if not chunk:
                return
            yield chunk
            arrived += len(chunk)
            if (now_s := self._clock()) - since_s >= self._patience.slow_window_s:
                if arrived < self._patience.slow_bytes:
                    raise _CutError(f"sent {arrived} bytes in {now_s - since_s:.0f} s")
                since_s, arrived = now_s, 0


class _Transfer:
    """What has arrived of one file."""

    def __init__(self, part: Path, size_bytes: int, disk: Disk, progress: Progress | None) -> None:
        self._part, self._disk, self._progress = part, disk, progress
        self._pieces = bytearray()
        self._unsynced = 0
        self.size_bytes = size_bytes
        self.restarted = False
        self.done_bytes = part.stat().st_size if part.exists() else 0
        if self.done_bytes > size_bytes or not self.done_bytes:
            self._begin()

    @property
    def is_whole(self) -> bool:
        return self.done_bytes == self.size_bytes

    def restart(self) -> None:
        """Forget what arrived, if anything."""
        if self.done_bytes:
            self._begin()
            self.restarted = True

    def _begin(self) -> None:
        self._pieces.clear()
        self._disk.write(self._part, [])
        self._disk.sync_folder(self._part.parent)
        self.done_bytes = self._unsynced = 0

    def take(self, chunk: bytes) -> None:
        if self.done_bytes + len(chunk) > self.size_bytes:
            raise ArtefactInvalidError(f"the server sends more than the {self.size_bytes} bytes of the manifest")
        self._pieces += chunk
        self.done_bytes += len(chunk)
        if len(self._pieces) >= PIECE_BYTES:
            self._write()
        if self._progress is not None:
            self._progress(self.done_bytes, self.size_bytes)

    def _write(self) -> None:
        self._disk.append(self._part, bytes(self._pieces))
        self._unsynced += len(self._pieces)
        self._pieces.clear()
        if self._unsynced >= SYNC_EVERY_BYTES:
            self._disk.sync_file(self._part)
            self._unsynced = 0

    def sync(self) -> None:
        """Make all that arrived durable."""
        if self._pieces:
            self._write()
        if self._unsynced:
            self._disk.sync_file(self._part)
            self._unsynced = 0


def _check_offer(url: str, response: http.client.HTTPResponse, transfer: _Transfer) -> None:
    """Whether the answer is the rest of a file of the right length."""
    whole = transfer.done_bytes + response.length if response.length is not None else transfer.size_bytes
    if response.status == 206:
        given = _RANGE.fullmatch(response.getheader("Content-Range", ""))
        if given is None or int(given[1]) != transfer.done_bytes:
            raise _CutError("sends another part of the file than was asked for")
        whole = whole if given[3] == "*" else int(given[3])
    if whole != transfer.size_bytes:
        raise ArtefactInvalidError(
            f"{_host(url)}: offers a file of {whole} bytes, and the manifest says {transfer.size_bytes}"
        )


def _sent_on(url: str, location: str) -> str:
    target = ""
    with suppress(ValueError):
        target = urljoin(url, location)
    if not _is_https(target):
        raise ArtefactRejectedError(f"{_host(url)}: sends on to {target[:100]!r}, which is no https address")
    return target


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and url.isascii() and " " not in url
    except ValueError:
        return False


@contextmanager
def _network(url: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as untrusted:
        raise SourceUnavailableError(
            f"{_host(url)}: its certificate is not trusted ({untrusted.verify_message}): check the machine's clock "
            "and certificates"
        ) from untrusted
    except TimeoutError as silent:
        raise _CutError("does not answer in time") from silent
    except (OSError, http.client.HTTPException) as failed:
        raise _CutError(f"cannot be reached or broke off ({type(failed).__name__})") from failed


def _given_up(url: str, cut: _CutError, transfer: _Transfer) -> str:
    transfer.sync()
    kept = f"{transfer.done_bytes} of {transfer.size_bytes} bytes are here, and the next pull goes on from there"
    return f"{_host(url)}: {cut}; {kept}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the server"
