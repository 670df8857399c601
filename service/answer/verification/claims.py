"""What a sentence claims that can be looked up in its sources: figures, days, names, and whether something did not happen.

This is a check by rules. It catches what a source does not hold, and what it says the other way round in so many words; it
does not understand, so a sentence that gives true figures and names in a wrong relation may pass (docs/decisions/0015).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wordfreq import zipf_frequency

from service.answer.text.amounts import Mention, mentions_in
from service.answer.text.dates import Day, days_in
from service.answer.text.terms import missing_names, stem_set, terms
from service.answer.verification.roles import roles_turned

_MORE = frozenset({"more than", "over", "above", "at least"})
_LESS = frozenset({"less than", "fewer than", "under", "below", "up to"})
_ROUND = frozenset({"nearly", "almost", "about", "around", "roughly", "some"})

# "not only", "no later than" and the like deny nothing.
_DENIAL = re.compile(
    r"\b(?:(?:not|no)\b(?! (?:only|just|least|doubt|(?:less|more|later|sooner|fewer) than)\b)"
    r"|never|none|nobody|nothing|without|neither|nor|cannot|\w+n['’]t"
    r"|den(?:y|ies|ied)|fail(?:s|ed)? to|refus(?:e|es|ed)|declin(?:e|es|ed) to|ruled out)\b",
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
_DOTTED = re.compile(r"\b(?:[A-Z]\.){2,}")
_RUN = re.compile(r"[A-Z]\w*(?:\s+[A-Z]\w*)+")
# "American" and "America", "Germany" and "German" begin alike; "Microsoft" and "Micron" differ by then.
_SAME_BEGINNING = 6
# Words more common than this open a sentence without being anybody's name: "it", "this", "after".
_COMMON = 5.7


@dataclass(frozen=True, slots=True)
class Source:
    """What a sentence may rest on: the words quoted, and the title, publisher and date of their article."""

    quotes: tuple[str, ...]
    titles: tuple[str, ...] = ()
    published: tuple[date, ...] = ()


def missing(words: str, source: Source) -> frozenset[str]:
    """Return the figures, days and names of a sentence, in its own words, that the source does not hold."""
    days, figures = _days_and_figures(words)
    given_days, given_figures = _days_and_figures(" ".join(source.quotes))
    return frozenset(
        [day.words for day in days if not _told(day, given_days, source.published)]
        + [figure.words for figure in figures if not any(_states(figure, given) for given in given_figures)]
        + _names_missing(words, [*days, *figures], source)
    )


def contradicted(words: str, source: Source) -> bool:
    """Say whether a source says the opposite in so many words: "did not invest" against "invested", "rose" against "fell".

    Also where it has two names in each other's place (`service.answer.verification.roles`).
    """
    quoted = " ".join(source.quotes)
    return _denies_otherwise(words, quoted) or _turns(words, quoted) or roles_turned(words, source.quotes)


def _days_and_figures(text: str) -> tuple[list[Day], list[Mention]]:
    days = days_in(text)
    figures = [m for m in mentions_in(text) if not any(m.start < day.end and day.start < m.end for day in days)]
    return days, [figure for figure in figures if figure.words.lower() != "one"]  # "one of the largest"


def _told(claimed: Day, given: Sequence[Day], published: Sequence[date]) -> bool:
    """Say whether a day is given as precisely as it is claimed, in the text or as the article's own date.

    A year that the text leaves out is that of the article's date.
    """
    own = [(on.year, on.month, on.day) for on in published]
    filled = [
        (year, day.month, day.day)
        for day in given
        for year in ([day.year] if day.year else [on.year for on in published])
    ]
    bare = [(None, day.month, day.day) for day in given]
    parts = (claimed.year, claimed.month, claimed.day)
    return any(
        all(part in (None, other) for part, other in zip(parts, one, strict=True)) for one in (*own, *filled, *bare)
    )


def _states(claimed: Mention, given: Mention) -> bool:
    """Say whether a source states a figure: the same, or one that "about" may round, and not bounded the other way."""
    opposite = (claimed.hedge in _MORE and given.hedge in _LESS) or (claimed.hedge in _LESS and given.hedge in _MORE)
    rounded = claimed.hedge in _ROUND and claimed.may_be(given)
    # "5 billion" is often said of dollars; a small bare number is of anything.
    unit_left_out = not claimed.value.unit and claimed.value.amount == given.value.amount >= 1_000
    return not opposite and (claimed.value == given.value or rounded or unit_left_out)


def _names_missing(words: str, counted: Sequence[Day | Mention], source: Source) -> list[str]:
    """Return the names that the source does not hold; what belongs to a day or a figure ("May", "USD") is none."""
    rest = words
    for one in counted:
        rest = rest[: one.start] + "0" * (one.end - one.start) + rest[one.end :]
    texts = [_DOTTED.sub(_without_dots, text) for text in (*source.quotes, *source.titles)]
    rest = _DOTTED.sub(_without_dots, rest)
    names = [n for n in missing_names(rest, texts) if n.isupper() or zipf_frequency(n.lower(), "en") < _COMMON]
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
