"""Cuts articles into passages of whole sentences, about as long as suits the embedding model best."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.ingest.blocks import Block
from index.ingest.hidden import hidden_spans
from index.ingest.outline import Outline
from index.ingest.passage_bounds import Piece, bounds_of_passages
from index.ingest.segmentation import split_blocks
from index.records import NO_CONTEXT, Article, Context, SentenceSpan, Span, TextFormat

CHUNKING = "sentences-7"
"""Part of the index's fingerprint. Change it whenever the same article would be cut differently."""

TokenSpans = Callable[[Sequence[str]], list[list[Span]]]
"""Returns the spans of the tokens of each text, by the embedding model's own tokenizer."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The bounds of one passage: `article_text[start:end]`, made of these sentences."""

    ordinal: int
    start: int
    end: int
    sentences: tuple[SentenceSpan, ...]
    context: Context = NO_CONTEXT


def content_key(article: Article) -> str:
    """Return a key for an article's passages: a hash of everything that decides how they are embedded and found.

    Two articles with the same text and heading share one set of passages, and an article that was renamed keeps its own.
    """
    heading = "\0".join([article.info.title, article.info.publisher or "", article.info.format])
    return hashlib.sha256(f"{article.info.version}\0{heading}".encode()).hexdigest()[:24]


def passage_id(key: str, ordinal: int) -> str:
    """Return the id of a passage. It depends on the version of the text, so an id never changes its text."""
    return f"{key}-{ordinal}"


def key_of(passage_id: str) -> str:
    """Return the content that a passage is of."""
    return passage_id.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Divided:
    """The blocks of a text, in order, each with its sentences. `hidden` is what they leave out."""

    hidden: Sequence[Span]
    blocks: Sequence[tuple[Block, list[SentenceSpan]]]


def divide(text: str, format: TextFormat) -> Divided:
    """Divide a text into blocks and sentences. Needs no model, but for some texts a thousand times their memory."""
    hidden = hidden_spans(text, format)
    return Divided(hidden, split_blocks(text, format, hidden))


def cut_passages(
    text: str,
    format: TextFormat,
    *,
    token_spans: TokenSpans,
    max_tokens: int,
    divided: Divided | None = None,
) -> list[Cut]:
    """Cut a text into passages of at most `max_tokens` tokens, at ends of sentences, and where sections begin if possible.

    A sentence that is longer is cut between words, or between tokens if there are no words. Passages do not overlap. They
    leave out only white space, marks, and what is hidden from readers. `divided` is what `divide` returned of the text, if it
    was called before.
    """
    divided = divided or divide(text, format)
    hidden, blocks = divided.hidden, divided.blocks
    pieces = _pieces(text, blocks, token_spans=token_spans, max_tokens=max_tokens)
    ends = bounds_of_passages(pieces, [block for block, _ in blocks], hidden, max_tokens)
    outline = Outline(text, format, hidden)
    return [
        _cut(ordinal, pieces[first:last], outline.context(blocks[pieces[first].block][0], pieces[first]))
        for ordinal, (first, last) in enumerate(pairwise(ends))
    ]


def _pieces(
    text: str, blocks: Sequence[tuple[Block, list[SentenceSpan]]], *, token_spans: TokenSpans, max_tokens: int
) -> list[Piece]:
    sentences = [(number, sentence) for number, (_, spans) in enumerate(blocks) for sentence in spans]
    tokens = token_spans([text[s.start : s.end] for _, s in sentences])
    return [
        Piece(part, count, number)
        for (number, sentence), found in zip(sentences, tokens, strict=True)
        for part, count in _short_enough(text, sentence, found, max_tokens)
    ]


def _cut(ordinal: int, pieces: Sequence[Piece], context: Context) -> Cut:
    sentences = tuple(piece.sentence for piece in pieces)
    return Cut(ordinal, sentences[0].start, sentences[-1].end, sentences, context)


def _short_enough(
    text: str, sentence: SentenceSpan, tokens: list[Span], limit: int
) -> Iterator[tuple[SentenceSpan, int]]:
    """Yield the sentence with its number of tokens, in pieces where it is too long."""
    first, start = 0, sentence.start
    while first < len(tokens) or not tokens:
        last = _end_of_piece(tokens, first, limit)
        # Only white space is lost between two pieces, also if the tokenizer drops characters.
        end = sentence.start + tokens[last].start if last < len(tokens) else sentence.end
        piece = text[start:end]
        begin = start + len(piece) - len(piece.lstrip())  # some tokenizers put the space before a word into its token
        if words := piece.strip():
            yield replace(sentence, start=begin, end=begin + len(words)), max(last - first, 1)
        if last >= len(tokens):
            return
        first, start = last, end


def _end_of_piece(tokens: list[Span], first: int, limit: int) -> int:
    """Return the number of the token that the next piece starts with: after a space if there is one."""
    last = first + limit
    if last >= len(tokens):
        return len(tokens)
    backwards = range(last, first + limit // 2, -1)
    after_space = (i for i in backwards if tokens[i].start > tokens[i - 1].end)
    # One character can be several tokens.
    between_characters = (i for i in backwards if tokens[i].start >= tokens[i - 1].end)
    return next(after_space, next(between_characters, last))
