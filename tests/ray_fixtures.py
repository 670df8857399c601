"""Ray for tests: one local cluster with one worker for a whole module. A plugin of `conftest.py`."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from index.extras import how_to_install
from index.ingest.on_ray import POOL

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason=f"Ray is not installed. Run: {how_to_install('scale')}")

RAY_WARNINGS = (
    # Ray leaves its processes to the system when it ends.
    "ignore:subprocess .* is still running:ResourceWarning",
)


@pytest.fixture(scope="module")
def one_worker() -> Iterator[None]:
    """Ray with one worker, for all runs of a module."""
    POOL.join(1)
    yield
    POOL.leave()
