"""Texts to the token sequences that the network reads: `[CLS] question [SEP] title : passage [SEP]`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import Tokenizer

from index.records import Span

LONGEST = 256
LONGEST_QUESTION = 64
LONGEST_TITLE = 24
# As in index/models/embedding.py: every new shape of a batch costs a compilation, so there are few.
TOKEN_STEP = 16
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class ReaderPassage:
    """What is read: a passage under its article's title (which may be empty).

    `sentences` are the stretches of the text to be scored one by one, in code points. They may leave out some of it.
    """

    title: str
    text: str = field(repr=False)
    sentences: tuple[Span, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text's tokens: their ids, and where each starts and ends in the text, in code points."""

    ids: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A question with (part of) a passage: token ids, where the title begins, and where the passage does."""

    ids: tuple[int, ...]
    title_at: int
    passage_at: int


def rounded_up(count: int, step: int) -> int:
    """Return the least multiple of `step` that is not below `count`."""
    return -(-count // step) * step


class WordPieces:
    """The packaged model's tokenizer. Not safe for several threads at once.

    So many tokens of a question, or of what else is read in its place, are read; the rest is left out.
    """

    def __init__(self, packaged: Path, *, longest_question: int = LONGEST_QUESTION) -> None:
        self._longest_question = longest_question
        self._tokenizer = Tokenizer.from_file(str(packaged / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        vocabulary = self._tokenizer.get_vocab()
        self._first, self._between, self._colon = (vocabulary[token] for token in ("[CLS]", "[SEP]", ":"))

    def of(self, texts: Sequence[str]) -> list[Tokens]:
        """Cut each text into tokens."""
        # Tokenizers drop some characters that Python takes for spaces, and would join the words around them.
        spaced = [_SPACE.sub(" ", text) for text in texts]
        return [
            Tokens(tuple(e.ids), tuple(s for s, _ in e.offsets), tuple(end for _, end in e.offsets))
            for e in self._tokenizer.encode_batch(spaced, add_special_tokens=False)
        ]

    def room(self, question: Tokens, title: Tokens) -> int:
        """Return how many tokens of a passage fit together with this question and title."""
        return LONGEST - 4 - min(len(question.ids), self._longest_question) - min(len(title.ids), LONGEST_TITLE)

    def sequenced(self, question: Tokens, title: Tokens, passage: Sequence[int]) -> Sequenced:
        """Join a question, a title, and the ids of a stretch of a passage."""
        head = (self._first, *question.ids[: self._longest_question], self._between)
        named = (*title.ids[:LONGEST_TITLE], self._colon)
        return Sequenced((*head, *named, *passage, self._between), len(head), len(head) + len(named))
