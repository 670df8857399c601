"""Sources that `sources.toml` names are kept in step, each by itself, and read by those whom it says."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index.errors import IndexingStopped, WrongUsage
from index.ingest.sync_report import Problem
from index.records import EVERYTHING, FOR_EVERYONE, Access
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.history.database import opened_database
from service.history.syncs import SyncRecord
from service.sources import keeping
from service.sources.file import add_source, remove_source, tables_in
from service.sources.keeping import kept_in_step
from service.sources.reports import health, sources_wire
from service.sources.schedule import next_sync
from service.sources.syncing import Sources
from tests.service_fixtures import assistant_over, settings_for, write
from tests.test_service_api import ADDRESS
from tests.test_service_watching import eventually
from tests.web_fixtures import RAIN, SNOW, item, rss
from tests.web_server import Reply, WebServer, article_page

STAFF, BOARD = Access(frozenset({"staff"})), Access(frozenset({"board"}))
NOW = datetime(2026, 4, 24, 12, tzinfo=UTC)


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    settings = settings_for(tmp_path / "data", fetch_private=True, fetch_pause_seconds=0)
    with assistant_over(settings) as assistant:
        yield assistant


@pytest.fixture
def sources(assistant: LocalAssistant) -> Iterator[Sources]:
    # A service has its database open before it keeps sources in step.
    engine = opened_database(assistant.settings.data_dir)
    yield Sources(assistant.live, assistant.settings)
    engine.dispose()


def configure(assistant: LocalAssistant, text: str) -> None:
    (assistant.settings.data_dir / "sources.toml").write_text(text)


def ids(assistant: LocalAssistant, access: Access = EVERYTHING) -> list[str]:
    return [article.id for article in assistant.articles(access, after=None, limit=100).articles]


def labels(assistant: LocalAssistant) -> dict[str, set[str]]:
    articles = assistant.current_index.catalog.articles(EVERYTHING)
    return {info.id: set(info.collections) for info in articles}


def problems(record: SyncRecord) -> dict[str, str]:
    return {Path(problem.path).name: problem.error for problem in record.problems}


def test_each_source_has_its_own_articles_and_deletes_only_these(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, {"README.md": f"This is {name}.", "gone.md": f"This leaves {name}."})
    configure(
        assistant,
        '[sources.one]\nkind="files"\nplace="../one"\nprune_limit="50%"\n[sources.two]\nkind="files"\nplace="../two"\n',
    )
    assert [record.counts["added"] for record in sources.sync()] == [2, 2]
    assert ids(assistant) == ["one/README", "one/gone", "two/README", "two/gone"]
    (tmp_path / "one" / "gone.md").unlink()
    (tmp_path / "two" / "gone.md").unlink()
    (one,) = sources.sync(["one"])
    assert (one.error, one.counts["deleted"], one.counts["unchanged"]) == (None, 1, 1)
    assert ids(assistant) == ["one/README", "two/README", "two/gone"]


def test_a_source_says_who_may_read_and_a_file_can_only_narrow_that(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    write(
        tmp_path / "docs",
        {
            "plain.md": "Plain words.",
            "board/minutes.md": "Minutes of the board.",
            "both.md": "---\ngroups: [board, staff]\n---\nFor both.",
            "theirs.md": "---\ngroups: [everybody]\n---\nFor others.",
        },
    )
    configure(
        assistant,
        '[sources.docs]\nkind="files"\nplace="../docs"\ngroups=["staff"]\n'
        '[[sources.docs.rules]]\npath="board/"\ngroups=["board"]\n',
    )
    (record,) = sources.sync()
    assert ids(assistant, FOR_EVERYONE) == []
    assert ids(assistant, STAFF) == ["docs/both", "docs/plain"]
    assert ids(assistant, BOARD) == ["docs/board/minutes"]
    assert problems(record) == {"theirs.md": "is for everybody, none of which may read it here; now nobody may"}


def test_articles_are_in_the_collections_of_their_source_of_rules_and_of_themselves(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    write(
        tmp_path / "docs",
        {
            "plain.md": "Plain words.",
            "leave/annual.md": "Annual leave.",
            "leave/board/both.md": "---\ncollections: [Board]\n---\nFor both.",
            "odd.md": "---\ncollections: {a: b}\n---\nNot understood.",
        },
    )
    entry = '[sources.docs]\nkind="files"\nplace="../docs"\ngroups=["staff"]\ncollections=["Handbook"]\n'
    rules = (
        '[[sources.docs.rules]]\npath="board/"\ngroups=["board"]\n'
        '[[sources.docs.rules]]\npath="leave/"\ncollections=["leave"]\n'
    )
    configure(assistant, entry + rules)
    (record,) = sources.sync()
    assert labels(assistant) == {
        "docs/plain": {"handbook"},
        "docs/leave/annual": {"handbook", "leave"},
        "docs/leave/board/both": {"handbook", "leave", "board"},
    }
    assert ids(assistant, BOARD) == ["docs/leave/board/both"]  # a rule of collections alone opens nothing
    assert "collections that are not a list of names" in problems(record)["odd.md"]
    configure(assistant, entry.replace("Handbook", "Manual") + rules)
    sources.sync()
    assert labels(assistant)["docs/plain"] == {"manual"}


def test_a_rule_that_matches_no_article_is_told(assistant: LocalAssistant, sources: Sources, tmp_path: Path) -> None:
    write(tmp_path / "docs", {"board/a.md": "Minutes.", "b.md": "B."})
    rules = "".join(f'[[sources.docs.rules]]\npath="{path}"\ngroups=["board"]\n' for path in ("board/", "bord/"))
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\n' + rules)
    (record,) = sources.sync()
    assert problems(record) == {"docs": "the rule for 'bord/' matches no article, so it does nothing. Correct it."}
    assert (record.error, ids(assistant, FOR_EVERYONE)) == (None, ["docs/b"])


def test_what_is_excluded_is_not_read_and_goes_when_it_was(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    write(tmp_path / "docs", {"a.md": "A.", "b.txt": "B.", "drafts/c.md": "C.", "drafts/d.md": "\0"})
    entry = '[sources.docs]\nkind="files"\nplace="../docs"\ninclude=["*.md"]\n'
    configure(assistant, entry)
    (first,) = sources.sync()
    assert (ids(assistant), first.counts["failed"]) == (["docs/a", "docs/drafts/c"], 1)
    configure(assistant, entry + 'exclude=["drafts/"]\n')
    (second,) = sources.sync()
    assert (ids(assistant), second.counts["failed"], second.counts["deleted"]) == (["docs/a"], 0, 1)


def test_indexing_its_folder_by_hand_neither_opens_nor_takes_an_article(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    folder = write(tmp_path / "docs", {"a.md": "Only for the staff."})
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\ngroups=["staff"]\n')
    sources.sync()
    report = assistant.index([folder], prune=True, prune_limit=1.0, dry_run=False)
    assert "belongs to the source 'docs'" in report.warnings[0].error
    assert (ids(assistant, FOR_EVERYONE), ids(assistant, STAFF)) == ([], ["docs/a"])
    write(folder, {"a.md": "Still only for the staff."})
    assistant.index([folder], prune=True, prune_limit=1.0, dry_run=False)
    assert ids(assistant, FOR_EVERYONE) == []


def test_what_was_indexed_by_hand_before_keeps_its_id_and_gets_the_readers_of_the_source(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    folder = write(tmp_path / "docs", {"a.md": "It was open.", "deep/b.md": "---\nid: bee\n---\nNamed."})
    assistant.index([folder], prune=False, prune_limit=0.2, dry_run=False)
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\ngroups=["staff"]\n')
    sources.sync()
    assert (ids(assistant), ids(assistant, FOR_EVERYONE)) == (["a", "bee"], [])


def test_sources_that_overlap_do_not_fight(assistant: LocalAssistant, sources: Sources, tmp_path: Path) -> None:
    write(tmp_path / "docs", {"a.md": "A.", "board/b.md": "B."})
    configure(
        assistant,
        '[sources.board]\nkind="files"\nplace="../docs/board"\ngroups=["board"]\n'
        '[sources.all]\nkind="files"\nplace="../docs"\n',
    )
    for _ in range(3):
        board, whole = sources.sync()
        assert (board.error, whole.error, board.counts["deleted"], whole.counts["deleted"]) == (None, None, 0, 0)
        assert (ids(assistant, FOR_EVERYONE), ids(assistant, BOARD)) == (["all/a"], ["all/a", "board/b"])
        assert "belongs to the source 'board'" in problems(whole)["b.md"]


def test_two_articles_that_state_the_same_id_stay_those_of_the_first_source(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    write(tmp_path / "one", {"a.md": "---\nid: same\ngroups: [board]\n---\nThe first."})
    write(tmp_path / "two", {"b.md": "---\nid: same\n---\nThe second."})
    configure(assistant, "".join(f'[sources.{name}]\nkind="files"\nplace="../{name}"\n' for name in ("one", "two")))
    one, two = sources.sync()
    assert (one.counts["failed"], two.counts["failed"]) == (0, 1)
    assert assistant.article("same", EVERYTHING, None).text == "The first."
    assert ids(assistant, FOR_EVERYONE) == []


BROKEN = {
    "groups of text": 'groups="board"\n',
    "a group that is a number": "groups=[1]\n",
    "a misspelt key": 'group=["board"]\n',
    "a rule without groups": '[[sources.docs.rules]]\npath="board/"\n',
    "a rule that matches nothing": '[[sources.docs.rules]]\npath="#board"\ngroups=["board"]\n',
    "a rule with an open bracket": '[[sources.docs.rules]]\npath="[z-a]"\ngroups=["board"]\n',
    "a rule with groups of text": '[[sources.docs.rules]]\npath="board/"\ngroups="board"\n',
    "a schedule that is none": 'schedule="often"\n',
    "a limit that is none": 'prune_limit="all"\n',
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=list(BROKEN))
def test_an_entry_that_cannot_be_read_fails_its_source_and_opens_nothing(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path, broken: str
) -> None:
    write(tmp_path / "docs", {"board/a.md": "Only for the board."})
    write(tmp_path / "other", {"b.md": "Open."})
    configure(
        assistant,
        '[sources.docs]\nkind="files"\nplace="../docs"\n'
        + broken
        + '[sources.other]\nkind="files"\nplace="../other"\n',
    )
    docs, other = sources.sync()
    assert docs.error
    assert "cannot be read" in docs.error
    assert other.error is None
    assert ids(assistant) == ["other/b"]
    states = {source.name: source.state for source in sources_wire(sources).sources}
    assert states == {"docs": "unreadable", "other": "in step"}
    assert health(sources_wire(sources)) == "failing"


def test_an_entry_that_becomes_unreadable_leaves_its_articles_as_they_were(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    write(tmp_path / "docs", {"a.md": "Only for the board."})
    entry = '[sources.docs]\nkind="files"\nplace="../docs"\n'
    configure(assistant, entry + 'groups=["board"]\n')
    sources.sync()
    configure(assistant, entry + "groups=board\n")  # no TOML at all
    with pytest.raises(WrongUsage, match=r"sources\.toml cannot be read"):
        sources.sync()
    assert "cannot be read" in (sources_wire(sources).problem or "")
    assert sources_wire(sources).removed == []
    assert (ids(assistant, BOARD), ids(assistant, FOR_EVERYONE)) == (["docs/a"], [])


def test_a_folder_that_is_gone_or_empty_loses_nothing(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    folder = write(tmp_path / "docs", {f"{n}.md": f"Report {n}." for n in range(6)})
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\n')
    sources.sync()
    folder.rename(tmp_path / "away")
    (gone,) = sources.sync()
    assert gone.error == f"({folder}) does not exist. Correct its place."
    folder.mkdir()
    (empty,) = sources.sync()
    assert "6 of its 6 articles are gone" in (empty.error or "")
    assert (len(ids(assistant)), empty.failures) == (6, 2)
    (forced,) = sources.sync(["docs"], prune_limit=1.0)
    assert (forced.error, forced.failures, forced.counts["deleted"], ids(assistant)) == (None, 0, 6, [])


@pytest.mark.parametrize("place", ["../docs", "../moved"])
def test_what_cannot_be_read_again_is_restricted_as_its_source_is_now(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path, place: str
) -> None:
    staff = "---\ngroups: [staff, board]\n---\n"
    write(tmp_path / "docs", {"a.md": "One.", "b.md": f"{staff}Two.", "c/d.md": "Three."})
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\n')
    sources.sync()
    (tmp_path / "docs").rename(tmp_path / "away")
    configure(
        assistant,
        f'[sources.docs]\nkind="files"\nplace="{place}"\ngroups=["staff"]\n[[sources.docs.rules]]\npath="c/"\ngroups=["board"]\n',
    )
    (record,) = sources.sync()
    assert "does not exist" in (record.error or "")
    assert ids(assistant) == ["docs/a", "docs/b", "docs/c/d"]
    assert ids(assistant, FOR_EVERYONE) == []
    moved = place == "../moved"
    assert ids(assistant, STAFF) == ([] if moved else ["docs/a", "docs/b"])
    assert ids(assistant, BOARD) == ([] if moved else ["docs/c/d"])
    (tmp_path / "away").rename(assistant.settings.data_dir / place)
    sources.sync()
    assert (ids(assistant, STAFF), ids(assistant, BOARD)) == (["docs/a", "docs/b"], ["docs/c/d"])


def test_without_pruning_what_is_gone_stays(assistant: LocalAssistant, sources: Sources, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", {"a.md": "A.", "b.md": "B."})
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\nprune=false\n')
    sources.sync()
    (folder / "a.md").unlink()
    sources.sync()
    assert ids(assistant) == ["docs/a", "docs/b"]


def test_a_feed_is_a_source_with_readers_and_patterns(
    assistant: LocalAssistant, sources: Sources, web: WebServer
) -> None:
    web.replies |= {
        "/feed": rss(item("/news/rain"), item("/sport/snow"), item("/board/snow")),
        "/news/rain": Reply(article_page("Rain", RAIN)),
        "/board/snow": Reply(article_page("Snow", SNOW)),
    }
    configure(
        assistant,
        f'[sources.feed]\nkind="web"\nplace="{web.address}/feed"\nexclude=["sport/"]\n'
        '[[sources.feed.rules]]\npath="board/"\ngroups=["board"]\n',
    )
    (record,) = sources.sync()
    assert (record.error, record.counts["added"], "/sport/snow" in web.paths) == (None, 2, False)
    assert ids(assistant, FOR_EVERYONE) == [f"{web.address}/news/rain"]
    web.replies["/feed"] = Reply(status=500)
    (failed,) = sources.sync()
    assert (failed.failures, len(ids(assistant))) == (1, 2)
    assert web.address in (failed.error or "")


def test_a_source_that_fails_three_times_is_reported_everywhere_and_logged_once(
    assistant: LocalAssistant,
    sources: Sources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(keeping, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr("service.sources.schedule._FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("service.sources.common_entry._SHORTEST", 1)
    write(tmp_path / "fine", {"a.md": "A."})
    client = TestClient(
        create_app(assistant, settings=assistant.settings, owner_token="owner"),
        base_url=ADDRESS,
        headers={"Authorization": "Bearer owner"},
    )
    assert client.get("/readyz").status_code == 503  # nothing is indexed
    configure(
        assistant,
        '[sources.lost]\nkind="files"\nplace="../lost"\nschedule="1s"\n'
        '[sources.fine]\nkind="files"\nplace="../fine"\nschedule="1s"\n',
    )
    with kept_in_step(sources):
        eventually(lambda: sources.last_syncs().keys() == {"lost", "fine"})
        assert ids(assistant) == ["fine/a"]
        eventually(lambda: sources.last_syncs()["lost"].failures > 3)
        write(tmp_path / "fine", {"b.md": "B."})
        eventually(lambda: ids(assistant) == ["fine/a", "fine/b"])
    assert client.get("/readyz").json()["sources"] == "failing"
    assert "lost" not in client.get("/readyz").text
    metrics = client.get("/metrics").text.split("\n")
    assert {"footnote_sources 2.0", "footnote_sources_failing 1.0"} <= set(metrics)
    lost, fine = client.get("/api/sources").json()["sources"]
    assert (lost["state"], fine["state"]) == ("failing", "in step")
    assert "does not exist" in lost["last_sync"]["error"]
    written = capsys.readouterr()
    assert (written.out + written.err).count("a source is failing") == 1


def test_a_service_takes_up_what_is_added_to_the_file(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_LOOK_SECONDS", 0.05)
    write(tmp_path / "docs", {"a.md": "A."})
    with kept_in_step(sources):
        configure(assistant, "[[[")
        configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\nschedule="never"\n')
        assert ids(assistant) == []
        configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\n')
        eventually(lambda: ids(assistant) == ["docs/a"])


def record(failures: int, source: str = "docs") -> SyncRecord:
    return SyncRecord(source, NOW, NOW, "It fails." if failures else None, failures, {})


def test_a_sync_that_was_cut_off_goes_on_when_the_service_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_LOOK_SECONDS", 0.05)
    settings = settings_for(tmp_path / "data")
    write(tmp_path / "docs", {"a.md": "A."})
    with assistant_over(settings) as assistant:
        configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\nschedule="1d"\n')
        sources = Sources(assistant.live, settings)
        assert sources.sync()[0].error is None
        assert sources.interrupted() == set()
        write(tmp_path / "docs", {"b.md": "B."})
        assistant.live.control.stop()
        with pytest.raises(IndexingStopped):
            sources.sync()
        assert ids(assistant) == ["docs/a"]
    with assistant_over(settings) as assistant:
        engine = opened_database(settings.data_dir)
        sources = Sources(assistant.live, settings)
        assert sources.interrupted() == {"docs"}
        with kept_in_step(sources):
            eventually(lambda: ids(assistant) == ["docs/a", "docs/b"])
            eventually(lambda: sources.interrupted() == set())
        engine.dispose()


def test_the_next_sync_is_after_the_interval_or_earlier_after_a_failure() -> None:
    day = timedelta(days=1).total_seconds()
    assert timedelta(days=1) <= next_sync(day, record(0)) - NOW <= timedelta(days=1.1)
    assert next_sync(day, record(0)) != next_sync(day, record(0, "other"))
    pauses = [(next_sync(day, record(failures)) - NOW).total_seconds() for failures in (1, 2, 3, 30)]
    for pause, least in zip(pauses, (60, 120, 240, day), strict=True):
        assert least <= pause <= 1.1 * least
    assert (next_sync(30, record(1)) - NOW).total_seconds() <= 33


def test_what_is_added_and_removed_leaves_the_rest_of_the_file_as_it_was(tmp_path: Path) -> None:
    file, settings = tmp_path / "sources.toml", settings_for(tmp_path)
    file.write_text('# Ours\n[sources.a]  # first\nkind = "files"\nplace = "a"\n')
    before = file.read_text()
    file.chmod(0o640)
    add_source(settings, "b", {"kind": "web", "place": "https://example.org/feed"})
    assert file.read_text().startswith(before)
    with pytest.raises(WrongUsage, match="There is a source 'b'"):
        add_source(settings, "b", {"kind": "files", "place": "b"})
    with pytest.raises(WrongUsage, match="cannot be added: place"):
        add_source(settings, "c", {"kind": "web", "place": "https://ann:secret@example.org/"})
    with pytest.raises(WrongUsage, match="lower-case letters"):
        add_source(settings, "../c", {"kind": "files", "place": "c"})
    assert remove_source(file, "b")
    assert not remove_source(file, "b")
    assert file.read_text().strip() == before.strip()
    assert os.stat(file).st_mode & 0o777 == 0o640


def test_sources_are_added_and_removed_wherever_scopes_stand_among_them(tmp_path: Path) -> None:
    file, settings = tmp_path / "sources.toml", settings_for(tmp_path)
    one, scope = '[sources.one]\nkind = "files"\nplace = "1"\n', '[scopes.hr]  # ours\ncollections = ["hr"]\n'
    file.write_text(f'{one}{scope}[sources.two]\nkind = "files"\nplace = "2"\n')
    add_source(settings, "three", {"kind": "files", "place": "3"})
    assert tables_in(file).keys() == {"one", "two", "three"}
    assert remove_source(file, "three")
    assert remove_source(file, "two")
    assert "".join(file.read_text().split()) == "".join(f"{one}{scope}".split())
    file.write_text('sources = {one = {kind = "files", place = "1"}}\n')
    with pytest.raises(WrongUsage, match="on one line"):
        add_source(settings, "two", {"kind": "files", "place": "2"})


def test_a_source_is_removed_with_its_articles_also_when_the_file_no_longer_has_it(
    assistant: LocalAssistant, sources: Sources, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, {"a.md": f"This is {name}."})
    configure(assistant, "".join(f'[sources.{name}]\nkind="files"\nplace="../{name}"\n' for name in ("one", "two")))
    sources.sync()
    assert sources.forget("one") == 1
    configure(assistant, "")
    assert sources_wire(sources).removed == ["two"]
    assert sources.forget("two") == 1
    assert (ids(assistant), sources.last_syncs()) == ([], {})
    with pytest.raises(WrongUsage, match="There is no source 'two'"):
        sources.forget("two")


def test_the_record_lists_each_file_that_failed(assistant: LocalAssistant, sources: Sources, tmp_path: Path) -> None:
    write(tmp_path / "docs", {"a.md": "A.", "bad.md": "\0", "worse.md": "---\ngroups: board\n---\nB."})
    configure(assistant, '[sources.docs]\nkind="files"\nplace="../docs"\n')
    sources.sync()
    record = sources.last_syncs()["docs"]
    assert (record.error, record.counts["added"], record.counts["failed"]) == (None, 1, 2)
    assert set(problems(record)) == {"bad.md", "worse.md"}
    assert all(isinstance(problem, Problem) for problem in record.problems)
