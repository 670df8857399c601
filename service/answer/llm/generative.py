"""Answers worded by a language model, through LlamaIndex, each sentence checked before it is passed on.

The model sees numbered passages and is asked to put their numbers behind its sentences. What it says is cut into sentences
while it arrives; each is checked against its passages (`service.answer.verification.check`) and only then yielded.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import structlog

from index.deadline import check_deadline
from index.errors import WorkEnded, WrongUsage
from index.ingest.segmentation import display_text
from index.records import Hit
from index.stores.store import Index
from service.answer.citations import Draft
from service.answer.llm.completion import completed_by_model
from service.answer.llm.markers import lists_sources, numbers_in, words_of
from service.answer.llm.prompts import heading, passages_prompt, system_prompt
from service.answer.llm.providers import ChatModel, key_of, opened_model
from service.answer.llm.replies import Reply, kind_of
from service.answer.llm.sentences import LONGEST, sentences, without_thoughts
from service.answer.llm.streaming import Limits, TooMuchSaid, deltas
from service.answer.llm.writer import CannotAnswer, Ending, Finished, ModelFailed, ToWrite, Writer
from service.answer.models import Message, Usage
from service.answer.verification.check import checked
from service.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage

log = structlog.get_logger(__name__)

_PASSAGES_SHOWN = 8
# Bytes of UTF-8 a token, at the least in nearly all writing; a prompt counted so does not overrun the model's context.
_BYTES_A_TOKEN = 3
_ANSWER_TOKENS = 700
# A model that goes on after so many rambles, whatever number of tokens it was told.
_MOST_SENTENCES = 30


class LlmWriter:
    """A writer over any LlamaIndex LLM. Sentences that fail the check are flagged, or left out with `drop_unverified`."""

    def __init__(
        self, llm: "LLM", *, model: str, context_tokens: int, limits: Limits, drop_unverified: bool = False
    ) -> None:
        self._llm = llm
        self._model = model
        self._limits = limits
        self._drop_unverified = drop_unverified
        self._budget = (context_tokens - _answer_tokens(context_tokens)) * _BYTES_A_TOKEN - _size(
            system_prompt(date.max)
        )

    def write(self, asked: ToWrite, index: Index) -> Generator[Draft | Ending, None, None]:
        """Ask the model for an answer from the best hits."""
        shown = _fitting(asked.hits[:_PASSAGES_SHOWN], self._budget - _size(asked.question))
        heard = _Heard(self._llm, _messages(asked, shown), self._limits)
        verified, held = False, list[Draft]()
        with closing(heard.drafts(asked.question, shown, index)) as drafts:
            for draft in drafts:
                if draft.support == "verified":
                    # What came before the first sentence that holds has waited for it: alone it is no answer.
                    yield from [*held, draft]
                    verified, held = True, []
                elif self._drop_unverified:
                    continue
                elif verified:
                    yield draft
                else:
                    held.append(draft)
        yield self._ending(heard, verified=verified)

    def completed(self, question: str, history: Sequence[Message]) -> str | None:
        """Ask the model for the question in full."""
        return completed_by_model(self._llm, question, history, limits=self._limits)

    def _ending(self, heard: "_Heard", *, verified: bool) -> Ending:
        if verified:
            return Finished(
                self._model, heard.usage, heard.broken and f"{heard.broken}, so its answer is not complete."
            )
        if heard.kinds & {"cannot answer", "finds nothing"}:
            return CannotAnswer(self._model, heard.usage)
        log.warning("language model failed", model=self._model, fault=heard.fault)
        return ModelFailed(heard.fault, self._model, heard.usage)


class _Heard:
    """What a model says while it says it, and afterwards what there was: kinds of sentences, tokens, how it broke off."""

    def __init__(self, llm: "LLM", messages: "Sequence[ChatMessage]", limits: Limits) -> None:
        self._deltas = deltas(llm, messages, limits)
        self.usage: Usage | None = None
        self.kinds: set[Reply] = set()
        self.broken: str | None = None

    @property
    def fault(self) -> str:
        """Why nothing of it can be used."""
        if self.broken:
            return self.broken
        if "statement" in self.kinds:
            return "Nothing that the language model wrote could be verified"
        if "declines" in self.kinds:
            return "The language model declined to answer"
        if "other language" in self.kinds:
            return "The language model did not answer in the language of the question"
        return "The language model answered nothing"

    def drafts(self, question: str, shown: Sequence[Hit], index: Index) -> Generator[Draft, None, None]:
        """Yield what may be part of an answer, checked. Ends where the model says that it cannot answer."""
        for words, sentence in self._sentences():
            kind = kind_of(question, words)
            if kind in ("statement", "finds nothing"):
                cited = [shown[number - 1] for number in sorted(numbers_in(sentence, len(shown)))]
                draft = checked(index, words, cited, shown)
                # That an article does not say something may be what it says itself.
                kind = "statement" if draft.support == "verified" else kind
                if kind == "statement":
                    yield draft
            self.kinds.add(kind)
            if kind == "cannot answer":
                return

    def _sentences(self) -> Iterator[tuple[str, str]]:
        """Yield the words of each sentence, and the sentence with its markers; none twice, and none that broke off."""
        said: set[str] = set()
        for sentence in sentences(without_thoughts(self._texts())):
            if lists_sources(sentence):
                return
            words = words_of(sentence)
            if self.broken and words[-1:].isalnum():
                return
            if words and words not in said and len(sentence) < LONGEST:
                yield words, sentence
            said.add(words)
            if len(said) == _MOST_SENTENCES or len(sentence) >= LONGEST:
                self.broken = "The language model came to no end"
                return

    def _texts(self) -> Iterator[str]:
        spoken = whole = False
        try:
            for delta in self._deltas:
                check_deadline()
                self.usage = delta.usage or self.usage
                spoken, whole = spoken or bool(delta.text), whole or delta.whole
                yield delta.text
        except WorkEnded:
            raise
        except TimeoutError as error:
            self.broken = f"The language model took too long ({error})"
        except TooMuchSaid as error:
            self.broken = f"The language model came to no end ({error})"
        except Exception as error:  # noqa: BLE001 whatever a provider's client raises ends in quotes, and the answer says so
            self.broken = f"The language model failed ({type(error).__name__})"
        else:
            self.broken = "The language model was cut off" if spoken and not whole else None


def writer_from(settings: Settings) -> Writer | None:
    """Return the writer that the settings ask for, or None for quoted answers. Raises what `model_from` raises."""
    llm = model_from(settings)
    if llm is None:
        return None
    return LlmWriter(
        llm,
        model=settings.llm_model or "",
        context_tokens=settings.llm_context_tokens,
        limits=Limits(settings.llm_first_token_seconds, settings.llm_timeout_seconds, settings.llm_retries),
        drop_unverified=settings.unverified == "drop",
    )


def model_from(settings: Settings) -> "LLM | None":
    """Return the language model that the settings name, or None.

    Raises WrongUsage when the settings do not say where the model is, and what `opened_model` raises.
    """
    provider = settings.llm_provider
    if provider == "none":
        return None
    if not settings.llm_model or (provider == "openai_like" and not settings.llm_base_url):
        # Without an address the client of `openai_like` would send the articles to its maker's own service.
        needed = "FOOTNOTE_LLM_BASE_URL and FOOTNOTE_LLM_MODEL" if provider == "openai_like" else "FOOTNOTE_LLM_MODEL"
        raise WrongUsage(
            f"FOOTNOTE_LLM_PROVIDER={provider} needs {needed}. Set what is missing, or leave the provider out for quoted "
            "answers."
        )
    return opened_model(
        ChatModel(
            settings.llm_base_url,
            settings.llm_model,
            key_of(settings.llm_api_key),
            timeout_seconds=settings.llm_timeout_seconds,
            context_tokens=settings.llm_context_tokens,
            answer_tokens=_answer_tokens(settings.llm_context_tokens),
            provider=provider,
            reasoning=settings.llm_reasoning,
        )
    )


def _messages(asked: ToWrite, shown: Sequence[Hit]) -> "list[ChatMessage]":
    from llama_index.core.llms import ChatMessage, MessageRole

    prompt = passages_prompt(asked.question, [(_heading(hit), _words(hit)) for hit in shown])
    return [
        ChatMessage(role=MessageRole.SYSTEM, content=system_prompt(asked.today)),
        ChatMessage(role=MessageRole.USER, content=prompt),
    ]


def _answer_tokens(context_tokens: int) -> int:
    return min(_ANSWER_TOKENS, context_tokens // 4)


def _size(text: str) -> int:
    return len(text.encode())


def _fitting(hits: Sequence[Hit], size: int) -> list[Hit]:
    """Return as many of the best hits as fit into so many bytes, at least one."""
    fitting: list[Hit] = []
    for hit in hits:
        size -= _size(hit.passage.text) + _size(_heading(hit)) + 40
        if fitting and size < 0:
            break
        fitting.append(hit)
    return fitting


def _heading(hit: Hit) -> str:
    article = hit.passage.article
    return heading(article.title, article.publisher, article.published)


def _words(hit: Hit) -> str:
    return display_text(hit.passage.text, hit.passage.article.format)
