"""A wire between a node and its broker that writes down every byte, and the publications in them."""

import socket
import struct
import threading
from collections.abc import Iterator

from sync.link import Message

_PUBLISH = 3
_CONTENT_TYPE, _USER_PROPERTY = 0x03, 0x26


class Wiretap:
    """Listens on a free port and passes everything on; ``sent`` holds what the node sent, by connection."""

    def __init__(self, broker_port: int) -> None:
        self.sent: list[bytearray] = []
        self._broker_port = broker_port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="wiretap")]
        self._threads[0].start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        for end in self._sockets:
            _shut(end)
        for thread in self._threads:
            thread.join(5)
        for end in (self._server, *self._sockets):
            end.close()

    def bytes(self) -> bytes:
        return b"".join(bytes(part) for part in self.sent)

    def publications(self) -> Iterator[tuple[int, Message]]:
        """Size of each packet, and the message in it, in MQTT 5."""
        for part in self.sent:
            yield from _publications(bytes(part))

    def _accept(self) -> None:
        while True:
            try:
                node, _ = self._server.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._broker_port))
            self._sockets += [node, broker]
            self.sent.append(bytearray())
            for source, target, book in ((node, broker, self.sent[-1]), (broker, node, bytearray())):
                thread = threading.Thread(target=_pass_on, args=(source, target, book), name="wiretap-way")
                self._threads.append(thread)
                thread.start()


def _pass_on(source: socket.socket, target: socket.socket, book: bytearray) -> None:
    try:
        while piece := source.recv(65536):
            book += piece
            target.sendall(piece)
    except OSError:
        pass
    _shut(target)


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _publications(stream: bytes) -> Iterator[tuple[int, Message]]:
    place = 0
    while place < len(stream):
        length, body_at = _varint(stream, place + 1)
        end = body_at + length
        if stream[place] >> 4 == _PUBLISH and end <= len(stream):
            yield end - place, _message(stream[body_at:end], has_id=bool(stream[place] & 6))
        place = end


def _message(body: bytes, *, has_id: bool) -> Message:
    topic, place = _text(body, 0)
    length, place = _varint(body, place + 2 * has_id)
    end, properties, content_type = place + length, [], None
    while place < end:
        kind = body[place]
        first, place = _text(body, place + 1)
        if kind == _USER_PROPERTY:
            second, place = _text(body, place)
            properties.append((first, second))
        else:
            assert kind == _CONTENT_TYPE, kind
            content_type = first
    return Message(topic, body[end:], tuple(properties), content_type)


def _varint(stream: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        digit = stream[place]
        value |= (digit & 127) << shift
        place, shift = place + 1, shift + 7
        if not digit & 128:
            return value, place


def _text(stream: bytes, place: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("!H", stream, place)
    start = place + 2
    return stream[start : start + length].decode(), start + length
