"""Articles to passages: stretches of whole sentences, about as long as the embedding model reads best."""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.hidden import hidden_spans
from index.records import Article, SentenceSpan, Span, TextFormat
from index.segmentation import split_sentences

CHUNKING = "sentences-3"
"""Part of the index's fingerprint: change it when the same article would be cut differently."""

TokenSpans = Callable[[Sequence[str]], list[list[Span]]]
"""For each text, its tokens as stretches of it, by the embedding model's own tokenizer."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One passage as it was cut: `article_text[start:end]`, made of these sentences."""

    ordinal: int
    start: int
    end: int
    sentences: tuple[SentenceSpan, ...]


def content_key(article: Article) -> str:
    """Return what identifies an article's passages: everything that decides how they are embedded and found.

    Two articles with the same text and heading share one set of passages, and an article that was renamed keeps its own.
    """
    heading = "\0".join([article.info.title, article.info.publisher or "", article.info.format])
    return hashlib.sha256(f"{article.info.version}\0{heading}".encode()).hexdigest()[:24]


def passage_id(key: str, ordinal: int) -> str:
    """Return the id of a passage. It names the version of the text, so an id never comes to mean other words."""
    return f"{key}-{ordinal}"


def cut_passages(text: str, format: TextFormat, *, token_spans: TokenSpans, max_tokens: int) -> list[Cut]:
    """Cut a text into passages of at most `max_tokens` tokens, at sentence ends.

    A sentence that is longer is cut between words, or between tokens where there are no words. Passages do not overlap and
    leave out only white space, marks, and what readers never see.
    """
    hidden = hidden_spans(text, format)
    sentences = split_sentences(text, format)
    tokens = token_spans([text[s.start : s.end] for s in sentences])
    pieces = [piece for s, t in zip(sentences, tokens, strict=True) for piece in _short_enough(text, s, t, max_tokens)]
    runs = [[pieces[i] for i in run] for run in _between(hidden, [piece.start for piece, _ in pieces])]
    groups = [[run[i][0] for i in group] for run in runs for group in _packed([n for _, n in run], max_tokens)]
    return [_cut(ordinal, group) for ordinal, group in enumerate(groups)]


def _between(hidden: Sequence[Span], starts: Sequence[int]) -> Iterator[range]:
    """Yield runs of pieces that nothing hidden stands between: a passage is one stretch, and shows what is in it."""
    bounds = sorted({bisect_left(starts, span.start) for span in hidden} | {0, len(starts)})
    return (range(first, last) for first, last in pairwise(bounds))


def _cut(ordinal: int, sentences: list[SentenceSpan]) -> Cut:
    return Cut(ordinal, sentences[0].start, sentences[-1].end, tuple(sentences))


def _short_enough(
    text: str, sentence: SentenceSpan, tokens: list[Span], limit: int
) -> Iterator[tuple[SentenceSpan, int]]:
    """Yield the sentence with its number of tokens, in pieces where it is too long."""
    first, start = 0, sentence.start
    while first < len(tokens) or not tokens:
        last = _end_of_piece(tokens, first, limit)
        # Nothing is lost between two pieces but white space, also not what the tokenizer drops.
        end = sentence.start + tokens[last].start if last < len(tokens) else sentence.end
        piece = text[start:end]
        begin = start + len(piece) - len(piece.lstrip())  # some tokenizers put the space before a word into its token
        if words := piece.strip():
            yield replace(sentence, start=begin, end=begin + len(words)), max(last - first, 1)
        if last >= len(tokens):
            return
        first, start = last, end


def _end_of_piece(tokens: list[Span], first: int, limit: int) -> int:
    """Return the number of the token that the next piece starts with: after a space where there is one to be had."""
    last = first + limit
    if last >= len(tokens):
        return len(tokens)
    backwards = range(last, first + limit // 2, -1)
    after_space = (i for i in backwards if tokens[i].start > tokens[i - 1].end)
    # One character can make several tokens.
    between_characters = (i for i in backwards if tokens[i].start >= tokens[i - 1].end)
    return next(after_space, next(between_characters, last))


def _packed(counts: list[int], limit: int) -> Iterator[list[int]]:
    """Yield runs of sentences whose tokens fit the limit, filled evenly, so that no passage is a lonely tail."""
    left = sum(counts)
    run: list[int] = []
    filled = 0
    for number, count in enumerate(counts):
        target = left / max(-(-left // limit), 1)
        further_from_even = filled + count - target > target - filled
        if run and (filled + count > limit or further_from_even):
            yield run
            left, run, filled = left - filled, [], 0
        run.append(number)
        filled += count
    if run:
        yield run
