"""Words of a question that a sentence replaces by others: "the south quay" is asked for, and "the north quay" is found."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from wordfreq import zipf_frequency

from service.answer.text.terms import is_function_word, stem_set

_TOKEN = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*|[^\w\s]")


def replaced_modifiers(question: str, sentence: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a question that none of the texts holds, each before a word that the sentence has another before.

    A word that is not English may be misspelt, and does not count.
    """
    held = frozenset[str]().union(*map(stem_set, texts))
    asked = stem_set(question)
    found = [(stem_set(before), stem_set(word)) for before, word in _pairs(sentence)]
    return tuple(
        modifier
        for modifier, word in _pairs(question)
        if not stem_set(modifier) <= held
        and zipf_frequency(modifier, "en") > 0
        and any(stem_set(word) == other and not before & asked for before, other in found)
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words that stand directly before another one, where both say what a text is about."""
    for before, word in pairwise(_TOKEN.findall(text)):
        if all(one[0].isalnum() and not is_function_word(one) for one in (before, word)):
            yield before, word
