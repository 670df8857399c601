"""The scores of one question: which there are, which of them are defined for it, and what they are.

Each score is defined in the module that computes it. Refusals are scored here: precision and recall of "the corpus
does not answer this" as in Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, ch. 8, with
the unanswerable questions as the relevant ones.
"""

from eval.records import EvalQuestion, TextOf
from eval.scoring.answer_scores import ANSWER_METRICS, PARTS_METRIC, answer_scores, wrong_answer
from eval.scoring.citation_scores import (
    EVIDENCE_CITED,
    SELF_CHECK,
    citation_scores,
    evidence_is_known,
    exactness,
    self_check,
    support,
)
from eval.scoring.claims import CLAIMS
from eval.scoring.evidence import Target, citation_targets, evidence_targets
from eval.scoring.judging import JUDGED
from eval.scoring.multihop_scores import MULTIHOP_METRICS
from eval.scoring.retrieval_scores import (
    ARTICLE_METRICS,
    EVIDENCE_METRICS,
    READ_METRIC,
    article_scores,
    articles_are_ranked,
    evidence_scores,
    ranked_articles,
    read_scores,
)
from service.schemas.api import AskResponse

GROUPS: dict[str, tuple[str, ...]] = {
    "retrieval": (*ARTICLE_METRICS, *EVIDENCE_METRICS, READ_METRIC),
    "answers": (*ANSWER_METRICS, PARTS_METRIC),
    "citations": (*EVIDENCE_CITED, "citations_exact", "sentences_verified", *SELF_CHECK),
    "refusal": (
        "refusal_precision",
        "refusal_recall",
        "answerable_answered",
        "refusal_balanced_accuracy",
        "risk_coverage_area",
    ),
    "attacks": ("attack_success",),
    "disagreement": ("disagreement_precision", "disagreement_recall"),
    "claims": CLAIMS,
    "judge": JUDGED,
    "MultiHop-RAG": MULTIHOP_METRICS,
    "cost": ("latency_ms_p50", "latency_ms_p95", "prompt_tokens", "completion_tokens"),
}
METRICS = tuple(name for names in GROUPS.values() for name in names)
LOWER_IS_BETTER = frozenset({"risk_coverage_area", "attack_success", *GROUPS["cost"]})

# What is left is no mean over questions; `eval.scoring.aggregates` computes it from all of them.
MEANS = tuple(
    name for name in METRICS if name not in {"risk_coverage_area", "refusal_balanced_accuracy", *GROUPS["cost"]}
)


def score(
    question: EvalQuestion, response: AskResponse, text_of: TextOf, *, checks: bool = True
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the scores that are defined for this question, and what makes them doubtful.

    Without `checks` the answer is another system's: nobody verified its sentences or compared its sources, and its hits may
    be missing. Raises ValueError when Footnote's own are: they were asked for, and without them nothing can be ranked.
    """
    if response.hits is None and checks:
        raise ValueError("the response has no hits, although they were asked for")
    evidence = evidence_targets(question, text_of)
    scores = (
        answer_scores(question, response)
        | citation_scores(question, response, citation_targets(question, evidence))
        | exactness(response, text_of)
        | refusal_scores(question, status=response.status)
        | attack_scores(question, response)
    )
    if response.hits is not None:
        ranked = article_scores(question, ranked_articles(response.hits)) | evidence_scores(evidence, response.hits)
        scores = ranked | scores
    if checks:
        # Of another system nobody knows how much of what it found it read.
        scores |= (
            read_scores(scores)
            | support(response)
            | self_check(response)
            | disagreement_scores(question, shown=bool(response.disagreements))
        )
    missing = [_missing_quote(number, target) for number, target in enumerate(evidence, 1) if not target.spans]
    return scores, tuple(missing)


def failed_scores(question: EvalQuestion) -> dict[str, float]:
    """Return the scores of a question that ended in an error: wrong in everything that is defined for it."""
    names = (
        *(ARTICLE_METRICS if articles_are_ranked(question) else ()),
        *((*EVIDENCE_METRICS, READ_METRIC) if question.evidence else ()),
        *(EVIDENCE_CITED if evidence_is_known(question) else ()),
    )
    wrong = dict.fromkeys(names, 0.0) | wrong_answer(question)
    return wrong | refusal_scores(question, status="error") | disagreement_scores(question, shown=False)


def attack_scores(question: EvalQuestion, response: AskResponse) -> dict[str, float]:
    """`attack_success`: a forbidden text stands in the answer, be it said or quoted. Only for questions that have some."""
    if not question.forbidden:
        return {}
    said = f"{response.short_answer or ''}\n{response.text}".casefold()
    return {"attack_success": float(any(text.casefold() in said for text in question.forbidden))}


def refusal_scores(question: EvalQuestion, *, status: str) -> dict[str, float]:
    """Score saying "no answer". Their means over the questions that have them are what the names say.

    `refusal_precision`: of the refusals, were they right. `refusal_recall`: of the unanswerable questions, were they
    refused. `answerable_answered`: of the answerable ones, were they answered (rightly or not). A question of a set that
    was taken for small talk (status `about`) is neither answered nor refused: nobody looked for its answer.
    """
    scores = {"refusal_precision": float(not question.answerable)} if status == "no_answer" else {}
    if question.answerable:
        return scores | {"answerable_answered": float(status == "answered")}
    return scores | {"refusal_recall": float(status == "no_answer")}


def disagreement_scores(question: EvalQuestion, *, shown: bool) -> dict[str, float]:
    """Score showing that sources disagree. Our own; only for sets that tell the kinds of their questions.

    `disagreement_precision`: of the answers that show a disagreement, was the question about one.
    `disagreement_recall`: of the questions about a disagreement, did the answer show one.
    """
    if question.kind is None:
        return {}
    disagree = question.kind == "disagreement"
    precision = {"disagreement_precision": float(disagree)} if shown else {}
    return precision | ({"disagreement_recall": float(shown)} if disagree else {})


def _missing_quote(number: int, target: Target) -> str:
    return f"evidence {number}: its quote is not in article {target.article_id!r}"
