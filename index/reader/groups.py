"""What one step learns from a question: a passage that answers, and several that nearly do."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from index.ingest.segmentation import split_sentences
from index.reader.asking import as_asked
from index.reader.diets import DIETS, Negative
from index.reader.examples import Asked, Pool, holds_any
from index.reader.mining import near_misses
from index.reader.synonyms import Synonyms
from index.reader.tokens import Sequenced, Tokens, WordPieces
from index.reader.wording import altered
from index.records import SentenceSpan, Span

_SHORTEST = 24

TokenRange = tuple[int, int]
"""The first token and the one after the last."""


class LabelledSentence(NamedTuple):
    """A sentence of an item, by its first and last token, and whether it belongs to the answer."""

    first: int
    last: int
    belongs: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A question with a passage. `starts` and `ends` are the tokens where an answer starts and ends (last token of it);
    none where the passage does not answer, or answers in whole sentences. `rival` items compete in relevance with the first
    item of their group. `sentences` are those of the passage, as far as it is known whether they belong to the answer.
    `stretch_known` is False in pools that answer in whole sentences, also where the passage does not answer: if only those
    taught the stretch, "no answer" would be learnt of every text like theirs. `known` says whether the passage answers, where
    its sentences do not tell."""

    sequence: Sequenced
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    rival: bool
    sentences: tuple[LabelledSentence, ...] = ()
    stretch_known: bool = True
    known: bool | None = None

    @property
    def answers(self) -> bool:
        """Whether the passage answers the question."""
        if self.known is not None:
            return self.known
        return bool(self.starts) or any(sentence.belongs for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class PreparedPool:
    """A pool with all that is the same in every epoch: tokens, the tokens of each sentence, hard negatives out of the whole
    pool and out of the same document."""

    pool: Pool
    titles: Sequence[Tokens]
    texts: Sequence[Tokens]
    sentences: Sequence[Sequence[TokenRange]]
    hard: Sequence[Sequence[int]]
    near: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What draws items: the tokenizer, synonyms for words of questions, chance."""

    pieces: WordPieces
    synonyms: Synonyms | None
    random: Random

    def asked(self, question: str) -> Tokens:
        """Return the tokens of a question in one of the ways in which people ask."""
        return self.pieces.of([as_asked(question, self.random, self.synonyms)])[0]


def prepared(pool: Pool, hard: Sequence[Sequence[int]], pieces: WordPieces) -> PreparedPool:
    """Cut a pool's passages into tokens and sentences."""
    texts = pieces.of([p.text for p in pool.passages])
    titles = pieces.of([p.title for p in pool.passages])
    sentences = [
        [_token_range(tokens, span) for span in p.sentences or split_sentences(p.text, "text")]
        for p, tokens in zip(pool.passages, texts, strict=True)
    ]
    return PreparedPool(pool, titles, texts, sentences, hard, near_misses(pool))


def group_of(prepared: PreparedPool, at: int, drawing: Drawing) -> list[Item]:
    """Return the items of a pool's question: the passage it is asked of, then its negatives."""
    asked, diet = prepared.pool.questions[at], DIETS[prepared.pool.name]
    question = drawing.asked(asked.question)
    first = _positive(prepared, asked, question, drawing)
    if not asked.spans:
        return [first]
    kinds = [kind for kind, _ in diet.kinds]
    shares = [share for _, share in diet.kinds]
    length = len(first.sequence.ids) - first.sequence.passage_at
    negatives = _Negatives(prepared, at, question, length, drawing)
    wanted = int(diet.negatives + drawing.random.random())
    return [first, *filter(None, map(negatives.drawn, drawing.random.choices(kinds, shares, k=wanted)))]


def _positive(prepared: PreparedPool, asked: Asked, question: Tokens, drawing: Drawing) -> Item:
    tokens, title = prepared.texts[asked.passage], prepared.titles[asked.passage]
    spans = [_token_range(tokens, span) for span in asked.spans]
    # Cut around what looks like the answer where there is none: else whole passages alone would tell that none is.
    around = spans or [_token_range(tokens, span) for span in asked.plausible]
    room = drawing.pieces.room(question, title)
    begin, end = _window(len(tokens.ids), around, room, drawing.random)
    if (begin, end) != (0, len(tokens.ids)):
        begin, end = _whole_sentences(prepared.sentences[asked.passage], begin, end, keep=around)
    sequence = drawing.pieces.sequenced(question, title, tokens.ids[begin:end])
    shift = sequence.passage_at - begin
    inside = [(s + shift, e + shift) for s, e in spans if begin <= s and e <= end]
    doubtful = [_token_range(tokens, span) for span in asked.doubtful]
    if spans and not inside:
        doubtful += spans
    sentences = tuple(
        LabelledSentence(first + shift, stop - 1 + shift, _touches(first, stop, spans))
        for first, stop in prepared.sentences[asked.passage]
        if begin <= first < stop <= end and not _touches(first, stop, doubtful)
    )
    short = [] if prepared.pool.whole_sentences else inside
    starts, ends = tuple({s for s, _ in short}), tuple({e - 1 for _, e in short})
    known = not prepared.pool.whole_sentences
    return Item(sequence, starts, ends, rival=bool(inside), sentences=sentences, stretch_known=known)


@dataclass(frozen=True, slots=True)
class _Negatives:
    """Draws passages that do not answer a question, about as long as the one that does."""

    prepared: PreparedPool
    at: int
    question: Tokens
    length: int
    drawing: Drawing

    @property
    def asked(self) -> Asked:
        return self.prepared.pool.questions[self.at]

    def drawn(self, kind: Negative) -> Item | None:
        random = self.drawing.random
        if kind == "altered":
            return self._asked_otherwise()
        if kind == "without the sentence":
            return self._without_answer()
        others = self.prepared.near[self.at] if kind == "same document" else self.prepared.hard[self.at]
        # The better ranked, the more often; passages of the same document have no rank.
        share = random.random() if kind == "same document" else random.random() ** 2
        return self._of_passage(others[int(len(others) * share)]) if others else None

    def _of_passage(self, other: int) -> Item:
        tokens, title = self.prepared.texts[other], self.prepared.titles[other]
        size = min(max(self.length, 64), self.drawing.pieces.room(self.question, title))
        begin = self.drawing.random.randint(0, max(len(tokens.ids) - size, 0))
        end = min(begin + size, len(tokens.ids))
        begin, end = _whole_sentences(self.prepared.sentences[other], begin, end, keep=())
        ranges = [(s, e) for s, e in self.prepared.sentences[other] if begin <= s < e <= end]
        return self._item(other, [(begin, end)], ranges)

    def _without_answer(self) -> Item | None:
        asked, tokens = self.asked, self.prepared.texts[self.asked.passage]
        text = self.prepared.pool.passages[asked.passage].text
        gone = [_token_range(tokens, span) for span in (*asked.spans, *asked.doubtful)]
        kept = [
            (first, stop)
            for first, stop in self.prepared.sentences[asked.passage]
            if first < stop
            and not _touches(first, stop, gone)
            and not holds_any(text[tokens.starts[first] : tokens.ends[stop - 1]], asked.answers)
        ]
        title = self.prepared.titles[asked.passage]
        kept = list(_fitting(kept, min(self.length, self.drawing.pieces.room(self.question, title))))
        return self._item(asked.passage, kept, kept) if sum(stop - first for first, stop in kept) > 12 else None

    def _asked_otherwise(self) -> Item | None:
        asked, drawing = self.asked, self.drawing
        text = altered(asked.question, self.prepared.pool.passages[asked.passage].text, drawing.random)
        if text is None:
            return None
        item = _positive(self.prepared, asked, drawing.asked(text), drawing)
        sentences = tuple(sentence._replace(belongs=False) for sentence in item.sentences)
        return replace(item, starts=(), ends=(), rival=False, sentences=sentences)

    def _item(self, passage: int, parts: Sequence[TokenRange], sentences: Sequence[TokenRange]) -> Item:
        """Join parts of a passage. Each of the sentences is within one of them."""
        tokens, title = self.prepared.texts[passage], self.prepared.titles[passage]
        ids = [token for begin, end in parts for token in tokens.ids[begin:end]]
        sequence = self.drawing.pieces.sequenced(self.question, title, ids)
        labelled: list[LabelledSentence] = []
        at = sequence.passage_at
        for begin, end in parts:
            shift = at - begin
            labelled += [
                LabelledSentence(s + shift, e - 1 + shift, False) for s, e in sentences if begin <= s < e <= end
            ]
            at += end - begin
        known = not self.prepared.pool.whole_sentences
        return Item(sequence, (), (), rival=True, sentences=tuple(labelled), stretch_known=known)


def _window(length: int, spans: Sequence[TokenRange], room: int, random: Random) -> TokenRange:
    """Return a stretch of a passage that fits and holds one of the spans: all of it, or anywhere around one.

    Shorter ones cost less and teach as much. Without spans, all of it is what people looked at.
    """
    size = min(room, length if random.random() < 0.4 or not spans else random.randint(64, 160))
    if size >= length:
        return 0, length
    first, stop = random.choice(spans) if spans else (at := random.randrange(length), at + 1)
    lowest, highest = max(0, stop - size), min(first, length - size)
    begin = random.randint(lowest, highest) if lowest <= highest else min(first, length - size)
    return begin, begin + size


def _whole_sentences(
    sentences: Sequence[TokenRange], begin: int, end: int, *, keep: Sequence[TokenRange]
) -> TokenRange:
    """Narrow a stretch to whole sentences, where enough is left: else half sentences would tell which passages answer."""
    inside = [(s, e) for s, e in keep if begin <= s and e <= end]
    first = min((s for s, _ in inside), default=end - _SHORTEST)
    starts = [at for at, _ in sentences if begin <= at <= first]
    begin = starts[0] if starts else begin
    last = max((e for _, e in inside), default=begin + _SHORTEST + 1)
    stops = [at for at, _ in sentences if last <= at <= end]
    return begin, stops[-1] if stops else end


def _fitting(ranges: Sequence[TokenRange], room: int) -> Iterator[TokenRange]:
    for begin, end in ranges:
        if end - begin > room:
            return
        yield begin, end
        room -= end - begin


def _touches(first: int, stop: int, ranges: Sequence[TokenRange]) -> bool:
    return any(first < end and begin < stop for begin, end in ranges)


def _token_range(tokens: Tokens, span: Span | SentenceSpan) -> TokenRange:
    first = max(bisect_right(tokens.starts, span.start) - 1, 0)
    return first, max(bisect_left(tokens.starts, span.end), first + 1)
