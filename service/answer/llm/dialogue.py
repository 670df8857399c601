"""The messages to a language model, within its context: the question with the first passages, then further passages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.ingest.outline import path_of
from index.records import Hit
from service.answer.code import text_with_code
from service.answer.llm.deltas import ToolCall
from service.answer.llm.prompts import (
    TOOL,
    Protocol,
    heading,
    passages_prompt,
    question_again_prompt,
    question_prompt,
    system_prompt,
)
from service.answer.llm.searches import queries_of
from service.answer.llm.writer import ToWrite

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ContentBlock
    from llama_index.core.llms import ChatMessage

FURTHER = 3
"""Passages that each further search adds at most."""

BYTES_A_TOKEN = 3
"""Fewest bytes of UTF-8 in a token, in nearly every text, so that a prompt never exceeds the model's context."""

_ANSWER_TOKENS = 700
# What a prompt holds in addition to its passages and the question, and what a provider says of a tool.
_AROUND = 500
_OF_A_TOOL = 1_500
_AROUND_A_PASSAGE = 40


@dataclass(frozen=True, slots=True)
class _Turn:
    """What the model said and called for, the passages that were then found, and a sentence that may be the answer."""

    said: str
    calls: tuple[ToolCall, ...]
    found: tuple[Hit, ...]
    likely: str | None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The question with its first passages, what was said and found since, and the bytes that there is still room for."""

    asked: ToWrite
    first: tuple[Hit, ...]
    room: int
    turns: tuple[_Turn, ...] = ()

    @property
    def shown(self) -> tuple[Hit, ...]:
        """The passages, in the order of their numbers."""
        return (*self.first, *(hit for turn in self.turns for hit in turn.found))

    def messages(self, protocol: Protocol) -> "list[ChatMessage]":
        """Return all of it as messages. Those of an earlier turn stay the same, for providers that cache a prompt."""
        question = self.asked.question
        passages, number = passages_prompt(list(map(_shown, self.first)), first=1), len(self.first) + 1
        told = [
            message("system", system_prompt(self.asked.today)),
            message("user", f"{passages}\n\n{question_prompt(question, protocol)}"),
        ]
        for turn in self.turns:
            passages = passages_prompt(list(map(_shown, turn.found)), first=number)
            again = question_again_prompt(question, protocol, likely=turn.likely)
            as_messages = _turn_by_tool if turn.calls and protocol == "tool" else _turn
            told += as_messages(turn, passages, again)
            number += len(turn.found)
        return told


def begun(asked: ToWrite, protocol: Protocol, *, context_tokens: int, passages: int) -> Dialogue:
    """Return the question with this many of the best passages, or as many as fit, but at least one."""
    room = (context_tokens - answer_tokens(context_tokens)) * BYTES_A_TOKEN
    room -= _size(system_prompt(asked.today)) + _size(asked.question) + _AROUND
    room -= _OF_A_TOOL if protocol == "tool" else 0
    first = _fitting(asked.hits[:passages], room) or asked.hits[:1]
    return Dialogue(asked, first, room - _sizes(first))


def with_further(
    dialogue: Dialogue, said: str, hits: Iterable[Hit], calls: tuple[ToolCall, ...] = ()
) -> Dialogue | None:
    """Return the dialogue after the model `said` that it lacks something, with further passages and the likely sentence.

    None where there is neither, or no room for it.
    """
    asked, known = dialogue.asked, {hit.passage.id for hit in dialogue.shown}
    room = dialogue.room - _size(said) - _size(asked.question) - _size(asked.likely or "") - _AROUND
    further = _fitting([hit for hit in hits if hit.passage.id not in known][:FURTHER], room)
    likely = None if dialogue.turns else asked.likely
    if room < 0 or not (further or likely):
        return None
    turn = _Turn(said, calls, further, likely)
    return replace(dialogue, turns=(*dialogue.turns, turn), room=room - _sizes(further))


def answer_tokens(context_tokens: int) -> int:
    """Return the tokens of its context that a model may write."""
    return min(_ANSWER_TOKENS, context_tokens // 4)


def _turn(turn: _Turn, passages: str, again: str) -> "list[ChatMessage]":
    queries = dict.fromkeys(query for call in turn.calls for query in queries_of(call.arguments))
    said = "\n".join(filter(None, [turn.said, f"SEARCH: {'; '.join(queries)}" if turn.calls else ""]))
    return [message("assistant", said), message("user", f"{passages}\n\n{again}")]


def _turn_by_tool(turn: _Turn, passages: str, again: str) -> "list[ChatMessage]":
    from llama_index.core.base.llms.types import TextBlock, ToolCallBlock

    said = [TextBlock(text=turn.said)] if turn.said else []
    calls = [
        ToolCallBlock(tool_call_id=call.id, tool_name=TOOL, tool_kwargs={"queries": list(queries_of(call.arguments))})
        for call in turn.calls
    ]
    # All calls were searched for together; each has to be replied to.
    results = [passages, *("The passages above are for this call, too." for _ in turn.calls[1:])]
    return [
        message("assistant", [*said, *calls]),
        *(message("tool", text, tool_call_id=call.id) for call, text in zip(turn.calls, results, strict=True)),
        message("user", again),
    ]


def message(role: str, content: "str | list[ContentBlock]", **told: str) -> "ChatMessage":
    """Return a message as LlamaIndex has it."""
    from llama_index.core.llms import ChatMessage, MessageRole

    return ChatMessage(content, role=MessageRole(role), additional_kwargs=told)


def _fitting(hits: Sequence[Hit], size: int) -> tuple[Hit, ...]:
    """Return as many of the best hits as fit into so many bytes."""
    fitting: list[Hit] = []
    for hit in hits:
        size -= _sizes([hit])
        if size < 0:
            break
        fitting.append(hit)
    return tuple(fitting)


def _sizes(hits: Iterable[Hit]) -> int:
    return sum(sum(map(_size, _shown(hit))) + _AROUND_A_PASSAGE for hit in hits)


def _size(text: str) -> int:
    return len(text.encode())


def _shown(hit: Hit) -> tuple[str, str]:
    """Return a passage's heading, and its words below the introduction of the list or table that it is of."""
    passage, article = hit.passage, hit.passage.article
    words = "\n".join([*passage.context.introductions, text_with_code(passage.text, article.format)])
    return heading(path_of(article.title, passage.context), article.publisher, article.published), words
