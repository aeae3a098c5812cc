"""The surface to which cameras post pictures: one address for each, its own key, a bounded body, plain answers.

Owns the way from a request to a picture's bytes: who sends, how much, how often. What is in the bytes is proved and
decoded by `vision.posted`, one picture at a time. Keeps no picture and logs no header::

    key 401 ─► interval 429 ─► body 413, 408 ─► kind 415 ─► pixels 413 ─► decoded 400 ─► the camera's feed, 202
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from edge.camera_post.config import CameraPostSettings
from edge.clock import Clock
from edge.errors import EdgeError
from edge.keys import KeyHash
from edge.request_body import BodyTooLongError, ClientGoneError, read_body
from vision.errors import FeedInvalidError
from vision.picture_header import kind_of
from vision.posted import PictureKindError, PictureTooLargeError, Posted, open_posted

BODY_WITHIN_S = 30.0
"""A camera at the end of a weak radio link sends a megabyte in that time."""

_BOUNDARY = re.compile(r"""multipart/[a-z-]+;.*?boundary="?([^\s";]{1,70})""", re.IGNORECASE)

Deliver = Callable[[str, Posted], None]
"""Hands a camera's picture to its feed; must not block."""


class PostRefusedError(EdgeError):
    """What a camera is told instead of "taken"; the leaf knows the HTTP status."""

    status: ClassVar[int] = 400
    headers: ClassVar[Mapping[str, str]] = {}


class KeyWrongError(PostRefusedError):
    """No key, not this camera's, or no such camera: the three look alike."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"www-authenticate": 'Basic realm="backroom cameras"'}


class PictureLateError(PostRefusedError):
    """The picture did not come in time."""

    status = 408
    headers: ClassVar[Mapping[str, str]] = {"connection": "close"}


class PictureTooLongError(PostRefusedError):
    """More bytes or pixels than are taken."""

    status = 413
    headers: ClassVar[Mapping[str, str]] = {"connection": "close"}


class PictureUnknownError(PostRefusedError):
    """No JPEG and no PNG."""

    status = 415


class TooOftenError(PostRefusedError):
    """The camera's last picture came too short a while ago, or is still on its way."""

    status = 429
    headers: ClassVar[Mapping[str, str]] = {"retry-after": "1"}


def create_post_surface(
    keys: Mapping[str, KeyHash],
    deliver: Deliver,
    settings: CameraPostSettings,
    *,
    clock: Clock,
    body_within_s: float = BODY_WITHIN_S,
) -> ASGIApp:
    """Build the surface for the cameras in ``keys``."""
    surface = _Surface(keys, deliver, settings, clock=clock, body_within_s=body_within_s)
    app = Starlette(
        routes=[Route("/cameras/{camera}/picture", surface.take, methods=["POST", "PUT"])],
        exception_handlers={PostRefusedError: _refuse},
    )
    app.router.redirect_slashes = False
    return app


class _Surface:
    def __init__(
        self,
        keys: Mapping[str, KeyHash],
        deliver: Deliver,
        settings: CameraPostSettings,
        *,
        clock: Clock,
        body_within_s: float,
    ) -> None:
        self._keys = keys
        self._deliver = deliver
        self._settings = settings
        self._clock = clock
        self._body_within_s = body_within_s
        self._sending: set[str] = set()
        self._last_s: dict[str, float] = {}
        self._decoding = asyncio.Lock()

    async def take(self, request: Request) -> Response:
        """One picture of one camera."""
        camera = self._known(request)
        with self._turn_of(camera):
            body = await self._body(request)
            async with self._decoding:  # one at a time: a picture of 25 megapixels takes 75 MB
                posted = await asyncio.to_thread(self._open, body, _sent_at(request))
            self._deliver(camera, posted)
        height, width = posted.image_bgr.shape[:2]
        taken = {"camera": camera, "width": width, "height": height, "taken_at": posted.captured_at.isoformat()}
        return JSONResponse(taken, status_code=202)

    def _known(self, request: Request) -> str:
        camera = str(request.path_params["camera"])
        key = self._keys.get(camera)
        given = _key_in(request.headers.get("authorization", ""))
        # A camera that is not there costs the same comparison as one that is.
        is_right = (key or KeyHash.of("")).matches(b"Bearer " + given)
        if key is None or not given or not is_right:
            raise KeyWrongError(
                "Send this camera's key: as the password of HTTP basic, under any user name, or as a bearer token."
            )
        return camera

    @contextmanager
    def _turn_of(self, camera: str) -> Iterator[None]:
        now_s, wait_s = self._clock.mono_s(), self._settings.least_interval_s
        if camera in self._sending or now_s - self._last_s.get(camera, float("-inf")) < wait_s:
            raise TooOftenError(f"That is too often; a picture each {wait_s:g} s or more is taken.")
        self._sending.add(camera)
        self._last_s[camera] = now_s
        try:
            yield
        finally:
            self._sending.discard(camera)

    async def _body(self, request: Request) -> bytes:
        most = self._settings.max_bytes
        try:
            async with asyncio.timeout(self._body_within_s):
                body = await read_body(request.receive, request.scope["headers"], max_bytes=most)
        except BodyTooLongError as error:
            raise PictureTooLongError(f"The picture is too long; at most {most} bytes are taken.") from error
        except (TimeoutError, ClientGoneError) as error:
            raise PictureLateError(f"The picture did not come within {self._body_within_s:g} s.") from error
        return picture_in(body, request.headers.get("content-type", ""))

    def _open(self, body: bytes, sent_at: datetime | None) -> Posted:
        try:
            return open_posted(body, sent_at=sent_at, now=self._clock.now())
        except PictureKindError as error:
            raise PictureUnknownError(_sentence(error)) from error
        except PictureTooLargeError as error:
            raise PictureTooLongError(_sentence(error)) from error
        except FeedInvalidError as error:
            raise PostRefusedError(_sentence(error)) from error


def picture_in(body: bytes, content_type: str) -> bytes:
    """The first picture in a form (RFC 7578), as many cameras send it; any other body as it is."""
    boundary = _BOUNDARY.match(content_type)
    if boundary is None:
        return body
    for part in body.split(b"--" + boundary[1].encode())[1:]:
        content = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        if kind_of(content) is not None:
            return content
    return b""


def _key_in(authorization: str) -> bytes:
    """The password of HTTP basic (RFC 7617) or the bearer token; empty when there is neither."""
    scheme, _, given = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return given.strip().encode()
        case "basic":
            try:
                return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return b""
        case _:
            return b""


def _sent_at(request: Request) -> datetime | None:
    """The time of the request's Date header (RFC 9110, 6.6.1)."""
    try:
        told = parsedate_to_datetime(request.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return told.astimezone(UTC) if told.tzinfo is not None else None


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, PostRefusedError)  # noqa: S101 - the library's signature is wider than its use
    return JSONResponse({"error": str(error)}, status_code=error.status, headers=dict(error.headers))
