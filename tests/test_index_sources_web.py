"""Pages, feeds and sitemaps to articles, politely, against a real server on this machine."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from index.errors import WrongUsage
from index.ingest.pruning import Pruning
from index.ingest.sync import sync
from index.records import EVERYTHING
from index.sources.feeds import Listed
from index.sources.fetching import Politeness
from index.sources.reading import sources_from
from index.sources.source_types import Failed, Read, Skipped, WebSource
from index.stores.store import Index
from tests.conftest import OpenedIn
from tests.web_fixtures import RAIN, errors, ids, item, read, rss
from tests.web_server import Reply, WebServer, article_page

# -- Pages --------------------------------------------------------------------------------------------------------------


def test_a_page_is_an_article_named_by_its_address(web: WebServer) -> None:
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    (reading,) = read(web.address + "/rain?utm_source=mail#top")
    assert isinstance(reading, Read)
    article, info = reading.article, reading.article.info
    assert (info.id, info.url, article.path) == (web.address + "/rain",) * 3
    assert reading.source == WebSource(web.address + "/rain")
    assert (info.title, info.publisher, info.authors, info.language) == ("Rain", "The Daily", ("Ann Smith",), "en-GB")
    assert RAIN in article.text
    assert not {"Home", "Cats", "Cookies"} & set(article.text.replace(".", " ").split())
    assert (info.groups, info.published) == (None, None)


def test_a_redirect_is_followed_and_the_name_stays(web: WebServer) -> None:
    web.replies |= {"/old": Reply(status=301, headers={"Location": "/new"}), "/new": Reply(article_page("Rain", RAIN))}
    (reading,) = read(web.address + "/old")
    assert isinstance(reading, Read)
    assert (reading.article.id, reading.article.info.url) == (web.address + "/old", web.address + "/new")


def test_redirects_end(web: WebServer) -> None:
    web.replies["/a"] = Reply(status=302, headers={"Location": "/a"})
    (failed,) = read(web.address + "/a")
    assert isinstance(failed, Failed)
    assert "redirects more than 5 times" in failed.error
    assert len(web.paths) == 6


TYPES = {
    "text": ("text/plain; charset=utf-8", RAIN.encode(), "text"),
    "Markdown": ("text/markdown", b"# Rain\n\n" + RAIN.encode(), "markdown"),
    "Latin-1 page": (
        "text/html; charset=iso-8859-1",
        article_page("Caf\u00e9", RAIN).decode().encode("latin-1"),
        "markdown",
    ),
}


@pytest.mark.parametrize(("type_", "body", "format_"), TYPES.values(), ids=TYPES.keys())
def test_what_a_page_is_counts_by_its_type(web: WebServer, type_: str, body: bytes, format_: str) -> None:
    web.replies["/a"] = Reply(body, type_)
    (reading,) = read(web.address + "/a")
    assert isinstance(reading, Read)
    assert RAIN in reading.article.text
    assert reading.article.info.format == format_
    assert reading.article.info.title in {"Rain", "Café", RAIN}


def test_types_that_are_not_read_are_skipped(web: WebServer) -> None:
    web.replies["/a.gif"] = Reply(b"GIF", "image/gif")
    assert read(web.address + "/a.gif") == [Skipped(web.address + "/a.gif", "is image/gif, a type that is not read.")]


def test_front_matter_of_the_web_names_and_opens_nothing(web: WebServer) -> None:
    body = b"---\nid: corpus/secret\ngroups: []\nurl: https://else.where/\n---\n" + RAIN.encode()
    web.replies["/a"] = Reply(body, "text/markdown")
    (reading,) = read(web.address + "/a")
    assert isinstance(reading, Read)
    assert (reading.article.id, reading.article.info.url) == (web.address + "/a",) * 2
    assert reading.article.info.groups == frozenset()


FAILURES = {
    "gone": (Reply(status=410), "answers 410: there is no such page."),
    "server error": (Reply(status=500), "answers 500. Try again later."),
    "forbidden": (Reply(status=403), "answers 403."),
    "menus only": (Reply(b"<html><body><nav><a href='/'>Home</a></nav></body></html>"), "has no main text"),
    "too long": (Reply(b"x" * 30_000), "is longer than 20,000 bytes. Raise FOOTNOTE_FETCH_MAX_BYTES"),
    "too long once unpacked": (
        Reply(gzip.compress(b"x" * 10_000_000), headers={"Content-Encoding": "gzip"}),
        "is longer than 20,000 bytes",
    ),
    "packed otherwise": (
        Reply(b"x", headers={"Content-Encoding": "br"}),
        "is compressed as 'br', which was not requested",
    ),
    "packed twice": (Reply(b"x", headers={"Content-Encoding": "gzip, gzip"}), "is compressed as 'gzip, gzip'"),
    "to another scheme": (Reply(status=302, headers={"Location": "file:///etc/passwd"}), "only http and https"),
    "to a password": (
        Reply(status=302, headers={"Location": "http://a:b@127.0.0.1/"}),
        "contains a user name or password",
    ),
    "broken packing": (Reply(b"xx", headers={"Content-Encoding": "gzip"}), "does not answer"),
}


@pytest.mark.parametrize(("reply", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_a_page_that_cannot_be_read_is_reported_and_the_others_go_in(
    web: WebServer, reply: Reply, message: str
) -> None:
    web.replies |= {"/bad": reply, "/rain": Reply(article_page("Rain", RAIN))}
    polite = Politeness(private=True, pause_seconds=0, timeout_seconds=60, max_bytes=20_000)
    readings = read(web.address + "/bad", web.address + "/rain", politeness=polite)
    assert ids(readings) == [web.address + "/rain"]
    (error,) = errors(readings).values()
    assert message in error


def test_a_server_that_does_not_answer_is_reported(web: WebServer) -> None:
    (failed,) = read("http://127.0.0.1:9/a")
    assert isinstance(failed, Failed)
    assert "does not answer" in failed.error


def test_why_files_are_skipped_is_told_once(index: Index, folder: Path) -> None:
    for name in ("a.urls", "b.urls", "c.gif"):
        (folder / name).write_text("x")
    report = sync(index, [folder])
    assert len(report.skipped) == 3
    assert [Path(warning.path).name for warning in report.warnings] == ["a.urls"]


@pytest.mark.parametrize(
    "named", ["ftp://example.com/a", "file:///etc/passwd", "http://", "http://a:b@example.com/", "http://[x/"]
)
def test_what_is_no_address_of_the_web_is_wrong_usage(named: str, folder: Path) -> None:
    with pytest.raises(WrongUsage):
        sources_from([named])
    (folder / "bad.urls").write_text(f"# one\n{named}\n")
    with pytest.raises(WrongUsage, match="line 2"):
        sources_from([folder / "bad.urls"])


@pytest.fixture
def fetching_index(place: Path, opened_in: OpenedIn) -> Iterator[Index]:
    """An empty index that may fetch from this machine."""
    with opened_in(place / "data", fetch_private=True, fetch_pause_seconds=0) as index:
        yield index


# -- Syncing -------------------------------------------------------------------------------------------------------------


def test_what_left_a_feed_stays_and_what_is_gone_goes(web: WebServer, fetching_index: Index) -> None:
    feed = web.address + "/feed"
    web.replies |= {f"/{n}": Reply(article_page(f"Rain {n}", f"{RAIN} It was day {n} of the rain.")) for n in range(6)}
    dated = "<pubDate>Tue, 21 Apr 2026 08:00:00 GMT</pubDate>"
    web.replies["/feed"] = rss(*(item(f"/{n}", dated) for n in range(6)))
    assert sync(fetching_index, [feed]).added == 6
    web.replies["/feed"] = rss(item("/5", dated))
    del web.replies["/0"]
    report = sync(fetching_index, [feed])
    assert (report.unchanged, report.deleted, report.articles, report.failed) == (1, 0, 6, ())
    report = sync(fetching_index, [feed], pruning=Pruning(enabled=True))
    assert (report.unchanged, report.updated, report.deleted, report.articles) == (5, 0, 1, 5)
    assert report.failed == ()
    assert web.address + "/0" not in fetching_index.catalog.entries()
    assert {entry.info.published for entry in fetching_index.catalog.entries().values()} == {date(2026, 4, 21)}


def test_only_so_many_pages_that_were_listed_before_are_asked_for(web: WebServer) -> None:
    web.replies["/feed"] = rss(item("/new"))
    known = {web.address + "/feed": [Listed(f"{web.address}/{n}") for n in range(50)] + [Listed(web.address + "/new")]}
    polite = Politeness(private=True, pause_seconds=0, max_pages=5)
    readings = read(web.address + "/feed", politeness=polite, known=known)
    assert web.paths[:2] == ["/feed", "/new"]
    assert len(set(web.paths)) == len(web.paths) == len(readings) + 1 == 7


def test_a_page_that_fails_keeps_its_article(web: WebServer, fetching_index: Index) -> None:
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    named = web.address + "/rain"
    sync(fetching_index, [named])
    web.replies["/rain"] = Reply(status=500)
    report = sync(fetching_index, [named], pruning=Pruning(enabled=True, limit=1.0))
    assert (report.deleted, [problem.error for problem in report.failed]) == (0, ["answers 500. Try again later."])
    web.replies["/rain"] = Reply(status=404)
    report = sync(fetching_index, [named])
    assert (report.deleted, [problem.path for problem in report.failed]) == (0, [named])
    report = sync(fetching_index, [named], pruning=Pruning(enabled=True, limit=1.0))
    assert (report.deleted, report.failed, report.articles) == (1, (), 0)


def test_an_article_of_the_web_keeps_its_name_from_a_file(web: WebServer, fetching_index: Index, folder: Path) -> None:
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    sync(fetching_index, [web.address + "/rain"])
    (folder / "a.jsonl").write_text(json.dumps({"id": web.address + "/rain", "text": "Something else."}))
    report = sync(fetching_index, [folder])
    assert f"which {web.address}/rain has" in report.failed[0].error
    assert RAIN in fetching_index.catalog.article(web.address + "/rain", EVERYTHING)[1]
