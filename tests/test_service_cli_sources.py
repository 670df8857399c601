"""`footnote sources` and `footnote sync`, in this process and through a service."""

from pathlib import Path

from tests.cli_fixtures import Run
from tests.service_fixtures import write


def test_a_source_is_added_synced_shown_and_removed(footnote: Run, tmp_path: Path) -> None:
    write(tmp_path / "docs", {"a.md": "Leave is 30 days.", "b.tmp": "x"})
    added = footnote("sources", "add", "docs", "docs", "--groups", "staff,board", "--exclude", "*.tmp")
    assert (added.code, "Added docs" in added.out) == (0, True)
    assert footnote("sources", "add", "docs", "docs").code == 2
    synced = footnote("sync")
    assert (synced.code, "1 added" in synced.out) == (0, True)
    listed = footnote("sources", "list").out
    assert f"docs: files {tmp_path / 'docs'}, every 1h, readers: board, staff, 1 articles" in listed
    (source,) = footnote("sources", "status", "--json").json["sources"]
    assert (source["state"], source["articles"], source["last_sync"]["counts"]["added"]) == ("in step", 1, 1)
    (tmp_path / "docs").rename(tmp_path / "away")
    failed = footnote("sources", "sync", "docs")
    assert (failed.code, "does not exist" in failed.out) == (1, True)
    shown = footnote("sources", "status")
    assert (shown.code, "failed" in shown.out, "does not exist" in shown.out) == (1, True, True)
    assert "its 1 article." in footnote("sources", "remove", "docs").out
    assert footnote("sources", "remove", "docs").code == 2
    assert footnote("sync").out.startswith("There is no source yet.")


def test_a_mistake_in_the_file_is_explained(footnote: Run, tmp_path: Path) -> None:
    file = Path(footnote("sources", "list").out.partition(" names no source")[0])
    file.write_text("[sources.docs\n")
    for command in (("sources", "list"), ("sync",), ("sources", "add", "a", "b")):
        ran = footnote(*command)
        assert (ran.code, "cannot be read" in ran.err) == (2, True)
    file.write_text('[sources.docs]\nkind="files"\nplace="."\ngroup=["staff"]\n')
    assert "group" in footnote("sources", "list").out
    assert footnote("sync", "other").code == 2
