"""What a run costs with a language model: predicted from the prompts of a few of its questions, and counted afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from eval.records import EvalQuestion, Result
from service.answer.llm.prompts import heading, passages_prompt, question_prompt, system_prompt
from service.schemas.api import FiltersWire, HitWire, SearchRequest, SearchResponse
from service.settings import Settings

# Questions whose prompts are looked at.
_SAMPLE = 20
# Bytes of English a token.
_BYTES_A_TOKEN = 4
# What all calls for a question read, of what the first reads, and tokens written for it: means of 47 questions about a
# handbook and policies, with a model of 1.5 billion parameters (docs/evaluation.md#what-a-run-costs).
_READ_IN_ALL = 1.34
_WRITTEN = 38


Search = Callable[[SearchRequest], SearchResponse]
"""Finds the passages of a question, without a language model."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The price of a million tokens that a model reads and writes, in any one currency."""

    read: float
    written: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that a language model reads and writes in a whole run."""

    read: int
    written: int

    def in_words(self, prices: Prices | None) -> str:
        """Write them, with what they cost where prices are known."""
        words = f"{self.read:,} tokens read and {self.written:,} written"
        if prices is None:
            return words
        cost = (self.read * prices.read + self.written * prices.written) / 1e6
        return f"{words}, which cost {cost:.2g}" if cost < 1 else f"{words}, which cost {cost:,.2f}"


def prices_of(settings: Settings) -> Prices | None:
    """Return the prices of the settings, if they have both."""
    read, written = settings.llm_price_read, settings.llm_price_written
    return None if read is None or written is None else Prices(read, written)


def predicted(questions: Sequence[EvalQuestion], search: Search, settings: Settings) -> Tokens:
    """Return what asking these questions will take, from the prompts that some of them will begin with.

    The passages of up to twenty questions, evenly over the set, are searched for; no model is asked. Raises what searching
    raises.
    """
    sample = questions[:: max(1, len(questions) // _SAMPLE)][:_SAMPLE]
    first = [_prompt_tokens(question, search, settings) for question in sample]
    mean = sum(first) / len(first) if first else 0.0
    return Tokens(round(_READ_IN_ALL * mean * len(questions)), _WRITTEN * len(questions))


def counted(results: Sequence[Result]) -> Tokens | None:
    """Return what the language model's server counted; None where it counted nothing."""
    usages = [(one.prompt_tokens, one.completion_tokens or 0) for one in results if one.prompt_tokens is not None]
    if not usages:
        return None
    return Tokens(*map(sum, zip(*usages, strict=True)))


def _prompt_tokens(question: EvalQuestion, search: Search, settings: Settings) -> int:
    filters = FiltersWire(
        article_ids=list(question.article_ids), collections=list(question.collections), scope=question.scope
    )
    asked = question.question[: settings.max_question_chars]
    hits = search(SearchRequest(question=asked, filters=filters, limit=settings.llm_passages)).hits
    today = question.as_of or datetime.now(UTC).date()
    prompt = "\n\n".join(
        [system_prompt(today), passages_prompt(list(map(_shown, hits)), first=1), question_prompt(asked, "text")]
    )
    return min(len(prompt.encode()) // _BYTES_A_TOKEN, settings.llm_context_tokens)


def _shown(hit: HitWire) -> tuple[str, str]:
    return heading(hit.title, hit.publisher, hit.published), hit.text
