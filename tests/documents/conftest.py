"""The makers of documents, and the real ones, as fixtures."""

from collections.abc import Callable
from types import ModuleType

import pytest

from tests.documents import made


@pytest.fixture
def sample(samples) -> Callable[[str], str]:
    """The path of a real document, by name."""

    def path(name: str) -> str:
        if not (samples / name).is_file():
            pytest.skip(f"the sample {name} is not there")
        return str(samples / name)

    return path


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """What makes documents."""
    return made
