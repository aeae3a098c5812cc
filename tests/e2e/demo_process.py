"""The demo as a person starts it: a real process tree, addresses read from its output, killed as a power cut does."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BACKROOM = Path(sys.executable).parent / "backroom"
START_S = 240.0


class DemoProcess:
    """``backroom demo`` with free ports on a data folder."""

    def __init__(self, data: Path, *arguments: str) -> None:
        command = [
            str(BACKROOM),
            "demo",
            "--data",
            str(data),
            "--kiosk-port",
            "0",
            "--console-port",
            "0",
            "--openai-port",
            "0",
            "--mcp-port",
            "0",
            *arguments,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []
        self._is_up = threading.Event()
        self._reader = threading.Thread(target=self._read, name="demo-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def kiosk(self) -> str:
        return self._value("Kiosk")

    @property
    def console(self) -> str:
        return self._value("Console")

    @property
    def password(self) -> str:
        return self._value("password:")

    def wait_until_up(self) -> None:
        assert self._is_up.wait(START_S), "\n".join(self.lines)

    def ask(self, question: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.kiosk}/api/kiosk/ask",
            data=json.dumps({"question": question}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=15) as response:
            return dict(json.load(response))

    def tree(self) -> list[int]:
        """Process ids of the demo and everything that it started."""
        parents = {int(p.name): _parent_of(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
        found = [self.pid]
        for pid in found:
            found.extend(child for child, parent in parents.items() if parent == pid)
        return found

    def cut_power(self) -> None:
        """SIGKILL for the whole tree at once."""
        for pid in self.tree():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        self.close()

    def close(self) -> None:
        """Let go of the output."""
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def stop(self) -> int:
        """Ctrl-C, as a person would."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def wait(self, timeout_s: float) -> int:
        code = self._process.wait(timeout_s)
        self.close()
        return code

    def _value(self, label: str) -> str:
        return next(line.split()[-1] for line in self.lines if label in line)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self.lines.append(line.rstrip())
            if "Ctrl-C stops" in line:
                self._is_up.set()


def _parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return -1


@contextlib.contextmanager
def running_demo(data: Path, *arguments: str) -> Iterator[DemoProcess]:
    demo = DemoProcess(data, *arguments)
    try:
        demo.wait_until_up()
        yield demo
    finally:
        demo.cut_power()
