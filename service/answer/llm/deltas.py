"""One piece of a model's stream, read from LlamaIndex's response. Each provider has the same things in other places."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.answer.models import Usage

if TYPE_CHECKING:
    from llama_index.core.llms import ChatResponse

_CUT_SHORT = frozenset({"length", "max_tokens"})
# Names of the counts of tokens: in OpenAI's chat completions, and in Anthropic's and OpenAI's responses.
_COUNTS = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
_THOUGHTS = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})
# HTTP statuses for the error codes that OpenAI's responses API sends in a stream that began with 200.
_STATUSES = {"server_error": 500, "rate_limit_exceeded": 429}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's call of a tool, as far as it has arrived. `arguments` is JSON, which may be cut off or no JSON at all."""

    id: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply. `thought` is reasoning that is shown. `usage` counts tokens so far, where the server does.

    `thinking` says that the model is reasoning, shown or not. `whole` says that the reply is complete with this piece, and
    not cut off. `calls` are the tool calls so far; a later piece may hold more of each.
    """

    text: str
    thought: str = ""
    usage: Usage | None = None
    whole: bool = False
    thinking: bool = False
    calls: tuple[ToolCall, ...] = ()


class AnswerFailed(Exception):
    """The server reported an error within its stream. `status_code` is the corresponding HTTP status."""

    def __init__(self, message: str, *, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code


def delta_of(response: "ChatResponse") -> Delta:
    """Return what a piece of a stream holds. Raises AnswerFailed."""
    raw = response.raw
    _check(raw)
    thought = _thought(response)
    thinking = bool(thought) or _field(_field(raw, "item"), "type") == "reasoning"
    return Delta(_text(response), thought, _usage(response), _whole(response), thinking, _calls(response))


def _check(raw: object) -> None:
    kind = _field(raw, "type")
    if kind not in ("error", "response.failed"):
        return
    error = raw if kind == "error" else _field(_field(raw, "response"), "error")
    code, message = str(_field(error, "code")), str(_field(error, "message"))
    raise AnswerFailed(f"{code}: {message}"[:500], status_code=_STATUSES.get(code, 400))


def _text(response: "ChatResponse") -> str:
    # LlamaIndex leaves out `refusal`, the text with which OpenAI's models decline.
    choices = _field(response.raw, "choices")
    declined = [_field(_field(choice, "delta"), "refusal") for choice in choices] if isinstance(choices, list) else []
    if _field(response.raw, "type") == "response.refusal.delta":
        declined.append(_field(response.raw, "delta"))
    text = (response.delta or "") + "".join(words for words in declined if isinstance(words, str))
    # JSON can hold half a surrogate pair, which is not valid text.
    return text.encode(errors="replace").decode()


def _calls(response: "ChatResponse") -> tuple[ToolCall, ...]:
    blocks = [block for block in response.message.blocks if block.block_type == "tool_call"]
    return tuple(
        # Ollama gives its calls no ids.
        ToolCall(
            block.tool_call_id or f"call_{number}", arguments if isinstance(arguments, str) else json.dumps(arguments)
        )
        for number, block in enumerate(blocks, start=1)
        for arguments in [block.tool_kwargs]
    )


def _thought(response: "ChatResponse") -> str:
    if _field(response.raw, "type") in _THOUGHTS:
        return str(_field(response.raw, "delta") or "")
    for told in (response.additional_kwargs, response.message.additional_kwargs):
        if thought := told.get("thinking_delta"):
            return str(thought)
    return ""


def _usage(response: "ChatResponse") -> Usage | None:
    """Return the tokens counted so far."""
    raw = response.raw
    told = _field(raw, "usage") or _field(_field(raw, "response"), "usage")
    for counted in (told, response.message.additional_kwargs.get("usage"), response.additional_kwargs):
        for prompt, completion in _COUNTS:
            read, written = _field(counted, prompt), _field(counted, completion)
            if isinstance(read, int) and isinstance(written, int):
                return _with_cached(counted, read, written, _field(counted, f"{prompt}_details"))
    return None


def _with_cached(counted: object, read: int, written: int, details: object) -> Usage:
    """Add the tokens that the server had in its cache. Anthropic and Bedrock do not count these as input tokens."""
    cached = _field(details, "cached_tokens")
    if isinstance(cached, int):
        return Usage(read, written, cached)
    apart, kept = _field(counted, "cache_read_input_tokens"), _field(counted, "cache_creation_input_tokens")
    if isinstance(apart, int):
        return Usage(read + apart + (kept if isinstance(kept, int) else 0), written, apart)
    return Usage(read, written)


def _whole(response: "ChatResponse") -> bool:
    """Say whether the model ended its reply here, and it was not cut off by a limit of tokens."""
    raw = response.raw
    choices = _field(raw, "choices")
    reasons = [_field(choice, "finish_reason") for choice in choices] if isinstance(choices, list) else []
    reasons.append(response.message.additional_kwargs.get("stop_reason"))
    reasons.append("stop" if _field(raw, "type") == "response.completed" else None)
    if isinstance(raw, dict):
        reasons.append(raw.get("done_reason") or ("stop" if raw.get("done") else None))
        reasons.append("stop" if "metadata" in raw else None)  # Bedrock's last event; LlamaIndex leaves out the reason
    return any(reason and reason not in _CUT_SHORT for reason in reasons)


def _field(told: object, name: str) -> object:
    return told.get(name) if isinstance(told, dict) else getattr(told, name, None)
