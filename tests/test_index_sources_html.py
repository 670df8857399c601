"""Web pages that were saved: their main text, what they say of themselves, and in which encoding."""

import codecs
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import AccessUnclear, ArticleError
from index.ingest.segmentation import display_text, split_sentences
from index.sources.html import decode_html, read_html
from index.sources.reading import read_articles
from index.sources.source_types import Failed, Limits, Read, Source

PAGE = """<!DOCTYPE html><html lang="en-GB"><head><title>The long road | The Daily Example</title>
<meta property="og:title" content="The long road"><meta property="og:site_name" content="The Daily Example">
<meta property="article:published_time" content="2026-04-21T23:30:00-05:00">
<meta name="author" content="Ann Smith"><link rel="canonical" href="https://example.com/road"></head>
<body><header><a href="/">The Daily Example</a></header>
<nav><ul><li><a href="/">Home</a></li><li><a href="/w">World</a></li><li>Subscribe now</li></ul></nav>
<article><h1>The long road</h1><p>The road to the <b>mountain</b> is long &amp; winding, people say.
It has taken <a href="/x">many years</a> to build. Nobody knows why it was begun at all.</p>
<h2>Costs</h2><p>The costs are shown below, in a table that was made by the ministry for this purpose.</p>
<table><tr><th>Year</th><th>Cost</th></tr><tr><td>2024</td><td>$5 million</td></tr></table>
<ul><li>First, the bridge was built of stone.</li><li>Second, the tunnel was dug by hand.</li></ul>
<p>A script said: <code>&lt;script&gt;alert(1)&lt;/script&gt;</code>, and nobody ran it in all these years.</p></article>
<aside><h3>Most read</h3><ul><li><a href="/1">Cats</a></li></ul></aside>
<script>document.write("Injected.")</script><footer>Copyright 2026. Cookies. Privacy.</footer></body></html>"""


def test_the_main_text_is_markdown_without_menus() -> None:
    extracted = read_html(PAGE.encode())
    assert extracted.format == "markdown"
    blocks = extracted.text.split("\n\n")
    assert blocks[:2] == [
        "# The long road",
        "The road to the **mountain** is long & winding, people say.\n"
        "It has taken many years to build. Nobody knows why it was begun at all.",
    ]
    assert "## Costs" in blocks
    assert "| 2024 | $5 million |" in extracted.text
    assert "- First, the bridge was built of stone.\n- Second, the tunnel was dug by hand." in extracted.text
    for word in ("Home", "Subscribe", "Cats", "Cookies", "Injected", "http"):
        assert word not in extracted.text


def test_sentences_of_a_page_read_well() -> None:
    text = read_html(PAGE.encode()).text
    spans = split_sentences(text, "markdown")
    shown = [display_text(text[span.start : span.end], "markdown") for span in spans if span.kind == "sentence"]
    assert shown[0] == "The road to the mountain is long & winding, people say."
    assert "First, the bridge was built of stone." in shown


def test_what_a_page_says_of_itself_is_kept() -> None:
    metadata = read_html(PAGE.encode()).metadata
    assert (metadata.title, metadata.publisher) == ("The long road", "The Daily Example")
    assert (metadata.authors, metadata.language) == (("Ann Smith",), "en-GB")
    assert metadata.published == date(2026, 4, 21)
    assert metadata.url == "https://example.com/road"
    assert (metadata.id, metadata.groups) == (None, None)


def test_figures_in_a_text_are_no_date() -> None:
    page = PAGE.replace("2026-04-21T23:30:00-05:00", "soon").replace("Copyright 2026", "12 May 2019")
    assert read_html(page.encode()).metadata.published is None


@pytest.mark.parametrize("when", ["0001-01-01", "2999-01-01", "not a date"])
def test_a_day_that_cannot_be_stays_unknown(when: str) -> None:
    assert read_html(PAGE.replace("2026-04-21T23:30:00-05:00", when).encode()).metadata.published is None


def test_the_same_page_gives_the_same_text() -> None:
    assert read_html(PAGE.encode()) == read_html(PAGE.encode())


SENTENCE = "Le café est fermé ce matin, dit le patron du bar, et il rouvrira demain à huit heures."


def french(declaration: str = "") -> str:
    return f"<html><head>{declaration}</head><body><article><p>{SENTENCE}</p></article></body></html>"


ENCODINGS = {
    "UTF-8 undeclared": (french().encode(), None),
    "UTF-8 with a mark": (codecs.BOM_UTF8 + french().encode(), None),
    "UTF-16 with a mark": (french().encode("utf-16"), None),
    "declared": (french('<meta charset="iso-8859-1">').encode("cp1252"), None),
    "declared the old way": (
        french('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">').encode("cp1252"),
        None,
    ),
    "declared as XML": (('<?xml version="1.0" encoding="ISO-8859-15"?>' + french()).encode("iso-8859-15"), None),
    "by the server": (french().encode("cp1252"), "iso-8859-1"),
    "a mark counts more than the server": (codecs.BOM_UTF8 + french().encode(), "cp1252"),
    "declared wrongly": (french('<meta charset="ascii8">').encode(), "no-such-thing"),
}


@pytest.mark.parametrize(("raw", "charset"), ENCODINGS.values(), ids=ENCODINGS.keys())
def test_encodings(raw: bytes, charset: str | None) -> None:
    assert read_html(raw, charset=charset).text == SENTENCE


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_a_page_is_text_or_a_clear_failure(raw: bytes) -> None:
    try:
        page = decode_html(raw)
    except ArticleError:
        return
    page.replace("\ufffd", "").encode()
    assert "\0" not in page
    assert "\r" not in page


EMPTY = {
    "menus": b"<html><body><ul><li><a href='/'>Home</a></li><li><a href='/w'>World</a></li></ul></body></html>",
    "navigation": b"<body><nav><a href='/'>Read our newest articles every day.</a></nav></body>",
    "script": b"<html><body><div id=root></div><script>render('It rained in Rome all day.')</script></body></html>",
    "nothing": b"<html></html>",
    "no page": b"{}",
    "deep": b"<div>" * 30_000 + b"</div>" * 30_000,
}


@pytest.mark.parametrize("raw", EMPTY.values(), ids=EMPTY.keys())
def test_a_page_without_main_text_is_reported_and_the_others_go_in(folder: Path, raw: bytes) -> None:
    (folder / "bad.html").write_bytes(raw)
    (folder / "good.htm").write_text(PAGE)
    failed, read = read_articles([Source(folder)], limits=Limits())
    assert isinstance(failed, Failed)
    assert "has no main text" in failed.error
    assert isinstance(read, Read)
    assert (read.article.id, read.article.info.title) == ("good", "The long road")


def test_a_fault_of_the_library_is_one_bad_file(monkeypatch: pytest.MonkeyPatch) -> None:
    import trafilatura

    def failing(*_: object, **__: object) -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr(trafilatura, "extract", failing)
    with pytest.raises(ArticleError, match=r"cannot be parsed \(RuntimeError\)"):
        read_html(PAGE.encode())


HEADED = (
    "<html><head><title>R</title>{}</head><body><article><p>It rained in Rome all day long.</p></article></body></html>"
)


@pytest.mark.parametrize(
    ("head", "groups"),
    [
        ("", None),
        ('<meta name="groups" content="board, staff">', {"board", "staff"}),
        ('<META CONTENT="board" NAME=Groups>', {"board"}),
        ('<meta property="groups" content="">', set()),
        ('<meta name="keywords" content="groups">', None),
        ('<meta content="a > b" name="groups">', {"a > b"}),
        (f'<meta content="{"board," * 200}" name="groups">', {"board"}),
        ('<meta name="gr&#111;ups" content="board">', {"board"}),
        ('<meta name="gro\u200bups" content="board">', {"board"}),
        ('<meta name="footnote:groups" content="board">', {"board"}),
        ('<meta name="dcterms.groups" content="board">', {"board"}),
        ('<meta itemprop="groups" content="board">', {"board"}),
        ('<script>x = {"groups": ["board"]}</script>', None),
    ],
)
def test_a_page_may_name_who_reads_it(head: str, groups: set[str] | None) -> None:
    assert read_html(HEADED.format(head).encode()).metadata.groups == groups


@pytest.mark.parametrize(
    "head", ['<meta name="groups">', '<meta name="groups" content="a"><meta name="groups" content="b">']
)
def test_a_page_whose_groups_are_unclear_fails(head: str) -> None:
    with pytest.raises(AccessUnclear, match="names groups in a form that is not understood"):
        read_html(HEADED.format(head).encode())


@pytest.mark.parametrize("name", ["group", "gruops", "read-groups"])
def test_a_page_whose_groups_are_misspelt_fails(name: str) -> None:
    with pytest.raises(AccessUnclear, match="If it says who may read"):
        read_html(HEADED.format(f'<meta name="{name}" content="board">').encode())


def test_front_matter_of_a_page_counts() -> None:
    front = "---\nid: rain\ntitle: Rain\ngroups: [board]\ndraft: true\npublished: 2026-05-04\n---\n"
    page = HEADED.format('<meta name="author" content="Ann Kay"><meta name="date" content="2020-01-01">')
    extracted = read_html((front + page).encode())
    metadata = extracted.metadata
    assert (metadata.id, metadata.title, metadata.groups) == ("rain", "Rain", frozenset({"board"}))
    assert (metadata.authors, metadata.published) == (("Ann Kay",), date(2026, 5, 4))
    assert metadata.unpublished == "it says `draft: true`"
    assert extracted.text == "It rained in Rome all day long."


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("---\ngroups: board\n---\n" + HEADED.format(""), "not a list of names"),
        ("---\ngroups: [board]\n" + HEADED.format(""), "does not end"),
        ("---\ngroups: []\n---\n" + HEADED.format('<meta name="groups" content="board">'), "Keep one of them"),
    ],
)
def test_a_page_whose_front_matter_is_unclear_fails(page: str, message: str) -> None:
    with pytest.raises(AccessUnclear, match=message):
        read_html(page.encode())
