"""A language model as judge of answers, through LlamaIndex's evaluators. Off by default: a judge has to be configured.

Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", NeurIPS 2023, show how far judges agree with
people, and what they fall for. One reply is weak evidence, so each question is put several times, and the report says how
far the judge agrees with itself.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from eval.records import EvalQuestion
from eval.scoring.answer_scores import answers_are_known, unmarked_text
from eval.scoring.citation_scores import cited_passages
from index.errors import WrongUsage
from service.answer.llm.sentences import without_thoughts
from service.schemas.api import AskResponse
from service.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.evaluation import EvaluationResult
    from llama_index.core.llms import LLM

JUDGED = ("judged_correctness", "judged_faithfulness", "judge_agreement")

_ANSWER_TOKENS = 500
_VERDICT = re.compile(r"\b(?:yes|no)\b", re.IGNORECASE)
_FIRST_WORD = re.compile(r"\w+")

Vote = bool
"""Whether one reply of the judge passes the answer."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The same model several times, each with a seed of its own. Replies vary only where there is more than one vote."""

    name: str
    voters: "tuple[LLM, ...]"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says of one answer: scores by name, and the replies that could not be counted, each in words."""

    scores: dict[str, float]
    failures: tuple[str, ...] = ()


def judge_from(settings: Settings) -> Judge | None:
    """Return the judge that the settings ask for, None without one. Raises WrongUsage when they name half of one."""
    if not settings.judge_base_url and not settings.judge_model:
        return None
    if not settings.judge_base_url or not settings.judge_model:
        raise WrongUsage("A judge needs FOOTNOTE_JUDGE_BASE_URL and FOOTNOTE_JUDGE_MODEL. Set both, or neither.")
    return Judge(settings.judge_model, tuple(_voter(settings, seed) for seed in range(settings.judge_votes)))


def judged(judge: Judge, question: EvalQuestion, response: AskResponse) -> Judgement:
    """Ask the judge whether an answer is right and whether it says no more than the passages that it cites.

    `judged_correctness`: share of the votes that give it at least 4 of 5 points compared with the known answers (LlamaIndex's
    CorrectnessEvaluator with its own threshold). A wrong refusal has 0. `judged_faithfulness`: share of the votes that find
    the answer supported by the cited passages (LlamaIndex's FaithfulnessEvaluator). `judge_agreement`: share of the pairs
    of votes on the same thing that agree (the P_i of Fleiss, "Measuring nominal scale agreement among many raters",
    Psychological Bulletin 76, 1971). A score of which every vote failed is not there.
    """
    wanted = answers_are_known(question)
    if response.status != "answered":
        return Judgement({"judged_correctness": 0.0} if wanted else {})
    failures: list[str] = []
    correct = _votes(judge, lambda llm: _correct(llm, question, response), failures) if wanted else []
    faithful = _votes(judge, lambda llm: _faithful(llm, question, response), failures)
    scores = {"judged_correctness": _share(correct), "judged_faithfulness": _share(faithful)}
    scores["judge_agreement"] = _agreement([votes for votes in (correct, faithful) if len(votes) > 1])
    return Judgement({name: score for name, score in scores.items() if score is not None}, tuple(failures))


def unjudged(question: EvalQuestion) -> dict[str, float]:
    """Return the scores of a question that ended in an error: its answer is not correct."""
    return {"judged_correctness": 0.0} if answers_are_known(question) else {}


def _voter(settings: Settings, seed: int) -> "LLM":
    from service.answer.llm.providers import ChatModel, key_of, opened_model

    assert settings.judge_base_url
    assert settings.judge_model
    model = ChatModel(
        settings.judge_base_url,
        settings.judge_model,
        key_of(settings.judge_api_key),
        timeout_seconds=settings.llm_timeout_seconds,
        context_tokens=settings.llm_context_tokens,
        answer_tokens=_ANSWER_TOKENS,
        # At 0 every vote would be the same, and would look like agreement.
        temperature=0.7 if settings.judge_votes > 1 else 0.0,
        seed=seed,
    )
    return _in_this_thread(opened_model(model))


def _votes(judge: Judge, ask: "Callable[[LLM], Vote]", failures: list[str]) -> list[Vote]:
    votes = []
    for number, llm in enumerate(judge.voters, 1):
        try:
            votes.append(ask(llm))
        except Exception as error:  # noqa: BLE001 - whatever a client raises is one vote less, counted and shown
            failures.append(f"vote {number}: {type(error).__name__}: {error}")
    return votes


def _correct(llm: "LLM", question: EvalQuestion, response: AskResponse) -> Vote:
    from llama_index.core.evaluation import CorrectnessEvaluator

    evaluator = CorrectnessEvaluator(llm=llm, parser_function=_points)
    reference = " / ".join(question.answers)
    result = _awaited(
        evaluator.aevaluate(query=question.question, response=unmarked_text(response), reference=reference)
    )
    if result.score is None or not 1 <= result.score <= 5:
        raise ValueError(f"no score from 1 to 5 in the reply {_shortened(result.feedback)}")
    return bool(result.passing)


def _points(reply: str) -> tuple[float | None, str | None]:
    from llama_index.core.evaluation.eval_utils import default_parser

    try:
        score, _ = default_parser(reply)
    except ValueError:  # it takes for granted that there are two lines, and a number in the first
        score = None
    return score, reply


def _faithful(llm: "LLM", question: EvalQuestion, response: AskResponse) -> Vote:
    from llama_index.core.evaluation import FaithfulnessEvaluator

    evaluator = FaithfulnessEvaluator(llm=llm)
    result = _awaited(
        evaluator.aevaluate(
            query=question.question, response=unmarked_text(response), contexts=cited_passages(response)
        )
    )
    # LlamaIndex's own verdict is not used: every reply with "yes" in it passes there, that of "yesterday" too.
    return _verdict(result.feedback or "")


def _verdict(reply: str) -> Vote:
    """Return what a reply says: its first word, or else the one of "yes" and "no" that stands in it. Raises ValueError."""
    said: list[str] = [word.lower() for word in _VERDICT.findall(reply)]
    first = _FIRST_WORD.search(reply)
    if first and said[:1] == [first.group().lower()]:
        return said[0] == "yes"
    if len(set(said)) != 1:
        raise ValueError(
            f"{'both' if said else 'neither'} yes {'and' if said else 'nor'} no in the reply {_shortened(reply)}"
        )
    return said[0] == "yes"


def _in_this_thread(llm: "LLM") -> "LLM":
    """Return the model with its asynchronous calls made one after the other in this thread, and without its thoughts.

    LlamaIndex's evaluators are asynchronous only. Run from many threads, each with a loop of its own, an asynchronous client
    would keep connections that belong to a loop that has ended.
    """
    from llama_index.core.llms import ChatMessage, CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata

    class InThisThread(CustomLLM):
        @property
        def metadata(self) -> LLMMetadata:
            return llm.metadata.model_copy(update={"is_chat_model": False})

        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            said = llm.chat([ChatMessage(content=prompt)]).message.content or ""
            return CompletionResponse(text="".join(without_thoughts([said])).strip())

        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
            yield self.complete(prompt)

    return InThisThread()


def _awaited(evaluation: "Coroutine[Any, Any, EvaluationResult]") -> "EvaluationResult":
    return asyncio.run(evaluation)


def _share(votes: Sequence[Vote]) -> float | None:
    return sum(votes) / len(votes) if votes else None


def _agreement(voted: Sequence[Sequence[Vote]]) -> float | None:
    pairs = [one == other for votes in voted for one, other in combinations(votes, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def _shortened(text: str | None) -> str:
    return repr((text or "")[:80])
