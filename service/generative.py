"""Answers worded by a language model, through LlamaIndex. What it cites is resolved to exact stretches, or dropped.

The model sees numbered passages and is asked to put their numbers behind its sentences. A number becomes a citation of the
sentences of that passage which say what the model's sentence says; a number that was not shown is dropped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from index.errors import WrongUsage
from index.records import Hit, Span
from index.retrieval import Retrieved
from index.segmentation import display_text, split_sentences
from index.store import Index
from service.chat_models import ChatModel, key_of, opened_model
from service.citing import Draft, Stretch, without_markers
from service.prompts import CANNOT_ANSWER, SYSTEM, passages_prompt
from service.records import Usage
from service.settings import Settings
from service.values import values_in

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

log = structlog.get_logger(__name__)

# [2], [1, 2], [1-3], [passage 2], 【2】 and 【2†source】: all of these are what models write when asked for [2].
_MARKER = re.compile(
    r"\s*[\[【]\s*(?:passages?\s*)?(\d+(?:\s*[-–,;]\s*\d+)*)\s*(?:†[^\[\]【】]*)?[\]】]", re.IGNORECASE
)
# A marker behind the full stop belongs to the sentence before, so it is put in front of the stop.
_BEHIND_THE_STOP = re.compile(rf"([.!?。！？][\"”’»)*_]*)((?:{_MARKER.pattern})+)", re.IGNORECASE)
_BLANK_BEFORE_STOP = re.compile(r"\s+(?=[.,](?:\s|$))")
_WORD = re.compile(r"\w")
_PASSAGES_SHOWN = 8
# A sentence whose cited passage is less similar than this was not taken from it, whatever the model says.
_LEAST_SIMILARITY = 0.5
# Bytes of UTF-8 a token, at the least in nearly all writing; a prompt counted so does not overrun the model's context.
_BYTES_A_TOKEN = 3
_ANSWER_TOKENS = 700


@dataclass(frozen=True, slots=True)
class Written:
    """The model answered."""

    drafts: tuple[Draft, ...]
    model: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class CannotAnswer:
    """The model says that the passages hold no answer."""

    model: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """The model gave nothing that can be used. `reason` is fit to be shown."""

    reason: str
    model: str
    usage: Usage | None = None


Wording = Written | CannotAnswer | ModelFailed


class Writer(Protocol):
    """Words an answer from the hits of a question. Never raises for a fault of the model."""

    def write(self, question: str, retrieved: Retrieved, index: Index) -> Wording: ...


class LlmWriter:
    """A writer over any LlamaIndex LLM."""

    def __init__(self, llm: "LLM", *, model: str, context_tokens: int) -> None:
        self._llm = llm
        self._model = model
        self._budget = (context_tokens - _answer_tokens(context_tokens)) * _BYTES_A_TOKEN - _size(SYSTEM)

    def write(self, question: str, retrieved: Retrieved, index: Index) -> Wording:
        """Ask the model for an answer to the question from the best hits."""
        from llama_index.core.llms import ChatMessage, MessageRole

        shown = _fitting(retrieved.hits[:_PASSAGES_SHOWN], self._budget - _size(question))
        prompt = passages_prompt(question, [(hit.passage.article.title, _words(hit)) for hit in shown])
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=SYSTEM),
            ChatMessage(role=MessageRole.USER, content=prompt),
        ]
        try:
            response = self._llm.chat(messages)
        except Exception as error:  # noqa: BLE001 whatever a provider's client raises ends in the extractive answer, which says so
            log.warning("language model failed", model=self._model, error=type(error).__name__)
            return ModelFailed(
                f"The language model failed ({type(error).__name__}); the articles are quoted.", self._model
            )
        # Half a surrogate pair, which JSON can write, is no text.
        written = (response.message.content or "").encode(errors="replace").decode()
        usage, text = _usage(response.raw), written.strip()
        if not text:
            return ModelFailed("The language model answered nothing; the articles are quoted.", self._model, usage)
        if CANNOT_ANSWER.lower().rstrip(".") in text.lower():
            return CannotAnswer(self._model, usage)
        return self._verified(_drafts(index, text, shown), usage)

    def _verified(self, drafts: Sequence[Draft], usage: Usage | None) -> Wording:
        if any(draft.support == "verified" for draft in drafts):
            return Written(tuple(drafts), self._model, usage)
        reason = "Nothing that the language model wrote could be verified; the articles are quoted."
        return ModelFailed(reason, self._model, usage)


def writer_from(settings: Settings) -> Writer | None:
    """Return the writer that the settings ask for, or None for quoted answers. Raises what `model_from` raises."""
    llm = model_from(settings)
    if llm is None:
        return None
    return LlmWriter(llm, model=settings.llm_model or "", context_tokens=settings.llm_context_tokens)


def model_from(settings: Settings) -> "LLM | None":
    """Return the language model that the settings name, or None.

    Raises WrongUsage when the settings do not say where the model is.
    """
    if settings.llm_provider == "none":
        return None
    if not settings.llm_base_url or not settings.llm_model:
        # Without an address the client would send the articles to its maker's own service.
        raise WrongUsage(
            f"FOOTNOTE_LLM_PROVIDER={settings.llm_provider} needs FOOTNOTE_LLM_BASE_URL and FOOTNOTE_LLM_MODEL. "
            "Set both, or leave the provider out for quoted answers."
        )
    return opened_model(
        ChatModel(
            settings.llm_base_url,
            settings.llm_model,
            key_of(settings.llm_api_key),
            timeout_seconds=settings.llm_timeout_seconds,
            context_tokens=settings.llm_context_tokens,
            answer_tokens=_answer_tokens(settings.llm_context_tokens),
        )
    )


def _answer_tokens(context_tokens: int) -> int:
    return min(_ANSWER_TOKENS, context_tokens // 4)


def _size(text: str) -> int:
    return len(text.encode())


def _fitting(hits: Sequence[Hit], size: int) -> list[Hit]:
    """Return as many of the best hits as fit into so many bytes, at least one."""
    fitting: list[Hit] = []
    for hit in hits:
        size -= _size(hit.passage.text) + _size(hit.passage.article.title) + 40
        if fitting and size < 0:
            break
        fitting.append(hit)
    return fitting


def _words(hit: Hit) -> str:
    return display_text(hit.passage.text, hit.passage.article.format)


def _usage(raw: object) -> Usage | None:
    counted = raw.get("usage") if isinstance(raw, dict) else getattr(raw, "usage", None)
    prompt, completion = (getattr(counted, name, None) for name in ("prompt_tokens", "completion_tokens"))
    return Usage(prompt, completion) if isinstance(prompt, int) and isinstance(completion, int) else None


def _drafts(index: Index, text: str, shown: Sequence[Hit]) -> list[Draft]:
    return [draft for sentence in _sentences(text) if (draft := _draft(index, sentence, shown))]


def _sentences(text: str) -> list[str]:
    """Return the sentences of what a model wrote, each with the markers that follow it."""
    moved = _BEHIND_THE_STOP.sub(r"\2\1", text.replace("**", ""))
    return [moved[span.start : span.end] for span in split_sentences(moved, "markdown")]


def _draft(index: Index, sentence: str, shown: Sequence[Hit]) -> Draft | None:
    words = without_markers(display_text(_MARKER.sub("", sentence), "markdown"))
    words = _BLANK_BEFORE_STOP.sub("", words)
    if not _WORD.search(words):
        return None
    cited = [shown[number - 1] for number in sorted(_numbers(sentence, len(shown)))]
    stretches = [stretch for hit in cited for stretch in _supporting(index, words, hit)]
    quoted = frozenset().union(*(values_in(stretch.words) for stretch in stretches))
    verified = bool(stretches) and values_in(words) <= quoted
    return Draft(words, tuple(stretches), "verified" if verified else "unverified")


def _numbers(sentence: str, highest: int) -> set[int]:
    """Return the numbers of the passages that a sentence names, without those that were not shown."""
    numbers: set[int] = set()
    for part in (part for group in _MARKER.findall(sentence) for part in re.split("[,;]", group)):
        first, *last = (int(number) for number in re.split("[-–]", part))
        numbers |= set(range(max(first, 1), min(max(last, default=first), highest) + 1))
    return numbers


def _supporting(index: Index, words: str, hit: Hit) -> list[Stretch]:
    """Return the sentence of a passage that says most nearly what these words say, if one does.

    Others that say nearly the same come along where they hold a figure of these words that the first does not hold.
    """
    passage = hit.passage
    texts = [words, *(display_text(passage.words_of(span), passage.article.format) for span in passage.sentences)]
    vectors = index.sentence_vectors.of(texts)
    similarities = vectors[1:] @ vectors[0]
    chosen: list[Stretch] = []
    missing = values_in(words)
    for position in map(int, (-similarities).argsort(kind="stable")):
        span, similarity = passage.sentences[position], float(similarities[position])
        found = passage.words_of(span)
        if similarity >= _LEAST_SIMILARITY and (not chosen or missing & values_in(found)):
            chosen.append(Stretch(hit, Span(span.start, span.end), found, similarity))
            missing -= values_in(found)
    return chosen
