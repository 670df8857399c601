"""The values that pass between the rooms of `service/`: Question, Citation, Sentence, Answer, NoAnswer, Step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from index.records import FOR_EVERYONE, Access, Filters, Hit, RecognisedLine, Span
from service.answer.evidence import Evidence, Search

Support = Literal["verified", "unverified"]
SelfCheck = Literal["supported", "unsupported"]
"""What the model that wrote a sentence says of it, asked whether what it cites supports it."""
Form = Literal["prose", "list", "code", "quote"]
"""How a sentence is to be shown: as prose on one line, or line by line, as a list or as code. A quote is a sentence or a list
of an article, below what a language model said."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation before the question, by the one who asks or by Footnote. `text` holds no markers."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of which articles, by whom. `as_of` is what "now" means in it; None is today.

    `history` is what was said before in this conversation, oldest first: a question may lean on it.
    """

    text: str
    access: Access = FOR_EVERYONE
    filters: Filters = field(default_factory=Filters)
    as_of: date | None = None
    history: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was preferred, softly, because of the time in the question: articles published in these days, both included."""

    published_after: date | None = None
    published_before: date | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """Where a quote that was read by text recognition stands on its pages, and how sure that was, from 0 to 1."""

    confidence: float
    lines: tuple[RecognisedLine, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A stretch of a source article, exactly: `article_text[start:end] == quote` in `article_version`.

    `highlight` is the part of it that answers by itself, where the reading model is sure of one, in the same offsets.
    """

    number: int
    article_id: str
    article_version: str
    title: str
    publisher: str | None
    published: date | None
    url: str | None
    passage_id: str
    quote: str
    start: int
    end: int
    score: float
    page: int | None = None
    highlight: Span | None = None
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer. `answer.text[start:end]` is this sentence with its markers; `text` is without.

    `support_probability` is how likely its citations support it, where a model has read both.
    """

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    support: Support
    support_probability: float | None = None
    form: Form = "prose"
    self_check: SelfCheck | None = None


@dataclass(frozen=True, slots=True)
class ValueInDispute:
    """One of the values that sources give for the same thing, and the citations that give it."""

    value: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Cited sources give different values for the same thing."""

    about: str
    values: tuple[ValueInDispute, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a language model counted for one answer.

    `cached_tokens` are those of the prompt that its server had read before; None where it does not tell.
    """

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None = None


def in_all(counted: Iterable[Usage | None]) -> Usage | None:
    """Return the tokens of several calls, as far as they were counted."""
    known = [one for one in counted if one]
    cached = [one.cached_tokens for one in known if one.cached_tokens is not None]
    tokens = (sum(one.prompt_tokens for one in known), sum(one.completion_tokens for one in known))
    return Usage(*tokens, sum(cached) if cached else None) if known else None


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on one question."""

    retrieve: float
    answer: float
    total: float


@dataclass(frozen=True, slots=True)
class NearestPassage:
    """A passage that comes near to a question for which no answer was found: some sentences of it, exactly.

    `article_text[start:end] == quote` in `article_version`. `marks` are the words of it that the question holds, too, in
    the same offsets.
    """

    article_id: str
    article_version: str
    title: str
    url: str | None
    passage_id: str
    quote: str
    start: int
    end: int
    marks: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose sentences carry citations. `confidence` is what refusal is decided on, between 0 and 1.

    `shown` are the passages that a language model was shown, where one wrote the answer.
    """

    id: str
    question: str
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    answerer: str
    confidence: float
    timings: Timings
    disagreements: tuple[Disagreement, ...] = ()
    short_answer: str | None = None
    degraded: str | None = None
    usage: Usage | None = None
    completed_question: str | None = None
    preferences: Preferences = Preferences()
    shown: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No answer to this was found. `nearest` is what there is that comes closest."""

    id: str
    question: str
    text: str
    nearest: tuple[NearestPassage, ...]
    hits: tuple[Hit, ...]
    answerer: str
    confidence: float
    timings: Timings
    degraded: str | None = None
    usage: Usage | None = None
    completed_question: str | None = None
    preferences: Preferences = Preferences()


SmallTalk = Literal["greeting", "thanks", "farewell", "about"]
"""What somebody says who asks nothing of the articles; `about` asks who or what this is, what it can do, or for help."""


@dataclass(frozen=True, slots=True)
class NamedArticle:
    """An article by its id and title."""

    article_id: str
    title: str


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What there is to ask about, of what one person may read.

    `examples` are some of the `articles` that there are, `publishers` those with the most articles out of
    `publishers_total`; `earliest` and `latest` are the first and last day of publishing that is known. `questions` are some
    that were found to have an answer.
    """

    articles: int
    examples: tuple[NamedArticle, ...]
    publishers: tuple[str, ...]
    publishers_total: int
    earliest: date | None
    latest: date | None
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """A reply to small talk: a friendly word, and what there is to ask about."""

    id: str
    question: str
    text: str
    small_talk: SmallTalk
    corpus: CorpusSummary
    timings: Timings


@dataclass(frozen=True, slots=True)
class Considered:
    """A search for a question, its sentences, best first, and the probability that these answer it, by its measures.

    `measures` are named as the weights in `service.answer.refusal`. `chosen` says whether it is answered from this search.
    """

    search: Search
    evidence: Sequence[Evidence]
    measures: Mapping[str, float]
    confidence: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of a question, before anything is said of them, and how the question was understood.

    `answer_id` is the id that the answer is going to have. `considered` is what was decided on; there is an answer from a
    confidence of `threshold` on, unless the question is in a `language` that is not read.
    """

    answer_id: str
    hits: tuple[Hit, ...]
    completed_question: str | None
    preferences: Preferences
    considered: tuple[Considered, ...]
    threshold: float
    language: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A finished sentence, checked. `citations` are those that it is the first to carry."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Searching:
    """A language model searches for these words, because what was found so far does not answer."""

    queries: tuple[str, ...]


Step = Found | Searching | Said | Answer | NoAnswer | About
"""What happens while a question is answered, in this order: found, said, said, …, and last the whole answer or none. A
language model may search again in between.

What the last holds counts: its sentences begin with those that were said. Small talk has one step, the reply to it.
"""
