"""Drafts to cited text: numbers, offsets, exact quotes, and no markers but ours."""

import re
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import ArticleInfo, Hit, Passage, SentenceSpan, Span, version_of
from service.answer.citations import Cited, Draft, Stretch, without_markers

OUR_MARKER = re.compile(r" ?\[(\d+)\]")
FULL_WIDTH_MARKER = re.compile(r"【\d+】")

# Short words that repeat, characters outside the BMP, line ends, and all that markers are made of.
PIECES = [
    "It rained. ",
    "[1]",
    "[2, 3]",
    "【2】",
    "[",
    "]",
    "1",
    ", ",
    "😀",
    "ß",
    "\n\n",
    "\t",
    "[[1]]",
    "[1[2]]",
    "【1",
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), min_size=1, max_size=12).map("".join)
article_texts = texts.filter(str.strip)


def cite(drafts: Iterable[Draft]) -> Cited:
    cited = Cited()
    for draft in drafts:
        cited.add(draft)
    return cited


def hit_of(article_id: str, text: str) -> Hit:
    info = ArticleInfo(id=article_id, version=version_of(text), title=f"About {article_id}")
    passage = Passage(f"{article_id}-0", info, 0, 0, len(text), text, (SentenceSpan(0, len(text), "sentence"),))
    return Hit(passage, 0.9, 0.8, 7.0)


def stretch_of(hit: Hit, start: int, end: int) -> Stretch:
    return Stretch(hit, Span(start, end), hit.passage.text[start:end], 0.123456)


@st.composite
def drafts_over_articles(draw: st.DrawFn) -> tuple[dict[str, str], list[Draft]]:
    articles = {
        f"a/{number}": text for number, text in enumerate(draw(st.lists(article_texts, min_size=1, max_size=3)))
    }
    hits = [hit_of(article_id, text) for article_id, text in articles.items()]

    def stretch() -> Stretch:
        hit = draw(st.sampled_from(hits))
        start = draw(st.integers(0, len(hit.passage.text) - 1))
        return stretch_of(hit, start, draw(st.integers(start + 1, len(hit.passage.text))))

    drafts = []
    for _ in range(draw(st.integers(1, 5))):
        # Whatever a model writes, or an article says, may become the words of a sentence.
        stretches = tuple(stretch() for _ in range(draw(st.integers(0, 3))))
        words = draw(texts) if draw(st.booleans()) or not stretches else stretches[0].words
        drafts.append(Draft(words, stretches, draw(st.sampled_from(["verified", "unverified"]))))
    return articles, drafts


def places(cited: Cited) -> list[tuple[str, int, int]]:
    return [(c.article_id, c.start, c.end) for c in cited.citations]


@given(drafts_over_articles())
def test_every_sentence_stands_where_it_says_with_its_markers(made: tuple[dict[str, str], list[Draft]]) -> None:
    _, drafts = made
    cited = cite(drafts)
    assert len(cited.sentences) == len(drafts)
    for sentence, draft in zip(cited.sentences, drafts, strict=True):
        markers = "".join(f" [{number}]" for number in sentence.citations)
        assert cited.text[sentence.start : sentence.end] == sentence.text + markers
        assert sentence.support == draft.support
    assert cited.text == " ".join(cited.text[s.start : s.end] for s in cited.sentences)


@given(drafts_over_articles())
def test_every_citation_is_an_exact_stretch_with_one_number(made: tuple[dict[str, str], list[Draft]]) -> None:
    articles, drafts = made
    cited = cite(drafts)
    for citation in cited.citations:
        assert articles[citation.article_id][citation.start : citation.end] == citation.quote
        assert citation.article_version == version_of(articles[citation.article_id])
    assert [citation.number for citation in cited.citations] == list(range(1, len(cited.citations) + 1))
    # Each place once, in the order in which the drafts name them; each sentence with just its own.
    named = [(s.hit.passage.article.id, s.span.start, s.span.end) for draft in drafts for s in draft.stretches]
    assert places(cited) == list(dict.fromkeys(named))
    for sentence, draft in zip(cited.sentences, drafts, strict=True):
        of_draft = [(s.hit.passage.article.id, s.span.start, s.span.end) for s in draft.stretches]
        assert [places(cited)[number - 1] for number in sentence.citations] == list(dict.fromkeys(of_draft))


@given(drafts_over_articles())
def test_no_marker_in_an_answer_is_but_ours(made: tuple[dict[str, str], list[Draft]]) -> None:
    _, drafts = made
    cited = cite(drafts)
    ours = [number for sentence in cited.sentences for number in sentence.citations]
    assert [int(number) for number in OUR_MARKER.findall(cited.text)] == ours
    assert not FULL_WIDTH_MARKER.search(cited.text)


@given(texts)
def test_taking_markers_off_keeps_every_other_character_in_order(text: str) -> None:
    without = without_markers(text)
    assert without == without.strip()
    left = iter(text)
    assert all(character in left for character in without if character != " ")
    assert without or not re.sub(r"[\[\]【】]", "", text).strip()


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("It rained [1].", "It rained."),
        ("It rained. [1][2]", "It rained."),
        ("It rained 【2】 twice [1, 3].", "It rained twice."),
        ("[1[2]] It rained.", "It rained."),
        ("The array a[i] holds [x].", "The array a[i] holds [x]."),
        ("[1]", "1"),
    ],
)
def test_taking_markers_off(text: str, without: str) -> None:
    assert without_markers(text) == without


def test_what_is_cited_twice_has_one_number_and_metadata_comes_along() -> None:
    text = "It rained. It rained."
    info = ArticleInfo(
        "a", version_of(text), "Rain", publisher="The Herald", published=date(2026, 4, 24), url="https://a.example"
    )
    spans = (SentenceSpan(0, 10, "sentence"), SentenceSpan(11, 21, "sentence"))
    hit = Hit(Passage("p-0", info, 0, 0, 21, text, spans), 1.0, 0.5, 0.5)
    first, same_words_elsewhere = stretch_of(hit, 0, 10), stretch_of(hit, 11, 21)
    cited = cite(
        [
            Draft("Rain fell.", (same_words_elsewhere,), "verified"),
            Draft("And again.", (first, same_words_elsewhere), "verified"),
            Draft("Who knows why.", (), "unverified"),
        ]
    )
    assert cited.text == "Rain fell. [1] And again. [2] [1] Who knows why."
    assert [(c.number, c.start, c.quote) for c in cited.citations] == [(1, 11, "It rained."), (2, 0, "It rained.")]
    citation = cited.citations[0]
    assert (citation.publisher, citation.published, citation.url) == (
        "The Herald",
        date(2026, 4, 24),
        "https://a.example",
    )
    assert (citation.title, citation.passage_id, citation.score) == ("Rain", "p-0", 0.1235)


LONG = "Workers at the harbour of Genoa walked out on Monday after talks about wages failed for the third time."


def test_a_copy_in_another_article_goes_by_the_number_of_the_first() -> None:
    """The same words in two articles are one source, however often they are cited."""
    texts = {"a": LONG, "b": f"{LONG} (Agency)", "c": "It rained."}
    agency, daily, other = (hit_of(name, text) for name, text in texts.items())
    stretches = [stretch_of(agency, 0, len(LONG)), stretch_of(daily, 0, len(LONG)), stretch_of(other, 0, 10)]
    cited = cite(
        [Draft("They walked out.", tuple(stretches), "verified"), Draft("Again.", (stretches[1],), "verified")]
    )
    assert cited.text == "They walked out. [1] [2] Again. [1]"
    assert places(cited) == [("a", 0, len(LONG)), ("c", 0, 10)]


def test_the_same_words_twice_in_one_article_are_two_places() -> None:
    hit = hit_of("a", f"{LONG} {LONG}")
    drafts = [Draft("Once.", (stretch_of(hit, start, start + len(LONG)),), "verified") for start in (0, len(LONG) + 1)]
    assert cite(drafts).text == "Once. [1] Once. [2]"


def test_a_citation_names_the_page_where_its_quote_starts() -> None:
    text = "It rained. It shone. It snowed."
    info = ArticleInfo(id="a", version=version_of(text), title="Weather", pages=(0, 15, 25))
    hit = Hit(Passage("a-0", info, 0, 0, len(text), text, ()), 0.9, 0.8, 7.0)
    stretches = tuple(stretch_of(hit, start, end) for start, end in ((0, 10), (11, 20), (16, 20), (25, 31)))
    assert [citation.page for citation in cite([Draft("It did.", stretches, "verified")]).citations] == [1, 1, 2, 3]
    plain = stretch_of(hit_of("b", text), 0, 10)
    assert cite([Draft("It did.", (plain,), "verified")]).citations[0].page is None


def test_a_sentence_of_blanks_moves_no_other_one() -> None:
    cited = cite([Draft("\n\n", (), "verified"), Draft("It rained. ", (), "verified")])
    assert [cited.text[s.start : s.end] for s in cited.sentences] == ["", "It rained."]
