"""The JSON that other programs rely on, and nothing else: the HTTP API, `--json` and evaluation share these shapes."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Base of all shapes: unknown keys in a request are an error, never ignored in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


KeptId = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$", examples=["ans_0123456789abcdef0123456789abcdef"])]
"""The id of an answer or a conversation."""

Rating = Literal["up", "down"]
AnswerStatus = Literal["answered", "no_answer"]


class FiltersWire(Wire):
    published_after: date | None = None
    published_before: date | None = None
    publishers: list[str] = Field(default_factory=list, max_length=100)
    article_ids: list[str] = Field(default_factory=list, max_length=1_000)


class MessageWire(Wire):
    role: Literal["user", "assistant"]
    text: str


class AskRequest(Wire):
    """A question. `include_hits` adds the retrieved passages to the answer.

    `history` is what was said before, for who keeps conversations elsewhere; with `conversation_id` Footnote knows it.
    """

    question: str = Field(examples=["How much will Amazon invest in Anthropic right away?"])
    conversation_id: KeptId | None = None
    filters: FiltersWire = FiltersWire()
    as_of: date | None = None
    stream: bool = False
    include_hits: bool = False
    history: list[MessageWire] = Field(default_factory=list, max_length=100)


class SearchRequest(Wire):
    question: str = Field(examples=["How much will Amazon invest in Anthropic right away?"])
    filters: FiltersWire = FiltersWire()
    as_of: date | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class HitWire(Wire):
    """A retrieved passage. `dense` is cosine similarity, `lexical` the BM25 score, `score` what both are fused to."""

    passage_id: str
    article_id: str
    article_version: str
    title: str
    publisher: str | None
    published: date | None
    url: str | None
    text: str
    start: int
    end: int
    score: float
    dense: float
    lexical: float


class SearchResponse(Wire):
    question: str
    hits: list[HitWire]


class SentenceWire(Wire):
    text: str
    start: int
    end: int
    citations: list[int]
    support: Literal["verified", "unverified"]


class HighlightWire(Wire):
    start: int
    end: int


class CitationWire(Wire):
    """A stretch of a source. `highlight` is the part that answers by itself; offsets are those of the article."""

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
    page: int | None
    score: float
    highlight: HighlightWire | None = None


class ValueWire(Wire):
    value: str
    citations: list[int]


class DisagreementWire(Wire):
    about: str
    values: list[ValueWire]


class NearestWire(Wire):
    article_id: str
    title: str


class PreferencesWire(Wire):
    published_after: date | None = None
    published_before: date | None = None


class UsageWire(Wire):
    prompt_tokens: int
    completion_tokens: int


class TimingsWire(Wire):
    retrieve: float
    answer: float
    total: float


class AskResponse(Wire):
    """An answer, or the statement that the corpus has none (`status`)."""

    id: str
    conversation_id: str | None
    question: str
    completed_question: str | None
    status: AnswerStatus
    short_answer: str | None
    text: str
    sentences: list[SentenceWire]
    citations: list[CitationWire]
    disagreements: list[DisagreementWire]
    nearest: list[NearestWire]
    preferences: PreferencesWire
    answerer: str
    confidence: float
    degraded: str | None
    usage: UsageWire | None
    timings_ms: TimingsWire
    hits: list[HitWire] | None = None


class HitsEvent(Wire):
    """First event of a streamed answer: what was found, and how the question was understood."""

    hits: list[HitWire]
    completed_question: str | None = None
    preferences: PreferencesWire = PreferencesWire()


class SentenceEvent(Wire):
    """A finished, checked sentence of a streamed answer, with the citations that it is the first to carry."""

    sentence: SentenceWire
    citations: list[CitationWire]


AskEvent = HitsEvent | SentenceEvent | AskResponse
"""The events of a streamed answer; the last is the whole of it."""


class ConversationSummary(Wire):
    """A conversation of the asker. `title` is its first question."""

    id: str
    title: str
    created: datetime
    updated: datetime
    questions: int


class ConversationsResponse(Wire):
    """One page of the asker's conversations, the latest first."""

    conversations: list[ConversationSummary]
    total: int
    next_after: str | None


class ConversationResponse(ConversationSummary):
    """A conversation with its answers, oldest first.

    `withheld` counts the answers that are left out, as an article that they cite was deleted or may not be read any more.
    """

    answers: list[AskResponse]
    withheld: int = 0


class KeptAnswer(AskResponse):
    """An answer that was given before. `own`: the reader asked for it; `shared`: others who may read its articles may, too.

    `rating` is the reader's own.
    """

    asked: datetime
    own: bool
    shared: bool
    rating: Rating | None = None


class ShareRequest(Wire):
    shared: bool


class FeedbackRequest(Wire):
    """What a person says of an answer. Sent again, it takes the place of what that person said before."""

    answer_id: KeptId
    rating: Rating
    comment: str | None = Field(None, max_length=4_000)


class FeedbackWire(Wire):
    asker: str
    rating: Rating
    comment: str | None
    given: datetime


class ReviewRow(Wire):
    """An answer, who asked for it when, what it was made with, and what was said of it."""

    answer: AskResponse
    asker: str
    asked: datetime
    through: str
    settings: dict[str, str | bool | None]
    feedback: list[FeedbackWire]


class ReviewResponse(Wire):
    """One page of what was asked, the latest first: answers whose articles the reader may read."""

    rows: list[ReviewRow]
    next_after: str | None


class ArticleSummary(Wire):
    id: str
    version: str
    title: str
    publisher: str | None
    published: date | None
    url: str | None
    authors: list[str]
    language: str | None
    format: Literal["markdown", "text"]


class ArticlesResponse(Wire):
    """One page of the articles that the asker may read, in order of id."""

    articles: list[ArticleSummary]
    total: int
    next_after: str | None


class ArticleResponse(ArticleSummary):
    """An article with its text: `text[start:end] == quote` for every citation of this version.

    `same_text` are other articles with this very text, under other names, perhaps at other addresses.
    """

    text: str
    current: bool
    same_text: list[ArticleSummary] = []


class PublisherWire(Wire):
    """A publisher as the articles name it, and how many articles it has."""

    name: str
    articles: int


class PublishersResponse(Wire):
    """Who published the articles that the asker may read, by name, and the first and last day that one of them names."""

    publishers: list[PublisherWire]
    earliest: date | None
    latest: date | None


class MeResponse(Wire):
    """Who asks. `groups` is null for whoever may read everything."""

    id: str
    admin: bool
    groups: list[str] | None
    keys_required: bool


class WatchWire(Wire):
    """A folder that is watched: when it was last made equal to the index, and what went wrong then."""

    path: str
    last_sync: str | None = None
    problems: list[str] = []


ModelReach = Literal["not needed", "reachable", "unreachable"]


class ReadyResponse(Wire):
    """Questions can be asked. Where the language model cannot be reached, answers quote the articles."""

    status: Literal["ready"] = "ready"
    language_model: ModelReach


class StatusResponse(Wire):
    """What is indexed, and by which models questions are answered.

    `outdated` says why the index has to be made again before articles can be added, if it has.
    """

    articles: int
    passages: int
    model: str
    fingerprint: str
    last_sync: str | None
    data_dir: str
    answerer: str
    reader: str | None = None
    reranker: str | None = None
    outdated: str | None = None
    watching: list[WatchWire] = []


class FailedPath(Wire):
    path: str
    error: str


class IndexRequest(Wire):
    """Paths on the machine that serves, absolute, for the service's own working folder is nobody's business; addresses."""

    paths: list[str] = Field(min_length=1)
    prune: bool = False
    prune_limit: Annotated[float, Field(ge=0, le=1)] = 0.2
    dry_run: bool = False


class DeleteRequest(Wire):
    article_ids: list[str] = Field(min_length=1)


class IndexReportWire(Wire):
    """What a run of indexing did, in articles. `skipped` names files of types that are not read.

    `rebuilt` is why the whole index was made again first, if it was (in a dry run: would be).
    """

    added: int
    updated: int
    renamed: int
    unchanged: int
    deleted: int
    skipped: list[str]
    failed: list[FailedPath]
    warnings: list[FailedPath]
    articles: int
    passages: int
    seconds: float
    rebuilt: str | None = None


class RebuildResponse(Wire):
    """What the index holds after it was made again."""

    articles: int
    passages: int
    seconds: float


class CheckRequest(Wire):
    """A comparison of the three stores. `repair` mends what differs."""

    repair: bool = False


class IdsWire(Wire):
    """How many passages, and the ids of the first of them."""

    count: int
    ids: list[str]


class CheckResponse(Wire):
    """What Chroma and Tantivy differ in from the catalogue's passages, before any repair, and what was done about it."""

    agree: bool
    passages: int
    damage: str | None
    missing_vectors: IdsWire
    extra_vectors: IdsWire
    wrong_vectors: IdsWire
    missing_words: IdsWire
    extra_words: IdsWire
    repair: Literal["none", "mended", "rebuilt"]


class Problem(BaseModel):
    """RFC 9457 problem details. `type` is stable: programs may branch on it."""

    type: str
    title: str
    status: int
    detail: str
