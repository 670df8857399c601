"""Where in the articles a question's evidence lies, and what overlaps with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eval.records import EvalQuestion, Evidence, TextOf
from index.records import Span


@dataclass(frozen=True, slots=True)
class Target:
    """What an answer should rest on: any one of these stretches of an article.

    `spans` None is the whole article; empty is a quote that its article does not hold, which nothing can match.
    """

    article_id: str
    spans: tuple[Span, ...] | None


def evidence_targets(question: EvalQuestion, text_of: TextOf) -> tuple[Target, ...]:
    """Find each quote of the evidence in today's text of its article, in order of the evidence."""
    return tuple(Target(row.article_id, _find(row, text_of(row.article_id, None))) for row in question.evidence)


def citation_targets(question: EvalQuestion, evidence: Iterable[Target]) -> tuple[Target, ...]:
    """Return the evidence, and as a whole each relevant article for which there is none."""
    rows = tuple(evidence)
    quoted = {target.article_id for target in rows}
    return rows + tuple(Target(id, None) for id in question.relevant_ids if id not in quoted)


def overlap(one: Span, other: Span) -> int:
    """Count the code points that two stretches share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def _find(row: Evidence, text: str | None) -> tuple[Span, ...]:
    if text is None:
        return ()
    length = len(row.quote)
    if row.start is not None and text[row.start : row.start + length] == row.quote:
        return (Span(row.start, row.start + length),)
    # News repeats itself: a sentence may stand in the summary and again below, and either place is right.
    return tuple(Span(start, start + length) for start in _places(row.quote, text))


def _places(quote: str, text: str) -> Iterator[int]:
    start = text.find(quote)
    while start >= 0:
        yield start
        start = text.find(quote, start + 1)
