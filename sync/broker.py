"""The demo's own MQTT 5 broker on this machine: rumqttd from `iotcore`, bound to 127.0.0.1 and nothing else.

Owns a child process that dies with its parent. Keeps nothing on disk: like any broker it may lose what it took
over, which is why the outbox waits for the receiver's word. Refuses a busy port with a sentence.

Seen with rumqttd as built into iotcore 0.4: user properties, content type, QoS 1, retained messages, wills and
wildcards work; retained messages need ``dynamic_filters``. It announces no Receive Maximum, answers every QoS 1
publication with plain success (never "no matching subscribers"), and knows neither access lists nor persistence.
A client id with ``/``, ``+``, ``#`` or ``$`` ends its router for good: a broker for the demo, not for a shop.
"""

import argparse
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from sync.errors import BrokerUnavailableError
from sync.lifeline import ChildProcess, watch_parent
from sync.link import Endpoint

_HOST = "127.0.0.1"
_START_S = 15.0
_PROBE_S = 0.02
_CONFIG = """\
id = 0
[router]
id = 0
max_connections = 64
max_outgoing_packet_count = 200
max_segment_size = 16777216
max_segment_count = 4
[v5.1]
name = "loopback"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 262144
max_inflight_count = 200
dynamic_filters = true
"""


class EmbeddedBroker(AbstractContextManager["EmbeddedBroker"]):
    """Context manager: inside, a broker listens on 127.0.0.1; afterwards the port is free again.

    Args:
        port: port to listen on; 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted_port = port
        self._port = 0
        self._child: ChildProcess | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where to connect; valid inside the ``with`` block."""
        return Endpoint(_HOST, self._port)

    @property
    def pid(self) -> int | None:
        """Process id of the broker, None outside the ``with`` block."""
        return self._child.process.pid if self._child else None

    @property
    def is_running(self) -> bool:
        """Whether the broker's process lives; False outside the ``with`` block."""
        return self._child is not None and self._child.process.poll() is None

    def __enter__(self) -> Self:
        """Start and wait until it accepts connections.

        Raises:
            BrokerUnavailableError: the port is busy, or the broker did not come up.
        """
        self._port = _claim_port(self._wanted_port)
        child = ChildProcess("sync.broker", ["--port", str(self._port)], stop_s=2.0)
        child.__enter__()
        try:
            self._wait_until_up(child)
        except BaseException:
            child.__exit__(None, None, None)
            raise
        self._child = child
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.__exit__(kind, error, trace)
            self._child = None

    def _wait_until_up(self, child: ChildProcess) -> None:
        deadline_s = time.monotonic() + _START_S
        while time.monotonic() < deadline_s:
            code = child.process.poll()
            if code is not None:
                raise BrokerUnavailableError(f"the embedded broker ended at once with code {code}")
            if _is_listening(self._port):
                return
            time.sleep(_PROBE_S)
        raise BrokerUnavailableError(f"the embedded broker did not listen on port {self._port} within {_START_S:g} s")


def _claim_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise BrokerUnavailableError(
                f"port {port} on {_HOST} is in use or not allowed; stop the other program or set sync.embedded_port"
            ) from error
        return int(probe.getsockname()[1])


def _is_listening(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=0.2):
            return True
    except OSError:
        return False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the broker in this process until the parent goes; entry point of the child."""
    parser = argparse.ArgumentParser(prog="python -m sync.broker")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lifeline", type=int, required=True)
    options = parser.parse_args(arguments)
    # The broker's runtime has no way to be asked to stop; leaving at once is safe because it keeps nothing.
    watch_parent(options.lifeline, lambda: os._exit(0))
    # Imported here so that only the child pays for the native library.
    from iotcore import IotCoreBroker

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # rumqttd reports every packet at error level.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="backroom-broker-") as folder:
        config = Path(folder) / "rumqttd.toml"
        config.write_text(_CONFIG.format(host=_HOST, port=options.port), encoding="utf-8")
        broker = IotCoreBroker(config_path=str(config))
    try:
        broker.run_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
