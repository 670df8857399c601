"""Workers of Ray that are killed are replaced, and a run that is killed is finished by the next one."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from index.errors import ClusterUnavailable
from index.ingest.on_ray import POOL, OnRay
from index.ingest.run_control import RunControl
from index.ingest.sync import sync
from index.settings import IndexSettings
from index.sources.source_types import Failed, Limits, Read, Source
from index.stores.store import Index, open_index
from tests.ray_fixtures import RAY_WARNINGS, needs_ray
from tests.test_soak_kill import assert_equal, check_while_unfinished, versions_in, write_articles

pytestmark = [pytest.mark.soak, needs_ray, *map(pytest.mark.filterwarnings, RAY_WARNINGS)]

# What the run that is killed does, in small steps. It prints how many articles are done.
RUN = """
import sys
from pathlib import Path
import index.ingest.writing
from index.ingest.sync import sync
from index.settings import IndexSettings
from index.stores.store import open_index
index.ingest.writing._ARTICLES_AT_ONCE = 3
data, articles = map(Path, sys.argv[1:])
with open_index(IndexSettings(_env_file=None, data_dir=data, ingest="ray", ingest_workers=2)) as opened:
    sync(opened, [articles], on_progress=lambda done, total: print(done, flush=True))
"""
MARK = "TESTED_RUN"


@pytest.fixture
def articles(folder: Path) -> Path:
    write_articles(folder, random.Random(3))
    return folder


def opened(data: Path, *, ingest: str) -> AbstractContextManager[Index]:
    return open_index(IndexSettings(_env_file=None, data_dir=data, ingest=ingest, ingest_workers=2))


def pids_of_workers() -> list[int]:
    import ray

    return list(ray.get([worker.__ray_call__.remote(lambda _: os.getpid()) for worker in POOL.workers]))


def test_workers_that_are_killed_are_replaced(place: Path, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.ingest.writing._ARTICLES_AT_ONCE", 2)
    killed: list[int] = []
    done = 0

    def on_progress(count: int, total: int) -> None:
        nonlocal done
        done = count

    def kill() -> None:
        for wanted in (0, 4, 10, 16):
            while done < wanted or not POOL.workers:
                time.sleep(0.05)
            for pid in pids_of_workers():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    killer = Thread(target=kill, daemon=True)
    with opened(place / "local", ingest="local") as theirs, opened(place / "ray", ingest="ray") as ours:
        wanted = sync(theirs, [articles])
        killer.start()
        report = sync(ours, [articles], on_progress=on_progress)
        killer.join(60)
        assert len(set(killed)) == 8
        assert replace(report, seconds=0.0) == replace(wanted, seconds=0.0)
        assert not report.failed
        assert_equal(ours, theirs)


def test_a_run_that_is_killed_is_finished_by_the_next(place: Path, articles: Path) -> None:
    written = {one: {version} for one, version in versions_in(articles).items()}
    for wanted in (0, 3, 9, 15):
        run_killed_after(wanted, place / "killed", articles)
        with opened(place / "killed", ingest="local") as index:
            check_while_unfinished(index, written, set())
    with opened(place / "clean", ingest="local") as clean, opened(place / "killed", ingest="ray") as survived:
        sync(clean, [articles])
        assert 0 < sync(survived, [articles]).unchanged < len(written)
        assert_equal(survived, clean)


class Deadly:
    """Kills the process that receives it."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("import os; os.kill(os.getpid(), 9)",)


def test_what_ends_every_worker_is_given_up(place: Path, articles: Path) -> None:
    file = next(articles.iterdir())
    with opened(place / "ray", ingest="ray") as index, OnRay(index, RunControl()) as workers:
        (failed,) = workers.read([file], Deadly(), Limits())  # type: ignore[arg-type]
        assert isinstance(failed, Failed)
        assert failed.error == "ended 3 workers of Ray, one after the other. Split it, or remove it."
        with pytest.raises(ClusterUnavailable, match="3 workers of Ray died while they embedded"):
            workers.embed([Deadly()])  # type: ignore[list-item]
        (read,) = workers.read([file], Source(articles), Limits())
        assert isinstance(read, Read)


def run_killed_after(wanted: int, data: Path, articles: Path) -> None:
    """Kill a run with SIGKILL once so many articles are done, with 0 while Ray starts. Nothing of Ray is left."""
    mark = uuid4().hex
    command: Sequence[str | Path] = [sys.executable, "-c", RUN, data, articles]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {MARK: mark}) as process:
        assert process.stdout is not None
        if wanted:
            assert any(int(line) >= wanted for line in process.stdout)
        else:
            until(lambda: len(marked(mark)) > 3)
        process.kill()
    until(lambda: not marked(mark))


def marked(mark: str) -> list[Path]:
    """Return the processes of a run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(process)
        except OSError:
            continue  # it has ended
    return found


def until(met: Callable[[], bool]) -> None:
    for _ in range(600):
        if met():
            return
        time.sleep(0.2)
    raise AssertionError("this never came to pass")
