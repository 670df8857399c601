"""The JSON that other programs rely on, and nothing else: the HTTP API, `--json` and evaluation share these shapes."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

# No shape has so many. An error for each of tens of thousands of unknown keys would hold up the event loop.
_MOST_KEYS = 100


class Wire(BaseModel):
    """Base of all shapes: unknown keys in a request are an error, never ignored in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _check_count(cls, given: object) -> object:
        if isinstance(given, dict) and len(given) > _MOST_KEYS:
            raise PydanticCustomError("too_many_keys", "There are more than {most} keys", {"most": _MOST_KEYS})
        return given


HistoryId = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$", examples=["ans_0123456789abcdef0123456789abcdef"])]
"""The id of an answer or a conversation."""

Rating = Literal["up", "down"]
AnswerStatus = Literal["answered", "no_answer", "about"]
"""`about`: a greeting, thanks, a farewell or a question about Footnote itself, not about the articles."""


class FiltersWire(Wire):
    """Which articles are asked: those that match every filter that is given, and the scope of this name as well.

    Each list names alternatives: an article is in one of the `collections`.
    """

    published_after: date | None = None
    published_before: date | None = None
    publishers: list[str] = Field(default_factory=list, max_length=100)
    article_ids: list[str] = Field(default_factory=list, max_length=1_000)
    collections: list[str] = Field(default_factory=list, max_length=100)
    scope: str | None = Field(None, max_length=64)


class MessageWire(Wire):
    role: Literal["user", "assistant"]
    text: str


class AskRequest(Wire):
    """A question. `include_hits` adds the retrieved passages to the answer.

    A `resumable` stream can be read on after its connection broke, at `/api/answers/{id}/stream`. Others end with theirs.
    `history` is what was said before, for who keeps conversations elsewhere; with `conversation_id` Footnote knows it.
    """

    question: str = Field(examples=["How much will Amazon invest in Anthropic right away?"])
    conversation_id: HistoryId | None = None
    filters: FiltersWire = FiltersWire()
    as_of: date | None = None
    stream: bool = False
    resumable: bool = False
    include_hits: bool = False
    history: list[MessageWire] = Field(default_factory=list, max_length=100)


class SearchRequest(Wire):
    question: str = Field(examples=["How much will Amazon invest in Anthropic right away?"])
    filters: FiltersWire = FiltersWire()
    as_of: date | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class HitWire(Wire):
    """A retrieved passage. `dense` is cosine similarity, `lexical` the BM25 score, `score` what both are fused to.

    BM25 counts the passages of all articles, restricted ones too. So who may not read them all gets no `lexical`, and the
    similarity as `score`.
    """

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
    lexical: float | None


class SearchResponse(Wire):
    question: str
    hits: list[HitWire]


class SentenceWire(Wire):
    """A sentence of an answer. Its `form` is how it is to be shown: as prose, or line by line, as a list or as code.
    A `quote` is a sentence or a list of an article, below what a language model said.

    `support_probability` is how likely its citations support it, if as many sentences were true as false; null for what was
    quoted, and where no model has read it. `self_check` is what the language model that wrote it says, asked whether its
    citations support it; null where it was not asked (`FOOTNOTE_LLM_SELF_CHECK`) or said neither.
    """

    text: str
    start: int
    end: int
    citations: list[int]
    support: Literal["verified", "unverified"]
    support_probability: float | None = None
    form: Literal["prose", "list", "code", "quote"] = "prose"
    self_check: Literal["supported", "unsupported"] | None = None


class HighlightWire(Wire):
    start: int
    end: int


class BoxWire(Wire):
    """A line on a page, counted from 1: its corners, clockwise, as shares of the page's width and height."""

    page: int
    corners: list[tuple[float, float]]


class ScanWire(Wire):
    """A quote that text recognition read in a picture: how sure it was, from 0 to 1, and where its lines are."""

    confidence: float
    boxes: list[BoxWire]


class CitationWire(Wire):
    """A stretch of a source. `highlight` is the part that answers by itself; offsets are those of the article.

    `scan` is null where the source has its words as text, and not as a picture of them.

    `score` is None for who may not read all articles: it counts their words, too.
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
    page: int | None
    score: float | None
    highlight: HighlightWire | None = None
    scan: ScanWire | None = None


class ValueWire(Wire):
    value: str
    citations: list[int]


class DisagreementWire(Wire):
    about: str
    values: list[ValueWire]


class NearestWire(Wire):
    article_id: str
    title: str


class NearestPassageWire(NearestWire):
    """One of the passages that come nearest to a question for which no answer was found.

    As with a citation, `quote` is the text of this version of the article from `start` to `end`. `marks` are the words of it
    that the question holds, too, by their stems, in the same offsets. Answers that were kept by older versions of Footnote
    name the article alone.
    """

    article_version: str | None = None
    url: str | None = None
    passage_id: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    marks: list[HighlightWire] = []


class AboutWire(Wire):
    """What there is to ask about, of what the asker may read: in replies to small talk, told apart by `small_talk`.

    `examples` are some of the articles, `publishers` those with the most articles of `publishers_total`, `earliest` and
    `latest` the first and last day of publishing that an article names. `questions` are some that were found to have an
    answer. Of a reply that is read again later only `small_talk` is left: what there is may be another by then.
    """

    small_talk: Literal["greeting", "thanks", "farewell", "about"]
    articles: int | None = None
    examples: list[NearestWire] = []
    publishers: list[str] = []
    publishers_total: int = 0
    earliest: date | None = None
    latest: date | None = None
    questions: list[str] = []


class PreferencesWire(Wire):
    published_after: date | None = None
    published_before: date | None = None


class UsageWire(Wire):
    """Tokens as the model's server counted them. `cached_tokens` of the prompt were in its cache; null: it does not tell."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None = None


class TimingsWire(Wire):
    retrieve: float
    answer: float
    total: float


class ApprovalWire(Wire):
    """Who approved an answer, and when."""

    by: str
    at: datetime


class AskResponse(Wire):
    """An answer, the statement that none was found with what comes nearest, or a reply to small talk (`status`)."""

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
    nearest: list[NearestPassageWire]
    preferences: PreferencesWire
    answerer: str
    confidence: float
    degraded: str | None
    usage: UsageWire | None
    timings_ms: TimingsWire
    hits: list[HitWire] | None = None
    about: AboutWire | None = None
    approved: ApprovalWire | None = None


class HitsEvent(Wire):
    """First event of a streamed answer: its id, what was found, and how the question was understood."""

    id: str
    hits: list[HitWire]
    completed_question: str | None = None
    preferences: PreferencesWire = PreferencesWire()


class SentenceEvent(Wire):
    """A finished, checked sentence of a streamed answer, with the citations that it is the first to carry."""

    sentence: SentenceWire
    citations: list[CitationWire]


class SearchingEvent(Wire):
    """A language model searches for these words, because what was found so far does not answer."""

    queries: list[str]


AskEvent = HitsEvent | SearchingEvent | SentenceEvent | AskResponse
"""The events of a streamed answer; the last is the whole of it."""


class ArticleSummary(Wire):
    """An article without its text. `published_from`: its day is stated, in its title or file's name, or of a commit.

    `confidence` is that of text recognition, from 0 to 1, where some of its text was read in pictures.
    """

    id: str
    version: str
    title: str
    publisher: str | None
    published: date | None
    published_from: Literal["stated", "title", "name", "commit"] | None = None
    url: str | None
    authors: list[str]
    language: str | None
    format: Literal["markdown", "text"]
    collections: list[str] = []
    confidence: float | None = None


class ArticlesResponse(Wire):
    """One page of the articles that the asker may read, in order of id."""

    articles: list[ArticleSummary]
    total: int
    next_after: str | None


class ArticleResponse(ArticleSummary):
    """An article with its text: `text[start:end] == quote` for every citation of this version.

    `same_text` are other articles with this very text, under other names, perhaps at other addresses.
    `original` is the media type of the file that today's version was read from, where `/api/originals` has it; `pages` are
    the offsets at which its pages begin in today's text. `scan` says where text recognition read the stretch that was asked
    for, if it did.
    """

    text: str
    current: bool
    same_text: list[ArticleSummary] = []
    original: str | None = None
    pages: list[int] = []
    scan: ScanWire | None = None


class PublisherWire(Wire):
    """A publisher as the articles name it, and how many articles it has."""

    name: str
    articles: int


class PublishersResponse(Wire):
    """Who published the articles that the asker may read, by name, and the first and last day that one of them names."""

    publishers: list[PublisherWire]
    earliest: date | None
    latest: date | None


class CollectionWire(Wire):
    """A collection, and how many articles in it the asker may read."""

    name: str
    articles: int


class CollectionsResponse(Wire):
    """What a question can be narrowed to: the collections of articles that the asker may read, and the names of scopes."""

    collections: list[CollectionWire]
    scopes: list[str]


class SuggestionsResponse(Wire):
    """Questions that the articles were found to answer."""

    questions: list[str]


class MeResponse(Wire):
    """Who asks. `groups` is null for someone who may read everything, `collections` unless the key is limited to some.

    `name` is null for all who have not signed in on the page.
    """

    id: str
    admin: bool
    groups: list[str] | None
    keys_required: bool
    collections: list[str] | None = None
    name: str | None = None


class Problem(BaseModel):
    """RFC 9457 problem details. `type` is stable: programs may branch on it."""

    type: str
    title: str
    status: int
    detail: str
