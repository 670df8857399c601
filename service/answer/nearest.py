"""The passages that come nearest to a question for which no answer was found, with the words of the question marked."""

import re
from collections.abc import Iterator, Sequence

from index.records import Hit, Passage, SentenceSpan, Span
from index.stores.lexical import stems
from service.answer.models import NearestPassage
from service.answer.text.terms import terms

_PASSAGES = 3
_LONGEST_QUOTE = 300
_WORD = re.compile(r"[^\W_]+")


def nearest_passages(question: str, hits: Sequence[Hit]) -> tuple[NearestPassage, ...]:
    """Return what to show of the best hits of a question. `hits` are those of the asker, best first."""
    wanted = frozenset(terms(question))
    return tuple(_nearest(hit.passage, wanted) for hit in hits[:_PASSAGES])


def _nearest(passage: Passage, wanted: frozenset[str]) -> NearestPassage:
    article = passage.article
    span = _around_best_sentence(passage, wanted)
    return NearestPassage(
        article_id=article.id,
        article_version=article.version,
        title=article.title,
        url=article.url,
        passage_id=passage.id,
        quote=passage.words_of(span),
        start=span.start,
        end=span.end,
        marks=tuple(_marks(passage, span, wanted)),
    )


def _around_best_sentence(passage: Passage, wanted: frozenset[str]) -> Span:
    """Return the sentence with the most words of the question, with as many of those around it as there is room for.

    Headings run into what follows them where a quote stands on one line, so it begins with a whole sentence if there is one.
    """
    sentences = passage.sentences
    if not sentences:
        return _shortened(passage, Span(passage.start, passage.end), wanted)
    whole = [at for at, sentence in enumerate(sentences) if sentence.kind != "fragment"] or range(len(sentences))
    best = max(whole, key=lambda at: (_held(passage, sentences[at], wanted), -at))
    first = last = best
    while last + 1 < len(sentences) and _fits(passage, sentences[first], sentences[last + 1], sentences[last]):
        last += 1
    while first - 1 in whole and _fits(passage, sentences[first - 1], sentences[last], sentences[first - 1]):
        first -= 1
    return _shortened(passage, Span(sentences[first].start, sentences[last].end), wanted)


def _held(passage: Passage, sentence: SentenceSpan, wanted: frozenset[str]) -> int:
    return len(wanted.intersection(stems(passage.words_of(sentence))))


def _fits(passage: Passage, first: SentenceSpan, last: SentenceSpan, before_gap: SentenceSpan) -> bool:
    """Say whether there is room from one sentence to another, and no words, such as a comment's, behind `before_gap`."""
    following = passage.sentences[passage.sentences.index(before_gap) + 1]
    gap = passage.words_of(Span(before_gap.end, following.start))
    return last.end - first.start <= _LONGEST_QUOTE and not _WORD.search(gap)


def _shortened(passage: Passage, span: Span, wanted: frozenset[str]) -> Span:
    """Cut a very long sentence at words, around the first of the question's that it holds."""
    if span.end - span.start <= _LONGEST_QUOTE:
        return span
    first = next((mark.start for mark in _marks(passage, span, wanted)), span.start)
    words = [Span(span.start + m.start(), span.start + m.end()) for m in re.finditer(r"\S+", passage.words_of(span))]
    start = max(word.start for word in words if word.start <= max(span.start, first - _LONGEST_QUOTE // 3))
    ends = [word.end for word in words if start < word.end <= start + _LONGEST_QUOTE]
    # A "word" without end has none.
    return Span(start, max(ends, default=min(start + _LONGEST_QUOTE, span.end)))


def _marks(passage: Passage, span: Span, wanted: frozenset[str]) -> Iterator[Span]:
    for word in _WORD.finditer(passage.words_of(span)):
        if not wanted.isdisjoint(stems(word.group())):
            yield Span(span.start + word.start(), span.start + word.end())
