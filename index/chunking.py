"""Articles to passages: stretches of whole sentences, about as long as the embedding model reads best."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.records import Article, SentenceSpan, Span, TextFormat
from index.segmentation import split_sentences

CHUNKING = "sentences-1"
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

    A sentence that is longer is cut between tokens. Passages do not overlap and leave out only white space and marks.
    """
    sentences = split_sentences(text, format)
    tokens = token_spans([text[s.start : s.end] for s in sentences])
    pieces = [piece for s, t in zip(sentences, tokens, strict=True) for piece in _short_enough(s, t, max_tokens)]
    groups = _packed([count for _, count in pieces], max_tokens)
    return [_cut(ordinal, [pieces[i][0] for i in group]) for ordinal, group in enumerate(groups)]


def _cut(ordinal: int, sentences: list[SentenceSpan]) -> Cut:
    return Cut(ordinal, sentences[0].start, sentences[-1].end, tuple(sentences))


def _short_enough(sentence: SentenceSpan, tokens: list[Span], limit: int) -> Iterator[tuple[SentenceSpan, int]]:
    """Yield the sentence with its number of tokens, in pieces where it is too long."""
    if len(tokens) <= limit:
        yield sentence, max(len(tokens), 1)
        return
    for first in range(0, len(tokens), limit):
        part = tokens[first : first + limit]
        # Between two pieces nothing is lost but white space: a piece ends where the next token starts.
        start = sentence.start + part[0].start if first else sentence.start
        end = sentence.start + part[-1].end if first + limit < len(tokens) else sentence.end
        yield replace(sentence, start=start, end=end), len(part)


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
