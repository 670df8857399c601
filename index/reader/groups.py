"""What one step learns from a question: a passage that answers, and several that nearly do."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Literal, NamedTuple

from index.ingest.segmentation import split_sentences
from index.reader.examples import Asked, Pool, holds_any
from index.reader.tokens import Sequenced, Tokens, WordPieces
from index.reader.wording import altered, as_typed

_SHORTEST = 24
Negative = Literal["without the sentence", "altered", "retrieved"]


class LabelledSentence(NamedTuple):
    """A sentence of an item, by its first and last token, and whether it belongs to the answer."""

    first: int
    last: int
    belongs: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A question with a passage. `starts` and `ends` are the tokens where an answer starts and ends (last token of it);
    none where the passage does not answer. `rival` items compete in relevance with the first item of their group.
    `sentences` are those of the passage."""

    sequence: Sequenced
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    rival: bool
    sentences: tuple[LabelledSentence, ...] = ()


Shares = tuple[tuple[Negative, float], ...]


@dataclass(frozen=True, slots=True)
class Diet:
    """How a pool is trained on: times an epoch, negatives a question, and the share of each kind of them."""

    times: float
    negatives: float
    kinds: Shares


_WIKI: Shares = (("retrieved", 0.4), ("without the sentence", 0.2), ("altered", 0.4))
# Questions about a review or a post are asked of that one only: in others they may have other answers.
_POSTS: Shares = (("retrieved", 0.25), ("without the sentence", 0.3), ("altered", 0.45))
DIETS: dict[str, Diet] = {
    "new_wiki": Diet(1.0, 2.0, _WIKI),
    "squad2": Diet(3.0, 1.0, _WIKI),
    "nq": Diet(5.0, 3.0, (("retrieved", 0.8), ("without the sentence", 0.2), ("altered", 0.0))),
    "reddit": Diet(0.75, 0.8, _POSTS),
    "amazon_reviews": Diet(0.75, 0.8, _POSTS),
    "policyqa_dev": Diet(0.25, 0.5, (("without the sentence", 1.0),)),
    "policyqa_test": Diet(0.25, 0.5, (("without the sentence", 1.0),)),
}


@dataclass(frozen=True, slots=True)
class PreparedPool:
    """A pool with all that is the same in every epoch: tokens, the first token of each sentence, hard negatives."""

    pool: Pool
    titles: Sequence[Tokens]
    texts: Sequence[Tokens]
    sentences: Sequence[Sequence[int]]
    hard: Sequence[Sequence[int]]


def prepared(pool: Pool, hard: Sequence[Sequence[int]], pieces: WordPieces) -> PreparedPool:
    """Cut a pool's passages into tokens and sentences."""
    texts = pieces.of([p.text for p in pool.passages])
    titles = pieces.of([p.title for p in pool.passages])
    sentences = [
        [bisect_left(tokens.starts, s.start) for s in split_sentences(p.text, "text")]
        for p, tokens in zip(pool.passages, texts, strict=True)
    ]
    return PreparedPool(pool, titles, texts, sentences, hard)


def group_of(prepared: PreparedPool, at: int, pieces: WordPieces, random: Random) -> list[Item]:
    """Return the items of a pool's question: the passage it is asked of, then its negatives."""
    asked, diet = prepared.pool.questions[at], DIETS[prepared.pool.name]
    (question,) = pieces.of([as_typed(asked.question, random)])
    first = _positive(prepared, asked, question, pieces, random)
    if not asked.spans:
        return [first]
    length = len(first.sequence.ids) - first.sequence.passage_at
    kinds = [kind for kind, _ in diet.kinds]
    shares = [share for _, share in diet.kinds]
    wanted = int(diet.negatives + random.random())
    rest = [
        _negative(kind, prepared, at, question, length=length, pieces=pieces, random=random)
        for kind in random.choices(kinds, shares, k=wanted)
    ]
    return [first, *filter(None, rest)]


def _positive(prepared: PreparedPool, asked: Asked, question: Tokens, pieces: WordPieces, random: Random) -> Item:
    tokens, title = prepared.texts[asked.passage], prepared.titles[asked.passage]
    spans = [_token_span(tokens, span.start, span.end) for span in asked.spans]
    # Cut around what looks like the answer where there is none: else whole passages alone would tell that none is.
    around = spans or [_token_span(tokens, span.start, span.end) for span in asked.plausible]
    begin, end = _window(len(tokens.ids), around, pieces.room(question, title), random)
    if (begin, end) != (0, len(tokens.ids)):
        begin, end = _whole_sentences(prepared.sentences[asked.passage], begin, end, keep=around)
    sequence = pieces.sequenced(question, title, tokens.ids[begin:end])
    shift = sequence.passage_at - begin
    inside = [(s + shift, e + shift) for s, e in spans if begin <= s and e < end]
    return Item(sequence, tuple({s for s, _ in inside}), tuple({e for _, e in inside}), rival=bool(inside))


def _window(length: int, spans: Sequence[tuple[int, int]], room: int, random: Random) -> tuple[int, int]:
    """Return a stretch of a passage that fits and holds one of the spans: all of it, or anywhere around one.

    Shorter ones cost less and teach as much. Without spans, all of it is what people looked at.
    """
    size = min(room, length if random.random() < 0.4 or not spans else random.randint(64, 160))
    if size >= length:
        return 0, length
    first, last = random.choice(spans) if spans else (random.randrange(length),) * 2
    lowest, highest = max(0, last + 1 - size), min(first, length - size)
    begin = random.randint(lowest, highest) if lowest <= highest else min(first, length - size)
    return begin, begin + size


def _whole_sentences(
    sentences: Sequence[int], begin: int, end: int, *, keep: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Narrow a stretch to whole sentences, where enough is left: else half sentences would tell which passages answer."""
    inside = [(s, e) for s, e in keep if begin <= s and e < end]
    first = min((s for s, _ in inside), default=end - _SHORTEST)
    starts = [at for at in sentences if begin <= at <= first]
    begin = starts[0] if starts else begin
    last = max((e for _, e in inside), default=begin + _SHORTEST)
    stops = [at for at in sentences if last < at <= end]
    return begin, stops[-1] if stops else end


def _token_span(tokens: Tokens, start: int, end: int) -> tuple[int, int]:
    first = max(bisect_right(tokens.starts, start) - 1, 0)
    return first, max(bisect_left(tokens.starts, end) - 1, first)


def _negative(
    kind: Negative,
    prepared: PreparedPool,
    at: int,
    question: Tokens,
    *,
    length: int,
    pieces: WordPieces,
    random: Random,
) -> Item | None:
    asked = prepared.pool.questions[at]
    if kind == "altered":
        return _asked_otherwise(prepared, asked, pieces, random)
    if kind == "retrieved":
        return _retrieved(prepared, at, question, length=length, pieces=pieces, random=random)
    ids = _without_answer(prepared, asked)[: min(length, pieces.room(question, prepared.titles[asked.passage]))]
    return (
        Item(pieces.sequenced(question, prepared.titles[asked.passage], ids), (), (), rival=True)
        if len(ids) > 12
        else None
    )


def _retrieved(
    prepared: PreparedPool, at: int, question: Tokens, *, length: int, pieces: WordPieces, random: Random
) -> Item | None:
    hard = prepared.hard[at]
    if not hard:
        return None
    # The better ranked, the more often.
    other = hard[int(len(hard) * random.random() ** 2)]
    tokens, title = prepared.texts[other], prepared.titles[other]
    size = min(max(length, 64), pieces.room(question, title))
    begin = random.randint(0, max(len(tokens.ids) - size, 0))
    begin, end = _whole_sentences(prepared.sentences[other], begin, min(begin + size, len(tokens.ids)), keep=())
    return Item(pieces.sequenced(question, title, tokens.ids[begin:end]), (), (), rival=True)


def _asked_otherwise(prepared: PreparedPool, asked: Asked, pieces: WordPieces, random: Random) -> Item | None:
    text = altered(asked.question, prepared.pool.passages[asked.passage].text, random)
    if text is None:
        return None
    (question,) = pieces.of([as_typed(text, random)])
    item = _positive(prepared, asked, question, pieces, random)
    return Item(item.sequence, (), (), rival=False)


def _without_answer(prepared: PreparedPool, asked: Asked) -> list[int]:
    """Return the passage's tokens without the sentences that hold an answer."""
    tokens, text = prepared.texts[asked.passage], prepared.pool.passages[asked.passage].text
    spans = [_token_span(tokens, span.start, span.end) for span in asked.spans]
    bounds = [*prepared.sentences[asked.passage], len(tokens.ids)]
    kept: list[int] = []
    for begin, end in pairwise(bounds):
        holds = any(begin <= e and s < end for s, e in spans)
        if (
            begin < end
            and not holds
            and not holds_any(text[tokens.starts[begin] : tokens.ends[end - 1]], asked.answers)
        ):
            kept.extend(tokens.ids[begin:end])
    return kept
