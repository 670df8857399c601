"""Completes a question that depends on the conversation before it, with a language model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from service.answer.llm.prompts import COMPLETE, conversation_prompt
from service.answer.llm.replies import kind_of
from service.answer.llm.sentences import without_thoughts
from service.answer.llm.streaming import Limits, deltas
from service.answer.models import Message
from service.answer.text.invisible import visible
from service.answer.text.terms import covered, terms
from service.answer.verification.claims import Source, missing

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

log = structlog.get_logger(__name__)

# After this time, rules complete the question: at once, but less well.
_SECONDS = 15.0
_MESSAGES = 6
_LONGEST = 400
# Share of the question's words that tell what it is about, by their weight, that its completed form has to hold.
_LEAST_KEPT = 0.5


def completed_by_model(llm: "LLM", question: str, history: Sequence[Message], *, limits: Limits) -> str | None:
    """Return the question in a form that can be understood by itself, or None if the model fails.

    Figures, dates and names that the model adds must occur in the conversation. Others are invented, and would be searched
    for. A reply that completes nothing, that is no question, or that drops most of what was asked is no use either: small
    models repeat the question in other words, answer it, or ask another one.
    """
    from llama_index.core.llms import ChatMessage, MessageRole

    recent = history[-_MESSAGES:]
    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content=COMPLETE),
        ChatMessage(role=MessageRole.USER, content=conversation_prompt(question, recent)),
    ]
    seconds = min(_SECONDS, limits.total_seconds / 2)
    bounded = replace(limits, first_token_seconds=min(limits.first_token_seconds, seconds), total_seconds=seconds)
    try:
        text = "".join(without_thoughts(delta.text for delta in deltas(llm, messages, bounded)))
    except Exception as error:  # noqa: BLE001 clients raise many kinds; rules complete the question instead
        log.warning("question not completed by the language model", error=type(error).__name__)
        return None
    completed = " ".join(visible(text).split()).strip('"“”')
    said = Source((*(message.text for message in recent), question))
    usable = 0 < len(completed) <= _LONGEST and kind_of(question, completed) == "statement"
    return completed if usable and _completes(question, completed) and not missing(completed, said) else None


def _completes(question: str, completed: str) -> bool:
    """Say whether a text asks what a question asks, and names something more."""
    asked = terms(question)
    asks = completed.endswith("?") or not question.endswith("?")
    return asks and not terms(completed).keys() <= asked.keys() and covered(asked, completed) >= _LEAST_KEPT
