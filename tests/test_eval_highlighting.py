"""Quotes marked in their passages."""

from hypothesis import given
from hypothesis import strategies as st

from eval.records import CitedQuote
from eval.reporting.highlighting import Piece, Source, sources

TEXT = "One bird sang. Two birds sang. Three birds sang."


def cite(number: int, quote: str, *, passage: str = TEXT, article_id: str = "a", at: int = 100) -> CitedQuote:
    start = at + TEXT.index(quote)
    return CitedQuote(
        number, article_id, "Birds", None, quote, start, start + len(quote), passage=passage, passage_start=at
    )


def pieces_of(*citations: CitedQuote) -> list[Piece]:
    (source,) = sources(citations)
    return list(source.pieces)


def test_quotes_of_one_passage_are_marked_in_it_once() -> None:
    assert pieces_of(cite(1, "Three birds sang."), cite(2, "One bird sang.")) == [
        Piece("One bird sang.", 2),
        Piece(" Two birds sang. "),
        Piece("Three birds sang.", 1),
        Piece(""),
    ]


def test_quotes_that_overlap_are_marked_without_repeating_words() -> None:
    pieces = pieces_of(cite(1, "bird sang. Two"), cite(2, "Two birds"), cite(3, "bird"))
    assert "".join(piece.text for piece in pieces) == TEXT
    assert [(piece.text, piece.number) for piece in pieces if piece.number] == [
        ("bird sang. Two", 1),
        ("", 3),  # nothing is left but its number
        (" birds", 2),
    ]


def test_passages_come_in_the_order_in_which_they_were_cited() -> None:
    found = sources([cite(1, "Two", article_id="z"), cite(2, "One"), cite(3, "Three", article_id="z")])
    assert [source.article_id for source in found] == ["z", "a"]


def test_a_quote_that_its_passage_does_not_hold_stands_alone() -> None:
    for passage in ("", "Another passage.", TEXT[5:]):
        assert pieces_of(cite(4, "Two birds", passage=passage)) == [Piece("Two birds", 4)]


def test_what_is_far_from_a_quote_is_left_out() -> None:
    far = "word " * 400
    passage = f"{far}Two birds sang. {far}"
    citation = CitedQuote(1, "a", "A", None, "Two birds sang.", 2000, 2015, passage=passage, passage_start=0)
    first, before, quote, after = sources([citation])[0].pieces
    assert (first.text, quote) == ("… ", Piece("Two birds sang.", 1))
    assert 400 < len(before.text) <= 500
    assert before.text.startswith("word ")
    assert after.text.endswith("word …")
    assert len(after.text) <= 502


def test_only_web_addresses_are_kept() -> None:
    links = [
        "https://a.example/x",
        "HTTP://a.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        None,
        " https://x",
    ]
    cited = [
        CitedQuote(i, "a", "", link, "q", 0, 1, publisher="P", published="2026-01-02") for i, link in enumerate(links)
    ]
    found = sources(cited)
    assert [source.url for source in found] == links[:2] + [None] * 5
    assert found[0] == Source("a", links[0], "a", "P, 2026-01-02", (Piece("q", 0),))


@given(
    st.text(min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), min_size=1, max_size=5),
)
def test_a_short_passage_is_shown_whole_with_every_quoted_letter_marked(
    passage: str, spans: list[tuple[int, int]]
) -> None:
    inside = [(start, min(start + length, len(passage))) for start, length in spans if start < len(passage)]
    cited = [
        CitedQuote(i, "a", "A", None, passage[start:end], 7 + start, 7 + end, passage=passage, passage_start=7)
        for i, (start, end) in enumerate(inside, 1)
    ]
    if not cited:
        return
    pieces = pieces_of(*cited)
    assert "".join(piece.text for piece in pieces) == passage
    marked = [piece.number is not None for piece in pieces for _ in piece.text]
    assert marked == [any(start <= i < end for start, end in inside) for i in range(len(passage))]
