"""The endpoint on a real port, over the real language model and embeddings, for the official client."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from openai import OpenAI

from edge.clock import SystemClock
from edge.keys import KeyHash
from edge.openai_api.app import create_endpoint
from edge.openai_api.config import OpenAiSettings
from edge.openai_api.counts import Counter
from edge.openai_api.vectors import Vectors
from edge.serving import WebSurface, take_port
from models.config import LanguageSettings
from models.language.client import LanguageModel
from models.language.requests import LanguagePort
from models.manifest import Task
from models.registry import Registry

DEFAULTS = Path(__file__).parents[3] / "models" / "defaults"
KEY = "br-the-key-of-this-test"
CHAT, VECTORS = "smollm2-135m-instruct-q4_1", "all-minilm-l6-v2-int8"

WaitUntil = Callable[[Callable[[], bool]], None]


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint."""

    url: str
    counter: Counter

    def client(self, *, key: str = KEY, timeout_s: float = 60.0) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key=key, timeout=timeout_s, max_retries=0)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry(tmp_path_factory.mktemp("models"), DEFAULTS)


@pytest.fixture(scope="session")
def language(registry: Registry) -> Iterator[LanguageModel]:
    artefact = registry.active(Task.LANGUAGE)
    with LanguageModel(lambda: artefact, LanguageSettings(restart_first_s=0.05)) as model:
        assert model.wait_until_up(60.0)
        yield model


@contextmanager
def serving(language: LanguagePort, registry: Registry, settings: OpenAiSettings) -> Iterator[Endpoint]:
    counter = Counter()
    app = create_endpoint(
        language,
        Vectors(lambda: registry.active(Task.EMBEDDINGS)),
        lambda: {Task.LANGUAGE: CHAT, Task.EMBEDDINGS: VECTORS},
        settings,
        key=KeyHash.of(KEY),
        counter=counter,
        clock=SystemClock(),
    )
    with WebSurface(app, take_port("127.0.0.1", 0, setting="a test"), name="openai") as surface:
        yield Endpoint(surface.url, counter)


@pytest.fixture(scope="session")
def endpoint(language: LanguageModel, registry: Registry) -> Iterator[Endpoint]:
    with serving(language, registry, OpenAiSettings(parallel=2, queue_limit=8)) as running:
        yield running


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[OpenAI]:
    with endpoint.client() as client:
        yield client


@pytest.fixture
def wait_until() -> WaitUntil:
    """Wait for a claim about another thread to come true, at most 20 s."""

    def wait(claim: Callable[[], bool]) -> None:
        never = threading.Event()
        for _ in range(2000):
            if claim():
                return
            never.wait(0.01)
        raise AssertionError("it did not come true within 20 s")

    return wait
