"""Feeds that lie in files: each entry with a text is an article, wherever it stands in the feed."""

from datetime import date
from pathlib import Path

from index.ingest.pruning import Pruning
from index.ingest.sync import sync
from index.records import EVERYTHING
from index.sources.reading import read_articles
from index.sources.source_types import Failed, Limits, Read, ReadResult, Skipped, Source
from index.stores.store import Index

TIDE = """<item><title>High tide</title><link>https://harbour.example/tide</link><guid isPermaLink="false">t-1</guid>
<pubDate>Tue, 03 Nov 2026 08:00:00 GMT</pubDate><dc:creator>Ann Port</dc:creator>
<content:encoded><![CDATA[<p>The tide reaches <b>4.2 metres</b> at noon.</p><ul><li>Moor early.</li></ul><!-- draft -->]]>
</content:encoded></item>"""
CRANE = "<item><title>Crane</title><guid>c-1</guid><description>The crane lifts 40 tonnes.</description></item>"
LINK = "<item><title>Elsewhere</title><link>https://harbour.example/x</link></item>"
SECRET = (
    "<item><title>Pay</title><groups>board</groups><description>The harbour master earns 90,000.</description></item>"
)
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title><entry><title>Ferry</title>
<id>urn:f</id><link href="https://harbour.example/ferry"/><updated>2026-10-01T08:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The ferry leaves at 7.</p></div></content></entry>
<entry><title>Sum</title><id>urn:s</id><content type="text">2 &lt; 3 berths are free.</content></entry></feed>"""


def rss(*items: str) -> str:
    # The prefixes are not declared, as in many feeds.
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Port</title>{"".join(items)}</channel></rss>'


def readings(folder: Path) -> list[ReadResult]:
    return list(read_articles([Source(folder)], limits=Limits()))


def test_each_entry_with_a_text_is_an_article(folder: Path) -> None:
    (folder / "port.xml").write_text(rss(TIDE, CRANE))
    tide, crane = readings(folder)
    assert isinstance(tide, Read)
    assert isinstance(crane, Read)
    info = tide.article.info
    assert (info.title, info.url, info.published) == ("High tide", "https://harbour.example/tide", date(2026, 11, 3))
    assert info.authors == ("Ann Port",)
    assert "**4.2 metres** at noon." in tide.article.text
    assert "- Moor early." in tide.article.text
    assert "draft" not in tide.article.text
    assert (crane.article.info.title, crane.article.text.strip()) == ("Crane", "The crane lifts 40 tonnes.")
    assert crane.article.id.startswith("port.xml#")


def test_atom_is_read_with_its_kinds_of_text(folder: Path) -> None:
    (folder / "notes.atom").write_text(ATOM)
    ferry, free = (reading.article for reading in readings(folder) if isinstance(reading, Read))
    assert (ferry.text.strip(), ferry.info.url) == ("The ferry leaves at 7.", "https://harbour.example/ferry")
    assert "2 < 3 berths are free." in free.text.replace("\\", "")


def test_what_cannot_be_read_costs_no_other_entry_and_opens_nothing(folder: Path) -> None:
    (folder / "port.rss").write_text(rss(LINK, SECRET, CRANE))
    (folder / "settings.xml").write_text("<config><groups>board</groups></config>")
    link, secret, crane, other = readings(folder)
    assert isinstance(link, Failed)
    assert "no text of its own" in link.error
    assert isinstance(secret, Failed)
    assert secret.access_unclear
    assert isinstance(crane, Read)
    assert isinstance(other, Skipped)


def test_an_entry_stays_the_same_article_when_others_come_before_it(index: Index, folder: Path) -> None:
    (folder / "port.xml").write_text(rss(CRANE))
    assert sync(index, [folder]).added == 1
    (folder / "port.xml").write_text(rss(TIDE, CRANE))
    report = sync(index, [folder], pruning=Pruning(True, 1.0))
    assert (report.added, report.deleted, report.failed) == (1, 0, ())
    (folder / "port.xml").write_text(rss(TIDE))
    assert sync(index, [folder], pruning=Pruning(True, 1.0)).deleted == 1
    assert [info.title for info in index.catalog.articles(EVERYTHING)] == ["High tide"]
