"""Where sentences end within a block of text.

sentencex (https://github.com/wikimedia/sentencex) finds the ends, by its English rules: sentence ends are marked alike in
most languages. Some of these ends stand inside a sentence: after an abbreviation that its English list does not have, and
after the day of a date ("am 3. April", "by 5. May"). They are told by what stands before and after the full stop, with
sentencex's lists of other languages, the names of months of the CLDR (by babel), and how common a word is (by wordfreq).
Where in doubt, the end stays.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from babel import Locale
from sentencex import get_sentence_boundaries
from wordfreq import zipf_frequency

# sentencex takes time quadratic in the length of what it is given.
_WINDOW = 5_000
# So much of the text before and after a full stop tells whether the sentence goes on.
_BEFORE, _AFTER = 40, 40
# Languages of which sentencex has a list of abbreviations and is quick.
_LISTS = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs", "fi")
# Languages that write a full stop after the day of a date, and English, which people mix with them.
_DOTTED_DATES = ("en", "de", "da", "nb", "nn", "fi", "cs", "sk", "sl", "hr", "sr_Latn", "et", "lv", "is", "fo", "lb")
# Zipf frequencies: occurrences in 10^9 words, as a power of ten. Words above _ORDINARY are hardly abbreviations, and
# those above _EVERYDAY begin a sentence rather than being the name behind a title.
_ORDINARY, _EVERYDAY = 5.0, 5.5
_LONGEST_ABBREVIATION = 6
_WORD_AND_STOP = re.compile(r"(?P<inner>[.@]?)(?P<word>[^\W\d_]+)\.\s+\Z")
_DAY_AND_STOP = re.compile(r"(?<![\w.,])\d{1,2}\.\s+\Z")
_NEXT = re.compile(r"[^\W\d_]+|\d")


def sentence_spans(block: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a block as (start, end) offsets; each ends where the next starts. Takes linear time."""
    start = 0
    for end in _ends(block):
        if end == len(block) or not _goes_on(block[max(start, end - _BEFORE) : end], block[end : end + _AFTER]):
            yield start, end
            start = end


def _ends(block: str) -> Iterator[int]:
    """Yield the ends that sentencex finds; the last is the end of the block."""
    first = 0
    while first < len(block):
        window = block[first : first + _WINDOW]
        found: list[int] = [b["end_index"] for b in get_sentence_boundaries("en", window)]
        if first + len(window) < len(block):
            # The last one may go on in the next window; where it is the only one, it is cut, if possible between words.
            found = found[:-1] or [window.rfind(" ") + 1 or len(window)]
        yield from (first + end for end in found)
        first += found[-1]


def _goes_on(before: str, after: str) -> bool:
    """Say whether the sentence goes on after a full stop that ends `before`."""
    following = _NEXT.match(after)
    if following is None:
        return False
    word = following.group()
    if _DAY_AND_STOP.search(before):
        return word.islower() or word.casefold() in _months()
    found = _WORD_AND_STOP.search(before)
    if found is None or len(found["word"]) > _LONGEST_ABBREVIATION:
        return False
    if not word[0].isupper():
        return not _is_common(found["word"], _ORDINARY) or _is_listed(found["word"])
    may_be_listed = not found["inner"] and not found["word"].isupper() and not _is_common(found["word"], _ORDINARY)
    return may_be_listed and not _is_common(word, _EVERYDAY) and _is_listed(found["word"])


def _is_common(word: str, frequency: float) -> bool:
    return zipf_frequency(word, "en", wordlist="small") >= frequency


@lru_cache(50_000)
def _is_listed(word: str) -> bool:
    """Say whether sentencex takes the word for an abbreviation in any language."""
    return any(len(get_sentence_boundaries(language, f"Aa {word}. Bb")) == 1 for language in _LISTS)


@cache
def _months() -> frozenset[str]:
    """Return the names of months, in full and shortened, without a full stop and in small letters."""
    names = (
        name
        for language in _DOTTED_DATES
        for context in Locale.parse(language).months.values()
        for width in ("wide", "abbreviated")
        for name in context.get(width, {}).values()
    )
    return frozenset(name.rstrip(".").casefold() for name in names)
