"""What people can meet is written down: settings, fact kinds, topics, commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli.main import SUMMARIES
from edge.facts import FACT_TYPES, Fact
from sync.topics import Channel

ROOT = Path(__file__).resolve().parent.parent.parent
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
README = (ROOT / "README.md").read_text()


def test_the_list_of_settings_is_what_the_classes_say_and_has_no_empty_note() -> None:
    script = ROOT / "scripts" / "document_settings.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "|  |\n" not in (ROOT / "firmware-config" / "settings.md").read_text()


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda t: t.kind)
def test_every_fact_kind_is_in_the_architecture_with_its_lane(fact_type: type[Fact]) -> None:
    row = next((line for line in ARCHITECTURE.splitlines() if line.startswith(f"| `{fact_type.kind}` |")), "")
    assert f"| {fact_type.lane.value} |" in row


@pytest.mark.parametrize("channel", list(Channel))
def test_every_topic_is_in_the_architecture(channel: Channel) -> None:
    assert f"`{channel.value}`" in ARCHITECTURE


@pytest.mark.parametrize("command", list(SUMMARIES))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`backroom {command}" in README or f"`backroom {command}`" in README or f"`{command}`" in README
