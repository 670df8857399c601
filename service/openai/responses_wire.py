"""The JSON of OpenAI's responses API, as far as Footnote speaks it (https://platform.openai.com/docs/api-reference/responses)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.openai.wire import MODEL, ContentPart, ListOf, Outgoing, SearchResult


class InputItem(BaseModel):
    """Something that was said before, or the question. Only messages are read; tool calls, reasoning and the like are not."""

    model_config = ConfigDict(extra="allow")

    type: str = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | ListOf[ContentPart] | None = Field(None, examples=["How much will Amazon invest in Anthropic?"])


class ResponsesRequest(BaseModel):
    """A question, with what was said before it. Parameters of sampling are accepted and do nothing."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(examples=[MODEL])
    input: str | ListOf[InputItem] = Field(examples=["How much will Amazon invest in Anthropic?"])
    instructions: str | None = None
    metadata: dict[str, str] | None = Field(None, max_length=16)
    stream: bool | None = False


class ResponseAnnotation(Outgoing):
    """`start_index` and `end_index` are code points of the text, around the marker."""

    type: Literal["url_citation"] = "url_citation"
    start_index: int
    end_index: int
    url: str
    title: str


class OutputText(Outgoing):
    type: Literal["output_text"] = "output_text"
    text: str
    annotations: tuple[ResponseAnnotation, ...] = ()
    logprobs: tuple[dict[str, Any], ...] = ()


class OutputMessage(Outgoing):
    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"]
    content: tuple[OutputText, ...]


class InputTokensDetails(Outgoing):
    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputTokensDetails(Outgoing):
    reasoning_tokens: int = 0


class ResponseUsage(Outgoing):
    """Tokens as the language model's server counted them, else those of the messages and of the reply."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()
    total_tokens: int


class ResponseFault(Outgoing):
    code: Literal["server_error"] = "server_error"
    message: str


class TextFormat(Outgoing):
    type: Literal["text"] = "text"


class TextConfig(Outgoing):
    format: TextFormat = TextFormat()


class ResponseReply(Outgoing):
    """An answer. Fields that Footnote does not use have the value that says so.

    `answer_id` is what Footnote knows it by; null where nothing was asked of the articles. The text is Markdown: words of
    articles and models are escaped. `notices` say what of the input was left out of account.
    """

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["in_progress", "completed", "failed"]
    error: ResponseFault | None = None
    incomplete_details: None = None
    instructions: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    model: str = MODEL
    output: tuple[OutputMessage, ...] = ()
    parallel_tool_calls: bool = True
    previous_response_id: None = None
    store: Literal[False] = False
    temperature: None = None
    text: TextConfig = TextConfig()
    tool_choice: Literal["auto"] = "auto"
    tools: tuple[dict[str, Any], ...] = ()
    top_p: None = None
    truncation: Literal["disabled"] = "disabled"
    usage: ResponseUsage | None = None
    citations: tuple[str, ...] = ()
    search_results: tuple[SearchResult, ...] = ()
    answer_id: str | None = None
    notices: tuple[str, ...] = ()
