"""Questions out of headings: what stands below a heading answers it.

A document's headings ask in the words of the organisation that wrote it ("Parental leave", "How do I get a visa?"). Each is
asked twice: once of the passage as it is indexed, and once of the passage without the heading, where the words of the
question alone no longer tell where it is answered.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

from index.ingest.blocks import Block
from index.ingest.chunking import Cut, cut_passages
from index.ingest.hidden import hidden_spans
from index.ingest.outline import path_of
from index.ingest.segmentation import display_text, split_blocks
from index.reader.examples import Asked, Pool
from index.reader.tokens import ReaderPassage, WordPieces
from index.records import Article, SentenceSpan, Span
from index.settings import IndexSettings
from index.sources.reading import limits_from, read_articles, sources_from
from index.sources.source_types import Read

# Every tenth document is only measured on.
_HELD_OUT = 10
# A heading of so many documents ("Overview") says little without the one above it.
_COMMON = 3
_LEADING = re.compile(r"^(?:q\s*[:.)]|\d+(?:\.\d+)*[.):]?(?=\s)|[^\w\"'“(]+)\s*", re.IGNORECASE)
_LEAST_WORDS, _MOST_WORDS = 6, 14
_ASKED_OF_THINGS = ("what is {}", "{}", "{}", "what does it say about {}", "where can I read about {}")
_ASKED_OF_DOING = ("how do I go about {}", "{}", "what is there to know about {}?", "who can help with {}")


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading with what stands right below it (`own`) and below the headings within it, as stretches of the article."""

    heading: Span
    words: str
    above: str
    own: Span
    whole: Span


def heading_pools(folders: Sequence[Path], pieces: WordPieces, part: Literal["train", "dev"]) -> list[Pool]:
    """Return the passages of the Markdown documents in the folders, with what their headings ask: one pool of the headings
    that are questions, and one of the others."""
    readings = read_articles(sources_from(folders), limits=limits_from(IndexSettings()))
    articles = [reading.article for reading in readings if isinstance(reading, Read)]
    sections = {article.id: list(_sections(article)) for article in articles}
    documents = Counter(words for of in sections.values() for words in {section.words.lower() for section in of})
    made = _Making(pieces, {words for words, count in documents.items() if count >= _COMMON})
    for at, article in enumerate(sorted(articles, key=lambda a: a.id)):
        if (at % _HELD_OUT == _HELD_OUT - 1) == (part == "dev"):
            made.add(article, sections[article.id])
    return [
        Pool(name, tuple(made.passages), tuple(asked), tuple(made.documents), whole_sentences=True)
        for name, asked in made.questions.items()
        if asked
    ]


def _sections(article: Article) -> Iterator[_Section]:
    text = article.text
    blocks = [b for b, of in split_blocks(text, "markdown", hidden_spans(text, "markdown")) if of]
    for at, block in enumerate(blocks):
        words = (
            _LEADING.sub("", display_text(text[block.start : block.end], "markdown")).strip(" :") if block.level else ""
        )
        own, whole = _below(blocks, at)
        if words and len(words.split()) <= _MOST_WORDS and len(text[own.start : own.end].split()) >= _LEAST_WORDS:
            outer = [display_text(text[span.start : span.end], "markdown") for span in block.above.headings]
            yield _Section(Span(block.start, block.end), words, (outer or [article.info.title])[-1], own, whole)


def _below(blocks: Sequence[Block], at: int) -> tuple[Span, Span]:
    start = end = blocks[at].end
    own = None
    for block in blocks[at + 1 :]:
        if block.level and own is None:
            own = Span(start, end)
        if block.level and block.level <= blocks[at].level:
            break
        end = block.end
    return own or Span(start, end), Span(start, end)


class _Making:
    """Collects the passages and questions of one document after the other."""

    def __init__(self, pieces: WordPieces, common: set[str]) -> None:
        self._pieces = pieces
        self._common = common
        self.passages: list[ReaderPassage] = []
        self.documents: list[str] = []
        self.questions: dict[str, list[Asked]] = {"heading_questions": [], "headings": []}

    def add(self, article: Article, sections: Sequence[_Section]) -> None:
        cuts = cut_passages(
            article.text, "markdown", token_spans=self._token_spans, max_tokens=IndexSettings().passage_tokens
        )
        first = len(self.passages)
        self.passages += [_passage(article, cut, None) for cut in cuts]
        of_cut = list(range(len(cuts)))
        asked: list[tuple[_Section, Asked]] = []
        for section in sections:
            number = next((n for n, cut in enumerate(cuts) if _within(cut, section.own)), None)
            question = self._question(section, Random(f"{article.id}/{section.heading.start}"))
            if number is None or question is None:
                continue
            without = _passage(article, cuts[number], section)
            self.passages.append(without)
            of_cut.append(number)
            for at in (first + number, len(self.passages) - 1):
                shift = _Shift(cuts[number], section.heading if at > first + number else None, article.text)
                spans = tuple(shift.of(s) for s in _within(cuts[number], section.own))
                below = Span(section.own.end, section.whole.end)
                doubtful = tuple(shift.of(s) for s in _within(cuts[number], below))
                asked.append((section, Asked(f"{article.id}#{at}", question, at, spans, (), doubtful=doubtful)))
        self.documents += [article.id] * (len(self.passages) - first)
        for section, one in asked:
            may = {n for n, cut in enumerate(cuts) if _within(cut, section.whole) or _within(cut, section.heading)}
            also = tuple(first + at for at, number in enumerate(of_cut) if number in may)
            kind = "heading_questions" if section.words.endswith("?") else "headings"
            self.questions[kind].append(replace(one, also=also))

    def _question(self, section: _Section, random: Random) -> str | None:
        words = section.words
        if words.endswith("?"):
            return words
        if words.lower() in self._common:
            return f"{section.above} {words}" if section.above.lower() != words.lower() else None
        first, _, rest = words.partition(" ")
        if first.lower() == "how" and rest:
            return f"How do I {rest[3:]}?" if rest.lower().startswith("to ") else f"{words}?"
        forms = _ASKED_OF_DOING if first.lower().endswith("ing") else _ASKED_OF_THINGS
        # Most headings are written with a capital, and most people do not.
        plain = words[0].lower() + words[1:] if words[1:].islower() else words
        return random.choice(forms).format(plain)

    def _token_spans(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[Span(*of) for of in zip(t.starts, t.ends, strict=True)] for t in self._pieces.of(texts)]


def _within(cut: Cut, span: Span) -> list[SentenceSpan]:
    return [s for s in cut.sentences if span.start <= s.start < span.end]


def _passage(article: Article, cut: Cut, without: _Section | None) -> ReaderPassage:
    """Return a passage as it is read; `without` a section's heading, in the text and in the path above it."""
    title, context = article.info.title, cut.context
    shift = _Shift(cut, without.heading if without else None, article.text)
    if without:
        shown = display_text(article.text[without.heading.start : without.heading.end], "markdown")
        context = replace(context, headings=tuple(h for h in context.headings if h != shown))
        title = "" if title == shown else title
    kept = [s for s in cut.sentences if not without or not without.heading.start <= s.start < without.heading.end]
    return ReaderPassage(path_of(title, context), shift.text, tuple(shift.of(s) for s in kept))


class _Shift:
    """A passage's text without a heading's line, and where the rest of its sentences are in it."""

    def __init__(self, cut: Cut, without: Span | None, text: str) -> None:
        self._start = cut.start
        self._gap = Span(cut.start, cut.start)
        if without and cut.start <= without.start < cut.end:
            begin = max(text.rfind("\n", 0, without.start) + 1, cut.start)
            after = (s.start for s in cut.sentences if s.start >= without.end)
            line_end = text.find("\n", without.end)
            self._gap = Span(begin, min(next(after, cut.end), cut.end if line_end < 0 else line_end + 1))
        self.text = text[cut.start : self._gap.start] + text[self._gap.end : cut.end]

    def of(self, sentence: SentenceSpan) -> Span:
        gone = self._gap.end - self._gap.start if sentence.start >= self._gap.end else 0
        return Span(sentence.start - self._start - gone, sentence.end - self._start - gone)
