"""Property tests draw the same examples every time and know no deadline: a red run then always means a change of ours.

New examples are looked for on purpose, with ``--hypothesis-profile=default``. After each test logging is as it was.
"""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in its own process sets logging up for the whole of it."""
    yield
    structlog.reset_defaults()
