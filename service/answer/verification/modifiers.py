"""Words of a question that a sentence replaces by their opposites: "the north quay" for "the south quay"."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from string import punctuation

from service.answer.text.terms import is_function_word, stem_set
from service.answer.verification.opposites import shifted, turned


def replaced_modifiers(question: str, sentence: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a question that none of the texts holds, and for which the sentence has the opposite.

    Each stands directly before the same word as its opposite does. Where a question has both ("long or short"), neither
    is replaced.
    """
    held = frozenset[str]().union(*map(stem_set, texts))
    asked = stem_set(question)
    found = [(before, stem_set(word)) for before, word in _pairs(sentence) if not stem_set(before) <= asked]
    return tuple(
        modifier
        for modifier, word in _pairs(question)
        if not stem_set(modifier) <= held
        and any(stem_set(word) == other and _opposite(modifier, before) for before, other in found)
    )


def _opposite(word: str, other: str) -> bool:
    return turned(word, other) or shifted(word, other)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words that stand directly before another one, where both say what a text is about."""
    for before, word in pairwise(text.split()):
        if before[-1].isalnum() and not any(map(is_function_word, pair := (_bare(before), _bare(word)))):
            yield pair


def _bare(word: str) -> str:
    return word.strip(punctuation + "“”‘’")
