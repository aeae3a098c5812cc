"""The vault's door: a socket in the data folder, through which the command line asks the running node.

Owns the thread that answers, one asker at a time, and that lets expired stills go. One request and one answer a
connection, each a line of JSON. Who asks is told by the system (SO_PEERCRED), beside the name that they give. The
socket is for the node's user alone, as the data folder is.
"""

import base64
import json
import os
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.clock import Clock
from edge.errors import StoreError, VaultError
from edge.vault import VaultItem
from edge.vault_desk import Asker, VaultDesk

_MOST_REQUEST_BYTES = 8_192
_MOST_ANSWER_BYTES = 64 * 1024 * 1024
_ANSWER_WITHIN_S = 10.0
_ASK_WITHIN_S = 30.0
_LOOK_S = 0.5
_EXPIRE_EVERY_S = 30.0
_CREDENTIALS = struct.Struct("3i")


class DoorRequest(BaseModel):
    """What may be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["keep", "list", "open", "erase"]
    camera: str = ""
    opened_by: str = ""
    items: Annotated[tuple[int, ...], Field(max_length=10_000)] = ()
    name: str = ""
    why: str = ""


class VaultDoor:
    """Enter opens the door, exit closes it and removes the socket.

    Raises:
        VaultError: the socket cannot be made.
    """

    def __init__(self, path: Path, desk: VaultDesk, clock: Clock) -> None:
        self._path = path
        self._desk = desk
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vault-door", daemon=True)
        self._expired_s = float("-inf")
        self._log = structlog.get_logger("edge.vault")

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _short(self._path) as name:
                self._listener.bind(name)
            self._path.chmod(0o600)
            self._listener.listen(4)
        except OSError as error:
            self._listener.close()
            raise VaultError(f"the vault's door {self._path} cannot be opened: {error.strerror}") from error
        self._listener.settimeout(_LOOK_S)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_ANSWER_WITHIN_S)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._expire_when_due()
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(_ANSWER_WITHIN_S)
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            answer = self._answer(connection)
        except (VaultError, StoreError) as refusal:
            answer = {"error": str(refusal)}
        except OSError:
            return  # who asked is gone
        with connection.makefile("wb") as out:
            try:
                out.write(json.dumps(answer).encode() + b"\n")
                out.flush()
            except OSError:
                self._log.info("vault.asker_gone")

    def _answer(self, connection: socket.socket) -> Mapping[str, object]:
        with connection.makefile("rb") as lines:
            line = lines.readline(_MOST_REQUEST_BYTES)
        try:
            request = DoorRequest.model_validate_json(line)
        except ValidationError as error:
            raise VaultError("that is no request that the vault knows") from error
        asker = Asker(request.name, request.why, _uid(connection))
        match request.do:
            case "keep":
                return {"items": [_plain(self._desk.keep(request.camera, asker, opened_by=request.opened_by))]}
            case "list":
                return {"items": [_plain(item) for item in self._desk.items()]}
            case "erase":
                return {"items": [_plain(item) for item in self._desk.erase(request.items, asker)]}
            case "open":
                if len(request.items) != 1:
                    raise VaultError("one still is opened at a time")
                item, sealed = self._desk.hand_out(request.items[0], asker)
                return {"items": [_plain(item)], "sealed": base64.b64encode(sealed).decode()}

    def _expire_when_due(self) -> None:
        now_s = self._clock.mono_s()
        if now_s - self._expired_s < _EXPIRE_EVERY_S:
            return
        self._expired_s = now_s
        try:
            self._desk.expire(self._clock.now())
        except (VaultError, StoreError) as error:
            self._log.warning("vault.not_expired", reason=str(error))


def ask(path: Path, request: DoorRequest) -> tuple[list[VaultItem], bytes]:
    """Ask the running node; gives the items that it answers with and, for ``open``, the sealed bytes.

    Raises:
        VaultError: the node does not run, has no vault, may not be asked, or refuses.
    """
    answer = _asked(path, request)
    if "error" in answer:
        raise VaultError(str(answer["error"]))
    return [_item(row) for row in answer["items"]], base64.b64decode(answer.get("sealed", ""))


def _asked(path: Path, request: DoorRequest) -> Mapping[str, Any]:
    if not path.exists():
        raise VaultError(f"no running node with a vault was found ({path} is not there): see [vault] in shop.toml")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ASK_WITHIN_S)
            with _short(path) as name:
                connection.connect(name)
            connection.sendall(request.model_dump_json().encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer: Mapping[str, Any] = json.loads(lines.readline(_MOST_ANSWER_BYTES) or b'{"error": "no answer"}')
                return answer
    except (OSError, ValueError) as error:
        raise VaultError(f"the node could not be asked through {path}: {error}") from error


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket that fits into an address, which holds 107 bytes, however deep its folder lies."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _uid(connection: socket.socket) -> int:
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(packed)
    return int(uid)


def _plain(item: VaultItem) -> dict[str, object]:
    return {
        "id": item.id,
        "camera": item.camera,
        "taken_at": item.taken_at.isoformat(),
        "until": item.until.isoformat(),
        "sha256": item.sha256,
        "size_bytes": item.size_bytes,
    }


def _item(row: Mapping[str, Any]) -> VaultItem:
    times = {name: datetime.fromisoformat(row[name]) for name in ("taken_at", "until")}
    return VaultItem(**{**row, **times})
