"""A question with its misspelt words put right, as far as the passages that were found tell."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract
from wordfreq import top_n_list, zipf_frequency

from index.ingest.outline import path_of
from index.records import Hit
from service.answer.text.units import LETTERS

# Fewer letters have too many neighbours, of other names above all; longer words than these are none.
_LETTERS, _LETTERS_OF_NAMES = range(4, 41), range(7, 41)
# Words that come up less than once in a million are hardly ever written (wordfreq's Zipf scale).
_RARE = 3.0
_COMMON_WORDS = 20_000
# What it counts that the passages have a word, on the same scale: as much as being a hundred times as frequent.
_FOUND = 2.0


def respelled(question: str, hits: Sequence[Hit]) -> str | None:
    """Return a question with its misspelt words put right, or None where none seems to be.

    A word is taken for misspelt that is rare in English and stands in none of the passages. It becomes the likeliest word
    that begins with the same letter, as most misspelt words do (Pollock and Zamora 1984, "Automatic spelling correction in
    scientific and scholarly text"), and differs in one letter, or in the order of two. What is written like a name becomes
    only another word of the passages.
    """
    found = _words_of(hits)

    def put_right(word: re.Match[str]) -> str:
        name = word.start() > 0 and word.group()[0].isupper()
        return _nearest(word.group(), found, name=name) or word.group()

    better = LETTERS.sub(put_right, question)
    return better if better != question else None


def _words_of(hits: Iterable[Hit]) -> frozenset[str]:
    texts = {f"{path_of(hit.passage.article.title, hit.passage.context)} {hit.passage.text}" for hit in hits}
    return frozenset(word for text in texts for word in LETTERS.findall(text.lower()))


def _nearest(word: str, found: frozenset[str], *, name: bool) -> str | None:
    """Return the word that a misspelt one stands for; None where it is not misspelt, or none is near."""
    lower = word.lower()
    letters = _LETTERS_OF_NAMES if name else _LETTERS
    if len(lower) not in letters or lower in found or zipf_frequency(lower, "en") >= _RARE:
        return None
    choices = [*(other for other in found if other[0] == lower[0]), *(() if name else _common(lower[0]))]
    near = [other for other, *_ in extract(lower, choices, scorer=OSA.distance, score_cutoff=1, limit=None)]
    best = max(near, key=lambda other: (zipf_frequency(other, "en") + _FOUND * (other in found), other), default=None)
    return best.capitalize() if best and name else best


@cache
def _common(letter: str) -> tuple[str, ...]:
    return tuple(word for word in top_n_list("en", _COMMON_WORDS) if word[0] == letter)
