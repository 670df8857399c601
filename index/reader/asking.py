"""Questions in the ways in which people ask them: key words, typing errors, other words, a sentence of small talk before."""

import re
from collections.abc import Callable
from random import Random

from index.reader.synonyms import Synonyms
from index.reader.wording import ASKING

_WORD = re.compile(r"[A-Za-z]+")
_REPLACED = 0.3
_INDIRECT = (
    "can someone tell me {}",
    "Could you tell me {}?",
    "does anyone know {}?",
    "I would like to know {}",
    "I'm trying to find out {}",
    "Do we have anything written on {}?",
    "not sure who to ask, but {}?",
    "Please explain {}.",
)
_BEFORE = (
    "I started a few weeks ago and am still finding my way around.",
    "My manager asked me about this and I had no answer.",
    "I looked through a couple of pages but did not find it.",
    "We were discussing this in the team today.",
    "Sorry if this has been asked before.",
    "Hi! I have a quick question.",
    "I am planning the next months and want to be sure.",
    "A colleague told me something else, so I want to check.",
)


def as_asked(question: str, random: Random, synonyms: Synonyms | None = None) -> str:
    """Return the question in one of the ways in which people ask. `synonyms` let some of its words be other ones."""
    if synonyms and random.random() < _REPLACED:
        question = in_other_words(question, random, synonyms)
    ways: tuple[tuple[float, Callable[[str, Random], str]], ...] = (
        (0.30, lambda text, _: text),
        (0.15, lambda text, _: _plain(text)),
        (0.12, lambda text, _: _plain(text).lower()),
        (0.15, key_words),
        (0.13, mistyped),
        (0.10, indirect),
        (0.05, lambda text, random: f"{random.choice(_BEFORE)} {text}"),
    )
    (way,) = random.choices([way for _, way in ways], [share for share, _ in ways])
    return way(question, random)


def key_words(question: str, random: Random) -> str:
    """Return the question's words without those that every question has."""
    words = [word for word in _plain(question).split() if word.lower() not in ASKING]
    text = " ".join(words) if len(words) > 1 else _plain(question)
    return text.lower() if random.random() < 0.6 else text


def mistyped(question: str, random: Random) -> str:
    """Return the question with an error or two in its longer words: a letter left out, doubled, or changed with the next."""
    text = question if random.random() < 0.5 else _plain(question).lower()
    for _ in range(random.choice((1, 1, 2))):
        places = [
            match for match in _WORD.finditer(text) if len(match.group()) >= 5 and match.group().lower() not in ASKING
        ]
        if not places:
            break
        word = random.choice(places)
        at = random.randrange(word.start() + 1, word.end() - 1)
        pair = random.choice((text[at + 1], text[at] * 2 + text[at + 1], text[at + 1] + text[at]))
        text = text[:at] + pair + text[at + 2 :]
    return text


def indirect(question: str, random: Random) -> str:
    """Return the question within another sentence."""
    plain = _plain(question)
    first = plain.split(" ", 1)[0]
    # A name at the beginning keeps its capital.
    return random.choice(_INDIRECT).format(plain[0].lower() + plain[1:] if first.lower() in ASKING else plain)


def in_other_words(question: str, random: Random, synonyms: Synonyms) -> str:
    """Return the question with some of its words replaced by synonyms."""

    def other(match: re.Match[str]) -> str:
        word = match.group()
        plural = word.endswith("s") and word not in synonyms and word[:-1] in synonyms
        found = synonyms.get(word[:-1] if plural else word, ())
        if not found or word in ASKING or random.random() < 0.4:
            return word
        return random.choice(found) + ("s" if plural else "")

    return _WORD.sub(other, question)


def _plain(question: str) -> str:
    return question.rstrip(" ?.") or question
