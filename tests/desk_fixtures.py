"""Desks that several tests ask, each over a real index. A plugin of `conftest.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assistant import LocalDesk
from tests.service_fixtures import desk_over, settings_for, shipped_corpus


@pytest.fixture(scope="module")
def corpus_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDesk]:
    """A desk over the articles that ship. Only to be read from."""
    with shipped_corpus(tmp_path_factory.mktemp("data")) as desk:
        yield desk


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[LocalDesk]:
    """A desk of its own for a test that indexes."""
    with desk_over(settings_for(tmp_path / "data")) as desk:
        yield desk
