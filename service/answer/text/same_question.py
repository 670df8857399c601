"""Whether two questions ask the same by their words: the same words in the same order, but for those that say nothing.

An embedding alone does not tell: "Which train goes from Berlin to Hamburg?" and the same with the names exchanged have a
cosine of .999, and those with "export" and "import" .96. So this comes first, and is strict: another word in place of one,
another order, or another question word makes another question.
"""

from index.stores.lexical import stems
from service.answer.text.terms import is_function_word, is_light_word, words_of

_SAME_WORD = {"which": "what", "whats": "what", "whom": "who", "whose": "who", "was": "did", "were": "did"}


def asks_the_same(question: str, other: str) -> bool:
    """Say whether one question has all telling words of the other, in the same order, and at most adds words of content.

    What is added ("is it possible", "for children") may ask for something else: a comparison of meaning has to follow.
    """
    one, two = sorted((_telling(question), _telling(other)), key=len)
    if [word for word, content in one if not content] != [word for word, content in two if not content]:
        return False
    rest = iter(two)
    return bool(one) and all(word in rest for word in one)


def _telling(question: str) -> list[tuple[str, bool]]:
    """Return the telling words of a question as stems, each with whether it is a word of content."""
    words = [_SAME_WORD.get(word, word) for word in words_of(question)]
    told = [word for word in words if not is_light_word(word)]
    return [(stem, not is_function_word(word)) for word in told for stem in stems(word) or [word]]
