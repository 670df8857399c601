"""MultiHop-RAG's own measures, as its published scripts compute them: more lenient than ours, to compare with their figures.

Tang and Yang, "MultiHop-RAG: Benchmarking Retrieval-Augmented Generation for Multi-Hop Queries", COLM 2024, section 4;
what they are in detail is in `retrieval_evaluate.py` and `qa_evaluate.py` of https://github.com/yixuantt/MultiHop-RAG.

Lenient, since a passage counts that holds any of the facts, and an answer that shares any word with the right one: "the"
will do. Their passages begin with title, publisher and date; ours are the text alone.
"""

import re
from collections.abc import Iterable, Sequence

from eval.records import EvalQuestion
from eval.scoring.answer_scores import unmarked_text
from service.schemas.api import AskResponse

RETRIEVAL_METRICS = ("multihop_hits@4", "multihop_hits@10", "multihop_map@10", "multihop_mrr@10")
ACCURACY = "multihop_accuracy"
MULTIHOP_METRICS = (*RETRIEVAL_METRICS, ACCURACY)

# What a question without an answer has for an answer in their set, and what their models are told to say.
_REFUSAL = "Insufficient information."
_FRAMED_ANSWER = re.compile(r'The answer to the question is "(.*?)"')
_DEPTH = 10


def multihop_metrics_of(question: EvalQuestion) -> tuple[str, ...]:
    """Return the names of the measures that are defined for a question.

    Those of retrieval where there is evidence: their scripts leave null queries out. Accuracy where the right answer is
    known, also where it is that there is none.
    """
    retrieval = RETRIEVAL_METRICS if question.answerable and question.evidence else ()
    known = bool(question.answers) or not question.answerable
    return (*retrieval, *((ACCURACY,) if known else ()))


def is_multihop(questions: Iterable[EvalQuestion]) -> bool:
    """Say whether most questions that have evidence have it in several articles, as in MultiHop-RAG."""
    articles = [len({row.article_id for row in question.evidence}) for question in questions if question.evidence]
    return 2 * sum(several > 1 for several in articles) > len(articles)


def multihop_scores(question: EvalQuestion, response: AskResponse) -> dict[str, float]:
    """Return MultiHop-RAG's measures of an answer, those that are defined for the question.

    `response` holds its hits, best first.
    """
    names = multihop_metrics_of(question)
    scores: dict[str, float] = {}
    if RETRIEVAL_METRICS[0] in names:
        passages = [hit.text for hit in response.hits or ()]
        scores |= retrieval_scores([row.quote for row in question.evidence], passages)
    if ACCURACY in names:
        right = question.answers if question.answerable else (_REFUSAL,)
        scores[ACCURACY] = max(shares_a_word(_given(response), answer) for answer in right)
    return scores


def retrieval_scores(facts: Sequence[str], passages: Sequence[str]) -> dict[str, float]:
    """Score a ranking of passages against the facts of a question, at least one; spaces and line feeds do not count.

    Hits@k: one of the first k passages holds a fact. MRR@10: one over the rank of the first that does. MAP@10 as theirs:
    the sum over ranks of (facts held there that no passage before held) / rank, over the number of facts, at most 10.
    A fact that is listed twice is found once. With more than ten facts MAP@10 can be above 1, as theirs.
    """
    wanted = [_joined(fact) for fact in facts]
    ranked = [{fact for fact in wanted if fact in passage} for passage in map(_joined, passages[:_DEPTH])]
    first = next((rank for rank, held in enumerate(ranked, 1) if held), None)
    found: set[str] = set()
    precision = 0.0
    for rank, held in enumerate(ranked, 1):
        precision += len(held - found) / rank
        found |= held
    return {
        "multihop_hits@4": float(first is not None and first <= 4),
        "multihop_hits@10": float(first is not None),
        "multihop_map@10": precision / min(len(wanted), _DEPTH),
        "multihop_mrr@10": 1 / first if first else 0.0,
    }


def shares_a_word(given: str, answer: str) -> float:
    """1 when two texts have a word in common, as parted by white space, punctuation included, whatever the case.

    Their accuracy. Precision, recall and F1 of their script are the same number.
    """
    return float(not set(given.lower().split()).isdisjoint(answer.lower().split()))


def _given(response: AskResponse) -> str:
    """Return what is compared: the short answer where there is one, since theirs are "a word or entity"."""
    if response.status == "no_answer":
        return _REFUSAL
    if response.status == "about":
        return ""
    text = response.short_answer or unmarked_text(response)
    framed = _FRAMED_ANSWER.search(text)
    return framed.group(1) if framed else text


def _joined(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")
