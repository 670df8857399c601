"""Finds the ends of sentences within a block of text.

sentencex (https://github.com/wikimedia/sentencex) finds them by its English rules, as most languages mark the ends of
sentences alike. Some of these ends are inside a sentence: after an abbreviation that is not in its English list, and after
the day of a date ("am 3. April", "by 5. May", "3. 4. 2026") or another ordinal ("im 2. Stock"). They are recognised by the
words before and after the full stop, with sentencex's lists of other languages, the names of months and units in the CLDR (by
babel), and the frequency of words (by wordfreq). When in doubt, the end is kept.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from babel import Locale
from babel.units import format_unit
from sentencex import get_sentence_boundaries
from wordfreq import zipf_frequency

# sentencex takes quadratic time in the length of its text.
_WINDOW = 5_000
# Characters before and after a full stop that decide whether the sentence continues.
_BEFORE, _AFTER = 40, 40
# Languages for which sentencex has a list of abbreviations and is fast.
_LISTS = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs", "fi")
# Languages that write a full stop after the day of a date, and English, which is often mixed with them.
_DOTTED_DATES = ("en", "de", "da", "nb", "nn", "fi", "cs", "sk", "sl", "hr", "sr_Latn", "et", "lv", "is", "fo", "lb")
# Zipf frequencies: occurrences in 10^9 words, as a power of ten. Words above _ORDINARY are hardly ever abbreviations. Words
# above _EVERYDAY begin a sentence rather than being the name after a title.
_ORDINARY, _EVERYDAY = 5.0, 5.5
_LONGEST_ABBREVIATION = 6
_WORD_AND_STOP = re.compile(r"(?P<inner>[.@]?)(?<![^\W\d_])(?P<word>[^\W\d_]++)\.\s++\Z")
_DAY_AND_STOP = re.compile(r"(?<![\w.,])\d{1,2}\.\s+\Z")
_DATE = re.compile(r"(?<![\w.,])\d{1,2}\.\s\d{1,2}\.\s\d{4}(?!\d)")
# German writes a full stop after ordinals, and nouns with a capital: an article in front says that one follows.
_ORDINAL = re.compile(r"\b(?:der|die|das|dem|den|des|am|beim|im|vom|zum|zur)\s\d{1,3}\.\s+\Z", re.IGNORECASE)
_UNIT_AND_STOP = re.compile(r"\d ?(?P<unit>[A-Za-z]{1,4})\.\s+(?=[A-Z])")
_NEXT = re.compile(r"[^\W\d_]+|\d")


def sentence_spans(block: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a block as (start, end) offsets; each ends where the next starts. Takes linear time."""
    start = 0
    for end in _ends(block):
        if end == len(block) or not _goes_on(block[max(start, end - _BEFORE) : end], block[end : end + _AFTER]):
            yield start, end
            start = end


def _ends(block: str) -> Iterator[int]:
    """Yield the ends that sentencex finds, and those behind units; the last is the end of the block."""
    first = 0
    while first < len(block):
        window = block[first : first + _WINDOW]
        # sentencex takes "mm." and "l." for abbreviations wherever they stand.
        behind_units = {match.end() for match in _UNIT_AND_STOP.finditer(window) if match["unit"] in _units()}
        found = sorted({b["end_index"] for b in get_sentence_boundaries("en", window)} | behind_units)
        if first + len(window) < len(block):
            # The last sentence may continue in the next window. If it is the only one, it is cut, between words if possible.
            found = found[:-1] or [window.rfind(" ") + 1 or len(window)]
        yield from (first + end for end in found)
        first += found[-1]


def _goes_on(before: str, after: str) -> bool:
    """Return whether the sentence continues after the full stop at the end of `before`."""
    following = _NEXT.match(after)
    if following is None:
        return False
    word = following.group()
    if _DAY_AND_STOP.search(before):
        if word.islower() or word.casefold() in _months():
            return True
        dates = _DATE.finditer(before + after)
        is_noun = _ORDINAL.search(before) and zipf_frequency(word, "de", wordlist="small") < _ORDINARY
        return bool(is_noun) or any(date.start() < len(before) < date.end() for date in dates)
    found = _WORD_AND_STOP.search(before)
    if found is None or len(found["word"]) > _LONGEST_ABBREVIATION:
        return False
    if not word[0].isupper():
        return not _is_common(found["word"], _ORDINARY) or _is_listed(found["word"])
    # "up to 40 mm. Change it": a unit behind a figure is no title before a name.
    if found["word"] in _units() and before[: found.start()].rstrip()[-1:].isdigit():
        return False
    may_be_listed = not found["inner"] and not found["word"].isupper() and not _is_common(found["word"], _ORDINARY)
    return may_be_listed and not _is_common(word, _EVERYDAY) and _is_listed(found["word"])


def _is_common(word: str, frequency: float) -> bool:
    return zipf_frequency(word, "en", wordlist="small") >= frequency


@lru_cache(50_000)
def _is_listed(word: str) -> bool:
    """Return whether the word is an abbreviation for sentencex in any language."""
    return any(len(get_sentence_boundaries(language, f"Aa {word}. Bb")) == 1 for language in _LISTS)


@cache
def _units() -> frozenset[str]:
    """Return the short forms of units in the CLDR: "mm", "min"."""
    english = Locale("en")
    short = (format_unit(2, str(unit), length="short", locale=english) for unit in english.unit_display_names)
    return frozenset(text.removeprefix("2").strip() for text in short)


@cache
def _months() -> frozenset[str]:
    """Return the names of months, in full and abbreviated, without a full stop and in lower case."""
    names = (
        name
        for language in _DOTTED_DATES
        for context in Locale.parse(language).months.values()
        for width in ("wide", "abbreviated")
        for name in context.get(width, {}).values()
    )
    return frozenset(name.rstrip(".").casefold() for name in names)
