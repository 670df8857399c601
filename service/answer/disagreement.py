"""Where cited articles give different values for the same thing.

Two sentences of different articles are compared, each with the stretch that a reader takes for the answer to the same
question. They differ where the stretches give figures of one unit, days, times or names that cannot be the same, however each
is put, and where the clauses around them, with all values taken out, speak of the same thing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.models.embedding import Vectors
from index.records import Span
from service.answer.models import Citation, Disagreement, ValueInDispute
from service.answer.text.amounts import Mention, mentions_in
from service.answer.text.dates import Day, Time, Weekday, days_in, times_in, weekdays_in
from service.answer.text.markup import without_half_marks
from service.answer.text.names import name_others
from service.answer.text.references import needs_previous_sentence
from service.answer.text.spans import Placed, blanked, outside
from service.answer.text.terms import is_function_word, stem_set

Embed = Callable[[Sequence[str]], Vectors]
"""Texts to their vectors, one row a text, each of length 1: `Index.sentence_vectors.of`."""

LEAST_SIMILARITY = 0.6
"""How similar the clauses around two values must be, with the values taken out, to say something of the same thing."""

LARGEST_RATIO = 10.0
"""Of two figures that differ by more, one is of something else, or in another unit than it seems."""

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORD = re.compile(r"\w+(?:[.,'’-]\w+)*")
# A name, with what somebody is before it: "deputy mayor Karl Voss".
_NAME = re.compile(r"(?P<role>(?:[a-z][\w’'-]* ){0,3})(?P<name>[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*){0,3})")
_END = re.compile(r"(?<=[.!?])\s+|\n+")
# Where one clause of a sentence may end and the next begin.
_CLAUSE = re.compile(r"[,;:()]\s|\s[–—-]\s|\s(?:and|but|which|while|whereas)\s")

Value = Mention | Day | Time | Weekday | str
"""What a stretch gives: a figure, a day, a time or a day of the week, or else its words."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of an article that may answer a question.

    `text` is the sentence and `answer` the stretch of it that answers by itself, both as people read them; `score` how much
    likelier a reader takes that to be than that there is none, as a logarithm. `vector` is that of `without_values`.
    """

    article_id: str
    version: str
    title: str
    publisher: str | None
    published: date | None
    text: str
    answer: str
    score: float = 0.0
    vector: Vectors | None = None


def same_value(one: str, other: str) -> bool:
    """Say whether two stretches give the same amount, date, time or name, however each puts it."""
    a, b = _value(one), _value(other)
    if isinstance(a, str) or isinstance(b, str) or type(a) is not type(b):
        return _same_words(one, other)
    return _of_one_kind(a, b) and _may_be(a, b)


def contradict(one: Candidate, other: Candidate) -> bool:
    """Say whether another article gives another value for the same thing. Both need their `vector`."""
    if one.article_id == other.article_id or one.version == other.version:
        return False
    return differ(one.answer, other.answer) and same_thing(one, other)


def differ(one: str, other: str) -> bool:
    """Say whether two stretches give values of one kind and unit that cannot be the same."""
    a, b = _value(one), _value(other)
    comes_near = not (isinstance(a, Mention) and isinstance(b, Mention)) or (a.added == b.added and _near(a, b))
    return _of_one_kind(a, b) and comes_near and not _may_be(a, b)


def same_thing(one: Candidate, other: Candidate) -> bool:
    """Say whether what two sentences give as their answers is of the same thing, as far as their other words tell."""
    years, other_years = (frozenset(_YEAR.findall(_other_words(candidate))) for candidate in (one, other))
    of_other_years = bool(years and other_years) and not years & other_years
    if of_other_years or name_others(_other_words(one), _other_words(other)):
        return False
    return one.vector is not None and other.vector is not None and float(one.vector @ other.vector) >= LEAST_SIMILARITY


def with_vectors(candidates: Sequence[Candidate], embed: Embed) -> list[Candidate]:
    """Return the candidates with their vectors."""
    vectors = embed([without_values(candidate) for candidate in candidates])
    return [replace(candidate, vector=vector) for candidate, vector in zip(candidates, vectors, strict=True)]


def without_values(candidate: Candidate) -> str:
    """Return the clause around the answer without its values: what is left says what they are of."""
    text = candidate.text
    # An answer with a mark of emphasis in it stands otherwise in the text: then all of the sentence counts.
    at = text.find(candidate.answer)
    if at < 0:
        return " ".join(blanked(text, _places(text), fill=" ").split()).strip(" ,;:-–—.")
    ends = [0, *(match.start() for match in _CLAUSE.finditer(text)), len(text)]
    start, end = max(end for end in ends if end <= at), min(end for end in ends if end >= at + len(candidate.answer))
    answer = Span(at, at + len(candidate.answer))
    return " ".join(blanked(text, [*_places(text), answer], fill=" ")[start:end].split()).strip(" ,;:-–—.")


def values_of(text: str) -> list[str]:
    """Return the figures, days, times and days of the week that a text gives, as it gives them.

    A figure without a unit and without what it counts may be a number of a step, or part of a name: it is left out.
    """
    days, times = days_in(text), times_in(text)
    figures = [figure for figure in mentions_in(text) if figure.value.unit or figure.counted]
    placed: list[Placed] = [*days, *times, *outside(figures, [*days, *times]), *outside(weekdays_in(text), days)]
    return list(dict.fromkeys(text[one.start : one.end] for one in placed))


def _places(text: str) -> list[Placed]:
    return [*mentions_in(text), *days_in(text), *weekdays_in(text), *times_in(text)]


def _other_words(candidate: Candidate) -> str:
    before, _, after = candidate.text.partition(candidate.answer) if candidate.answer else (candidate.text, "", "")
    return f"{before}{after}"


def _value(words: str) -> Value:
    """Return what a stretch gives: a figure before the time that it is of, and a day before the day of the week."""
    figures = mentions_in(words)
    measured = [figure for figure in figures if figure.value.unit]
    found: list[Value] = [*measured, *days_in(words), *times_in(words), *figures, *weekdays_in(words)]
    return found[0] if found else words


def _of_one_kind(one: Value, other: Value) -> bool:
    """Say whether two values can be compared: figures of one unit, days that tell the same parts of a date, two names."""
    match one, other:
        case Mention(), Mention():
            return one.same_unit(other) and (one.counted == other.counted or not (one.counted and other.counted))
        case Day(), Day():
            pairs = ((one.year, other.year), (one.month, other.month), (one.day, other.day))
            return any(a is not None and b is not None for a, b in pairs)
        case str(), str():
            return bool(_name(one) and _name(other))
        case _:
            return type(one) is type(other)


def _name(words: str) -> str:
    """Return the name of a stretch that is one, without the role before it; "" of any other ("in Rome")."""
    found = _NAME.fullmatch(words)
    return found["name"] if found and not any(map(is_function_word, found["role"].split())) else ""


def _near(one: Mention, other: Mention) -> bool:
    low, high = sorted(abs(mention.value.amount) for mention in (one, other))
    return low == 0 or high <= LARGEST_RATIO * low


def _may_be(one: Value, other: Value) -> bool:
    match one, other:
        case Mention(), Mention():
            return one.may_be(other)
        case Day(), Day():
            return one.may_be(other)
        case Time(), Time():
            return one.minutes == other.minutes
        case Weekday(), Weekday():
            return one.number == other.number
        case str(), str():
            return bool(stem_set(_name(one)) & stem_set(_name(other)))
        case _:
            return False


def _same_words(one: str, other: str) -> bool:
    """Say whether one has all words of the other: "the mayor Anna Rossi" and "Rossi"."""
    words, others = (
        frozenset(word for word in _WORD.findall(text.lower()) if not is_function_word(word)) for text in (one, other)
    )
    return bool(words) and bool(others) and (words <= others or others <= words)


def disagreements(question: str, citations: Sequence[Citation], embed: Embed) -> tuple[Disagreement, ...]:
    """Return where the article of the best sentence and others differ: one disagreement or none.

    Articles of which any two values agree do not differ: each may give several, of different things. Where a reader found
    answers in some of the sentences, the others count for nothing.
    """
    read = [citation for citation in citations if citation.highlight is not None] or citations
    given = [(citation, candidate) for citation in read if (candidate := _candidate(citation)).answer]
    if len({candidate.article_id for _, candidate in given}) < 2:
        return ()
    best = max(given, key=lambda one: one[0].score)[1]
    if not any(differ(best.answer, candidate.answer) for _, candidate in given):
        return ()
    vectors = with_vectors([candidate for _, candidate in given], embed)
    given = [(citation, candidate) for (citation, _), candidate in zip(given, vectors, strict=True)]
    best = max(given, key=lambda one: one[0].score)[1]
    own = [candidate for _, candidate in given if candidate.article_id == best.article_id]
    others = [candidate for _, candidate in given if candidate.article_id != best.article_id]
    agreeing = {it.article_id for it in others if any(same_value(one.answer, it.answer) for one in own)}
    differing = [other for other in others if other.article_id not in agreeing and contradict(best, other)]
    compared = [best, *differing]
    values = _values([(c.number, it) for c, it in given if any(same_value(it.answer, one.answer) for one in compared)])
    return (Disagreement(question.rstrip(" ?"), values),) if differing else ()


def _candidate(citation: Citation) -> Candidate:
    text, answer = citation.quote, ""
    if citation.highlight is not None:
        found = Span(citation.highlight.start - citation.start, citation.highlight.end - citation.start)
        text, answer = _sentence_around(text, found), without_half_marks(text[found.start : found.end])
    elif only := _only_value(text):
        answer = only  # what a language model wrote was laid on a sentence with one value
    return Candidate(
        citation.article_id,
        citation.article_version,
        citation.title,
        citation.publisher,
        citation.published,
        text,
        answer,
    )


def _only_value(text: str) -> str:
    days = days_in(text)
    values = [*(day.words for day in days), *(figure.words for figure in outside(mentions_in(text), days))]
    return values[0] if len(values) == 1 else ""


def _sentence_around(text: str, found: Span) -> str:
    """Return the sentence around a stretch, with the one before if that says what it is about ("Its fee is $5.")."""
    ends = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    start, end = max(end for end in ends if end <= found.start), min(end for end in ends if end >= found.end)
    if start and needs_previous_sentence(text[start:end]):
        start = max(end for end in ends if end < start)
    return text[start:end]


def _values(given: Sequence[tuple[int, Candidate]]) -> tuple[ValueInDispute, ...]:
    """Return each value once, with the numbers of the citations that give it."""
    found: list[ValueInDispute] = []
    for number, candidate in given:
        at = next((at for at, value in enumerate(found) if same_value(value.value, candidate.answer)), None)
        if at is None:
            found.append(ValueInDispute(candidate.answer, (number,)))
        else:
            found[at] = replace(found[at], citations=(*found[at].citations, number))
    return tuple(found)
