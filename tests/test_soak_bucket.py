"""A bucket of many small files in which nothing changed: a sync costs its listing, and little memory.

`FOOTNOTE_TEST_BUCKET_FILES=100000` has as many as people have. The first sync then takes a quarter of an hour,
although its vectors are made up.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import pytest

from tests.embedding_server import embedding_server

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")]

FILES = int(os.environ.get("FOOTNOTE_TEST_BUCKET_FILES", "2000"))
SOURCE = '[sources.docs]\nkind="storage"\nplace="s3://docs"\noptions={{endpoint_url="{}", key="test"}}\n'


def hashed(texts: Sequence[str]) -> list[list[float]]:
    """Vectors that cost nothing and mean nothing."""
    return [[byte / 255 - 0.5 for byte in hashlib.sha256(text.encode()).digest()[:8]] for text in texts]


@contextmanager
def bucket(files: int) -> Iterator[str]:
    """Serve a bucket of so many files from a process of its own, and yield its address."""
    command = [sys.executable, "-m", "tests.bucket_server", str(files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def sync(environment: Mapping[str, str], output: Path) -> tuple[dict[str, int], float, float]:
    """Sync by the command. Return the counts, the seconds, and the most megabytes that its processes had for themselves."""
    started, most = perf_counter(), 0.0
    command = [str(Path(sys.executable).with_name("footnote")), "sources", "sync", "--json"]
    with output.open("w") as written, subprocess.Popen(command, env=environment, stdout=written) as running:
        while running.poll() is None:
            most = max(most, sum(map(_megabytes, _family(running.pid))))
            sleep(0.1)
    (done,) = json.loads(output.read_text())["syncs"]
    assert done["error"] is None
    return done["counts"], perf_counter() - started, most


def test_a_sync_without_changes_costs_its_listing(tmp_path: Path, record_property: Callable[[str, Any], None]) -> None:
    with bucket(FILES) as address, embedding_server(hashed) as embeddings:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "sources.toml").write_text(SOURCE.format(address) + 'secrets={secret="S3_SECRET"}\n')
        settings = {
            "DATA_DIR": str(tmp_path / "data"),
            "EMBED_BASE_URL": embeddings.url,
            "EMBED_MODEL": "hashed",
            "READER": "none",
            "SUPPORT_MODEL": "none",
        }
        named = {f"FOOTNOTE_{name}": value for name, value in settings.items()}
        environment = os.environ | named | {"S3_SECRET": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        first, _, _ = sync(environment, tmp_path / "first.json")
        assert first["added"] == FILES
        embeddings.requests.clear()
        again, seconds, megabytes = sync(environment, tmp_path / "again.json")
        assert (again["unchanged"], again["added"], again["failed"]) == (FILES, 0, 0)
        assert embeddings.requests == []
    told = f"{FILES:,} files without changes: {seconds:.0f} s, {megabytes:.0f} MB of their own"
    record_property("bucket", told)
    print(f"\n{told}")
    assert megabytes < 500


def _family(pid: int) -> list[int]:
    """Return a process and those that it started, and they."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def _megabytes(pid: int) -> float:
    """The memory that a process has for itself: without files that are mapped into it, which the system drops as it likes."""
    with suppress(OSError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss_Anon:")) / 1024
    return 0.0
