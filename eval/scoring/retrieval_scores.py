"""How well the right articles and passages were found. Refusals play no part here.

Definitions: Hits@k (success@k) and recall@k: Manning, Raghavan and Schütze, "Introduction to Information Retrieval",
2008, ch. 8. MRR: Voorhees, "The TREC-8 Question Answering Track Report", 1999. nDCG: Järvelin and Kekäläinen,
"Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, with gain 1 for each relevant article.
All-evidence recall is the "paragraph exact match" of Asai et al., "Learning to Retrieve Reasoning Paths", ICLR 2020.
Ranking measures are computed by ir-measures.
"""

from collections.abc import Iterable, Mapping, Sequence

import ir_measures
from ir_measures import RR, R, Success, nDCG

from eval.records import EvalQuestion
from eval.scoring.evidence import Target, overlap
from index.records import Span
from service.answer.evidence import READ
from service.schemas.api import HitWire

_MEASURES = {
    "hits@1": Success @ 1,
    "hits@4": Success @ 4,
    "hits@10": Success @ 10,
    "mrr@10": RR @ 10,
    "ndcg@10": nDCG @ 10,
    "recall@10": R @ 10,
}
ARTICLE_METRICS = (*_MEASURES, "all_evidence_recall@10")
EVIDENCE_METRICS = ("evidence_hits@1", "evidence_hits@4", "evidence_hits@10", "evidence_mrr@10")
READ_METRIC = "evidence_read"


def ranked_articles(hits: Iterable[HitWire]) -> tuple[str, ...]:
    """Return the ids of the distinct articles, in order of their first passage."""
    return tuple(dict.fromkeys(hit.article_id for hit in hits))


def articles_are_ranked(question: EvalQuestion) -> bool:
    """Say whether finding articles is a task here: some are relevant, and not only those may be found."""
    relevant = set(question.relevant_ids)
    return bool(relevant) and not (question.article_ids and relevant.issuperset(question.article_ids))


def article_scores(question: EvalQuestion, ranking: Sequence[str]) -> dict[str, float]:
    """Score a ranking of distinct article ids against the relevant ones. Empty where there is no task."""
    if not articles_are_ranked(question):
        return {}
    relevant = [ir_measures.Qrel("q", id, 1) for id in question.relevant_ids]
    run = [ir_measures.ScoredDoc("q", id, -rank) for rank, id in enumerate(ranking)]
    found = {metric.measure: metric.value for metric in ir_measures.iter_calc(_MEASURES.values(), relevant, run)}
    scores = {name: float(found[measure]) for name, measure in _MEASURES.items()}
    return scores | {"all_evidence_recall@10": float(set(question.relevant_ids) <= set(ranking[:10]))}


def evidence_scores(targets: Sequence[Target], hits: Sequence[HitWire]) -> dict[str, float]:
    """Score a ranking of passages: one counts when it holds at least half of an evidence quote's characters.

    `evidence_mrr@10` is one over the rank of the first that does. Empty where a question has no evidence.
    """
    if not targets:
        return {}
    ranks = (rank for rank, hit in enumerate(hits[:10], 1) if any(_holds(hit, target) for target in targets))
    first = next(ranks, None)
    within = {f"evidence_hits@{k}": float(first is not None and first <= k) for k in (1, 4, 10)}
    return within | {"evidence_mrr@10": 1 / first if first else 0.0}


def read_scores(scores: Mapping[str, float]) -> dict[str, float]:
    """`evidence_read`: the passage that holds evidence is among the first six, which are read. Our own."""
    reciprocal = scores.get("evidence_mrr@10")
    return {} if reciprocal is None else {READ_METRIC: float(reciprocal >= 1 / READ)}


def _holds(hit: HitWire, target: Target) -> bool:
    if hit.article_id != target.article_id:
        return False
    passage = Span(hit.start, hit.end)
    return any(2 * overlap(passage, span) >= span.end - span.start for span in target.spans or ())
