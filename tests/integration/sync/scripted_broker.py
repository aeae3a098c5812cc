"""A broker that does what the test says: small windows, failure codes, silence, garbage. One client at a time."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (128 if value else 0))
        if not value:
            return bytes(out)


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


class ScriptedBroker:
    """Counts what is outstanding; ``answer`` decides each PUBACK's reason code, None keeps silent.

    ``hold`` publications are kept unanswered until one more would break the announced Receive Maximum.
    """

    def __init__(self, receive_maximum: int = 5, answer: Callable[[int], int | None] = lambda _n: 0) -> None:
        self.receive_maximum = receive_maximum
        self.answer = answer
        self.hold = 0
        self.after_suback: list[tuple[str, bytes]] = []
        self.connack_code = 0
        self.garbage: bytes | None = None
        self.worst_outstanding = 0
        self.connections = 0
        self.published = 0
        self.confirmed = 0
        self._waiting: list[int] = []
        self._conn: socket.socket | None = None
        self._server = socket.create_server(("127.0.0.1", 0))
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="scripted-broker")
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def say(self, topic: str, payload: bytes) -> None:
        """Publish to the client with QoS 0."""
        assert self._conn is not None
        name = topic.encode()
        self._conn.sendall(packet(PUBLISH, struct.pack("!H", len(name)) + name + b"\0" + payload))

    def cut(self) -> None:
        if self._conn is not None:
            self._conn.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._is_over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        if self._conn is not None:
            self._conn.close()
        self._thread.join(5)
        self._server.close()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            try:
                self._conn, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._waiting = []
            with self._conn:
                try:
                    for kind, flags, body in self._packets(self._conn):
                        self._react(self._conn, kind, flags, body)
                except OSError:
                    continue

    def _packets(self, conn: socket.socket) -> Iterator[tuple[int, int, bytes]]:
        while head := conn.recv(1):
            length, shift = 0, 0
            while True:
                digit = self._exactly(conn, 1)[0]
                length |= (digit & 127) << shift
                shift += 7
                if not digit & 128:
                    break
            yield head[0] >> 4, head[0] & 15, self._exactly(conn, length)

    @staticmethod
    def _exactly(conn: socket.socket, length: int) -> bytes:
        found = b""
        while len(found) < length:
            more = conn.recv(length - len(found))
            if not more:
                raise ConnectionError("the client went")
            found += more
        return found

    def _react(self, conn: socket.socket, kind: int, flags: int, body: bytes) -> None:
        if kind == CONNECT:
            properties = b"\x21" + struct.pack("!H", self.receive_maximum)
            conn.sendall(packet(CONNACK, bytes([0, self.connack_code]) + varint(len(properties)) + properties))
        elif kind == SUBSCRIBE:
            conn.sendall(packet(SUBACK, body[:2] + b"\0\x01"))
            for topic, payload in self.after_suback:
                self.say(topic, payload)
            if self.garbage is not None:
                conn.sendall(self.garbage)
        elif kind == PUBLISH and flags & 6:
            (topic_length,) = struct.unpack("!H", body[:2])
            (mid,) = struct.unpack("!H", body[2 + topic_length : 4 + topic_length])
            self._take(conn, mid)
        elif kind == PUBACK:
            self.confirmed += 1
        elif kind == PINGREQ:
            conn.sendall(packet(13, b""))

    def _take(self, conn: socket.socket, mid: int) -> None:
        self.published += 1
        self._waiting.append(mid)
        self.worst_outstanding = max(self.worst_outstanding, len(self._waiting))
        while len(self._waiting) > self.hold:
            code = self.answer(self.published)
            if code is None:
                return
            conn.sendall(packet(PUBACK, struct.pack("!H", self._waiting.pop(0)) + bytes([code, 0])))
