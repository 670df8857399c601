"""Where cited articles give different figures, days or names for the same thing.

Two figures are of the same thing when both have the unit that answers the question, are told of the same action or thing
("invested", "employees"), and stand alike in time and part: what was before, a part that is added now, a total, or none of
these. So "$5 billion more" does not contradict "$13 billion in total", nor "nearly $8 billion" "$7.9 billion". Where a
reader is sure of two figures as the answer, a word that both have beside them is enough, be it one of the question's or
not; of two days it needs none. Two persons differ where both sentences have one of the question's words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.records import Span
from index.stores.lexical import stems
from service.answer.models import Citation, Disagreement, ValueInDispute
from service.answer.sought import Wanted, wanted
from service.answer.text.amounts import CURRENCIES, ROUND_A_STRETCH, Mention, mentions_in
from service.answer.text.dates import Day, days_in
from service.answer.text.terms import asks_back, covered, missing_names, names_in, stem_set, tells_back, terms

Part = Literal["before", "added", "total", "plain"]

_ADDED = re.compile(
    r"\b(?:additional\w*|another|further|more(?! than)|extra|immediately|right away|now)\b", re.IGNORECASE
)
_TOTAL = re.compile(r"\b(?:total\w*|altogether|overall|in all|combined)\b", re.IGNORECASE)
# Words before a figure that another took the place of: "first given as", "down from"; not "up from 5 to", before the new one.
_REVISED = re.compile(
    r"\b(?:first (?:given|put|reported|announced|estimated|quoted|said)|originally|initially|at first|instead of|rather than"
    r"|(?:down|up|cut|raised|lowered|revised|corrected|reduced|increased|rose|risen|fell|fallen|grew|grown|dropped|shrunk)"
    r" (?:down |up )?from)\b(?:(?!\bto\b)[^,;.])*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# How much of a question a sentence and its title must hold to name the person asked for, and not another.
_COVERED = 0.75
_ONE_NAME = re.compile(r"[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*){0,3}")
_LOWER_CASE = re.compile(r"\b[a-z][a-z’'-]+\b")
_ACTIONS = dict.fromkeys(("put", "inject", "pour", "plough", "fund"), "invest")
_ACTIONS |= dict.fromkeys(("pay", "paid", "spent", "cost", "price"), "spend")
_ACTIONS |= dict.fromkeys(("pledg", "promis"), "commit")
# Stems that stand beside figures of anything.
_OF_FIGURES = frozenset(stems("hundred thousand million billion trillion percent cent dollars euros pounds hours"))
# Characters on either side of a figure that tell what it is of.
_AROUND = 45


@dataclass(frozen=True, slots=True)
class Told:
    """What an article says: a quote, or a sentence that may become one.

    `answer` is the stretch of `words` that a reader is sure of as the answer.
    """

    article_id: str
    title: str
    words: str
    number: int = 0
    answer: Span | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """Who or what a text names at `text[start:end] == words`."""

    words: str
    start: int
    end: int

    def may_be(self, other: "_Name") -> bool:
        """Say whether both may be the same: "Rossi" and "Anna Rossi" have a word in common."""
        return bool(stem_set(self.words) & stem_set(other.words))


@dataclass(frozen=True, slots=True)
class _Claim:
    """A figure, day or name that an article gives: in which unit, which part of what, and with which of the question's words.

    `asked`: a reader is sure that it is what was asked for. `near` are the words beside it, the question's or not.
    """

    value: Mention | Day | _Name
    told: Told
    unit: str
    part: Part
    words: frozenset[str]
    years: frozenset[str]
    near: frozenset[str]
    asked: bool


def contradict(question: str, one: Told, other: Told) -> bool:
    """Say whether two sentences of different articles answer the question with different figures."""
    return bool(_found(question, (one, other)))


def disagreements(question: str, citations: Sequence[Citation]) -> tuple[Disagreement, ...]:
    """Return where the cited articles differ on the figure that the question asks for: one disagreement or none."""
    return _found(question, [Told(c.article_id, c.title, c.quote, c.number, _answer(c)) for c in citations])


def _answer(citation: Citation) -> Span | None:
    found = citation.highlight
    return found and Span(found.start - citation.start, found.end - citation.start)


def _found(question: str, told: Iterable[Told]) -> tuple[Disagreement, ...]:
    claims = [claim for one in told for claim in _claims(question, one)]
    for part in _parts_asked(question):
        of_part = [claim for claim in claims if claim.part == part]
        if _differ(of_part):
            return (Disagreement(question.rstrip(" ?"), _values(of_part)),)
    return ()


def _parts_asked(question: str) -> Sequence[Part]:
    if asks_back(question):
        return ("before",)
    if _TOTAL.search(question):
        return ("total",)
    return ("added",) if _ADDED.search(question) else ("plain", "total", "before", "added")


def _claims(question: str, told: Told) -> Iterable[_Claim]:
    names = names_in(question)
    if names and len(missing_names(question, [told.words, told.title])) == len(names):
        return  # it tells of somebody else
    days = days_in(told.words)
    for day in days:
        if _overlap(day, told.answer):
            yield _Claim(day, told, "day", _part(told, day), frozenset(), frozenset(), frozenset(), asked=True)
    if (name := _named(question, told)) is not None:
        words = _actions(_LOWER_CASE.findall(told.words)) & _actions(terms(question))
        yield _Claim(name, told, "name", "plain", words, frozenset(), frozenset(), asked=True)
    figures = [mention for mention in mentions_in(told.words) if not any(_overlap(mention, day) for day in days)]
    claims = [claim for figure in figures for claim in _figure(question, told, figure)]
    yield from claims
    yield from _instead(claims, figures)


def _instead(claims: Sequence[_Claim], figures: Sequence[Mention]) -> Iterable[_Claim]:
    """Return the figures that took the place of those claimed: the second in "first given as $5 million, now $4 million"."""
    known = [claim.value for claim in claims]
    for claim in claims:
        if _REVISED.search(_around(claim.told, claim.value)[0]):
            for figure in figures:
                if figure not in known and figure.value.unit == claim.unit:
                    yield replace(claim, value=figure, part="plain")


def _named(question: str, told: Told) -> _Name | None:
    """Return the name of the person that a reader is sure of, where one is asked for."""
    if told.answer is None or wanted(question) != "person":
        return None
    if covered(terms(question), told.words, told.title) < _COVERED:
        return None
    words = told.words[told.answer.start : told.answer.end].strip(ROUND_A_STRETCH)
    return _Name(words, told.answer.start, told.answer.end) if _ONE_NAME.fullmatch(words) else None


def _figure(question: str, told: Told, mention: Mention) -> Iterable[_Claim]:
    before, after = _around(told, mention)
    # Names say who, not what: only words in lower case tell the action or the thing.
    beside = _LOWER_CASE.findall(f"{before} {after}")
    words = _actions(beside) & _actions(terms(question))
    unit = mention.value.unit or _noun_after(after)
    words |= ({unit} | stem_set(mention.words)) & terms(question).keys()
    asked = bool(unit) and _overlap(mention, told.answer)
    if asked or (words and _answers(wanted(question), unit, mention.words, question)):
        years = frozenset(_YEAR.findall(told.words))
        near = _actions(terms(" ".join(beside))) - _OF_FIGURES - {unit}
        yield _Claim(mention, told, unit, _part(told, mention), words, years, near, asked)


def _overlap(one: Mention | Day | _Name, other: Span | Day | None) -> bool:
    return other is not None and one.start < other.end and other.start < one.end


def _around(told: Told, value: Mention | Day | _Name) -> tuple[str, str]:
    return told.words[max(value.start - _AROUND, 0) : value.start], told.words[value.end : value.end + _AROUND]


def _actions(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of words, those of one action brought to one: to put money into is to invest."""
    return frozenset(_ACTIONS.get(stem, stem) for stem in stems(" ".join(words)))


def _noun_after(after: str) -> str:
    word = re.match(r"\s*([a-z]+)", after)
    return stems(word[1])[0] if word else ""


def _answers(kind: Wanted | None, unit: str, words: str, question: str) -> bool:
    match kind:
        case "amount":
            return unit in CURRENCIES
        case "percentage":
            return unit == "%"
        case "number" | "count":
            units = {unit, *stems(words)}
            return bool(unit) and bool(units & terms(question).keys())
        case _:
            return False


def _part(told: Told, value: Mention | Day | _Name) -> Part:
    before, after = _around(told, value)
    near = f"{before} {value.words} {after[:25]}"
    if tells_back(before) or _REVISED.search(before):
        return "before"
    if _TOTAL.search(near):
        return "total"
    return "added" if _ADDED.search(near) else "plain"


def _differ(claims: Sequence[_Claim]) -> bool:
    """Say whether two articles have no figure in common, where both tell of the same thing in the same years."""
    articles: dict[str, list[_Claim]] = {}
    for claim in claims:
        articles.setdefault(claim.told.article_id, []).append(claim)
    given = list(articles.values())
    return any(
        all(_contradict(a, b) for a in one for b in other) for at, one in enumerate(given) for other in given[at + 1 :]
    )


def _contradict(one: _Claim, other: _Claim) -> bool:
    match one.value, other.value:
        case Day() as day, Day() as other_day:
            return not day.may_be(other_day)
        case _Name() as name, _Name() as other_name:
            return bool(one.words & other.words) and not name.may_be(other_name)
        case Mention() as mention, Mention() as other_mention:
            return _same_thing(one, other) and not mention.may_be(other_mention)
        case _:
            return False


def _same_thing(one: _Claim, other: _Claim) -> bool:
    same_years = not one.years or not other.years or bool(one.years & other.years)
    same_words = bool(one.words & other.words) or (one.asked and other.asked and bool(one.near & other.near))
    return same_years and same_words and one.unit == other.unit


def _values(claims: Sequence[_Claim]) -> tuple[ValueInDispute, ...]:
    given: dict[object, list[_Claim]] = {}
    for claim in claims:
        given.setdefault(_form(claim), []).append(claim)
    return tuple(
        ValueInDispute(_words(same[0]), tuple(dict.fromkeys(claim.told.number for claim in same)))
        for same in given.values()
    )


def _words(claim: _Claim) -> str:
    """Return how a claim puts its value: with the noun that it counts, where the reader's answer holds that."""
    found, answer = claim.value, claim.told.answer
    if answer is None or not claim.asked:
        return found.words
    start, end = min(found.start, answer.start), max(found.end, answer.end)
    return claim.told.words[start:end].strip(ROUND_A_STRETCH)


def _form(claim: _Claim) -> object:
    match claim.value:
        case Day(year, month, day):
            return year, month, day
        case _Name(words):
            return stem_set(words)
        case Mention(value):
            return value.amount, claim.unit
