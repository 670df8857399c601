"""What a language model is shown and told, within its context: the question with the first passages, and further ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.ingest.outline import path_of
from index.ingest.segmentation import display_text
from index.records import Hit
from service.answer.llm.prompts import further_prompt, heading, passages_prompt, system_prompt
from service.answer.llm.writer import ToWrite

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage

FURTHER = 3
"""Passages that each further search adds at most."""

_AT_FIRST = 2  # messages
# Bytes of UTF-8 a token, at the least in nearly all writing; a prompt counted so does not overrun the model's context.
_BYTES_A_TOKEN = 3
_ANSWER_TOKENS = 700
# What a prompt holds in addition to its passages and the question.
_AROUND = 500
_AROUND_A_PASSAGE = 40


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What was said so far, the passages shown in the order of their numbers, and the bytes that there is still room for."""

    messages: "tuple[ChatMessage, ...]"
    shown: tuple[Hit, ...]
    room: int


def begun(asked: ToWrite, *, context_tokens: int, passages: int) -> Dialogue:
    """Return the question with so many of the best passages, as far as they fit; one at the least."""
    system = system_prompt(asked.today)
    room = (context_tokens - answer_tokens(context_tokens)) * _BYTES_A_TOKEN
    room -= _size(system) + _size(asked.question) + _AROUND
    shown = _fitting(asked.hits[:passages], room) or asked.hits[:1]
    prompt = passages_prompt(asked.question, [_shown(hit) for hit in shown])
    return Dialogue((_message("system", system), _message("user", prompt)), shown, room - _sizes(shown))


def with_further(dialogue: Dialogue, asked: ToWrite, said: str, hits: Iterable[Hit]) -> Dialogue | None:
    """Return the dialogue after the model `said` that it lacks something, with further passages and the likely sentence.

    None where there is neither, or no room for it.
    """
    known = {hit.passage.id for hit in dialogue.shown}
    room = dialogue.room - _size(said) - _size(asked.question) - _size(asked.likely or "") - _AROUND
    further = _fitting([hit for hit in hits if hit.passage.id not in known][:FURTHER], room)
    likely = asked.likely if len(dialogue.messages) == _AT_FIRST else None
    if room < 0 or not (further or likely):
        return None
    passages = [_shown(hit) for hit in further]
    prompt = further_prompt(asked.question, passages, first=len(dialogue.shown) + 1, likely=likely)
    return replace(
        dialogue,
        messages=(*dialogue.messages, _message("assistant", said), _message("user", prompt)),
        shown=(*dialogue.shown, *further),
        room=room - _sizes(further),
    )


def answer_tokens(context_tokens: int) -> int:
    """Return the tokens of its context that a model may write."""
    return min(_ANSWER_TOKENS, context_tokens // 4)


def _message(role: str, content: str) -> "ChatMessage":
    from llama_index.core.llms import ChatMessage, MessageRole

    return ChatMessage(role=MessageRole(role), content=content)


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
    words = "\n".join([*passage.context.introductions, display_text(passage.text, article.format)])
    return heading(path_of(article.title, passage.context), article.publisher, article.published), words
