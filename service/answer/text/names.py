"""Names and codes in a text: of people, places and things, and what identifies one ("BX-100", "PEP 669", "Ctrl+C", "3.1.2").

Names compare by their stems, codes exactly, but for spaces and hyphens: "BX-100" is "BX 100" and not "CX-100".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.answer.text.amounts import mentions_in
from service.answer.text.dates import days_in, times_in, weekdays_in
from service.answer.text.spans import Placed, blanked, outside
from service.answer.text.terms import is_function_word, stem_set, terms

_TOKEN = re.compile(r"[^\W_]+(?:[.+_–-]+[^\W_]+)*")
_LETTERS_AND_DIGITS = re.compile(r"(?!\d+(?:st|nd|rd|th|s|-[a-z].*)\Z)(?=.*[^\W\d])(?=.*\d)|.*[_+]|\d+(?:\.\d+){2,}\Z")
_FILE = re.compile(r"[\w-]{2,}(?:\.[\w-]+)*\.[a-z]{2,4}\Z")
_NUMBERED = re.compile(
    r"(?<![\w-])(?P<name>[A-Z][A-Za-z]+(?:\.[A-Za-z]+)?|[Vv]ersion)\s(?P<number>\d+(?:\.\d+)*)(?![\w.,-]*\d)"
)
# "/var/log", "~/.ssh/config", "--save-dev" and "-g"
_PATH_OR_OPTION = re.compile(
    r"(?<![\w/:.~-])(?:(?:~|\.{1,2})?(?:/[\w.-]*\w){2,}|--?(?=[A-Za-z])(?:[A-Za-z][\w-]+|[A-Za-z])\b(?!-))"
)
_SEPARATORS = re.compile(r"[\s_+–-]+")
# Keys that have two names, in lower case.
_KEYS = {"command": "cmd", "control": "ctrl", "option": "opt", "escape": "esc", "delete": "del", "insert": "ins"}
_NAME = re.compile(r"(?<![\w'’])[A-Z][^\W_]+(?:[-&][^\W_]+)*")
_LONG_NAME = re.compile(r"\b[A-Z][\w’'&-]*(?:\s+[A-Z][\w’'&-]*)*")
_ANY_NAME = re.compile(r"\b[A-Z]\w*(?:[.&-]\w+)*")
_LETTER = re.compile(r"\b[A-Z]\b")
# Below this weight (`terms`), a word that begins a sentence is no name: "Both", "Another", "First".
_RARE = 1.8


@dataclass(frozen=True, slots=True)
class Name:
    """A name or a code, as a text puts it at `text[start:end] == words`."""

    words: str
    start: int
    end: int


def codes_in(text: str) -> tuple[Name, ...]:
    """Return what identifies one thing among others: part numbers, standards, versions, keys, names of files."""
    found = [match for match in _TOKEN.finditer(text) if _is_code(match.group())]
    found += [match for match in _NUMBERED.finditer(text) if _is_numbered(match)]
    found += _PATH_OR_OPTION.finditer(text)
    codes = [Name(match.group(), match.start(), match.end()) for match in sorted(found, key=lambda m: m.start())]
    values = [mention for mention in mentions_in(text) if mention.value.unit]
    days = [day for day in days_in(text) if not day.words.isdigit()]
    return tuple(outside(codes, [*values, *days, *times_in(text)]))


def _is_code(token: str) -> bool:
    return bool(_LETTERS_AND_DIGITS.match(token) or _FILE.match(token))


def _is_numbered(match: re.Match[str]) -> bool:
    """Say whether a word before a number names what it is the number of: "PEP 669", not "About 900"."""
    name = match["name"]
    begins = not match.string[: match.start()].rstrip().endswith(tuple("abcdefghijklmnopqrstuvwxyz,;"))
    return not is_function_word(name) and (
        not begins or name.isupper() or not name.isalpha() or name.lower() == "version"
    )


def names_in(text: str) -> tuple[str, ...]:
    """Return the words of a text that are names: with a capital, but for the first, which has one anyway."""
    if _is_headline(text):
        return ()
    begins = len(text) - len(text.lstrip())
    found = [
        Name(match.group(), match.start(), match.end()) for match in _NAME.finditer(text) if match.start() > begins
    ]
    names = [one for one in found if not is_function_word(one.words) and not _is_code(one.words)]
    return tuple(one.words for one in outside(names, [*days_in(text), *weekdays_in(text)]))


def _is_headline(text: str) -> bool:
    """Say whether words that need no capital have one, as in a headline: then capitals tell nothing."""
    common = [word for word in text.split()[1:] if is_function_word(word) and word != "I"]
    return sum(word[0].isupper() for word in common) * 2 > len(common)


def named_in(text: str) -> tuple[str, ...]:
    """Return the names and the codes of a text."""
    return names_in(text) + tuple(code.words for code in codes_in(text))


def missing_names(text: str, others: Sequence[str]) -> tuple[str, ...]:
    """Return the names and codes of a text that none of the others holds, not even as the initials of a longer name."""
    return missing_words(text, others) + missing_codes(text, others)


def missing_words(text: str, others: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a text, without codes, that none of the others holds."""
    held = frozenset[str]().union(*(stem_set(other) | initials_in(other) for other in others))
    return tuple(name for name in names_in(text) if not stem_set(name) <= held and name not in held)


def missing_codes(text: str, others: Sequence[str]) -> tuple[str, ...]:
    """Return the codes of a text that none of the others holds."""
    if not (codes := codes_in(text)):
        return ()
    held = frozenset[str]().union(*(_forms(other) for other in others))
    numbered = frozenset(match["number"] for other in others for match in _NUMBERED.finditer(other))
    return tuple(code.words for code in codes if not _holds(held, code.words, numbered))


def initials_in(text: str) -> frozenset[str]:
    """Return the initials of the names of several words in a text: "AWS" for "Amazon Web Services"."""
    names = [name.split() for name in _LONG_NAME.findall(text)]
    return frozenset("".join(word[0] for word in words) for words in names if len(words) > 1)


def name_others(one: str, other: str) -> bool:
    """Say whether each of two sentences names something that the other does not: "Rome has 40 parks", "Pisa has 40 parks".

    One of them may say more ("Amazon.com of Seattle"), and a name may stand as its initials.
    """
    return bool(_names_only_in(one, other)) and bool(_names_only_in(other, one))


def _names_only_in(sentence: str, other: str) -> list[str]:
    # The letter of "plan A" is another word than "a".
    held = stem_set(other) | initials_in(other.removeprefix("The ")) | set(_LETTER.findall(other))
    calendar: list[Placed] = [*days_in(sentence), *weekdays_in(sentence)]
    found = [Name(match.group(), match.start(), match.end()) for match in _ANY_NAME.finditer(sentence)]
    names = [name for name in outside(found, calendar) if name.start > 0 or _is_rare(name.words)]
    words = [name.words for name in names if not _is_month(name.words) and not _any_form(name.words) & held]
    return [*words, *missing_codes(sentence, [other])]


def _is_month(word: str) -> bool:
    return bool(days_in(f"{word} 2000"))


def _any_form(name: str) -> frozenset[str]:
    return frozenset({name}) if len(name) == 1 else stem_set(name) | {name.replace(".", "")}


def _is_rare(word: str) -> bool:
    """Say whether a word that begins a sentence may be a name: those that any sentence begins with are common."""
    return max(terms(word).values(), default=0.0) >= _RARE


def _holds(held: frozenset[str], code: str, numbered: frozenset[str]) -> bool:
    # "Unit 1 and 2" holds "Unit 2", but "Java 8 and Node 18" does not hold "Node 8".
    apart = code.split()
    in_parts = len(apart) > 1 and apart[-1] not in numbered and all(_form(word) in held for word in apart)
    return _form(code) in held or in_parts


def _forms(text: str) -> frozenset[str]:
    # "$13 billion" does not hold "Unit 13".
    bare = blanked(text, (mention for mention in mentions_in(text) if mention.value.unit))
    words = [match.group() for match in _TOKEN.finditer(bare)]
    others = [match.group() for match in _PATH_OR_OPTION.finditer(bare)]
    return frozenset(map(_form, [*words, *others, *(f"{one} {other}" for one, other in pairwise(words))]))


def _form(code: str) -> str:
    form = "".join(_KEYS.get(part, part) for part in _SEPARATORS.split(code.casefold()))
    return re.sub(r"^(?:version|v)(?=\d)", "", form)
