from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.edge_console.console_fake import RunningConsole


@pytest.fixture(scope="session")
def running_console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    """The one console that a process may have, over a source held in memory."""
    folder: Path = tmp_path_factory.mktemp("console")
    with RunningConsole.start(folder) as running:
        yield running


@pytest.fixture
def console(running_console: RunningConsole) -> RunningConsole:
    """The console with a fresh source and nobody locked out."""
    running_console.refresh()
    return running_console
