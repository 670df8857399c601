"""Drafted sentences to an answer's text with numbered citations, each an exact stretch of an indexed article."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.ingest.near_duplicates import says_the_same
from index.records import Hit, RecognisedLine, Span, mean_confidence
from service.answer.models import Citation, Form, Said, Scan, Sentence, Support
from service.answer.text.invisible import visible

# What looks like a marker in an article's own words would be taken for one of ours.
_FOREIGN_MARKER = re.compile(r"\s?[\[【［]\s*\d+(?:\s*,\s*\d+)*\s*(?:†[^\[\]【】［］]*)?[\]】］]")
_BRACKET = re.compile(r"[\[\]【】［］]")
# Markers within markers that are taken out one by one; of what nests deeper, no bracket is left.
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where something stands: `span` of the article of this hit. `words` are the article's own at that place.

    `answer` is the part of it that answers by itself, where a reader is sure of one.
    """

    hit: Hit
    span: Span
    words: str
    score: float
    answer: Span | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence of an answer before its citations are numbered.

    `probability` is that of its stretches supporting it; None where no model read them.
    """

    text: str
    stretches: tuple[Stretch, ...]
    support: Support
    probability: float | None = None
    form: Form = "prose"


@dataclass(slots=True)
class _Numbers:
    """One number for each distinct stretch, in order of first appearance.

    What another article says in nearly the same words is a copy, not a second source: it goes by the number of the first.
    """

    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)

    def number(self, stretch: Stretch) -> int:
        place = (stretch.hit.passage.article.id, stretch.span.start, stretch.span.end)
        if place not in self.citations:
            self.citations[place] = self._copied(stretch) or _citation(stretch, len(self.distinct) + 1)
        return self.citations[place].number

    @property
    def distinct(self) -> tuple[Citation, ...]:
        return tuple({citation.number: citation for citation in self.citations.values()}.values())

    def _copied(self, stretch: Stretch) -> Citation | None:
        article_id = stretch.hit.passage.article.id
        others = (citation for citation in self.citations.values() if citation.article_id != article_id)
        return next((other for other in others if says_the_same(stretch.words, other.quote)), None)


@dataclass(slots=True)
class Cited:
    """An answer's text as it grows, its sentences and its citations. `text[s.start:s.end]` is a sentence with its markers."""

    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    _numbers: _Numbers = field(default_factory=_Numbers)

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self._numbers.distinct

    def add(self, draft: Draft) -> Said:
        """Put a drafted sentence at the end, with markers such as [1] after it."""
        known = len(self.citations)
        cited = tuple(dict.fromkeys(self._numbers.number(stretch) for stretch in draft.stretches))
        # In code "[1]" may be an index: without it the code would be another.
        words = visible(draft.text) if draft.form == "code" else without_markers(visible(draft.text))
        before = f"{self.text}{self._gap(draft.form)}" if self.sentences else ""
        self.text = before + words + "".join(f" [{number}]" for number in cited)
        probability = None if draft.probability is None else round(draft.probability, 4)
        self.sentences += (Sentence(words, len(before), len(self.text), cited, draft.support, probability, draft.form),)
        return Said(self.sentences[-1], self.citations[known:])

    def _gap(self, form: Form) -> str:
        """Return what stands between the last sentence and one of this form: what has lines of its own begins a line."""
        return " " if form == self.sentences[-1].form == "prose" else "\n"


def without_markers(text: str) -> str:
    """Return a text without what looks like a citation marker. Of one that is nothing else, the bare numbers stay."""
    words, found = text, 1
    for _ in range(_DEEPEST):  # [1[2]] would leave [1]
        words, found = _FOREIGN_MARKER.subn("", words)
        if not found:
            break
    else:
        words = _BRACKET.sub(" ", words)
    return words.strip() or _BRACKET.sub(" ", text).strip()


def _citation(stretch: Stretch, number: int) -> Citation:
    article = stretch.hit.passage.article
    return Citation(
        number=number,
        article_id=article.id,
        article_version=article.version,
        title=article.title,
        publisher=article.publisher,
        published=article.published,
        url=article.url,
        passage_id=stretch.hit.passage.id,
        quote=stretch.words,
        start=stretch.span.start,
        end=stretch.span.end,
        score=round(stretch.score, 4),
        page=article.page_at(stretch.span.start),
        highlight=stretch.answer,
        scan=scan_of(stretch.hit.passage.recognised, stretch.span),
    )


def scan_of(lines: Sequence[RecognisedLine], span: Span) -> Scan | None:
    """Return which of these lines a stretch of their article was recognised in; None if in none."""
    within = tuple(one for one in lines if one.start < span.end and one.end > span.start)
    confidence = mean_confidence(within)
    return None if confidence is None else Scan(confidence, within)
