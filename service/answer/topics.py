"""What a question or an answer is about, read from its words: the names in it, and the runs of words that tell."""

import re

from service.answer.text.terms import AUXILIARY, terms

# Words commoner than this say little of what a question was about: "use", "want", "first" (`wording.terms`).
_TELLING = 1.4
# A word commoner than this that begins a sentence is taken for no name: "Both", "Six".
_ORDINARY = 1.8
# Characters before a word that tell whether it begins a sentence.
_NEAR = 100
_WORD = re.compile(r"[^\W_]+(?:['’.,&-][^\W_]+)*(?:['’](?=\s))?")
_PARTICLE = r"(?:of|the|da|de|del|di|la|le|van|von)"
_NAME = re.compile(rf"\b[A-Z][\w&-]*(?:['’](?!s\b)\w+)?(?: (?:{_PARTICLE} )*(?:[A-Z][\w&-]*|\d+))*")
# After a name that begins a sentence comes what it does.
_DOES = re.compile(rf"\s+(?:{AUXILIARY}|[a-z]+(?:ed|s))\b")
_FIRST_SENTENCE = re.compile(r"(?:(?:yes|no)\b[,.! ]*)?(?P<words>.+?(?:[.!?](?= |$)|$))", re.IGNORECASE | re.DOTALL)
_CONTRACTION = re.compile(r"(?:who|what|when|where|how|that|it|there|here|let)['’]s", re.IGNORECASE)


def topics(question: str) -> list[str]:
    """Return the runs of words of a question that say what it is about, in their order."""
    runs: list[list[str]] = [[]]
    whole, end = unmarked(question), 0
    for word in _WORD.finditer(whole):
        telling = _tells(word.group(), first=end == 0)
        if not telling or whole[end : word.start()].strip():
            runs.append([])
        if telling:
            runs[-1].append(word.group())
        end = word.end()
    return [" ".join(run) for run in runs if run]


def names_of(text: str, *, asked: bool = False) -> list[str]:
    """Return the names in a text, each once. `asked`: it is a question, whose first word has a capital anyway."""
    found: dict[str, None] = {}
    for name in _NAME.finditer(text):
        words = name.group()
        if _begins_sentence(text, name.start()):
            if not terms(words.partition(" ")[0]):
                words = words.partition(" ")[2]
            elif " " not in words and (asked or not _begins_with_name(text, name)):
                words = ""
        if terms(words):
            found.setdefault(words)
    return list(found)


def first_sentence(text: str) -> str:
    """Return the first sentence of an answer, without "Yes" or "No"."""
    found = _FIRST_SENTENCE.match(text)
    return found["words"] if found else ""


def unmarked(question: str) -> str:
    """Return a question on one line, without the mark at its end."""
    return " ".join(question.split()).rstrip("?!. ")


def _tells(word: str, *, first: bool) -> bool:
    named = word[0].isupper() and not first
    return not _CONTRACTION.fullmatch(word) and _weight(word) >= (0.0 if named else _TELLING)


def _weight(word: str) -> float:
    return max(terms(word).values(), default=-1.0)


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(start - _NEAR, 0) : start].rstrip(" \t\n\"'“”‘’(")
    return not before or before[-1] in ".!?:"


def _begins_with_name(text: str, word: re.Match[str]) -> bool:
    """Say whether the word that begins a sentence is a name, as far as can be told: it is all there is, or does something."""
    ordinary = _weight(word.group()) < _ORDINARY or word.group().endswith("ly")
    return len(text.split(maxsplit=3)) <= 3 or (not ordinary and _DOES.match(text, word.end()) is not None)
