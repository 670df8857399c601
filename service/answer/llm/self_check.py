"""A second look at an answer by the model that wrote it: which of its sentences do the cited passages support, and do they
answer the question at all?

The first is reported next to the check that ships, and replaces nothing of it: models favour what they wrote themselves
(Panickssery et al., "LLM Evaluators Recognize and Favor Their Own Generations", NeurIPS 2024).
"""

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from index.deadline import check_deadline
from index.errors import WorkEnded
from service.answer.llm.dialogue import BYTES_A_TOKEN, answer_tokens, message
from service.answer.llm.prompts import CHECK, CONFIRM, check_prompt, confirm_prompt, heading
from service.answer.llm.sentences import without_thoughts
from service.answer.llm.streaming import Limits, deltas
from service.answer.models import Citation, SelfCheck, Sentence, Usage
from service.answer.text.terms import words_of

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

log = structlog.get_logger(__name__)

# For one word, and the person waits.
_CONFIRM_SECONDS = 30.0
_VERDICT = re.compile(r"(?<!\w)(\d{1,3})\W{1,8}(yes|no)\b", re.IGNORECASE)
# Bytes of a prompt in addition to passages and sentences, and to each of them.
_AROUND = 1_000
_AROUND_EACH = 40


def self_checked(
    llm: "LLM", sentences: Sequence[Sentence], citations: Sequence[Citation], *, limits: Limits, context_tokens: int
) -> tuple[tuple[Sentence, ...], Usage | None]:
    """Return the sentences with what the model says of each, and the tokens that it took.

    All are judged in one call, as many as fit into the context with what they cite. `self_check` stays None for the others,
    and where the model fails or gives no verdict.
    """
    asked = _fitting(sentences, citations, (context_tokens - answer_tokens(context_tokens)) * BYTES_A_TOKEN - _AROUND)
    prompt = check_prompt(_cited_by(asked, citations), [(sentence.text, sentence.citations) for sentence in asked])
    text, usage = _reply(llm, CHECK, prompt, limits)
    verdicts = _verdicts(text)
    checked = (replace(one, self_check=verdicts.get(number)) for number, one in enumerate(asked, start=1))
    return (*checked, *sentences[len(asked) :]), usage


def confirmed(
    llm: "LLM",
    question: str,
    sentences: Sequence[Sentence],
    citations: Sequence[Citation],
    *,
    limits: Limits,
    context_tokens: int,
) -> tuple[bool, Usage | None]:
    """Say whether the model still takes its sentences for an answer when it sees them with what they cite, and return the
    tokens that it took. Where it fails or says neither yes nor no, it does not."""
    room = (context_tokens - answer_tokens(context_tokens)) * BYTES_A_TOKEN - _AROUND - len(question.encode())
    asked = _fitting(sentences, citations, room)
    said = " ".join(sentence.text for sentence in asked)
    seconds = min(_CONFIRM_SECONDS, limits.total_seconds)
    bounded = replace(limits, first_token_seconds=min(limits.first_token_seconds, seconds), total_seconds=seconds)
    text, usage = _reply(llm, CONFIRM, confirm_prompt(_cited_by(asked, citations), question, said), bounded)
    verdict = next((word for word in words_of(text) if word in ("yes", "no")), None)
    return verdict == "yes", usage


def _cited_by(sentences: Sequence[Sentence], citations: Sequence[Citation]) -> list[tuple[int, str, str]]:
    """Return the number, the heading and the words of what these sentences cite."""
    numbers = {number for sentence in sentences for number in sentence.citations}
    return [
        (one.number, heading(one.title, one.publisher, one.published), one.quote)
        for one in citations
        if one.number in numbers
    ]


def _reply(llm: "LLM", system: str, prompt: str, limits: Limits) -> tuple[str, Usage | None]:
    """Return what the model replies, without its thoughts, as far as it came, and the tokens that it took."""
    text, usage = "", None
    try:
        with closing(deltas(llm, [message("system", system), message("user", prompt)], limits)) as said:
            for delta in said:
                check_deadline()
                text, usage = text + delta.text, delta.usage or usage
    except WorkEnded:
        raise
    except Exception as error:  # noqa: BLE001 clients raise many kinds; the answer is given without a verdict
        log.warning("answer not checked by its language model", error=type(error).__name__)
    return "".join(without_thoughts([text])), usage


def _fitting(sentences: Sequence[Sentence], citations: Sequence[Citation], room: int) -> Sequence[Sentence]:
    """Return the first sentences that fit into so many bytes together with what they cite."""
    size_of = {one.number: len(f"{one.title}{one.publisher}{one.quote}".encode()) + _AROUND_EACH for one in citations}
    for at, sentence in enumerate(sentences):
        room -= (
            len(sentence.text.encode()) + _AROUND_EACH + sum(size_of.pop(number, 0) for number in sentence.citations)
        )
        if room < 0:
            return sentences[:at]
    return sentences


def _verdicts(text: str) -> dict[int, SelfCheck]:
    """Return the verdict on each sentence that has just one."""
    found: dict[int, set[SelfCheck]] = {}
    for number, word in _VERDICT.findall(text):
        found.setdefault(int(number), set()).add("supported" if word.lower() == "yes" else "unsupported")
    return {number: verdict for number, (verdict, *others) in found.items() if not others}
