"""The demo's broker: loopback only, one port, never an orphan."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sync.broker import EmbeddedBroker
from sync.errors import BrokerUnavailableError
from tests.integration.sync.conftest import accepts, free_port, wait_until

_LISTEN = "0A"


def listening_addresses(port: int) -> set[str]:
    """Local addresses, as the kernel writes them, that accept connections on a port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == _LISTEN and int(address.rsplit(":", 1)[1], 16) == port:
                found.add(address.rsplit(":", 1)[0])
    return found


def test_it_listens_on_loopback_and_nowhere_else_and_lets_go_of_the_port():
    with EmbeddedBroker() as broker:
        port = broker.endpoint.port
        assert listening_addresses(port) == {"0100007F"}
    assert not accepts(port)


def test_a_given_port_is_used_and_can_be_used_again():
    port = free_port()
    for _ in range(2):
        with EmbeddedBroker(port) as broker:
            assert broker.endpoint.address == f"mqtt://127.0.0.1:{port}"


def test_a_busy_port_is_one_sentence_with_the_cure():
    with EmbeddedBroker() as broker, pytest.raises(BrokerUnavailableError, match=r"in use.*sync\.embedded_port"):
        EmbeddedBroker(broker.endpoint.port).__enter__()


@pytest.mark.parametrize("whole_tree", [False, True])
def test_sigkill_of_the_parent_or_of_the_whole_tree_leaves_no_orphan_on_the_port(whole_tree):
    script = (
        "import time\nfrom sync.broker import EmbeddedBroker\n"
        "with EmbeddedBroker() as broker:\n"
        "    print(broker.pid, broker.endpoint.port, flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    assert parent.stdout is not None
    with parent.stdout:
        child_pid, port = map(int, parent.stdout.readline().split())
        assert accepts(port)
        if whole_tree:
            os.killpg(parent.pid, signal.SIGKILL)
        else:
            parent.kill()
        parent.wait(5)
    wait_until(lambda: not accepts(port), "the port is free")
    wait_until(lambda: not Path(f"/proc/{child_pid}/fd").exists() or not is_running(child_pid), "the broker is gone")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
