"""Pages, feeds and sitemaps to articles, politely, against a real server on this machine."""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from index.errors import ArticleError, WrongUsage
from index.pruning import Pruning
from index.records import EVERYTHING
from index.sources.feeds import Listed
from index.sources.fetching import Fetcher, PageGone, Politeness, fetching
from index.sources.reading import read_articles, sources_from
from index.sources.records import Failed, Gone, Limits, Read, Reading, Skipped, WebSource
from index.store import Index
from index.sync import sync
from tests.conftest import OpenedIn
from tests.web_server import Reply, WebServer, article_page, serving

RAIN = "It rained in Rome all day long, and nobody went out of the house. The river rose by two metres."
SNOW = "It snowed in Oslo all night, and the trains stood still until noon. Nobody was hurt on the roads."
FAST = Politeness(private=True, pause_seconds=0, timeout_seconds=5)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving() as web:
        yield web


def read(
    *named: str | Path, politeness: Politeness = FAST, known: dict[str, list[Listed]] | None = None
) -> list[Reading]:
    return list(read_articles(sources_from(named), limits=Limits(), politeness=politeness, known=known))


def ids(readings: Sequence[Reading]) -> list[str]:
    return [reading.article.id for reading in readings if isinstance(reading, Read)]


def errors(readings: Sequence[Reading]) -> dict[str, str]:
    return {reading.path: reading.error for reading in readings if isinstance(reading, (Failed, Gone))}


def rss(*items: str) -> Reply:
    channel = f"<channel><title>Feed</title><link>/</link>{''.join(items)}</channel>"
    body = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'
    return Reply(body.encode(), "application/rss+xml")


def item(link: str, more: str = "") -> str:
    return f"<item><title>From the feed</title><link>{link}</link>{more}</item>"


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
    web.replies["/a.png"] = Reply(b"\x89PNG", "image/png")
    assert read(web.address + "/a.png") == [Skipped(web.address + "/a.png", "is image/png, a type that is not read.")]


def test_front_matter_of_the_web_names_and_opens_nothing(web: WebServer) -> None:
    body = b"---\nid: corpus/secret\ngroups: []\nurl: https://else.where/\n---\n" + RAIN.encode()
    web.replies["/a"] = Reply(body, "text/markdown")
    (reading,) = read(web.address + "/a")
    assert isinstance(reading, Read)
    assert (reading.article.id, reading.article.info.url) == (web.address + "/a",) * 2
    assert reading.article.info.groups is None


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
    "packed otherwise": (Reply(b"x", headers={"Content-Encoding": "br"}), "is packed as 'br', which was not asked for"),
    "packed twice": (Reply(b"x", headers={"Content-Encoding": "gzip, gzip"}), "is packed as 'gzip, gzip'"),
    "to another scheme": (Reply(status=302, headers={"Location": "file:///etc/passwd"}), "only http and https"),
    "to a password": (
        Reply(status=302, headers={"Location": "http://a:b@127.0.0.1/"}),
        "holds a user name or password",
    ),
    "broken packing": (Reply(b"xx", headers={"Content-Encoding": "gzip"}), "does not answer"),
}


@pytest.mark.parametrize(("reply", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_a_page_that_cannot_be_read_is_reported_and_the_others_go_in(
    web: WebServer, reply: Reply, message: str
) -> None:
    web.replies |= {"/bad": reply, "/rain": Reply(article_page("Rain", RAIN))}
    polite = Politeness(private=True, pause_seconds=0, timeout_seconds=5, max_bytes=20_000)
    readings = read(web.address + "/bad", web.address + "/rain", politeness=polite)
    assert ids(readings) == [web.address + "/rain"]
    (error,) = errors(readings).values()
    assert message in error


def test_a_server_that_does_not_answer_is_reported(web: WebServer) -> None:
    (failed,) = read("http://127.0.0.1:9/a")
    assert isinstance(failed, Failed)
    assert "does not answer" in failed.error


def test_a_page_that_drips_is_given_up(web: WebServer) -> None:
    import socket
    from threading import Event, Thread
    from time import monotonic

    listener, done = socket.create_server(("127.0.0.1", 0)), Event()

    def drip() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(4_096)
                if b"/robots.txt" in request:
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    continue
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
                while not done.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        break

    thread = Thread(target=drip)
    thread.start()
    started = monotonic()
    try:
        polite = Politeness(private=True, pause_seconds=0, timeout_seconds=0.5)
        (failed,) = read(f"http://127.0.0.1:{listener.getsockname()[1]}/", politeness=polite)
    finally:
        done.set()
        listener.close()
        thread.join()
    assert isinstance(failed, Failed)
    assert "took longer than 0.5 seconds" in failed.error
    assert monotonic() - started < 5


# -- Feeds and sitemaps --------------------------------------------------------------------------------------------------


def test_the_pages_of_a_feed_are_articles_of_that_source(web: WebServer) -> None:
    web.replies |= {
        "/feed": rss(item("/rain", "<pubDate>Tue, 21 Apr 2026 23:30:00 -0500</pubDate>"), item("/snow"), item("/rain")),
        "/rain": Reply(article_page("Rain", RAIN)),
        "/snow": Reply(
            article_page("Snow", SNOW, '<meta property="article:published_time" content="2026-01-02T10:00:00Z">')
        ),
    }
    readings = read(web.address + "/feed")
    assert ids(readings) == [web.address + "/rain", web.address + "/snow"]
    for reading, day in zip(readings, [date(2026, 4, 21), date(2026, 1, 2)], strict=True):
        assert isinstance(reading, Read)
        assert reading.source.name == web.address + "/feed"
        assert reading.article.info.published == day
    assert web.paths == ["/feed", "/rain", "/snow"]


ATOM = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>
<link rel="self" href="/feed"/><entry><title>Rain</title><link rel="edit" href="/edit"/><link rel="alternate" href="rain"/>
<id>urn:1</id><published>2026-04-21T08:00:00+02:00</published><updated>2026-05-01T08:00:00Z</updated></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>F</title></channel>
<item rdf:about="y"><title>Rain</title><link>/rain</link><dc:date>2026-04-21</dc:date></item></rdf:RDF>"""
GUID = "<rss><channel><item><guid>{0}/rain</guid><pubDate>21 Apr 2026 08:00:00 GMT</pubDate></item></channel></rss>"
SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{0}/rain</loc></url></urlset>'
BROKEN = "<rss><channel><item><link>/rain</link><description>Fish & chips <b></description></item></channel>"


@pytest.mark.parametrize("feed", [ATOM, RDF, GUID, SITEMAP, BROKEN], ids=["Atom", "RDF", "guid", "sitemap", "broken"])
def test_every_kind_of_list_is_understood(web: WebServer, feed: str) -> None:
    web.replies |= {
        "/list": Reply(feed.replace("{0}", web.address).encode(), "application/xml"),
        "/rain": Reply(article_page("Rain", RAIN)),
    }
    (reading,) = read(web.address + "/list")
    assert isinstance(reading, Read)
    assert reading.article.id == web.address + "/rain"
    assert reading.article.info.published == (None if feed in (SITEMAP, BROKEN) else date(2026, 4, 21))


def test_a_sitemap_of_packed_sitemaps_is_followed(web: WebServer) -> None:
    index = (
        "<sitemapindex><sitemap><loc>/one.xml.gz</loc></sitemap><sitemap><loc>/gone.xml</loc></sitemap></sitemapindex>"
    )
    web.replies |= {
        "/sitemap.xml": Reply(index.encode(), "application/xml"),
        "/one.xml.gz": Reply(gzip.compress(SITEMAP.replace("{0}", web.address).encode()), "application/gzip"),
        "/rain": Reply(article_page("Rain", RAIN)),
    }
    readings = read(web.address + "/sitemap.xml")
    assert ids(readings) == [web.address + "/rain"]
    assert errors(readings) == {web.address + "/gone.xml": "answers 404: there is no such page."}


def test_sitemaps_that_list_themselves_end(web: WebServer) -> None:
    web.replies["/s"] = Reply(b"<sitemapindex><sitemap><loc>/s</loc></sitemap></sitemapindex>", "application/xml")
    assert read(web.address + "/s") == []
    assert web.paths == ["/s"]


def test_sitemaps_are_bounded_in_number_and_depth(web: WebServer) -> None:
    def listing(*names: str) -> Reply:
        entries = "".join(f"<sitemap><loc>{name}</loc></sitemap>" for name in names)
        return Reply(f"<sitemapindex>{entries}</sitemapindex>".encode(), "application/xml")

    web.replies |= {
        "/many": listing(*(f"/{n}" for n in range(9))),
        "/a": listing("/b"),
        "/b": listing("/c"),
        "/c": listing("/d"),
    }
    polite = Politeness(private=True, pause_seconds=0, max_pages=3)
    readings = read(web.address + "/many", politeness=polite)
    assert errors(readings)[web.address + "/many"] == "leads to more than 3 sitemaps. Raise FOOTNOTE_FETCH_MAX_PAGES."
    assert web.paths == ["/many", "/0", "/1", "/2"]
    assert "levels below the one named" in errors(read(web.address + "/a"))[web.address + "/d"]


def test_a_list_is_read_up_to_the_limit_and_says_so(web: WebServer) -> None:
    web.replies |= {f"/{n}": Reply(article_page(f"Rain {n}", RAIN)) for n in range(5)}
    web.replies["/feed"] = rss(*(item(f"/{n}") for n in range(5)))
    polite = Politeness(private=True, pause_seconds=0, max_pages=3)
    readings = read(web.address + "/feed", politeness=polite)
    assert ids(readings) == [f"{web.address}/{n}" for n in range(3)]
    assert errors(readings) == {
        web.address + "/feed": "lists 5 pages; only 3 were read. Raise FOOTNOTE_FETCH_MAX_PAGES."
    }


def test_links_that_lead_nowhere_are_reported(web: WebServer) -> None:
    web.replies |= {
        "/feed": rss(item("javascript:alert(1)"), item("/rain")),
        "/rain": Reply(article_page("Rain", RAIN)),
    }
    readings = read(web.address + "/feed")
    assert ids(readings) == [web.address + "/rain"]
    (error,) = errors(readings).values()
    assert "only http and https are fetched" in error


def test_entities_of_a_feed_are_not_expanded(web: WebServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("/rain")
    feed = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>'
        "<rss><channel><item><link>&x;</link></item></channel></rss>"
    )
    web.replies |= {"/feed": Reply(feed.encode(), "application/xml"), "/rain": Reply(article_page("Rain", RAIN))}
    assert ids(read(web.address + "/feed")) == []
    assert "/rain" not in web.paths


# -- Politeness ----------------------------------------------------------------------------------------------------------


def polite_fetcher(politeness: Politeness, waits: list[float]) -> Iterator[Fetcher]:
    with fetching(politeness) as fetcher:
        fetcher.wait = waits.append
        yield fetcher


def test_robots_are_honoured(web: WebServer) -> None:
    web.replies |= {
        "/robots.txt": Reply(
            b"User-agent: *\nDisallow: /private/\n\nUser-agent: Footnote\nDisallow: /*?print", "text/plain"
        ),
        "/rain": Reply(article_page("Rain", RAIN)),
        "/private/snow": Reply(article_page("Snow", SNOW)),
        "/rain?print=1": Reply(article_page("Rain", RAIN)),
    }
    readings = read(*(web.address + path for path in ("/rain", "/rain?print=1", "/private/snow")))
    assert ids(readings) == [web.address + "/rain", web.address + "/private/snow"]
    (error,) = errors(readings).values()
    assert error == f"may not be fetched: {web.address}/robots.txt disallows it. Ask the site's owner."
    assert [path for path, _ in web.requests].count("/robots.txt") == 1


def test_where_robots_cannot_be_had_nothing_is_fetched(web: WebServer) -> None:
    web.replies |= {"/robots.txt": Reply(status=503), "/rain": Reply(article_page("Rain", RAIN))}
    (failed,) = read(web.address + "/rain")
    assert isinstance(failed, Failed)
    assert "what the site allows cannot be told" in failed.error
    assert web.paths == []


def test_a_redirect_asks_the_robots_of_its_site(web: WebServer) -> None:
    with serving() as other:
        web.replies["/a"] = Reply(status=302, headers={"Location": other.address + "/b"})
        other.replies |= {
            "/robots.txt": Reply(b"User-agent: *\nDisallow: /", "text/plain"),
            "/b": Reply(article_page("Rain", RAIN)),
        }
        (failed,) = read(web.address + "/a")
        assert isinstance(failed, Failed)
        assert "disallows it" in failed.error
        assert other.paths == []


def test_a_pause_is_kept_between_requests_to_a_site(web: WebServer) -> None:
    web.replies |= {
        "/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 7\n", "text/plain"),
        "/a": Reply(),
        "/b": Reply(),
    }
    waits: list[float] = []
    for fetcher in polite_fetcher(Politeness(private=True, pause_seconds=2), waits):
        fetcher.fetch(web.address + "/a")
        fetcher.fetch(web.address + "/b")
    assert [round(seconds) for seconds in waits] == [2, 7]


@pytest.mark.parametrize("written", ["3", None])
def test_retry_after_is_honoured_once(web: WebServer, written: str | None) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3.5), usegmt=True)
    busy = Reply(status=503, headers={"Retry-After": written or later})
    answers = iter([busy, Reply(article_page("Rain", RAIN)), busy, busy])
    web.replies["/rain"] = lambda: next(answers)
    waits: list[float] = []
    for fetcher in polite_fetcher(FAST, waits):
        assert RAIN.encode() in fetcher.fetch(web.address + "/rain").content
        assert len(waits) == 1
        assert 2 <= waits[0] <= 4
        with pytest.raises(ArticleError, match="answers 503"):
            fetcher.fetch(web.address + "/rain")
    assert len(web.paths) == 4


def test_a_site_that_wants_hours_is_left_alone(web: WebServer) -> None:
    web.replies["/a"] = Reply(status=429, headers={"Retry-After": "7200"})
    waits: list[float] = []
    for fetcher in polite_fetcher(FAST, waits):
        with pytest.raises(ArticleError, match="answers 429"):
            fetcher.fetch(web.address + "/a")
    assert (waits, web.paths) == ([], ["/a"])


def test_sites_are_told_who_asks(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    read(
        web.address + "/rain",
        politeness=Politeness(private=True, pause_seconds=0, user_agent="Footnote (me@example.org)"),
    )
    assert {headers["User-Agent"] for _, headers in web.requests} == {"Footnote (me@example.org)"}


def test_gone_is_told_from_broken(web: WebServer) -> None:
    web.replies["/broken"] = Reply(status=500)
    with fetching(FAST) as fetcher:
        with pytest.raises(PageGone):
            fetcher.fetch(web.address + "/gone")
        with pytest.raises(ArticleError) as caught:
            fetcher.fetch(web.address + "/broken")
    assert not isinstance(caught.value, PageGone)


# -- Lists and names -----------------------------------------------------------------------------------------------------


def test_a_list_of_addresses_stands_for_them(web: WebServer, folder: Path) -> None:
    file = folder / "news.urls"
    file.write_text(f"# What we read\n{web.address}/rain\n\n  {web.address}/snow  \n")
    assert sources_from([file, web.address + "/rain"]) == [
        WebSource(web.address + "/rain"),
        WebSource(web.address + "/snow"),
    ]
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    assert ids(read(file)) == [web.address + "/rain"]


def test_a_list_in_a_folder_fetches_nothing(web: WebServer, folder: Path) -> None:
    (folder / "news.urls").write_text(web.address + "/rain")
    (skipped,) = read(folder)
    assert isinstance(skipped, Skipped)
    assert skipped.reason is not None
    assert "only where the file is named by itself" in skipped.reason
    assert web.requests == []


def test_why_files_are_skipped_is_told_once(index: Index, folder: Path) -> None:
    for name in ("a.urls", "b.urls", "c.png"):
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
    report = sync(fetching_index, [feed], pruning=Pruning(wanted=True))
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
    report = sync(fetching_index, [named], pruning=Pruning(wanted=True, limit=1.0))
    assert (report.deleted, [problem.error for problem in report.failed]) == (0, ["answers 500. Try again later."])
    web.replies["/rain"] = Reply(status=404)
    report = sync(fetching_index, [named])
    assert (report.deleted, [problem.path for problem in report.failed]) == (0, [named])
    report = sync(fetching_index, [named], pruning=Pruning(wanted=True, limit=1.0))
    assert (report.deleted, report.failed, report.articles) == (1, (), 0)


def test_an_article_of_the_web_keeps_its_name_from_a_file(web: WebServer, fetching_index: Index, folder: Path) -> None:
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    sync(fetching_index, [web.address + "/rain"])
    (folder / "a.jsonl").write_text(json.dumps({"id": web.address + "/rain", "text": "Something else."}))
    report = sync(fetching_index, [folder])
    assert f"which {web.address}/rain has" in report.failed[0].error
    assert RAIN in fetching_index.catalog.article(web.address + "/rain", EVERYTHING)[1]
