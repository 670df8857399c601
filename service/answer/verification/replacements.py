"""The words by which a sentence differs from the source that it otherwise repeats.

A wrong name, figure or unit often occurs elsewhere in the source, so it is not enough to look for it there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\w+(?:[.,’'+]\w+)*|[$€£¥%°]")
# A sentence repeats its source if this share of its tokens occurs there in the same order.
_LEAST_REPEATED = 0.75
# Tokens of one replacement. A longer one is a paraphrase.
_LONGEST_RUN = 4
# Aligning takes time proportional to the product of both lengths; longer sentences are not compared.
_MOST_TOKENS = 120


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a sentence has in the place of what its source has there; `inside` both, not at the beginning of either.

    `after` is the word that follows in both: "two thirds" is a figure only before "of".
    """

    said: str
    told: str
    inside: bool
    after: str


def replacements(words: str, quotes: Sequence[str]) -> list[Replacement]:
    """Return what a sentence has in the place of something in the quote that it repeats, if it repeats one."""
    said = list(_TOKEN.finditer(words))
    compared = [(told, _aligned(said, told)) for told in (list(_TOKEN.finditer(quote)) for quote in quotes)]
    fitting = [
        (told, aligned) for told, aligned in compared if _repeated(aligned) >= _LEAST_REPEATED * max(len(said), 1)
    ]
    if not fitting:
        return []
    told, aligned = max(fitting, key=lambda one: _repeated(one[1]))
    return [
        Replacement(
            _text(said[start:end]),
            _text(told[from_:to]),
            inside=0 not in (start, from_),
            after=_text(said[end : end + 1]),
        )
        for kind, start, end, from_, to in aligned.get_opcodes()
        if kind == "replace" and max(end - start, to - from_) <= _LONGEST_RUN
    ]


def _aligned(said: Sequence[re.Match[str]], told: Sequence[re.Match[str]]) -> "SequenceMatcher[str]":
    short = max(len(said), len(told)) <= _MOST_TOKENS
    one, other = ([token.group().lower() for token in tokens] if short else [] for tokens in (said, told))
    return SequenceMatcher(None, one, other, autojunk=False)


def _repeated(aligned: "SequenceMatcher[str]") -> int:
    return sum(block.size for block in aligned.get_matching_blocks())


def _text(tokens: Sequence[re.Match[str]]) -> str:
    return tokens[0].string[tokens[0].start() : tokens[-1].end()] if tokens else ""
