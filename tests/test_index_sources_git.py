"""Git repositories as sources: what is at a branch is indexed, by commit, with the link and the day of the last change."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dulwich import porcelain

from index.errors import ArticleUnknown
from index.ingest.sync import sync
from index.records import EVERYTHING, FOR_EVERYONE
from index.sources.places import Credentials, GitPlace
from index.sources.source_types import NamedSource
from index.sources.taking import Rule, Taking
from index.stores.store import Index
from tests.git_server import Application, Repository, new_repository, serving
from tests.sync_steps import PRUNE_ALL, STAFF, counts, ids, text_of

LINK = "https://forge.example/docs/blob/{commit}/{path}"
STAFF_ONLY = Taking(rules=(Rule("staff/", frozenset({"staff"})),))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "docs")


def source(place: str, copy: Path | None, taking: Taking = STAFF_ONLY, **more: Any) -> NamedSource:
    return NamedSource("docs", GitPlace("docs", place, copy=copy, link=LINK, **more), taking)


def test_each_sync_takes_what_changed_since_by_commit(index: Index, repository: Repository, tmp_path: Path) -> None:
    first = repository.commit(
        {"a.md": "Rain.", "deep/b c.md": "Snow.", ".ci/x.md": "Hidden.", "x.bin": "?"}, day="2026-01-02"
    )
    second = repository.commit({"staff/s.md": "For the staff."}, day="2026-02-03")
    with serving(repository) as address:
        docs = source(address, tmp_path / "copy")
        assert counts(sync(index, [docs], pruning=PRUNE_ALL)) == {"added": 3}
        assert ids(index) == ["docs/a", "docs/deep/b c", "docs/staff/s"]
        b, _ = index.catalog.article("docs/deep/b c", FOR_EVERYONE)
        assert b.url == LINK.format(commit=first, path="deep/b%20c.md")
        assert (b.published, b.published_from) == (date(2026, 1, 2), "commit")
        s, _ = index.catalog.article("docs/staff/s", STAFF)
        assert s.url == LINK.format(commit=second, path="staff/s.md")
        with pytest.raises(ArticleUnknown):
            index.catalog.article("docs/staff/s", FOR_EVERYONE)
        assert counts(sync(index, [docs], pruning=PRUNE_ALL)) == {"unchanged": 3}
        third = repository.commit({"a.md": "More rain.", "staff/s.md": None, "new.md": "New."}, day="2026-03-04")
        report = sync(index, [docs], pruning=PRUNE_ALL)
        assert counts(report) == {"added": 1, "updated": 1, "unchanged": 1, "deleted": 1}
        assert text_of(index, "docs/a") == "More rain."
        assert index.catalog.article("docs/a", EVERYTHING)[0].url == LINK.format(commit=third, path="a.md")


def test_what_an_article_states_counts_more_than_its_commit(index: Index, repository: Repository) -> None:
    stated = "---\nurl: https://example.org/a\npublished: 2020-01-01\nid: own\n---\nRain."
    repository.commit({"a.md": stated, "2021-05-06.md": "A day in its name."}, day="2026-01-02")
    sync(index, [source(str(repository.folder), None)])
    own, _ = index.catalog.article("own", EVERYTHING)
    assert (own.url, own.published, own.published_from) == ("https://example.org/a", date(2020, 1, 1), "stated")
    named, _ = index.catalog.article("docs/2021-05-06", EVERYTHING)
    assert (named.published, named.published_from) == (date(2021, 5, 6), "name")


def test_the_branch_counts_and_not_the_files_in_the_folder(index: Index, repository: Repository) -> None:
    repository.commit({"a.md": "Committed."}, day="2026-01-02")
    (repository.folder / "a.md").write_text("Not committed.")
    (repository.folder / "b.md").write_text("Not added.")
    assert counts(sync(index, [source(str(repository.folder), None)])) == {"added": 1}
    assert text_of(index, "docs/a") == "Committed."
    (problem,) = sync(index, [source(str(repository.folder), None, branch="other")], pruning=PRUNE_ALL).failed
    assert (problem.path, "no branch 'other'" in problem.error) == ("docs", True)
    assert ids(index) == ["docs/a"]


def test_when_the_server_fails_nothing_is_lost(index: Index, repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "Rain.", "b.md": "Snow."}, day="2026-01-02")
    with serving(repository) as address:
        docs = source(address, tmp_path / "copy")
        sync(index, [docs])
    (problem,) = sync(index, [docs], pruning=PRUNE_ALL).failed
    assert (problem.path, "cannot be listed" in problem.error) == ("docs", True)
    assert ids(index) == ["docs/a", "docs/b"]


def test_who_may_read_changes_with_the_entry_alone(index: Index, repository: Repository) -> None:
    repository.commit({"staff/s.md": "For the staff.", "a.md": "Rain."}, day="2026-01-02")
    place = str(repository.folder)
    sync(index, [source(place, None)])
    assert counts(sync(index, [source(place, None, Taking(groups=frozenset({"board"})))])) == {"updated": 2}
    for article_id in ("docs/a", "docs/staff/s"):
        with pytest.raises(ArticleUnknown):
            text_of(index, article_id, STAFF)
    assert counts(sync(index, [source(place, None, Taking(exclude=("staff/",)))], pruning=PRUNE_ALL)) == {
        "updated": 1,
        "deleted": 1,
    }


def test_a_file_that_was_closed_is_read_again_when_it_is_as_before(index: Index, repository: Repository) -> None:
    docs = source(str(repository.folder), None)
    repository.commit({"a.md": "Rain."}, day="2026-01-02")
    sync(index, [docs])
    repository.commit({"a.md": "---\ngroups: board\n---\nRain."}, day="2026-01-03")
    assert counts(sync(index, [docs])) == {"failed": 1}
    with pytest.raises(ArticleUnknown):
        text_of(index, "docs/a", FOR_EVERYONE)
    repository.commit({"a.md": "Rain."}, day="2026-01-04")
    sync(index, [docs])
    assert text_of(index, "docs/a", FOR_EVERYONE) == "Rain."


def test_a_token_opens_a_private_repository_and_is_in_no_message(
    index: Index, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.md": "Rain."}, day="2026-01-02")
    monkeypatch.setenv("DOCS_TOKEN", "s3cret")
    wanted = "Basic YW5uOnMzY3JldA=="  # ann:s3cret

    def guarded(app: Application) -> Application:
        def checked(environ: dict[str, Any], start: Callable[..., object]) -> object:
            if environ.get("HTTP_AUTHORIZATION") == wanted:
                return app(environ, start)
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="docs"'), ("Content-Length", "0")])
            return [b""]

        return checked

    from index.sources import apart

    apart._end_all()  # the next one has the variable
    with serving(repository, guard=guarded) as address:
        (refused,) = sync(index, [source(address, tmp_path / "copy")]).failed
        assert "cannot be listed" in refused.error
        (unset,) = sync(
            index, [source(address, tmp_path / "copy", credentials=Credentials("ann", "NO_SUCH_TOKEN"))]
        ).failed
        assert "NO_SUCH_TOKEN is not set" in unset.error
        report = sync(index, [source(address, tmp_path / "copy", credentials=Credentials("ann", "DOCS_TOKEN"))])
        assert (counts(report), "s3cret" in repr(report)) == ({"added": 1}, False)


def test_lines_and_links_in_a_repository(index: Index, repository: Repository) -> None:
    (repository.folder / "link.md").symlink_to("/etc/hostname")
    porcelain.add(repository.folder, [str(repository.folder / "link.md")])
    repository.commit({"a.jsonl": '{"text": "One."}\n{"text": "Two.", "groups": ["staff"]}\n'}, day="2026-01-02")
    docs = source(str(repository.folder), None)
    sync(index, [docs])
    assert ids(index) == ["docs/a.jsonl#1", "docs/a.jsonl#2"]
    assert counts(sync(index, [docs], pruning=PRUNE_ALL)) == {"unchanged": 2}
    repository.commit({"a.jsonl": '{"text": "One."}\n'}, day="2026-01-03")
    assert counts(sync(index, [docs], pruning=PRUNE_ALL)) == {"updated": 1, "deleted": 1}


def test_a_history_that_was_rewritten_is_followed(index: Index, repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a.md": "Rain.", "b.md": "Snow."}, day="2026-01-02")
    repository.commit({"a.md": "Hail.", "c.md": "Sleet."}, day="2026-01-03")
    with serving(repository) as address:
        docs = source(address, tmp_path / "copy")
        sync(index, [docs])
        porcelain.reset(repository.folder, "hard", first)
        repository.commit({"b.md": "Sun."}, day="2026-01-04")
        assert counts(sync(index, [docs], pruning=PRUNE_ALL)) == {"updated": 2, "deleted": 1}
    assert [text_of(index, one) for one in ids(index)] == ["Rain.", "Sun."]
    assert index.catalog.article("docs/a", EVERYTHING)[0].url == LINK.format(commit=first, path="a.md")
