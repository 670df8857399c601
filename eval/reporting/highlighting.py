"""Citations under the passages that they were read in, the quotes marked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from eval.records import CitedQuote

# What stands further from a quote is left out, in code points.
_AROUND = 500


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a passage. `number` is that of the citation that quotes it; None between quotes."""

    text: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A passage with the citations that quote it, in pieces. `url` is an http or https address or None."""

    title: str
    url: str | None
    article_id: str
    origin: str
    pieces: tuple[Piece, ...]


def sources(citations: Iterable[CitedQuote]) -> tuple[Source, ...]:
    """Return the passages of citations in the order in which they were first cited, each passage once.

    A quote that its passage does not hold in the place that it names stands alone.
    """
    ordered = sorted(citations, key=_place)
    grouped = [list(group) for _, group in groupby(ordered, key=_place)]
    return tuple(_source(group) for group in sorted(grouped, key=lambda group: min(c.number for c in group)))


def _place(citation: CitedQuote) -> tuple[str, int, int]:
    """Return what citations of one passage have in common."""
    alone = citation.number if not _within(citation) else -1
    return citation.article_id, citation.passage_start if alone < 0 else -1, alone


def _within(citation: CitedQuote) -> bool:
    start = citation.start - citation.passage_start
    return start >= 0 and bool(citation.quote) and citation.passage.startswith(citation.quote, start)


def _source(group: Sequence[CitedQuote]) -> Source:
    first = group[0]
    pieces = _marked(group) if _within(first) else (Piece(first.quote, first.number),)
    # Any other scheme could run a script in the reader's browser.
    url = first.url if first.url and first.url.lower().startswith(("https://", "http://")) else None
    origin = ", ".join(part for part in (first.publisher, first.published) if part)
    return Source(first.title or first.article_id, url, first.article_id, origin, tuple(pieces))


def _marked(group: Sequence[CitedQuote]) -> Iterator[Piece]:
    passage, shift = group[0].passage, group[0].passage_start
    quotes = sorted(group, key=lambda citation: (citation.start, citation.number))
    before = passage[: quotes[0].start - shift]
    end = len(before) - len(_last(before))
    if end:
        yield Piece("… ")
    for quote in quotes:
        start = max(end, quote.start - shift)
        yield from _between(passage[end:start])
        end = max(end, quote.end - shift)
        # Nothing is left of a quote that lies inside the one before.
        yield Piece(passage[start:end], quote.number)
    rest = passage[end:]
    yield Piece(rest if _first(rest) == rest else f"{_first(rest)} …")


def _between(text: str) -> Iterator[Piece]:
    if len(text) > 2 * _AROUND:
        text = f"{_first(text)} … {_last(text)}"
    if text:
        yield Piece(text)


def _first(text: str) -> str:
    """Return the beginning of a text, up to the end of a word where it has several."""
    return text if len(text) <= _AROUND else text[:_AROUND].rsplit(None, 1)[0]


def _last(text: str) -> str:
    return text if len(text) <= _AROUND else text[-_AROUND:].split(None, 1)[-1]
