"""A sync deletes only what it was told to, and old versions can be opened for as long as set."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from index.errors import ArticleDeleted, ArticleUnknown
from index.ingest.pruning import Pruning
from index.ingest.sync import delete, sync
from index.records import FOR_EVERYONE
from index.stores.schema import retired, texts
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK
from tests.sync_steps import PRUNE, PRUNE_ALL, STAFF, ContentsOf, counts, ids, lines, text_of, write

BACKENDS = BOTH_IN_SOAK


def test_without_prune_nothing_is_deleted(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two."})
    sync(index, [folder])
    (folder / "a.md").unlink()
    assert counts(sync(index, [folder])) == {"unchanged": 1}
    assert ids(index) == ["a", "b"]


def test_beyond_the_limit_nothing_is_deleted_and_it_is_told(index: Index, folder: Path) -> None:
    write(folder, {f"{n:02}.md": "It rained." for n in range(10)})
    sync(index, [folder])
    for n in range(3):
        (folder / f"{n:02}.md").unlink()
    report = sync(index, [folder], pruning=PRUNE)
    assert counts(report) == {"unchanged": 7, "failed": 1}
    assert report.failed[0].path == str(folder)
    assert "3 of its 10 articles are gone (30%), over the limit of 20%; none was deleted: 00, 01, 02." in (
        report.failed[0].error
    )
    assert "run again with --prune-limit 30%" in report.failed[0].error
    assert len(ids(index)) == 10
    assert counts(sync(index, [folder], pruning=Pruning(enabled=True, limit=0.3))) == {"unchanged": 7, "deleted": 3}


def test_the_limit_that_is_advised_is_enough(index: Index, folder: Path) -> None:
    for gone in (1, 14, 29, 33, 50):
        write(folder, {f"{n:02}.md": "It rained." for n in range(50)})
        sync(index, [folder])
        for n in range(gone):
            (folder / f"{n:02}.md").unlink()
        (refusal,) = sync(index, [folder], pruning=Pruning(enabled=True, limit=0.0)).failed
        advised = refusal.error.rpartition("--prune-limit ")[2].removesuffix("%.")
        report = sync(index, [folder], pruning=Pruning(enabled=True, limit=float(advised) / 100))
        assert (report.deleted, report.failed) == (gone, ())


def test_a_long_list_of_what_is_gone_is_shortened(index: Index, folder: Path) -> None:
    write(folder, {f"{n:02}.md": "It rained." for n in range(13)})
    sync(index, [folder])
    shutil.rmtree(folder)
    folder.mkdir()
    (refusal,) = sync(index, [folder], pruning=PRUNE).failed
    assert "08, 09 and 3 more. If that is right, run again with --prune-limit 100%." in refusal.error
    assert sync(index, [folder], pruning=PRUNE_ALL).articles == 0


def test_prune_touches_only_the_sources_that_are_named(index: Index, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "articles-2"
    write(folder, {"a.md": "One.", "b.md": "Two."})
    write(other, {"c.md": "Three.", "d.md": "Four."})
    write(tmp_path, {"single.md": "Five."})
    sync(index, [folder, other, tmp_path / "single.md"])
    (folder / "a.md").unlink()
    (other / "c.md").unlink()
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"unchanged": 1, "deleted": 1}
    assert ids(index) == ["b", "c", "d", "single"]


def test_the_limit_is_of_each_source(index: Index, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(folder, {f"{n}.md": "It rained." for n in range(10)})
    write(other, {"x.md": "One.", "y.md": "Two.", "z.md": "Three."})
    sync(index, [folder, other])
    (folder / "0.md").unlink()
    (other / "x.md").unlink()
    (other / "y.md").unlink()
    report = sync(index, [folder, other], pruning=PRUNE)
    assert counts(report) == {"unchanged": 10, "deleted": 1, "failed": 1}
    assert report.failed[0].path == str(other)
    assert "x" in ids(index)


def test_what_is_no_longer_read_is_pruned(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two."})
    sync(index, [folder])
    (folder / "a.md").rename(folder / "a.gif")
    report = sync(index, [folder], pruning=PRUNE_ALL)
    assert counts(report) == {"unchanged": 1, "deleted": 1}
    assert report.skipped == (str(folder / "a.gif"),)


def test_deleted_articles_are_gone_from_every_store(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two.", "c.md": "Three."})
    sync(index, [folder])
    delete(index, ["a", "c", "a"])
    assert ids(index) == ["b"]
    assert len(contents_of(index).catalog) == 1
    assert contents_of(index).agree
    with pytest.raises(ArticleDeleted, match="'a' was deleted"):
        text_of(index, "a")


@pytest.mark.parametrize("unknown", ["b", ""])
def test_deleting_what_is_not_there_deletes_nothing(index: Index, folder: Path, unknown: str) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    with pytest.raises(ArticleUnknown, match=f"no article '{unknown}'"):
        delete(index, ["a", unknown])
    assert ids(index) == ["a"]


def test_a_deleted_article_that_is_added_again_is_no_longer_deleted(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    delete(index, ["a"])
    sync(index, [folder])
    assert text_of(index, "a") == "One."


def aged(index: Index, days: float) -> None:
    with index.catalog._engine.begin() as connection:
        connection.execute(update(retired).values(retired_at=datetime.now(UTC) - timedelta(days=days)))


def test_old_versions_can_be_opened_for_as_many_days_as_set(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    write(folder, {"a.md": "Two."})
    sync(index, [folder])
    aged(index, 29.9)
    sync(index, [folder])
    assert text_of(index, "a", version=old) == "One."
    aged(index, 30.1)
    sync(index, [folder])
    with pytest.raises(ArticleUnknown, match=r"has no version .* that is still kept"):
        text_of(index, "a", version=old)
    with index.catalog._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(texts)) == 1


def test_old_versions_of_what_was_deleted_are_gone_at_once(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    write(folder, {"a.md": "Two."})
    sync(index, [folder])
    delete(index, ["a"])
    with pytest.raises(ArticleDeleted):
        text_of(index, "a", version=old)
    with index.catalog._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(texts)) == 0


def test_a_version_of_one_article_is_not_opened_as_one_of_another(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.md": "---\ngroups: [staff]\n---\nTwo."})
    sync(index, [folder])
    old = index.catalog.entries()["b"].info.version
    write(folder, {"b.md": "---\ngroups: [staff]\n---\nThree."})
    sync(index, [folder])
    for secret in (old, index.catalog.entries()["b"].info.version):
        assert text_of(index, "b", STAFF, version=secret) in {"Two.", "Three."}
        with pytest.raises(ArticleUnknown):
            text_of(index, "a", FOR_EVERYONE, version=secret)


def test_an_old_version_is_read_under_todays_groups(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    write(folder, {"a.md": "---\ngroups: [staff]\n---\nTwo."})
    sync(index, [folder])
    assert text_of(index, "a", STAFF, version=old) == "One."
    with pytest.raises(ArticleUnknown, match="no article 'a' that you may read"):
        text_of(index, "a", FOR_EVERYONE, version=old)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_of_few_articles_one_may_go(index: Index, folder: Path, count: int) -> None:
    write(folder, {f"{n}.md": f"Report {n}." for n in range(count)})
    sync(index, [folder])
    (folder / "0.md").unlink()
    assert counts(sync(index, [folder], pruning=Pruning(enabled=True, limit=0.0)))["failed"] == 1
    assert counts(sync(index, [folder], pruning=PRUNE))["deleted"] == 1
    assert "0" not in ids(index)


def test_of_few_articles_not_two_may_go(index: Index, folder: Path) -> None:
    write(folder, {f"{n}.md": f"Report {n}." for n in range(4)})
    sync(index, [folder])
    (folder / "0.md").unlink()
    (folder / "1.md").unlink()
    assert "2 of its 4 articles are gone (50%)" in sync(index, [folder], pruning=PRUNE).failed[0].error


def test_a_draft_is_taken_back_at_once_and_comes_again(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.jsonl": lines({"text": "Two."}, {"id": "x", "text": "Three."})})
    sync(index, [folder])
    write(folder, {"a.md": "---\nid: other\ndraft: true\n---\nOne."})
    write(folder, {"b.jsonl": lines({"text": "Two."}, {"id": "x", "text": "Three.", "published": False})})
    report = sync(index, [folder])
    assert counts(report) == {"unchanged": 1, "deleted": 2}
    assert report.skipped == (str(folder / "a.md"), f"{folder / 'b.jsonl'}#2")
    assert "it says `draft: true`" in report.warnings[0].error
    assert ids(index) == ["b.jsonl#1"]
    write(folder, {"a.md": "One."})
    assert counts(sync(index, [folder]))["added"] == 1


UNCLEAR = {
    "groups as one name": "---\ngroups: staff\n---\nTwo.",
    "no end": "---\ntitle: A\ngroups: [staff]\n\nTwo.",
    "broken TOML": "+++\ngroups = [staff]\n+++\nTwo.",
    "no YAML": "---\ngroups: [staff\n---\nTwo.",
    "an id that is taken": "---\nid: b\ngroups: [staff]\n---\nTwo.",
    "an id that cannot be": "---\nid: [b]\ngroups: [staff]\n---\nTwo.",
    "no text": "---\ngroups: [staff]\n---\n",
    "a NUL": "---\ngroups: [staff]\n---\nTwo.\0",
    "too long": "---\ngroups: [staff]\n---\n" + "Two. " * 1_100_000,
}


@pytest.mark.parametrize("content", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_an_article_that_was_open_is_closed_while_its_file_is_unclear(index: Index, folder: Path, content: str) -> None:
    write(folder, {"a.md": "One.", "b.md": "Other."})
    sync(index, [folder])
    write(folder, {"a.md": content})
    assert counts(sync(index, [folder], dry_run=True)) == {"unchanged": 1, "failed": 1}
    assert text_of(index, "a", FOR_EVERYONE) == "One."
    report = sync(index, [folder], pruning=PRUNE)
    assert counts(report) == {"unchanged": 1, "failed": 1}
    assert "nobody may read it until it is clear again" in report.warnings[-1].error
    for asker in (FOR_EVERYONE, STAFF):
        with pytest.raises(ArticleUnknown):
            text_of(index, "a", asker)
    assert text_of(index, "a") == "One."
    assert sync(index, [folder]).warnings == ()
    write(folder, {"a.md": "---\ngroups: [staff]\n---\nOne."})
    sync(index, [folder])
    assert text_of(index, "a", STAFF) == "One."


def test_of_a_file_of_lines_only_what_is_unclear_is_closed(index: Index, folder: Path) -> None:
    write(folder, {"a.jsonl": lines({"id": "x", "text": "One."}, {"id": "y", "text": "Two."})})
    sync(index, [folder])
    write(folder, {"a.jsonl": lines({"id": "x", "text": "One.", "groups": "staff"}, {"id": "y", "text": "Two."})})
    sync(index, [folder])
    assert text_of(index, "y", FOR_EVERYONE) == "Two."
    with pytest.raises(ArticleUnknown):
        text_of(index, "x", FOR_EVERYONE)


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "x", "text": "One.", "groups": ["staff"]',
        '{"id": "x", "text": "One.", "groups": ["staff"], "url": ["a", {}], "published": 1, "title": "\\ud800"}',
        '{"id": "x", "text": "", "groups": ["staff"]}',
        '{"id": "x", "text": "---\\ngroups: [staff]\\n---\\nOne."}',
        '{"id": "z", "text": "One.", "groups": ["staff"]}',
    ],
)
def test_a_line_that_may_name_groups_and_cannot_be_read_closes_its_article(
    index: Index, folder: Path, line: str
) -> None:
    write(folder, {"a.jsonl": lines({"id": "x", "text": "One."}, {"id": "y", "text": "Two."})})
    sync(index, [folder])
    write(folder, {"a.jsonl": line + "\n" + lines({"id": "y", "text": "Two."})})
    sync(index, [folder])
    assert text_of(index, "y", FOR_EVERYONE) == "Two."
    with pytest.raises(ArticleUnknown):
        text_of(index, "x", FOR_EVERYONE)


def test_an_article_that_got_another_id_with_its_groups_is_closed_under_the_old_one(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    write(folder, {"a.md": "---\nid: b\ngroups: [staff]\n---\nOne."})
    sync(index, [folder])
    assert text_of(index, "b", STAFF) == "One."
    for article_id in ("a", "b"):
        with pytest.raises(ArticleUnknown):
            text_of(index, article_id, FOR_EVERYONE)


def test_the_articles_of_a_feed_that_is_damaged_stay(index: Index, folder: Path) -> None:
    entry = "<item><title>Rain</title><guid>1</guid><description>It rained all day in Rome.</description></item>"
    write(folder, {"news.rss": f"<rss><channel>{entry}</channel></rss>", "a.md": "One."})
    sync(index, [folder])
    assert len(ids(index)) == 2
    (folder / "news.rss").write_bytes(b"<rss><channel>" + b"<item/>" * 2)
    sync(index, [folder], pruning=PRUNE_ALL)
    assert len(ids(index)) == 2
