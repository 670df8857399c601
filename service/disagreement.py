"""Where cited articles give different figures for the same thing.

Two figures are of the same thing when both have the unit that answers the question, are told of the same action or thing
("invested", "employees"), and stand alike in time and part: what was before, a part that is added now, a total, or none of
these. So "$5 billion more" does not contradict "$13 billion in total", nor "nearly $8 billion" "$7.9 billion".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from index.lexical import stems
from service.records import Citation, Disagreement, ValueInDispute
from service.values import Mention, mentions_in
from service.wording import Wanted, asks_back, missing_names, names_in, tells_back, terms, wanted

Part = Literal["before", "added", "total", "plain"]

_FIGURES: frozenset[Wanted] = frozenset({"amount", "number", "percentage"})
_CURRENCIES = frozenset({"USD", "EUR", "GBP", "JPY"})
_ADDED = re.compile(
    r"\b(?:additional\w*|another|further|more(?! than)|extra|immediately|right away|now)\b", re.IGNORECASE
)
_TOTAL = re.compile(r"\b(?:total\w*|altogether|overall|in all|combined)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LOWER_CASE = re.compile(r"\b[a-z][a-z’'-]+\b")
_ROUNDED = {"nearly", "almost", "about", "around", "roughly", "some"}
_BOUNDED = {"more than", "over", "above", "at least", "up to", "less than", "fewer than", "under", "below"}
_ACTIONS = dict.fromkeys(("put", "inject", "pour", "plough", "fund"), "invest")
_ACTIONS |= dict.fromkeys(("pay", "paid", "spent", "cost"), "spend") | dict.fromkeys(("pledg", "promis"), "commit")
# Characters on either side of a figure that tell what it is of.
_AROUND = 45


@dataclass(frozen=True, slots=True)
class Told:
    """What an article says: a quote, or a sentence that may become one."""

    article_id: str
    title: str
    words: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    """A figure that a cited article gives: in which unit, which part of what, and with which of the question's words."""

    mention: Mention
    told: Told
    unit: str
    part: Part
    words: frozenset[str]
    years: frozenset[str]


def contradict(question: str, one: Told, other: Told) -> bool:
    """Say whether two sentences of different articles answer the question with different figures."""
    return bool(_found(question, (one, other)))


def disagreements(question: str, citations: Sequence[Citation]) -> tuple[Disagreement, ...]:
    """Return where the cited articles differ on the figure that the question asks for: one disagreement or none."""
    return _found(question, [Told(c.article_id, c.title, c.quote, c.number) for c in citations])


def _found(question: str, told: Iterable[Told]) -> tuple[Disagreement, ...]:
    kind = wanted(question)
    if kind not in _FIGURES:
        return ()
    claims = [claim for one in told for claim in _claims(question, kind, one)]
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


def _claims(question: str, kind: Wanted, told: Told) -> Iterable[_Claim]:
    names = names_in(question)
    if names and len(missing_names(question, [told.words, told.title])) == len(names):
        return  # it tells of somebody else
    years = frozenset(_YEAR.findall(told.words))
    for mention in mentions_in(told.words):
        before = told.words[max(mention.start - _AROUND, 0) : mention.start]
        after = told.words[mention.end : mention.end + _AROUND]
        # Names say who, not what: only words in lower case tell the action or the thing.
        words = _actions(_LOWER_CASE.findall(f"{before} {after}")) & _actions(terms(question))
        unit = mention.value.unit or _noun_after(after)
        words |= {unit} & terms(question).keys()
        if words and _answers(kind, unit, question):
            yield _Claim(mention, told, unit, _part(before, mention, after), words, years)


def _actions(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of words, those of one action brought to one: to put money into is to invest."""
    return frozenset(_ACTIONS.get(stem, stem) for stem in stems(" ".join(words)))


def _noun_after(after: str) -> str:
    word = re.match(r"\s*([a-z]+)", after)
    return stems(word[1])[0] if word else ""


def _answers(kind: Wanted, unit: str, question: str) -> bool:
    match kind:
        case "amount":
            return unit in _CURRENCIES
        case "percentage":
            return unit == "%"
        case _:
            return bool(unit) and (unit in terms(question) or unit + "s" in terms(question))


def _part(before: str, mention: Mention, after: str) -> Part:
    near = f"{before} {mention.words} {after[:25]}"
    if tells_back(before):
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
    same_years = not one.years or not other.years or bool(one.years & other.years)
    same_thing = one.unit == other.unit and bool(one.words & other.words)
    return same_thing and same_years and not _same_figure(one.mention, other.mention)


def _same_figure(one: Mention, other: Mention) -> bool:
    """Say whether two figures can be the same one, put differently: rounded, or given as a bound."""
    low, high = sorted((one.value.amount, other.value.amount))
    hedges = {one.hedge.split(" another")[0], other.hedge.split(" another")[0]}
    allowed = 0.15 if hedges & _BOUNDED else 0.06 if hedges & _ROUNDED else 0.01
    return high - low <= allowed * high


def _values(claims: Sequence[_Claim]) -> tuple[ValueInDispute, ...]:
    given: dict[tuple[float, str], list[_Claim]] = {}
    for claim in claims:
        given.setdefault((claim.mention.value.amount, claim.unit), []).append(claim)
    return tuple(
        ValueInDispute(same[0].mention.words, tuple(dict.fromkeys(claim.told.number for claim in same)))
        for same in given.values()
    )
