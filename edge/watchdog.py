"""Tells systemd that the node is ready, alive or stopping, in datagrams to the socket that it names.

Owns nothing. Silent where no service manager started the process, so callers need not ask. sd_notify(3) describes
the protocol.
"""

import socket


class ServiceManager:
    """The service manager that started this process, if one did. Any thread may call it; nothing blocks."""

    def __init__(self, notify_socket: str | None, watchdog_usec: str | None = None) -> None:
        """Take the values of ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC``, None where the environment has none."""
        self._address = None if not notify_socket else notify_socket.replace("@", "\0", 1)
        usec = watchdog_usec or ""
        self.watchdog_every_s = int(usec) / 3e6 if usec.isdecimal() and int(usec) > 0 else None
        """How often to call `alive`: a third of the limit; None where nobody watches."""

    def ready(self) -> bool:
        """Start-up is over: stores opened, kiosk and console answer."""
        return self._send("READY=1")

    def alive(self) -> bool:
        """Every part has made progress since the last call; not calling it gets the process restarted."""
        return self._send("WATCHDOG=1")

    def stopping(self) -> bool:
        """The orderly stop has begun."""
        return self._send("STOPPING=1")

    def status(self, line: str) -> bool:
        """One line for ``systemctl status``."""
        return self._send("STATUS=" + line.replace("\n", " "))

    def _send(self, state: str) -> bool:
        """Whether somebody took it; a manager that is gone or busy is no reason for the shop to stop."""
        if self._address is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
            try:
                out.sendto(state.encode(), self._address)
            except OSError:
                return False
        return True
