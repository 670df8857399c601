"""What a sentence claims that can be looked up in its sources: figures, days, names, and whether something did not happen.

This is a check by rules. It catches what a source does not hold, and what it says the other way round in so many words; it
does not understand, so a sentence that gives true figures and names in a wrong relation may pass (docs/decisions/0015).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wordfreq import zipf_frequency

from service.days import Day, days_in
from service.values import Mention, mentions_in
from service.wording import missing_names, stem_set, terms

_MORE = frozenset({"more than", "over", "above", "at least"})
_LESS = frozenset({"less than", "fewer than", "under", "below", "up to"})
_ROUND = frozenset({"nearly", "almost", "about", "around", "roughly", "some"})

# "not only", "no later than" and the like deny nothing.
_DENIAL = re.compile(
    r"\b(?:(?:not|no)\b(?! (?:only|just|least|doubt|less|more|later|sooner|fewer)\b)|never|none|nobody|nothing|without"
    r"|neither|nor|cannot|\w+n['’]t|den(?:y|ies|ied)|fail(?:s|ed)? to|refus(?:e|es|ed)|declin(?:e|es|ed) to|ruled out)\b",
    re.IGNORECASE,
)
_AFTER_DENIAL = re.compile(r"(?:[\s,]+[\w’'-]+){1,3}")
_UP = frozenset(
    "rise rises rose risen rising increase increases increased grew grow grows grown gain gained climb climbed".split()
)
_DOWN = frozenset(
    "fall falls fell fallen falling decrease decreases decreased drop drops dropped decline declined shrank".split()
)

_FIRST_WORD = re.compile(r"\W*([A-Z][\w’'&.-]*)\s+([\w’'-]+)")
_OF_ONE = re.compile(r"(?:is|was|has|had|will|would|plans|\w+s|\w+ed)\Z")
# Words more common than this open a sentence without being anybody's name: "it", "this", "after".
_COMMON = 5.7


@dataclass(frozen=True, slots=True)
class Source:
    """What a sentence may rest on: the words quoted, and the title, publisher and date of their article."""

    quotes: tuple[str, ...]
    titles: tuple[str, ...] = ()
    published: tuple[date, ...] = ()

    @property
    def words(self) -> str:
        return " ".join(self.quotes)


def missing(words: str, source: Source) -> frozenset[str]:
    """Return the figures, days and names of a sentence, in its own words, that the source does not hold."""
    days, figures = _days_and_figures(words)
    source_days, source_figures = _days_and_figures(source.words)
    return frozenset(
        [
            day.words
            for day in days
            if not any(_gives(day, other, source.published) for other in source_days)
            and not any(_is_day(day, on) for on in source.published)
        ]
        + [f.words for f in figures if f.words.lower() != "one" and not any(_states(f, o) for o in source_figures)]
        + _names_missing(words, days, source)
    )


def contradicted(words: str, source: Source) -> bool:
    """Say whether a source says the opposite in so many words: "did not invest" against "invested", "rose" against "fell"."""
    return _denies_otherwise(words, source.words) or _turns(words, source.words)


def _days_and_figures(text: str) -> tuple[list[Day], list[Mention]]:
    days = days_in(text)
    figures = [m for m in mentions_in(text) if not any(m.start < day.end and day.start < m.end for day in days)]
    return days, figures


def _gives(claimed: Day, given: Day, published: Sequence[date]) -> bool:
    """Say whether a source gives a day as precisely as it is claimed. The year may be that of the article's date."""
    years = {given.year} if given.year else {on.year for on in published}
    return (
        (claimed.year is None or claimed.year in years)
        and claimed.month in (None, given.month)
        and claimed.day in (None, given.day)
    )


def _is_day(claimed: Day, on: date) -> bool:
    return (claimed.year in (None, on.year)) and claimed.month in (None, on.month) and claimed.day in (None, on.day)


def _states(claimed: Mention, given: Mention) -> bool:
    """Say whether a source states a figure: the same, or one that "about" may round, and not bounded the other way."""
    opposite = (claimed.hedge in _MORE and given.hedge in _LESS) or (claimed.hedge in _LESS and given.hedge in _MORE)
    rounded = claimed.hedge in _ROUND and claimed.may_be(given)
    # "5 billion" is often said of dollars; a small bare number is of anything.
    unit_left_out = not claimed.value.unit and claimed.value.amount == given.value.amount >= 1_000
    return not opposite and (claimed.value == given.value or rounded or unit_left_out)


def _names_missing(words: str, days: Sequence[Day], source: Source) -> list[str]:
    texts = [*source.quotes, *source.titles]
    without_days = words
    for day in reversed(days):
        without_days = without_days[: day.start] + "on" + without_days[day.end :]
    names = [
        name
        for name in missing_names(without_days, texts)
        if name.isupper() or zipf_frequency(name.lower(), "en") < _COMMON
    ]
    subject = _subject(without_days)
    if subject and not stem_set(subject) <= frozenset[str]().union(*(stem_set(text) for text in texts)):
        names.append(subject)
    return names


def _subject(words: str) -> str | None:
    """Return the first word of a sentence where it reads like the name of one who does something: "Google invests"."""
    found = _FIRST_WORD.match(words)
    if not found or not _OF_ONE.match(found[2]) or found[1].endswith(("s", "ly")):
        return None
    return found[1] if zipf_frequency(found[1].lower(), "en") < _COMMON else None


def _denies_otherwise(words: str, source: str) -> bool:
    denied, source_denied = _denied(words), _denied(source)
    if _DENIAL.search(words):
        if not _DENIAL.search(source):
            return True
        return bool(denied) and not denied & source_denied and bool(denied & _plain(source))
    return bool((source_denied & terms(words).keys()) - _plain(source))


def _denied(text: str) -> frozenset[str]:
    """Return the stems of the words that follow a denial: of "did not disclose terms", those of disclose and terms."""
    after = (_AFTER_DENIAL.match(text, denial.end()) for denial in _DENIAL.finditer(text))
    return frozenset(stem for found in after if found for stem in terms(found.group()))


def _plain(text: str) -> frozenset[str]:
    """Return the stems of the words that follow no denial."""
    kept, at = [], 0
    for denial in _DENIAL.finditer(text):
        kept.append(text[at : denial.start()])
        found = _AFTER_DENIAL.match(text, denial.end())
        at = found.end() if found else denial.end()
    return frozenset(terms(" ".join([*kept, text[at:]])))


def _turns(words: str, source: str) -> bool:
    said, told = (frozenset(re.findall(r"[a-z]+", text.lower())) for text in (words, source))
    up, down = bool(said & _UP), bool(said & _DOWN)
    source_up, source_down = bool(told & _UP), bool(told & _DOWN)
    return (up and not down and source_down and not source_up) or (down and not up and source_up and not source_down)
