"""One owner for a data folder, named to whoever comes second, and gone with its process."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from index.errors import DataFolderOwned, DataFolderUnusable
from index.stores.ownership import Owner, own, owner_of
from service.history.database import FILE as DATABASE
from service.history.database import opened_database

SERVICE = Owner(os.getpid(), "footnote serve", url="http://127.0.0.1:8000", token="secret")
COMMAND = Owner(os.getpid(), "footnote index")

HOLDER = """
import sys, time
from pathlib import Path
from index.stores.ownership import Owner, own
import os
with own(Path(sys.argv[1]), Owner(os.getpid(), "footnote serve", url="http://127.0.0.1:1234", token="secret")):
    print("owned", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that owns `tmp_path`."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "owned\n"
        yield process
        process.kill()


def test_the_second_owner_is_told_who_is_the_first(tmp_path: Path, other_process: "subprocess.Popen[str]") -> None:
    with pytest.raises(DataFolderOwned) as caught, own(tmp_path, COMMAND):
        pytest.fail("owned twice")
    message = str(caught.value)
    assert f"belongs to process {other_process.pid} (`footnote serve` at http://127.0.0.1:1234)" in message
    assert "set FOOTNOTE_DATA_DIR to another folder" in message
    assert "secret" not in message
    assert caught.value.owner == owner_of(tmp_path)
    assert caught.value.owner == Owner(other_process.pid, "footnote serve", "http://127.0.0.1:1234", "secret")


def test_a_service_is_not_waited_for(
    tmp_path: Path, other_process: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.stores.ownership.sleep", lambda _: pytest.fail("waited"))
    with pytest.raises(DataFolderOwned), own(tmp_path, COMMAND, wait_seconds=30):
        pytest.fail("owned twice")
    assert other_process.poll() is None


def test_a_killed_process_owns_nothing(tmp_path: Path, other_process: "subprocess.Popen[str]") -> None:
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    assert owner_of(tmp_path) is not None
    with own(tmp_path, COMMAND):
        assert owner_of(tmp_path) == COMMAND
    assert owner_of(tmp_path) is None


def test_ownership_ends_with_its_context(tmp_path: Path) -> None:
    with own(tmp_path, SERVICE):
        assert owner_of(tmp_path) == SERVICE
    assert owner_of(tmp_path) is None
    with pytest.raises(RuntimeError, match="inside"), own(tmp_path, COMMAND):
        raise RuntimeError("inside")
    with own(tmp_path, COMMAND):
        assert owner_of(tmp_path) == COMMAND


def test_the_same_process_does_not_own_twice(tmp_path: Path) -> None:
    with own(tmp_path, SERVICE), pytest.raises(DataFolderOwned), own(tmp_path, COMMAND):
        pytest.fail("owned twice")


def test_a_command_is_waited_for(tmp_path: Path) -> None:
    started = time.monotonic()
    refused = pytest.raises(DataFolderOwned, match="footnote index")
    with own(tmp_path, COMMAND), refused, own(tmp_path, COMMAND, wait_seconds=0.3):
        pytest.fail("owned twice")
    assert time.monotonic() - started >= 0.3


def test_only_this_user_can_read_the_token(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with own(tmp_path, SERVICE):
            mode = stat.S_IMODE((tmp_path / "owner.json").stat().st_mode)
    finally:
        os.umask(before)
    assert mode == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": 1}', '{"pid": 1, "command": "a", "x": 1}', "\xff"])
def test_an_owner_that_cannot_be_read_is_unknown(tmp_path: Path, content: str) -> None:
    (tmp_path / "owner.json").write_bytes(content.encode("latin-1"))
    assert owner_of(tmp_path) is None


def test_an_owner_that_may_not_be_read_is_unknown_and_still_owns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    with own(tmp_path, COMMAND):
        monkeypatch.setattr(Path, "read_text", refusing)
        refused = pytest.raises(DataFolderOwned, match="Another process owns the data folder")
        with refused as caught, own(tmp_path, COMMAND):
            pytest.fail("owned twice")
    assert caught.value.owner is None


def test_the_folder_is_made(tmp_path: Path) -> None:
    with own(tmp_path / "new" / "data", COMMAND):
        assert json.loads((tmp_path / "new" / "data" / "owner.json").read_text())["pid"] == os.getpid()


def test_a_file_in_place_of_the_folder_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for data_dir in (tmp_path / "data", tmp_path / "data" / "deeper"):
        refused = pytest.raises(
            DataFolderUnusable, match=r"cannot be written .* set FOOTNOTE_DATA_DIR to another folder"
        )
        with refused, own(data_dir, COMMAND):
            pytest.fail("owned a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run the tests as another user")
def test_a_folder_that_may_not_be_written_is_unusable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataFolderUnusable, match="Permission denied"), own(tmp_path, COMMAND):
        pytest.fail("owned what cannot be written")


def test_what_is_in_the_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    old = tmp_path / "data" / "index"
    old.mkdir(parents=True)
    (old / "catalog.db").write_text("of an older version")
    (tmp_path / "data" / "elsewhere").symlink_to(tmp_path / "other")
    (tmp_path / "other").write_text("not ours")
    for path in (tmp_path / "other", tmp_path / "data", old, old / "catalog.db"):
        path.chmod(0o755)
    before = os.umask(0)
    try:
        with own(tmp_path / "data", SERVICE), own(tmp_path / "new", COMMAND):
            (old / "made.now").write_text("new")
            opened_database(tmp_path / "data").dispose()
            modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in tmp_path.rglob("*") if not path.is_symlink()}
        opened_database(tmp_path / "not-owned").dispose()
        alone = [stat.S_IMODE((tmp_path / "not-owned" / name).stat().st_mode) for name in (".", DATABASE)]
    finally:
        os.umask(before)
    assert alone == [0o700, 0o600]
    assert modes.pop(tmp_path / "other") == 0o755
    assert {mode & 0o077 for mode in modes.values()} == {0}
    assert modes[tmp_path / "data"] == modes[tmp_path / "new"] == 0o700
    assert modes[tmp_path / "data" / DATABASE] == 0o600


def test_a_folder_of_another_user_is_used_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refusing)
    with capture_logs() as logs, own(tmp_path, COMMAND):
        assert owner_of(tmp_path) == COMMAND
    assert [line["event"] for line in logs] == ["other users may be able to read the data folder"]
