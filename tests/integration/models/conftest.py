"""The real language model, started once for all tests that leave it as it was."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.config import LanguageSettings
from models.language.client import LanguageModel
from models.manifest import ActiveArtefact, Task
from models.registry import Registry

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"
SETTINGS = LanguageSettings(restart_first_s=0.05, ping_every_s=0.2, chunk_tokens=16)

WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> ActiveArtefact:
    """The default language model, verified."""
    return Registry(tmp_path_factory.mktemp("models"), DEFAULTS).active(Task.LANGUAGE)


@pytest.fixture(scope="session")
def language(smollm2: ActiveArtefact) -> Iterator[LanguageModel]:
    with LanguageModel(lambda: smollm2, LanguageSettings(queue_limit=2)) as model:
        assert model.wait_until_up(60.0)
        yield model


@pytest.fixture
def wait_until() -> WaitUntil:
    """Wait for a claim about another process to come true, at most 10 s."""

    def wait(claim: Callable[[], bool]) -> None:
        never = threading.Event()
        for _ in range(1000):
            if claim():
                return
            never.wait(0.01)
        raise AssertionError("it did not come true within 10 s")

    return wait
