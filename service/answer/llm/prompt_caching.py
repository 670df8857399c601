"""Prompt caching for providers that need explicit cache points: Anthropic and Bedrock.

Marked are the system prompt, which is the same for every question of a day, and the whole prompt from the second call for a
question on. The first message of a question is not marked: writing to the cache costs a quarter more than reading without it,
and most questions are answered in one call. Providers ignore the mark below a minimum size (1,024 tokens or more). OpenAI,
Ollama, vLLM and llama.cpp cache common beginnings of prompts by themselves.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage, ChatResponseGen

_Stream = Callable[..., "ChatResponseGen"]
_EPHEMERAL = {"type": "ephemeral"}


def anthropic_stream(client: Any) -> _Stream:
    """Return a method `stream_chat` for a subclass of Anthropic, which ignores cache points in system prompts."""

    def stream_chat(self: Any, messages: "Sequence[ChatMessage]", **kwargs: Any) -> "ChatResponseGen":
        from llama_index.core.llms import MessageRole

        system = "".join(message.content or "" for message in messages if message.role == MessageRole.SYSTEM)
        marked = [{"type": "text", "text": system, "cache_control": _EPHEMERAL}]
        body = {"extra_body": {"system": marked}} if system else {}
        stream: ChatResponseGen = client.stream_chat(self, _marked(messages, "ephemeral"), **body, **kwargs)
        return stream

    return stream_chat


def bedrock_stream(client: Any) -> _Stream:
    """Return a method `stream_chat` for a subclass of LlamaIndex's BedrockConverse with `system_prompt_caching`."""

    def stream_chat(self: Any, messages: "Sequence[ChatMessage]", **kwargs: Any) -> "ChatResponseGen":
        told = _marked(messages, "default") if self.system_prompt_caching else messages
        stream: ChatResponseGen = client.stream_chat(self, told, **kwargs)
        return stream

    return stream_chat


def _marked(messages: "Sequence[ChatMessage]", kind: str) -> "list[ChatMessage]":
    """Return the messages with a mark at the end of the last one, where the conversation goes on."""
    from llama_index.core.base.llms.types import CacheControl
    from llama_index.core.llms import CachePoint, MessageRole
    from llama_index.core.llms import ChatMessage as Told

    *before, last = messages
    if not any(message.role == MessageRole.ASSISTANT for message in messages):
        return [*messages]
    point = CachePoint(cache_control=CacheControl(type=kind))
    return [*before, Told(role=last.role, blocks=[*last.blocks, point], additional_kwargs=last.additional_kwargs)]
