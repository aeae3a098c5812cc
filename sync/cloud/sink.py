"""`backroom cloud sink` as a process: ``python -m sync.cloud.sink --broker URL --db FILE``.

Owns the command line, the status lines and the orderly end on SIGTERM or SIGINT. With ``--lifeline PID`` it ends
with the process that started it. Everything else is the receiver's.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import structlog
from pydantic import ValidationError

from sync.cloud.receiver import Sink, sink_profile
from sync.cloud.sink_store import SinkStore
from sync.config import SyncSettings
from sync.errors import SinkBusyError, SyncError
from sync.lifeline import watch_parent
from sync.mqtt_link import mqtt_links

_ORPHAN_GRACE_S = 5.0
_TURN_S = 0.5
"""How often one that stands by looks whether it is its turn."""
_FAILED = 1
_MISUSED = 2


def run_sink(
    settings: SyncSettings,
    database: Path,
    *,
    client_id: str,
    as_json: bool,
    status_s: float,
    out: TextIO,
    stands_by: bool = False,
) -> None:
    """Receive until SIGTERM or SIGINT; blocks. Main thread only, because it takes the signals.

    Args:
        settings: names the broker; the embedded one is not started here.
        database: SQLite file, made when missing.
        client_id: two receivers with one id push each other off the broker.
        as_json: status lines as JSON objects instead of sentences.
        status_s: seconds between status lines.
        out: where status lines go.
        stands_by: wait while another receiver holds the database, and take over when it is gone.

    Raises:
        SinkBusyError: another receiver holds the database, and this one does not stand by.
        SinkStoreError: the database cannot be used.
        LinkSettingsError: no broker is named, or a certificate, key or password file cannot be used.
    """
    profile = sink_profile(settings.endpoint(), settings, client_id=client_id)
    with ExitStack() as stack:
        store = SinkStore(database)
        sink = Sink(store, settings, make_link=mqtt_links(profile))
        stack.enter_context(_signals_stop(sink))
        while not _is_ours(stack, store, stands_by=stands_by):
            if sink.wait_for_stop(_TURN_S):
                return
        stack.enter_context(_status_lines(sink, profile.endpoint.address, as_json=as_json, every_s=status_s, out=out))
        sink.run()


def _is_ours(stack: ExitStack, store: SinkStore, *, stands_by: bool) -> bool:
    """Whether the database could be taken; the kernel frees it when its receiver dies, however it dies."""
    try:
        stack.enter_context(store)
    except SinkBusyError:
        if not stands_by:
            raise
        return False
    return True


@contextmanager
def _signals_stop(sink: Sink) -> Iterator[None]:
    before = {name: signal.signal(name, lambda *_: sink.stop()) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def _status_lines(sink: Sink, broker: str, *, as_json: bool, every_s: float, out: TextIO) -> Iterator[None]:
    is_over = threading.Event()

    def tell() -> None:
        try:
            out.write(_status_line(sink, broker, as_json=as_json))
            out.flush()
        except (OSError, ValueError):
            # Nobody reads us any more; receiving matters more than talking.
            is_over.set()

    def talk() -> None:
        while not is_over.wait(every_s):
            tell()

    teller = threading.Thread(target=talk, name="sink-status", daemon=True)
    tell()
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join(every_s + 1.0)
        tell()


def _status_line(sink: Sink, broker: str, *, as_json: bool) -> str:
    counters = asdict(sink.counters)
    at = datetime.now(UTC)
    if as_json:
        return json.dumps({"at": at.isoformat(), "broker": broker, **counters}) + "\n"
    return (
        f"{at:%H:%M:%S} {'up  ' if sink.counters.is_up else 'DOWN'} {broker}  {sink.counters.committed} events in "
        f"{sink.counters.batches} batches, {sink.counters.rejected} refused, {sink.counters.acks} acknowledgements\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the process; returns its exit status."""
    options = _parse(arguments)
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    if options.lifeline is not None:
        watch_parent(options.lifeline, _end_orphaned)
    try:
        settings = SyncSettings(
            broker=options.broker,
            tls_ca_file=options.tls_ca,
            tls_cert_file=options.tls_cert,
            tls_key_file=options.tls_key,
            username=options.username,
            password_file=options.password_file,
            backoff_max_s=options.backoff_max_s,
        )
        run_sink(
            settings,
            options.db,
            client_id=options.client_id,
            as_json=options.json,
            status_s=options.status_s,
            out=sys.stdout,
            stands_by=options.stand_by,
        )
    except ValidationError as error:
        sys.stderr.write("".join(f"{detail['msg'].removeprefix('Value error, ')}\n" for detail in error.errors()))
        return _MISUSED
    except SyncError as error:
        sys.stderr.write(f"{error}\n")
        return _FAILED
    return 0


def _end_orphaned() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    # The polite end may hang on a disk or network; an orphan must not hold the database for ever.
    threading.Event().wait(_ORPHAN_GRACE_S)
    os._exit(_FAILED)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sync.cloud.sink", description=__doc__)
    parser.add_argument("--broker", required=True, help="mqtts://host:8883 or mqtt://host:1883")
    parser.add_argument("--db", type=Path, required=True, help="SQLite file of the receiver")
    parser.add_argument("--stand-by", action="store_true", help="wait for the database, and take over when it is free")
    parser.add_argument("--json", action="store_true", help="status lines as JSON")
    parser.add_argument("--status-s", type=float, default=5.0, help="seconds between status lines")
    parser.add_argument("--client-id", default="head-office-sink")
    parser.add_argument("--tls-ca", type=Path)
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--backoff-max-s", type=float, default=5.0, help="longest wait between tries to connect")
    parser.add_argument("--lifeline", type=int, help="process id of the parent; standard input must be its pipe")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
