"""What the commands that keep a node running share: ports from the command line, quiet logs, stopping in order."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from pydantic import ValidationError

from edge.config import ShopFiles
from edge.errors import ConfigError


def with_ports(
    files: ShopFiles,
    kiosk_port: int | None,
    console_port: int | None,
    broker: str | None,
    *,
    openai_port: int | None = None,
    mcp_port: int | None = None,
) -> ShopFiles:
    """The same shop on other ports or with another broker.

    Raises:
        ConfigError: the broker's address is none.
    """
    settings = files.settings
    changes: dict[str, Any] = {}
    if kiosk_port is not None:
        changes["kiosk"] = settings.kiosk.model_copy(update={"port": kiosk_port})
    if console_port is not None:
        changes["console"] = settings.console.model_copy(update={"port": console_port})
    if openai_port is not None:
        changes["openai"] = settings.openai.model_copy(update={"port": openai_port})
    if mcp_port is not None:
        changes["mcp"] = settings.mcp.model_copy(update={"port": mcp_port})
    if broker is not None:
        try:
            changes["sync"] = type(settings.sync).model_validate({**settings.sync.model_dump(), "broker": broker})
        except ValidationError as error:
            raise ConfigError("; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())) from error
    return files.model_copy(update={"settings": settings.model_copy(update=changes)})


def quiet_logs() -> None:
    """Log lines go to standard error, warnings and worse only: the terminal is for the person.

    To whatever is standard error when a line is written: a runner of tests lends a command one of its own.
    """
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, so that parts stop in order."""
    stop = threading.Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
