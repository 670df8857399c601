"""Folders that are watched are indexed when they change, and nothing that goes wrong with them stops the service."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import pytest

from index.errors import DataFolderUnusable, WrongUsage
from index.records import EVERYTHING, FOR_EVERYONE
from service.assistant import LocalAssistant
from service.maintenance.watch_status import health
from service.maintenance.watcher import watching
from service.schemas.maintenance import IndexReportWire
from tests.service_fixtures import write


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def ids(assistant: LocalAssistant) -> list[str]:
    return [article.id for article in assistant.articles(EVERYTHING, after=None, limit=100).articles]


def test_the_index_follows_the_folder(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {f"{n}.txt": f"Report {n}." for n in range(6)})
    with watching(own_assistant, [folder], data_dir=tmp_path / "data"):
        eventually(lambda: len(ids(own_assistant)) == 6)
        write(folder, {"new.txt": "It rained.", "deep/er.md": "It shone."})
        eventually(lambda: {"new", "deep/er"} <= set(ids(own_assistant)))
        (folder / "0.txt").unlink()
        eventually(lambda: "0" not in ids(own_assistant))
        eventually(lambda: own_assistant.status().watching[0].last_sync is not None)
        (state,) = own_assistant.status().watching
        assert (state.path, state.problems) == (str(folder), [])


def test_a_folder_that_is_emptied_keeps_its_articles_and_says_so(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {f"{n}.txt": f"Report {n}." for n in range(6)})
    with watching(own_assistant, [folder], data_dir=tmp_path / "data"):
        eventually(lambda: len(ids(own_assistant)) == 6)
        for path in folder.iterdir():
            path.unlink()
        eventually(lambda: bool(own_assistant.status().watching[0].problems))
        assert (
            "6 of its 6 articles are gone (100%), over the limit of 20%"
            in own_assistant.status().watching[0].problems[0]
        )
        assert len(ids(own_assistant)) == 6
        write(folder, {f"{n}.txt": f"Report {n}." for n in range(6)})
        eventually(lambda: not own_assistant.status().watching[0].problems)


def test_a_folder_that_goes_away_and_comes_back(
    own_assistant: LocalAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.maintenance.watcher._AGAIN_SECONDS", 0.1)
    folder = write(tmp_path / "news", {"a.txt": "It rained."})
    with watching(own_assistant, [folder], data_dir=tmp_path / "data"):
        eventually(lambda: ids(own_assistant) == ["a"])
        folder.rename(tmp_path / "away")
        eventually(lambda: bool(own_assistant.status().watching[0].problems))
        assert ids(own_assistant) == ["a"]
        write(tmp_path / "away", {"b.txt": "It shone."})
        (tmp_path / "away").rename(folder)
        eventually(lambda: ids(own_assistant) == ["a", "b"])


def test_an_error_is_noted_and_the_next_change_is_indexed(
    own_assistant: LocalAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "news", {"a.txt": "It rained."})
    index = LocalAssistant.index

    def failing(self: LocalAssistant, paths: Sequence[Path], **options: bool | float) -> IndexReportWire:
        monkeypatch.setattr(LocalAssistant, "index", index)
        raise DataFolderUnusable("The disk is full.")

    monkeypatch.setattr(LocalAssistant, "index", failing)
    with watching(own_assistant, [folder], data_dir=tmp_path / "data"):
        eventually(lambda: own_assistant.status().watching[0].problems == ["The disk is full."])
        write(folder, {"b.txt": "It shone."})
        eventually(lambda: ids(own_assistant) == ["a", "b"])


def test_indexing_does_not_wake_itself(
    own_assistant: LocalAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.txt": "It rained."})
    runs: list[Path] = []
    index = LocalAssistant.index

    def counting(
        self: LocalAssistant, paths: Sequence[Path], *, prune: bool, prune_limit: float, dry_run: bool
    ) -> object:
        runs.extend(paths)
        return index(self, paths, prune=prune, prune_limit=prune_limit, dry_run=dry_run)

    monkeypatch.setattr(LocalAssistant, "index", counting)
    with watching(own_assistant, [tmp_path], data_dir=tmp_path / "data"):
        eventually(lambda: ids(own_assistant) == ["a"])
        time.sleep(2.5)
    assert len(runs) == 1


def test_a_path_that_is_not_there_is_wrong_usage(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    nowhere = watching(own_assistant, [tmp_path / "nowhere"], data_dir=tmp_path / "data")
    with pytest.raises(WrongUsage, match="Name a file or folder to watch"), nowhere:
        pass


ODD_PAGE = (
    "<html><head><meta charset=undefined></head><body><article><p>Berths cost 31 euros.</p></article></body></html>"
)


def test_restrictions_count_after_a_file_that_cannot_be_read(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"a.txt": "Rain.", "odd.html": ODD_PAGE, "bad.md": "\0", "c.md": "Open words."})
    with watching(own_assistant, [folder], data_dir=tmp_path / "data"):
        eventually(lambda: "c" in ids(own_assistant))
        write(folder, {"c.md": "---\ngroups: [board]\n---\nOpen words.", "later.md": "It shone."})
        eventually(lambda: "later" in ids(own_assistant))
        eventually(
            lambda: "c" not in [a.id for a in own_assistant.articles(FOR_EVERYONE, after=None, limit=100).articles]
        )
        # What cannot be read any more keeps its restriction.
        write(folder, {"c.md": "\0", "last.md": "It snowed."})
        eventually(lambda: "last" in ids(own_assistant))
        assert "c" not in [a.id for a in own_assistant.articles(FOR_EVERYONE, after=None, limit=100).articles]
        assert "c" in ids(own_assistant)
        (state,) = own_assistant.status().watching
        assert any("c.md" in problem for problem in state.problems)
        assert health([state]) == "working"


def test_whatever_indexing_raises_is_told_and_tried_again(
    own_assistant: LocalAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.maintenance.watcher._AGAIN_SECONDS", 0.2)
    folder = write(tmp_path / "news", {"a.txt": "It rained."})
    broken, index = Event(), LocalAssistant.index
    broken.set()

    def failing(self: LocalAssistant, paths: Sequence[Path], **options: bool | float) -> IndexReportWire:
        if broken.is_set():
            raise LookupError("odd")
        return index(self, paths, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalAssistant, "index", failing)
    with watching(own_assistant, [folder], data_dir=tmp_path / "data"):
        eventually(lambda: own_assistant.status().watching[0].failures >= 2)
        (state,) = own_assistant.status().watching
        assert "LookupError: odd" in state.problems[0]
        assert state.next_try is not None
        assert health([state]) == "failing"
        broken.clear()
        eventually(lambda: ids(own_assistant) == ["a"])
        eventually(lambda: health(own_assistant.status().watching) == "working")
