"""Feeds, sitemaps and lists of addresses to articles, against a real server on this machine."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from index.sources.fetching import Politeness
from index.sources.reading import sources_from
from index.sources.source_types import Failed, Read, Skipped, WebSource
from tests.web_fixtures import RAIN, SNOW, errors, ids, item, read, rss
from tests.web_server import Reply, WebServer, article_page


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


UNDECLARED = """<?xml version="1.0"?><rss version="2.0"><channel><media:group><odd:thing/></media:group>
<item><title>Rain</title>
<link>/rain</link><dc:date>2026-04-21</dc:date><media:content url="x"/></item></channel></rss>"""


def test_a_feed_with_prefixes_that_it_does_not_declare_is_read(web: WebServer) -> None:
    web.replies |= {
        "/feed": Reply(UNDECLARED.encode(), "application/rss+xml"),
        "/rain": Reply(article_page("Rain", RAIN)),
    }
    (reading,) = read(web.address + "/feed")
    assert isinstance(reading, Read)
    assert (reading.article.id, reading.article.info.published) == (web.address + "/rain", date(2026, 4, 21))


def test_a_feed_of_bad_links_is_told_in_a_few_words(web: WebServer) -> None:
    web.replies |= {
        "/feed": rss(item("/rain"), *[item("ftp://x/")] * 1_000, *[item("/rain")] * 60_000),
        "/rain": Reply(article_page("Rain", RAIN)),
    }
    readings = read(web.address + "/feed")
    assert ids(readings) == [web.address + "/rain"]
    assert len(readings) < 50
    told = [reading.error for reading in readings if isinstance(reading, Failed)]
    assert "lists 980 more links that are not valid addresses." in told
    assert "lists 11,001 links more than are read. Split it." in told
