"""A request's body read ahead of the application: bounded while it arrives, then handed on as if it came now.

Plain ASGI, shared by the doormen of all surfaces. Knows no answer: how a refusal reads is each surface's own.
"""

from collections.abc import Iterable

from starlette.types import Message, Receive

_MOST_DIGITS = 12


class BodyTooLongError(Exception):
    """More bytes are declared or came than were allowed."""


class ClientGoneError(Exception):
    """The client left before its request was whole."""


async def read_body(receive: Receive, headers: Iterable[tuple[bytes, bytes]], *, max_bytes: int) -> bytes:
    """Read the whole body; waits for the client, as long as it sends.

    Raises:
        BodyTooLongError: as soon as it is known, at best by the declared length.
        ClientGoneError: the connection ended first.
    """
    declared = header_of(headers, b"content-length") or b""
    if declared.isdigit() and int(declared[:_MOST_DIGITS]) > max_bytes:
        raise BodyTooLongError
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise BodyTooLongError
        if not message.get("more_body", False):
            return bytes(body)


def header_of(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    """The first header of that name, which is given in small letters."""
    return next((value for name, value in headers if name.lower() == wanted), None)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read once more, then whatever else comes."""
    is_sent = False

    async def receive_again() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
