"""What a sentence claims that can be looked up in its sources: figures, dates, names, codes, and whether it is denied.

This is a check by rules. It catches what a source does not hold, and what it says the other way round in so many words; it
does not understand, so a sentence that gives true figures and names in a wrong relation may pass (docs/decisions/0015).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from wordfreq import zipf_frequency

from service.answer.text.amounts import Mention, Value, mentions_in
from service.answer.text.counts import counts_in, ordinals_in
from service.answer.text.dates import Day, Time, Weekday, days_in, times_in, weekdays_in
from service.answer.text.names import codes_in, missing_codes, missing_words
from service.answer.text.spans import blanked, outside
from service.answer.text.terms import covered, stem_set, terms
from service.answer.verification.opposites import denied_otherwise, plainly, shifted, turned, withheld
from service.answer.verification.replacements import Replacement, replacements
from service.answer.verification.roles import roles_turned

_FIRST_WORD = re.compile(r"\W*([A-Z][\w’'&.-]*)\s+([\w’'-]+)")
_OF_ONE = re.compile(r"(?:is|was|has|had|will|would|plans|\w+s|\w+ed)\Z")
_DOTTED = re.compile(r"\b(?:[A-Z]\.){2,}")
_ENDS = re.compile(r"(?<=[.;!?])\s+")
_RUN = re.compile(r"\b[A-Z]\w*(?:\s+[A-Z]\w*)+")
# "American" and "America", "Germany" and "German" begin alike; "Microsoft" and "Micron" differ by then.
_SAME_BEGINNING = 6
# Words more common than this open a sentence without being anybody's name: "it", "this", "after".
_COMMON = 5.7
# A small bare number is of anything, a large one of what the source counts in it: "5 billion" of dollars.
_TELLS_ITS_UNIT = 1_000


@dataclass(frozen=True, slots=True)
class Source:
    """What a sentence may rest on: the words quoted, and the title, publisher and date of their article."""

    quotes: tuple[str, ...]
    titles: tuple[str, ...] = ()
    published: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class _Values:
    """The figures, days, days of the week and times of a text. None is two of these at once, nor part of a code."""

    days: Sequence[Day]
    weekdays: Sequence[Weekday]
    times: Sequence[Time]
    figures: Sequence[Mention]

    def __iter__(self) -> Iterator[Day | Weekday | Time | Mention]:
        return iter([*self.days, *self.weekdays, *self.times, *self.figures])


def missing(words: str, source: Source) -> frozenset[str]:
    """Return the figures, dates, names and codes of a sentence, in its own words, that the source does not hold."""
    said, given = _values(words), _values("\n".join(source.quotes))
    return frozenset(
        [day.words for day in said.days if not _tells(day, given.days, source.published)]
        + [day.words for day in said.weekdays if day.number not in {other.number for other in given.weekdays}]
        + [time.words for time in said.times if not _holds_time(time, given)]
        + [figure.words for figure in said.figures if not _holds_figure(figure, given)]
        + list(missing_codes(words, (*source.quotes, *source.titles)))
        + _names_missing(words, said, source)
    )


def contradicted(words: str, source: Source) -> bool:
    """Say whether a source says the opposite in so many words: "did not invest" against "invested", "rose" against "fell",
    or claims more surely or more generally than it: "will" for "may", "all" for "some".

    Also where it has two names in each other's place (`service.answer.verification.roles`).
    """
    # That there is no charge denies nothing: it is a figure, and compared as one.
    said, quoted = plainly(_without_free(words)), plainly(_without_free(" ".join(source.quotes)))
    nearest = max(_ENDS.split(quoted), key=lambda one: covered(terms(said), one))
    changed = (
        denied_otherwise(said, quoted)
        or withheld(said, nearest)
        or any(turned(said, one) or shifted(said, one) for one in (quoted, nearest))
    )
    return (
        changed
        or roles_turned(words, source.quotes)
        or _put_in_another_order(words, source.quotes)
        or any(map(_another_value, replacements(words, source.quotes)))
    )


def _another_value(replaced: Replacement) -> bool:
    """Say whether a sentence has a name, figure or unit in the place of another one, or the opposite of a word."""
    if turned(replaced.said, replaced.told) or shifted(replaced.said, replaced.told):
        return True
    one, other = _one_of(replaced.said), _one_of(replaced.told)
    if one and other:
        return not one.is_same(other)
    # The first word of a text is not taken for a name.
    before = "of " if replaced.inside else ""
    said, told = (f"{before}{words} {replaced.after}" for words in (replaced.said, replaced.told))
    return bool(missing(told, Source(())) and missing(said, Source((told,))))


def _one_of(unit: str) -> Mention | None:
    """Return one of a unit, as a figure; None where these words are no unit."""
    text = f"1 {unit}"
    return next((found for found in mentions_in(text) if found.words == text), None)


def _put_in_another_order(words: str, quotes: Sequence[str]) -> bool:
    """Say whether a sentence has "from 5 to 4" where its source has "from 4 to 5", or the third floor for the second."""
    given = {change for quote in quotes for change in _changes(quote)}
    said = set(_changes(words))
    placed = ordinals_in(" ".join(quotes))
    other_place = any(placed.get(of) and not places & placed[of] for of, places in ordinals_in(words).items())
    return other_place or any((after, before) in given for before, after in said - given)


def _changes(text: str) -> Iterator[tuple[Value, Value]]:
    for one, other in pairwise(mentions_in(text)):
        if text[one.end : other.start].strip() == "to" and text[: one.start].rstrip().lower().endswith("from"):
            yield one.value, other.value


def _without_free(text: str) -> str:
    return blanked(text, (figure for figure in mentions_in(text) if figure.value.unit == "free"))


def _values(text: str) -> _Values:
    days = days_in(text)
    times = outside(times_in(text), days)
    counts = outside(counts_in(text), [*days, *times])
    figures = outside(mentions_in(text), [*days, *times, *counts, *codes_in(text)])
    every = [*counts, *figures]
    distinct = {(figure.value, figure.hedge, figure.counted, figure.per, figure.words): figure for figure in every}
    # "one of the largest"
    counted = [figure for figure in distinct.values() if figure.words.lower() != "one"]
    return _Values(days, weekdays_in(text), times, counted)


def _tells(claimed: Day, given: Sequence[Day], published: Sequence[date]) -> bool:
    """Say whether a day is given as precisely as it is claimed, in the text or as the article's own date.

    A year that the text leaves out is that of the article's date.
    """
    own = [(on.year, on.month, on.day) for on in published]
    filled = [
        (year, day.month, day.day)
        for day in given
        for year in ([day.year] if day.year else [None, *(on.year for on in published)])
    ]
    parts = (claimed.year, claimed.month, claimed.day)
    return any(all(part in (None, other) for part, other in zip(parts, one, strict=True)) for one in (*own, *filled))


def _holds_time(claimed: Time, given: _Values) -> bool:
    """Say whether a source gives a time of day, if only as the bare hour: "open from 9 to 17"."""
    hour, minute = divmod(claimed.minutes, 60)
    hours = {figure.value.amount for figure in given.figures if not figure.value.unit}
    bare = minute == 0 and bool(hours & {hour, (hour - 1) % 12 + 1})
    return bare or any(claimed.is_same(time) for time in given.times)


def _holds_figure(claimed: Mention, given: _Values) -> bool:
    stating = [figure for figure in given.figures if _states(claimed, figure)]
    of_same = [figure for figure in given.figures if claimed.counted and figure.counted == claimed.counted]
    # "7 boats" where there are "5 boats and 7 people": the number is there, but of something else.
    of_other = bool(of_same) and all(figure.counted and figure not in of_same for figure in stating)
    hours = {time.minutes / 60 for time in given.times}
    bare_hour = not claimed.value.unit and not claimed.counted and bool(hours & _hours(claimed))
    return bare_hour or (bool(stating) and not of_other)


def _hours(figure: Mention) -> set[float]:
    return {figure.value.amount, figure.value.amount + 12}


def _states(claimed: Mention, given: Mention) -> bool:
    """Say whether a source states a figure: the same, or one that "about" may round, and not bounded the other way."""
    rounded = claimed.rounded and claimed.may_be(given)
    unit_left_out = not claimed.value.unit and claimed.value.amount == given.value.amount >= _TELLS_ITS_UNIT
    return not claimed.opposed(given) and (claimed.is_same(given) or rounded or unit_left_out)


def _names_missing(words: str, said: _Values, source: Source) -> list[str]:
    """Return the names that the source does not hold; what belongs to a day or a figure ("May", "USD") is none."""
    rest = blanked(words, [*said, *mentions_in(words)])
    texts = [_DOTTED.sub(_without_dots, text) for text in (*source.quotes, *source.titles)]
    rest = _DOTTED.sub(_without_dots, rest)
    absent = missing_words(blanked(rest, codes_in(words)), texts)
    names = [name for name in absent if name.isupper() or zipf_frequency(name.lower(), "en") < _COMMON]
    names = [name for name in names if not _in_another_form(name, rest, " ".join(texts))]
    subject = _subject(rest)
    if subject and not stem_set(subject) <= frozenset[str]().union(*(stem_set(text) for text in texts)):
        names.append(subject)
    return names


def _without_dots(abbreviation: re.Match[str]) -> str:
    return abbreviation.group().replace(".", "")


def _in_another_form(name: str, words: str, source: str) -> bool:
    """Say whether a source holds a name as a longer or shorter form: "AI" spelled out, "AWS" for its words, "America"."""
    if name.isupper() and re.search(r"\b" + r"\w*[\s-]+".join(map(re.escape, name)), source, re.IGNORECASE):
        return True
    initials = ("".join(word[0] for word in run.split()) for run in _RUN.findall(words) if name in run.split())
    if any(re.search(rf"\b{re.escape(letters)}\b", source) for letters in initials):
        return True
    return len(name) >= _SAME_BEGINNING and bool(re.search(rf"\b{re.escape(name[:_SAME_BEGINNING])}", source))


def _subject(words: str) -> str | None:
    """Return the first word of a sentence where it reads like the name of one who does something: "Google invests"."""
    found = _FIRST_WORD.match(words)
    if not found or not _OF_ONE.match(found[2]) or found[1].endswith(("s", "ly")):
        return None
    return found[1] if zipf_frequency(found[1].lower(), "en") < _COMMON else None
