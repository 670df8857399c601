"""The terms of a text: the stems of its words that say what it is about, each weighed by how rare it is."""

import math
import re
from collections.abc import Mapping, Sequence

from wordfreq import zipf_frequency

from index.stores.lexical import stems

# Words that questions hold in one wording and not in another, without asking for something else.
_LIGHT_WORDS = frozenset(
    "a about an and any are as at be been being by can could do does doing for get give had has have i in is it its "
    "me my of on one or our please say says so some such tell that the their them there these they this those to us "
    "we you your".split()
)
# Together with these, the words that any question or sentence may hold, whatever its subject.
_FUNCTION_WORDS = _LIGHT_WORDS | frozenset(
    "according after all already also am anything article articles because before but did during each earlier every "
    "few from how if into kind last later less many more most much no not now over per previous previously prior "
    "should since source sources than then under until up via was were what whats when where which while who whom "
    "whose why will with would".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_APOSTROPHE = re.compile("['’]")


def is_function_word(word: str) -> bool:
    """Say whether a word is one that any sentence may hold, such as an article or a preposition."""
    return word.lower() in _FUNCTION_WORDS


def is_light_word(word: str) -> bool:
    """Say whether a word is a function word that a question may hold or not, and still ask the same."""
    return word.lower() in _LIGHT_WORDS


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without what is added to them by an apostrophe ("what's")."""
    return [_APOSTROPHE.split(word)[0] for word in _WORD.findall(text.lower())]


def terms(text: str) -> Mapping[str, float]:
    """Return the stems of a text that say what it is about, each with its weight: rare words weigh more.

    The weight is 7 less the word's Zipf frequency in English (https://github.com/rspeer/wordfreq): about 1 for a very
    common word, 7 for one that is hardly ever used. It does not depend on the corpus, which may be five articles.
    """
    weights: dict[str, float] = {}
    for word in _WORD.findall(text.lower()):
        if _APOSTROPHE.split(word)[0] not in _FUNCTION_WORDS:  # "what's" is no more than "what"
            weight = max(7.0 - zipf_frequency(word, "en"), 0.5)
            weights.update(dict.fromkeys(stems(word), weight))
    return weights


def stem_set(text: str) -> frozenset[str]:
    """Return the stems of a text as a set."""
    return frozenset(stems(text))


def distinctive(question: str, texts: Sequence[str]) -> Mapping[str, float]:
    """Return a question's terms with their weight among these texts: what nearly all of them hold tells little.

    The weight of a term is that of `terms` times its inverse document frequency among the texts, between 0 and 1. In a
    corpus about one thing its name is rare English and yet says nothing.
    """
    held = [stem_set(text) for text in texts]
    weights = terms(question)
    frequency = {stem: sum(stem in stems_ for stems_ in held) for stem in weights}
    most = math.log(1 + 2 * len(texts)) or 1.0
    return {
        stem: weight * math.log(1 + len(texts) / max(frequency[stem], 0.5)) / most for stem, weight in weights.items()
    }


def covered(weights: Mapping[str, float], *texts: str) -> float:
    """Return the share of these terms' weight that the texts hold, between 0 and 1."""
    held = frozenset[str]().union(*(stem_set(text) for text in texts))
    missing = sum(weight for stem, weight in weights.items() if stem not in held)
    return 1.0 - missing / (sum(weights.values()) or 1.0)


def told_in_order(text: str, other: str) -> bool:
    """Say whether another text has all words of this one that say what it is about, in the same order."""
    rest = iter(_telling(other))
    return all(stem in rest for stem in _telling(text))


def _telling(text: str) -> list[str]:
    return [stem for word in words_of(text) if not is_function_word(word) for stem in stems(word)]
