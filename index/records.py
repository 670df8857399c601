"""The data types of the index: Article, Passage, Hit, and Access, which says who may read them."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

TextFormat = Literal["markdown", "text"]
SpanKind = Literal["sentence", "fragment"]
DaySource = Literal["stated", "title", "name", "commit"]
"""Where the day of publication comes from: the article, its title, its file's name, or the last commit of its file."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read an article, or a version of it: its groups, None meaning everyone, and the collections that it is in."""

    groups: frozenset[str] | None
    collections: frozenset[str] = frozenset()


NOBODY = Readers(frozenset())


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may read: everything, or the articles for everyone and for their groups.

    With `collections`, of these only the articles that are in one of these collections.
    """

    groups: frozenset[str] = frozenset()
    everything: bool = False
    collections: frozenset[str] | None = None

    def allows(self, readers: Readers) -> bool:
        """Return whether an article with these readers may be read."""
        within = self.collections is None or not self.collections.isdisjoint(readers.collections)
        return within and (self.everything or readers.groups is None or not self.groups.isdisjoint(readers.groups))


EVERYTHING = Access(everything=True)
FOR_EVERYONE = Access()


Corners = tuple[tuple[float, float], ...]
"""The corners of a box on a page, clockwise from the top left of its words, as shares of the page's width and height."""


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line that text recognition read in a picture: `article_text[start:end]`, where it is, and how sure it was (0 to 1).

    `page` counts from 1.
    """

    page: int
    start: int
    end: int
    confidence: float
    corners: Corners


def mean_confidence(lines: Sequence[RecognisedLine]) -> float | None:
    """Return the mean confidence of the characters of lines; None if there are none."""
    weights = [max(line.end - line.start, 1) for line in lines]
    total = sum(weight * line.confidence for weight, line in zip(weights, lines, strict=True))
    return round(total / sum(weights), 3) if lines else None


@dataclass(frozen=True, slots=True)
class Original:
    """The file that an article was read from: `sha256:` and the hash of its bytes, and its media type."""

    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """The metadata of an article.

    `published_from` says where the day of `published` comes from.
    `groups` may read it: None means everyone, an empty set nobody. `version` is `sha256:` and the hash of the text.
    `pages` are the offsets at which the pages of a paged document start. `collections` are labels to filter by.
    `confidence` is that of text recognition, the mean of all characters that it read; None if it read none.
    `original` is the file, where it can be shown as it is.
    """

    id: str
    version: str
    title: str
    format: TextFormat = "text"
    url: str | None = None
    publisher: str | None = None
    published: date | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    groups: frozenset[str] | None = None
    pages: tuple[int, ...] = ()
    published_from: DaySource | None = None
    collections: frozenset[str] = frozenset()
    confidence: float | None = None
    original: Original | None = None

    @property
    def readers(self) -> Readers:
        return Readers(self.groups, self.collections)

    def page_at(self, offset: int) -> int | None:
        """Return the number of the page, from 1, at an offset in the text. None if there are no pages."""
        return bisect_right(self.pages, offset) or None


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it was read. `text` is what is cited: every offset counts its code points.

    `token` changes whenever its file does, where its source has such tokens. `recognised` are the lines that text recognition
    read, in order.
    """

    info: ArticleInfo
    text: str = field(repr=False)
    path: str
    token: str | None = None
    recognised: tuple[RecognisedLine, ...] = ()

    @property
    def id(self) -> str:
        return self.info.id


def version_of(text: str | bytes) -> str:
    """Return `sha256:` and the hash of the text, or of its UTF-8: the name of this version of it."""
    return "sha256:" + hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, in code points: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """A sentence as `article_text[start:end]`, in code points.

    A `fragment` does not read as a sentence: a heading, a label, a line of a menu. It can be found and cited, but an answer
    prefers sentences.
    """

    start: int
    end: int
    kind: SpanKind


@dataclass(frozen=True, slots=True)
class Context:
    """The text above a passage that belongs to it, as people read it, outermost first. It is not part of the passage's text.

    `headings` are the headings of the sections that it begins in. `introductions` introduce the list or table that it begins
    in the middle of: the sentence before the list, the item above a nested list, the head of the table.
    """

    headings: tuple[str, ...] = ()
    introductions: tuple[str, ...] = ()


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of an article that is embedded and found as a unit. `article_text[start:end] == text`.

    `ordinal` counts the passages of the article from 0. `context` is the text above it. `recognised` are the lines that text
    recognition read on its pages.
    """

    id: str
    article: ArticleInfo
    ordinal: int
    start: int
    end: int
    text: str = field(repr=False)
    sentences: tuple[SentenceSpan, ...] = field(repr=False)
    context: Context = NO_CONTEXT
    recognised: tuple[RecognisedLine, ...] = ()

    def words_of(self, span: Span | SentenceSpan) -> str:
        """Return the text of a span within this passage."""
        return self.text[span.start - self.start : span.end - self.start]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with how well it fits a question.

    `dense` is the cosine similarity, `lexical` the BM25 score, `score` the fused score. `score` orders the hits of one
    question; it is not a probability. `preference` is what the hit gained or lost because of the time and the sources that
    the question names. `timely` is False if the question is about another time than the article.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    preference: float = 0.0
    timely: bool = True


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles a question is asked of. Bounds on `published` include their own day.

    Each of `publishers`, `article_ids` and `collections` is a list of alternatives; empty ones do not filter. Articles must
    match `scope` too.
    """

    published_after: date | None = None
    published_before: date | None = None
    publishers: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    scope: "Filters | None" = None
