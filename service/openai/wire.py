"""The JSON of OpenAI's chat completions, as far as Footnote speaks it: what comes in, and what goes out.

Fields of answers are those of https://platform.openai.com/docs/api-reference/chat; `citations` and `search_results` are
Perplexity's (https://docs.perplexity.ai), `event` is read by Open WebUI alone.
"""

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from service.schemas.api import AnswerStatus

MODEL = "footnote"
T = TypeVar("T")
ListOf = Annotated[list[T], Field(fail_fast=True, max_length=10_000)]
"""A list that is refused at its first bad item, or whole: hundreds of thousands of items would hold up the event loop."""


class ContentPart(BaseModel):
    """One part of a message. Only `text` is read. A question that comes with a picture or a file is refused."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["text"])
    text: str | None = None


class ChatMessage(BaseModel):
    """A message. Those of `user` and `assistant` are read. A system prompt is not followed, and a notice says so."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | ListOf[ContentPart] | None = Field(None, examples=["How much will Amazon invest in Anthropic?"])


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A question with what was said before it. Parameters of sampling are accepted and do nothing."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(examples=[MODEL])
    messages: ListOf[ChatMessage] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None


class Outgoing(BaseModel):
    """Base of what is sent."""

    model_config = ConfigDict(frozen=True)


class UrlCitation(Outgoing):
    """`start_index` and `end_index` are code points of the content, around the marker."""

    start_index: int
    end_index: int
    url: str
    title: str


class Annotation(Outgoing):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class SearchResult(Outgoing):
    """The source of the citation of the same place in `citations`; marker [n] is number n, from 1."""

    title: str
    url: str
    snippet: str
    date: date | None


class PromptTokensDetails(Outgoing):
    cached_tokens: int


class Usage(Outgoing):
    """Tokens as the language model's server counted them, else those of the messages and of the reply."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails | None = None


class ReplyMessage(Outgoing):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation] = []


class ReplyChoice(Outgoing):
    index: Literal[0] = 0
    message: ReplyMessage
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class Completion(Outgoing):
    """An answer. `answer_id` is what Footnote knows it by; null where nothing was asked of the articles.

    `status` tells programs whether there is an answer: the text says so in words. `content` is Markdown: words of articles
    and models are escaped, so that they are shown as they are. `notices` say what of the chat was left out of account.
    """

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[ReplyChoice]
    usage: Usage
    citations: list[str] = []
    search_results: list[SearchResult] = []
    answer_id: str | None = None
    status: AnswerStatus | None = None
    notices: list[str] = []


class Model(Outgoing):
    """All articles, or with `footnote/` before its name a scope."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = MODEL


class Models(Outgoing):
    object: Literal["list"] = "list"
    data: list[Model]


class ErrorDetail(Outgoing):
    """`code` is the last part of the problem's `type` elsewhere in this API."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorReply(Outgoing):
    error: ErrorDetail


Chunk = dict[str, Any]
"""A chunk of a stream: as OpenAI's, fields that have nothing to say are left out, so it is no model."""
