"""The disk runs full under a whole running node: it stays up, alarms still flow, and it recovers by itself."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.node_key import NodeKey
from tests.integration.sync.conftest import NODE, HeadOffice, Mosquitto, wait_until
from tests.integration.whole_node.node_process import BACKROOM, WholeNode, picture_with_a_face

_DISK_MB = 64


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, timeout=30).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True, timeout=30)


def test_it_stays_up_alarms_flow_and_it_recovers_within_a_minute(
    disk: Path, mosquitto: Mosquitto, head_office: Callable[..., HeadOffice], tmp_path: Path
) -> None:
    office = head_office(mosquitto.endpoint).await_link()
    key = NodeKey.load(tmp_path / "head-office.key").public
    settings = f'command_key = "{key}"\n'
    node = WholeNode(tmp_path, mosquitto.port, data=disk / "data", settings=settings)
    node.draw_cameras(picture_with_a_face())
    with node:
        wait_until(lambda: office.report().stored.get("store.epoch", 0) > 0, "head office knows the node", 60)
        assert _calls_a_colleague(node)
        filler = _filled_up(disk)
        wait_until(lambda: not _calls_a_colleague(node), "what cannot be kept is refused in front of the shopper", 60)
        began_s = time.monotonic()
        assert _ordered(office, mosquitto, tmp_path) == "done"
        p0_s = time.monotonic() - began_s
        assert node.ask("where is the butter").status == 200
        assert node.is_alive

        filler.unlink()
        began_s = time.monotonic()
        wait_until(lambda: _calls_a_colleague(node), "facts are taken again", 60)
        wait_until(lambda: node.status().body["store"]["room"] == "ok", "the room is enough", 60)
        taken = office.report().stored["kiosk.handoff"]
        assert _calls_a_colleague(node)
        wait_until(lambda: office.report().stored["kiosk.handoff"] > taken, "business facts flow", 60)
        recovered_s = time.monotonic() - began_s
        sys.stdout.write(f"p0 came {p0_s:.1f} s after it was ordered, recovered in {recovered_s:.1f} s\n")
        assert recovered_s < 60
    assert node.exit_code == 0, node.log.read_text()
    assert office.report().is_whole
    checked = subprocess.run(
        [str(BACKROOM), "audit", "verify", "--data", str(node.places.data), "--json"], capture_output=True, check=False
    )
    assert json.loads(checked.stdout)["sound"], checked.stdout


def _filled_up(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler


def _calls_a_colleague(node: WholeNode) -> bool:
    answer = node.send(f"{node.addresses['kiosk']}/api/kiosk/colleague", {})
    assert answer.status in (200, 503), answer
    return answer.status == 200


def _ordered(office: HeadOffice, mosquitto: Mosquitto, folder: Path) -> str:
    """What becomes of a command: its result is a fact of the lane that is never refused."""
    arguments = [NODE.path, "drain-rate", "0", "--key", str(folder / "head-office.key"), "--db", str(office.database)]
    command = [sys.executable, "-c", "from edge.cli.main import main; main()", "cloud", "command", *arguments]
    command += ["--broker", mosquitto.endpoint.address, "--json"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return str(json.loads(told.stdout)["outcome"])
