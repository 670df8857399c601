"""Answers without a language model: the sentences that answer, quoted exactly and cited.

First the sentence that most likely answers, then those that belong to the answer, too, and what other articles say of the
same: the same value is one more citation, another value is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.ingest.near_duplicates import says_the_same
from index.ingest.segmentation import display_text
from index.records import Span
from index.stores.lexical import stems
from index.stores.store import Index
from service.answer.citations import Draft, Stretch
from service.answer.code import code_text, whole_code
from service.answer.disagreement import Candidate, contradict, differ, same_value, with_vectors
from service.answer.evidence import Evidence
from service.answer.lists import WholeList, list_text, whole_list
from service.answer.models import Sentence
from service.answer.tables import Row, row_of, row_text
from service.answer.text.markup import ITEM_MARK, has_numbers, without_half_marks, without_item_marks
from service.answer.text.references import needs_previous_sentence
from service.answer.text.terms import terms, told_in_order

BELONGS = 0.1
"""From this probability on a sentence is shown: the lowest at which the F1 of CLAPNQ's sentences is near its highest, as many
answers of workplace questions stand in the second or third sentence where the first is not right (docs/evaluation.md)."""

OF_THE_BEST = 0.4
"""And from this share of the best sentence's probability on: where one sentence stands out, it needs few others."""

SHORT_ANSWER = 7.0
"""From this log-odds of its stretch on, a short answer is shown: of the workplace questions ten of ten are right then, and of
those from 6 on eleven of thirteen."""

_MOST_SENTENCES = 5
_MOST_CITATIONS = 3
# Share of the shorter sentence's words that stand in another which tells the same.
_ALIKE = 0.6
# Sentences that are looked at for other values of what was asked.
_COMPARED = 12
# So many lines of a list that belong to the answer make all of it an answer, unless people would have to search in it.
_LEAST_OF_A_LIST = 2
_LONGEST_LIST = 1_500
# A sentence before may need the one before it.
_MOST_BEFORE = 2


@dataclass(frozen=True, slots=True)
class _Quote:
    """A sentence of the answer: the stretch it is quoted from, others that say the same, and what it is but prose."""

    evidence: Evidence
    span: Span
    others: tuple[Evidence, ...] = ()
    shape: WholeList | Row | Literal["code"] | None = None


def quoted(index: Index, answered: Sequence[Sequence[Evidence]]) -> list[Draft]:
    """Return the sentences of an answer. `answered` is the evidence of the question, or of each of its parts in their
    order; each is ordered, best first, and not empty."""
    quotes: list[_Quote] = []
    for evidence in answered:
        for quote in _quotes(index, evidence):
            quotes = _with(quotes, quote)
    return [_draft(index, quote) for quote in quotes]


def quoted_below(quotes: Sequence[Draft], said: Sequence[Sentence]) -> list[Draft]:
    """Return the quotes that stand below what a language model said: those of which it left something out. Where it said the
    best of them, it needs none."""
    verified = without_item_marks("\n".join(sentence.text for sentence in said if sentence.support == "verified"))
    left_out = [quote for quote in quotes if not told_in_order(_to_be_said(quote), verified)]
    best = max(quotes, key=lambda quote: quote.stretches[0].score)
    return [_set_apart(quote) for quote in left_out] if best in left_out else []


def _to_be_said(quote: Draft) -> str:
    """Return what has to be said for a quote to be said: of a list, its items, without the line that introduces them."""
    lines = [line for line in quote.text.split("\n") if quote.form != "list" or ITEM_MARK.match(line)]
    return without_item_marks("\n".join(lines))


def _set_apart(quote: Draft) -> Draft:
    """Return a quote as it stands below what a language model said: a sentence in quotation marks, and lines as they are.

    Code looks like itself, and is the article's wherever it stands.
    """
    if quote.form == "code":
        return quote
    first = quote.stretches[0]
    exact = quote.form == "prose" and quote.text == display_text(first.words, first.hit.passage.article.format)
    return replace(quote, text=f"“{quote.text}”" if exact else quote.text, form="quote")


def short_answer(evidence: Sequence[Evidence], quotes: Sequence[Draft]) -> str | None:
    """Return the stretch of the best sentence that answers by itself, where the reader is sure of it.

    None where it is all that the sentence says, or one step of a numbered list that is quoted whole.
    """
    best = evidence[0]
    if best.stretch is None or best.stretch_score < SHORT_ANSWER:
        return None
    words = _stretch_words(best)
    numbered = [quote.stretches[0] for quote in quotes if quote.form == "list" and has_numbers(quote.text)]
    if any(one.hit == best.hit and one.span.start <= best.span.start < one.span.end for one in numbered):
        return None
    return words if words and terms(words).keys() != terms(best.text).keys() else None


def _quotes(index: Index, evidence: Sequence[Evidence]) -> list[_Quote]:
    """Return what is shown of the evidence: the best article's sentences in the order of its text, then the others'."""
    best = evidence[0]
    supporting = [one for one in evidence[1:_COMPARED] if _supports(one, best)]
    differing = [one for one in evidence[1:_COMPARED] if one not in supporting and _contradicts(index, one, best)]
    chosen = [best]
    least = max(BELONGS, OF_THE_BEST * best.probability)
    for one in evidence[1:]:
        if len(chosen) == _MOST_SENTENCES or one.probability < least:
            break
        if one not in supporting and not _of_another_time(one, best):
            chosen.append(one)
    shown = _in_order([*chosen, *(one for one in differing[:1] if one not in chosen)])
    quotes: list[_Quote] = []
    for one in shown:
        for quote in _quoted_as(index, one, shown, supporting if one is best else ()):
            quotes = _with(quotes, quote)
    return quotes


def _of_another_time(one: Evidence, best: Evidence) -> bool:
    return best.hit.timely and not one.hit.timely


def _in_order(chosen: Sequence[Evidence]) -> list[Evidence]:
    """Return the sentences article by article, in order of their best, and each article's as they stand in it."""
    articles = list(dict.fromkeys(map(_article, chosen)))
    return sorted(chosen, key=lambda one: (articles.index(_article(one)), one.span.start))


def _quoted_as(
    index: Index, one: Evidence, shown: Sequence[Evidence], supporting: Sequence[Evidence]
) -> Iterator[_Quote]:
    """Yield the quotes of a sentence: the whole list, row or code that it stands in or introduces, or the sentence."""
    code = whole_code(index, one)
    if code is not None and code.start <= one.span.start:
        yield _Quote(one, code, shape="code")
    elif listed := _list_shown(index, one, shown):
        yield _Quote(one, listed.span, shape=listed)
    else:
        row = row_of(index, one)
        others = {_article(other): other for other in reversed(supporting) if _article(other) != _article(one)}
        span = row.span if row else _span(index, one)
        yield _Quote(one, span, tuple(others.values())[: _MOST_CITATIONS - 1], row)
        if code is not None:
            yield _Quote(one, code, shape="code")


def _list_shown(index: Index, one: Evidence, shown: Sequence[Evidence]) -> WholeList | None:
    """Return the list that a sentence introduces, or in which it stands on one of several lines that are shown."""
    of_passage = [other for other in shown if other.hit.passage.id == one.hit.passage.id]
    if not one.text.endswith(":") and len(of_passage) < _LEAST_OF_A_LIST:
        return None
    found = whole_list(index, one)
    if found is None or one.text.endswith(":"):
        return found
    of_list = [other for other in of_passage if found.span.start <= other.span.start < found.span.end]
    starts = {other.span.start for other in of_list}
    lines = [line for line in found.lines if any(line.start <= start < line.end for start in starts)]
    # Items below different questions are a list of frequent questions: each is answered by itself.
    whole = len(lines) >= _LEAST_OF_A_LIST and len({other.below for other in of_list}) == 1
    return found if whole and found.span.end - found.span.start <= _LONGEST_LIST else None


def _with(quotes: list[_Quote], quote: _Quote) -> list[_Quote]:
    """Return the quotes with one more, joined to one of the same text that it overlaps, or that says the same words."""
    for at, shown in enumerate(quotes):
        if shown.evidence.hit.passage.article.version != quote.evidence.hit.passage.article.version:
            one, other = quote.evidence.text, shown.evidence.text
            if one == other or says_the_same(one, other):
                return quotes
        elif shown.span.start < quote.span.end and quote.span.start < shown.span.end:
            span = Span(min(shown.span.start, quote.span.start), max(shown.span.end, quote.span.end))
            shape = next((one.shape for one in (shown, quote) if one.shape and one.span == span), None)
            # The likelier one has what answers.
            likelier = max(shown, quote, key=lambda one: one.evidence.score)
            joined = replace(likelier, span=span, shape=shape)
            return [*quotes[:at], joined, *quotes[at + 1 :]]
    return [*quotes, quote]


def _contradicts(index: Index, one: Evidence, best: Evidence) -> bool:
    """Say whether another article gives another value for what is asked: then it is shown, however it ranks."""
    if one.answer is None or best.answer is None or _of_another_time(one, best):
        return False
    candidates = [_candidate(best), _candidate(one)]
    if not differ(candidates[0].answer, candidates[1].answer):
        return False
    return contradict(*with_vectors(candidates, index.sentence_vectors.of))


def _supports(one: Evidence, best: Evidence) -> bool:
    """Say whether a sentence of another article tells the same: in much the same words, and with the same answer in it."""
    if one.answer is None or best.answer is None or _article(one) == _article(best):
        return False
    words, others = frozenset(stems(one.text)), frozenset(stems(best.text))
    alike = len(words & others) >= _ALIKE * min(len(words), len(others))
    return alike and same_value(_stretch_words(one), _stretch_words(best))


def _candidate(one: Evidence) -> Candidate:
    article = one.hit.passage.article
    return Candidate(
        article.id,
        article.version,
        article.title,
        article.publisher,
        article.published,
        text=one.text,
        answer=_stretch_words(one),
        score=one.stretch_score,
    )


def _stretch_words(one: Evidence) -> str:
    if one.stretch is None:
        return ""
    passage = one.hit.passage
    words = display_text(passage.words_of(one.stretch), passage.article.format, within_line=True)
    return without_half_marks(words) if passage.article.format == "markdown" else words


def _article(one: Evidence) -> str:
    return one.hit.passage.article.id


def _draft(index: Index, quote: _Quote) -> Draft:
    first = _stretch(index, quote.evidence, quote.span)
    others = [_stretch(index, other, Span(other.span.start, other.span.end)) for other in quote.others]
    format = quote.evidence.hit.passage.article.format
    # Verified: what is shown is its own quote.
    match quote.shape if first.span == quote.span else None:
        case WholeList() as listed:
            return Draft(list_text(first.words, listed, format), (first, *others), "verified", form="list")
        case Row() as row:
            return Draft(row_text(row), (first, *others), "verified")
        case "code":
            return Draft(code_text(first.words), (first, *others), "verified", form="code")
        case _:
            return Draft(display_text(first.words, format), (first, *others), "verified")


def _stretch(index: Index, evidence: Evidence, span: Span) -> Stretch:
    words = index.catalog.stretch(evidence.hit.passage.article.version, span)
    if words is None:  # deleted since it was found: what was read of it then is all that there is
        span = Span(evidence.span.start, evidence.span.end)
        words = evidence.hit.passage.words_of(span)
    return Stretch(evidence.hit, span, words, evidence.probability, _within(evidence.answer, span))


def _within(answer: Span | None, span: Span) -> Span | None:
    """Return the part of the answer that is quoted: the mark that closes a row of a table is not."""
    if answer is None or answer.start >= span.end or answer.end <= span.start:
        return None
    return Span(max(answer.start, span.start), min(answer.end, span.end))


def _span(index: Index, evidence: Evidence) -> Span:
    """Return where a sentence stands, with those before that it needs to be understood ("It", "They").

    The bar that closes a row of a table is left out.
    """
    words = evidence.hit.passage.words_of(evidence.span)
    end = evidence.span.end - (len(words) - len(words.rstrip(" |")))
    start, text, position = evidence.span.start, evidence.text, evidence.position
    for _ in range(_MOST_BEFORE):
        before = _sentence_before(index, evidence, position) if needs_previous_sentence(text) else None
        if before is None:
            break
        start, position = before.start, position - 1
        words = index.catalog.stretch(evidence.hit.passage.article.version, before) or ""
        text = display_text(words, evidence.hit.passage.article.format)
    return Span(start, end)


def _sentence_before(index: Index, evidence: Evidence, position: int) -> Span | None:
    """Return the sentence before that position, also where it ends the passage before; None at a heading or the start."""
    passage = evidence.hit.passage
    if position < 0:  # further back than the passage before's last sentence
        return None
    before = passage.sentences[position - 1] if position else index.catalog.last_sentence_before(passage)
    return Span(before.start, before.end) if before and before.kind == "sentence" else None
