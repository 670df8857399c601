"""Assistants that several tests ask, each over a real index. A plugin of `conftest.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assistant import LocalAssistant
from tests.service_fixtures import assistant_over, settings_for, shipped_corpus


@pytest.fixture(scope="module")
def corpus_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    """An assistant over the articles that ship. Only to be read from."""
    with shipped_corpus(tmp_path_factory.mktemp("data")) as assistant:
        yield assistant


@pytest.fixture
def own_assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    """An assistant of its own for a test that indexes."""
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        yield assistant
