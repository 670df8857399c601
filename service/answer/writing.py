"""Lets a language model word the answer: its sentences as they come, what it searches for, and how it ended."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from index.deadline import check_deadline
from index.records import Hit
from index.stores.store import Index
from service.answer.analysis import QuestionAnalysis
from service.answer.citations import Cited, Draft
from service.answer.decision import Decision
from service.answer.evidence import READ, Search, read_evidence
from service.answer.hit_order import distinct, in_order_of_reading, in_turn
from service.answer.llm.writer import CannotAnswer, Ending, Finished, ToWrite, Writer
from service.answer.models import Said, Searching, in_all
from service.answer.refusal import ANSWERED
from service.answer.retrieval.search import select_hits

# Below this confidence a language model is asked once more whether what it said is an answer: of what a small model said
# there one answer in five was right, above it two in three (docs/evaluation.md).
UNSURE = 0.2


def write_answer(
    writer: Writer, decision: Decision, index: Index, cited: Cited, *, confirms: bool
) -> Generator[Said | Searching, None, tuple[Ending, Decision]]:
    """Let a language model word the answer: yield each sentence that is fit to be shown, and what it searches for.

    Where it `confirms`, the sentences wait until it has been asked once more whether they answer. Return how it ended, and
    the decision with the hits that were found meanwhile.
    """
    further: list[Hit] = []
    waiting: list[Said] = []

    def search(queries: Sequence[str]) -> tuple[Hit, ...]:
        found = _searched_again(index, decision.analysis, queries)
        further.extend(found)
        return found

    best = next(iter(decision.evidence[0]), None) if decision.confidence >= ANSWERED else None
    asked = ToWrite(
        decision.analysis.text, decision.to_show, decision.analysis.as_of, search, likely=best.text if best else None
    )
    with closing(writer.write(asked, index)) as written:
        for one in written:
            check_deadline()
            if isinstance(one, Searching):
                yield one
            elif isinstance(one, Draft) and confirms:
                waiting.append(cited.add(one))
            elif isinstance(one, Draft):
                yield cited.add(one)
            else:
                ending: Ending = one
                if confirms and isinstance(one, Finished):
                    ending = _confirmed(writer, asked.question, cited, one)
                yield from waiting if isinstance(ending, Finished) else ()
                return ending, replace(decision, hits=distinct([*decision.hits, *further]))
    raise AssertionError("a writer says last how it ended")


def _confirmed(writer: Writer, question: str, cited: Cited, finished: Finished) -> Finished | CannotAnswer:
    """Return how writing ended when the model was asked once more whether what it wrote answers the question."""
    answers, usage = writer.confirmed(question, cited.sentences, cited.citations)
    usage = in_all([finished.usage, usage])
    return replace(finished, usage=usage) if answers else CannotAnswer(finished.model, usage)


def _searched_again(index: Index, analysis: QuestionAnalysis, queries: Sequence[str]) -> tuple[Hit, ...]:
    """Return what is found for other words, in the order in which the reader takes it for an answer to the question."""
    found: list[tuple[Hit, ...]] = []
    for query in queries:
        found.append(select_hits(index, query, analysis).hits[:READ])
        check_deadline()
    read = in_turn(found)[:READ]
    [evidence] = read_evidence(index, [Search(analysis.text, read)])
    return in_order_of_reading([evidence], read)
