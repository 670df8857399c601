"""When a question is about, where it names an event instead of a day: "since the merger", "before the deal was signed".

The articles tell the day: that in the sentence which tells of the event, else that on which its article was published.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from index.ingest.segmentation import display_text
from index.records import Hit
from index.stores.lexical import stems
from service.answer.retrieval.periods import DAY, Period
from service.answer.text.dates import days_in
from service.answer.text.terms import names_in, stem_set, terms

_BEGINS = r"(?:the|its|their|his|her|that|this|[A-Z][\w-]*['’]s?)"
_WHEN = r"[Ss]ince|[Aa]fter|[Ff]ollowing|[Bb]efore|[Uu]ntil|[Pp]rior to|[Aa]head of"
_EVENT = re.compile(
    rf"(?<!long )(?<!soon )\b(?P<word>{_WHEN})\s+(?P<what>{_BEGINS}\s(?:(?!\b(?:{_WHEN})\b)[^,;?])+?)"
    r"(?=[,;?]|\s+(?:how|what|who|whom|when|where|which|why)\b|\s*$)"
)
_LATER = frozenset({"since", "after", "following"})
# "Looks after the parks" tells of no time.
_NO_TIME = re.compile(
    r"\b(?:look(?:s|ed|ing)?|named?|calls?|called|ask(?:s|ed)?|run|goes|went|takes?|took)\s+$", re.IGNORECASE
)
# A longer one is a clause of the question's own, with more in it than what happened.
_MOST_TERMS = 6
# What is told further from the best than this (units of `Hit.score`) is told of something else.
_NEAR_THE_BEST = 0.4
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, in the question's words. `later`: asked is of the time from then on, else of the time before."""

    words: str
    names: tuple[str, ...]
    later: bool

    @property
    def sought(self) -> str:
        """What its articles are looked up by: a merger is one of somebody."""
        return " ".join((self.words, *self.names))


def event_named(question: str) -> Event | None:
    """Return the event from or up to which a question asks, None where it names none."""
    match = _EVENT.search(question)
    if match is None or _NO_TIME.search(question[: match.start()]) or not 0 < len(terms(match["what"])) <= _MOST_TERMS:
        return None
    return Event(match["what"].strip(), tuple(names_in(question)), match["word"].lower() in _LATER)


def period_from(event: Event, hits: Sequence[Hit], as_of: date) -> Period | None:
    """Return the period that an event opens or ends, by the articles that tell of it, the best first.

    Of several days the first counts: later articles look back. None where no article tells of it with a day.
    """
    near = [hit for hit in hits if hit.score >= hits[0].score - _NEAR_THE_BEST]
    days = [day for hit in near for day in _days_of(event, hit) if day <= as_of]
    if not days:
        return None
    return Period(min(days), None) if event.later else Period(None, min(days) - DAY)


def _days_of(event: Event, hit: Hit) -> Iterator[date]:
    article = hit.passage.article
    whole = stem_set(f"{article.title} {hit.passage.text}")
    if event.names and not any(stem_set(name) <= whole for name in event.names):
        return  # it tells of somebody else's
    for span in hit.passage.sentences:
        sentence = display_text(hit.passage.words_of(span), article.format)
        if not _tells_of(event, f"{article.title} {sentence}") or _EVENT.search(sentence):
            continue
        if day := _day_in(sentence, article.published) or article.published:
            yield day


def _tells_of(event: Event, text: str) -> bool:
    told = stems(text)
    return all(any(_same_word(stem, other) for other in told) for stem in terms(event.words))


def _same_word(stem: str, other: str) -> bool:
    """Say whether two stems may be of one word: "merger", "merg"."""
    first = max(_SHORTEST_STEM, len(stem) - 2)
    return stem == other or (len(other) >= _SHORTEST_STEM and stem[:first] == other[:first])


def _day_in(sentence: str, published: date | None) -> date | None:
    """Return the day that a sentence names; one without a year is of the year in which it was published."""
    for day in days_in(sentence):
        year = day.year or (published.year if published else None)
        if year and day.month and day.day:
            try:
                return date(year, day.month, day.day)
            except ValueError:  # 30 February
                continue
    return None
