"""The shop's three processes, started and killed by name: node, receiver and a real mosquitto."""

import multiprocessing
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.faults.lives import DRAIN_S, drain_node, live_node, live_receiver, wait

_RUN_S = 3600.0


class Shop:
    """Three processes over one folder; ``port`` is the broker's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence false\n")
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(["tests.faults.lives"])
        self._lives: dict[str, multiprocessing.process.BaseProcess] = {}
        self._broker: subprocess.Popen[bytes] | None = None

    def start(self, name: str) -> None:
        """Start one of node, broker, receiver."""
        if name == "broker":
            program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto"
            quiet = subprocess.DEVNULL
            self._broker = subprocess.Popen([program, "-c", str(self._config)], stdout=quiet, stderr=quiet)
            wait(self._listens, "mosquitto listens")
            return
        work = {"node": live_node, "receiver": live_receiver}[name]
        self._lives[name] = self._forks.Process(target=work, args=(str(self._folder), self.port), daemon=True)
        self._lives[name].start()

    def kill(self, name: str) -> None:
        """SIGKILL, and wait for the end."""
        if name == "broker" and self._broker is not None:
            self._broker.kill()
            self._broker.wait()
        elif name != "broker":
            self._lives[name].kill()
            self._lives[name].join()

    def drain(self) -> None:
        """Let a last node send everything, with nobody killed."""
        last = self._forks.Process(target=drain_node, args=(str(self._folder), self.port), daemon=True)
        last.start()
        last.join(DRAIN_S)
        if last.exitcode != 0:
            raise AssertionError(f"the last node did not drain: exit code {last.exitcode}")

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
            return True
        return False

    @contextmanager
    def standing(self, *names: str) -> Iterator[None]:
        """Inside, these processes run."""
        with ExitStack() as stack:
            for name in names:
                self.start(name)
                stack.callback(self.kill, name)
            yield

    def run(self, work: Callable[..., None], *arguments: object) -> list[object]:
        """Do work in a process of its own, and give what it put into the queue that it gets as its last argument."""
        results = self._forks.Queue()
        process = self._forks.Process(target=work, args=(*arguments, results), daemon=True)
        process.start()
        process.join(_RUN_S)
        if process.exitcode != 0:
            raise AssertionError(f"{work.__name__} ended with exit code {process.exitcode}")
        found = []
        while not results.empty():
            found.append(results.get())
        return found
