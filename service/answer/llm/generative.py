"""Answers worded by a language model, through LlamaIndex, each sentence checked before it is passed on.

The model sees a few numbered passages. Where they lack something it asks for further searches, and goes on with what these
find. What it says is cut into sentences while it arrives; each is checked against the passages
(`service.answer.verification.check`) and only then yielded. It need not mark its sources: the check finds them.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from index.deadline import check_deadline
from index.errors import WrongUsage
from index.records import Hit
from index.stores.store import Index
from service.answer.citations import Draft
from service.answer.llm.completion import completed_by_model
from service.answer.llm.dialogue import Dialogue, answer_tokens, begun, with_further
from service.answer.llm.hearing import Heard
from service.answer.llm.prompts import Protocol
from service.answer.llm.providers import ChatModel, key_of, opened_model
from service.answer.llm.searches import search_tool
from service.answer.llm.self_check import confirmed, self_checked
from service.answer.llm.streaming import Limits
from service.answer.llm.writer import CannotAnswer, Ending, Finished, ModelFailed, ToWrite, Writer
from service.answer.models import Citation, Message, Searching, Sentence, Usage, in_all
from service.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

log = structlog.get_logger(__name__)

# The first, and one after each of two further searches.
_MOST_CALLS = 3


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is used: its name, the tokens that it reads, the passages it is shown at first, how long it is waited for.

    Sentences that fail the check are flagged, or left out with `drop_unverified`. `protocol` is how it asks for a search.
    """

    model: str
    context_tokens: int
    passages: int
    limits: Limits
    drop_unverified: bool = True
    protocol: Protocol = "text"


class LlmWriter:
    """A writer over any LlamaIndex LLM."""

    def __init__(self, llm: "LLM", manner: Manner) -> None:
        self._llm = llm
        self._manner = manner
        self._protocol = manner.protocol

    def write(self, asked: ToWrite, index: Index) -> Generator[Draft | Searching | Ending, None, None]:
        """Ask the model for an answer from the best hits, and again after each search that it asks for."""
        manner, protocol = self._manner, self._protocol
        dialogue: Dialogue | None = begun(
            asked, protocol, context_tokens=manner.context_tokens, passages=manner.passages
        )
        passages: tuple[Hit, ...] = ()
        shown = _Shown(manner.drop_unverified)
        calls: list[Heard] = []
        said: set[str] = set()
        started = monotonic()
        while dialogue:
            tools = [search_tool()] if protocol == "tool" else []
            limits = self._limits(started)
            heard = Heard(self._llm, dialogue.messages(protocol), limits, said_before=said, tools=tools)
            passages = dialogue.shown
            with closing(heard.drafts(asked.question, passages, index)) as drafts:
                for draft in drafts:
                    yield from shown.fit(draft)
            if heard.refused:
                protocol = "text"
                continue
            self._remember(protocol, heard)
            yield from shown.at_the_end(searches=bool(heard.queries))
            calls.append(heard)
            dialogue = (yield from _searched(asked, heard, dialogue)) if _goes_on(calls, shown) else None
        ending = self._ending(calls, shown)
        yield replace(ending, shown=passages) if isinstance(ending, Finished) else ending

    def completed(self, question: str, history: Sequence[Message]) -> str | None:
        """Ask the model for the question in full."""
        return completed_by_model(self._llm, question, history, limits=self._manner.limits)

    def confirmed(
        self, question: str, sentences: Sequence[Sentence], citations: Sequence[Citation]
    ) -> tuple[bool, Usage | None]:
        """Ask the model whether what these sentences cite says what the question asks for."""
        manner = self._manner
        return confirmed(
            self._llm, question, sentences, citations, limits=manner.limits, context_tokens=manner.context_tokens
        )

    def self_checked(
        self, sentences: Sequence[Sentence], citations: Sequence[Citation]
    ) -> tuple[tuple[Sentence, ...], Usage | None]:
        """Ask the model which of these sentences are supported by what they cite."""
        manner = self._manner
        return self_checked(self._llm, sentences, citations, limits=manner.limits, context_tokens=manner.context_tokens)

    def _remember(self, protocol: Protocol, heard: Heard) -> None:
        """Send no tools from now on if the server refused a request with one and answered it without."""
        if protocol != self._protocol and not heard.broken:
            log.warning("the language model's server takes no tools; searches are asked for in plain text")
            self._protocol = protocol

    def _limits(self, started: float) -> Limits:
        """Return what is left of the time for all calls together."""
        limits = self._manner.limits
        return replace(limits, total_seconds=max(started + limits.total_seconds - monotonic(), 0.0))

    def _ending(self, calls: Sequence[Heard], shown: "_Shown") -> Ending:
        model, usage, last = self._manner.model, in_all(heard.usage for heard in calls), calls[-1]
        if shown.verified:
            broken = f"{last.broken}, so its answer is not complete." if last.broken else None
            return Finished(model, usage, " ".join(filter(None, [broken, shown.lacking])) or None)
        if last.declined and not last.broken:
            return CannotAnswer(model, usage)
        log.warning("language model failed", model=model, fault=last.fault)
        return ModelFailed(last.fault, model, usage)


@dataclass(slots=True)
class _Shown:
    """Which sentences are shown. One that is not verified waits for one that is, or for the end of the reply: alone it is no
    answer, and before a search it only says that the model will look for something."""

    drop_unverified: bool
    verified: bool = False
    held: list[Draft] = field(default_factory=list)
    dropped: int = 0

    @property
    def lacking(self) -> str | None:
        """What is missing from the answer, for people to read."""
        if not self.dropped:
            return None
        if self.dropped == 1:
            return "1 sentence that the articles do not support was left out."
        return f"{self.dropped} sentences that the articles do not support were left out."

    def fit(self, draft: Draft) -> list[Draft]:
        """Return the sentences that may be shown now that this one has come.

        Code that stands in no article is never shown: people run it.
        """
        if draft.support == "unverified" and (self.drop_unverified or draft.form == "code"):
            self.dropped += 1
            return []
        if draft.support == "unverified":
            self.held.append(draft)
            return []
        ready, self.held, self.verified = [*self.held, draft], [], True
        return ready

    def at_the_end(self, *, searches: bool) -> list[Draft]:
        """Return the sentences that may be shown now that the model's reply is over, with or without a request to search."""
        ready, self.held = self.held, []
        return ready if self.verified and not searches else []


def _goes_on(calls: Sequence[Heard], shown: _Shown) -> bool:
    """Say whether the model is asked again: it wants a search, or declines for the first time with nothing said."""
    last = calls[-1]
    if last.broken or len(calls) == _MOST_CALLS:
        return False
    return bool(last.queries) or (len(calls) == 1 and last.declined and not shown.verified)


def _searched(asked: ToWrite, heard: Heard, dialogue: Dialogue) -> Generator[Searching, None, Dialogue | None]:
    """Search for what the model asks for, and return the dialogue with what was found; without any, with the next hits."""
    found: tuple[Hit, ...] = asked.hits
    if heard.queries:
        yield Searching(heard.queries)
        found = asked.search(heard.queries)
    check_deadline()
    return with_further(dialogue, heard.text, found, heard.calls)


def writer_from(settings: Settings) -> Writer | None:
    """Return the writer that the settings ask for, or None for quoted answers. Raises what `model_from` raises."""
    llm = model_from(settings)
    return writer_over(llm, settings) if llm else None


def writer_over(llm: "LLM", settings: Settings) -> Writer:
    """Return a writer over this model, as the settings want it."""
    return LlmWriter(
        llm,
        Manner(
            model=settings.llm_model or "",
            context_tokens=settings.llm_context_tokens,
            passages=settings.llm_passages,
            limits=Limits(settings.llm_first_token_seconds, settings.llm_timeout_seconds, settings.llm_retries),
            drop_unverified=settings.unverified == "drop",
            protocol=_protocol(settings),
        ),
    )


def _protocol(settings: Settings) -> Protocol:
    """Return how a model asks for searches. Servers of any model say nowhere whether theirs may call tools."""
    makers = settings.llm_provider in ("openai_responses", "anthropic", "bedrock")
    return "tool" if (makers if settings.llm_tools is None else settings.llm_tools) else "text"


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
            answer_tokens=answer_tokens(settings.llm_context_tokens),
            provider=provider,
            reasoning=settings.llm_reasoning,
        )
    )
