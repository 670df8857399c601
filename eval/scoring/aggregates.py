"""The scores of many questions to the scores of a run."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from eval.metrics import MEANS
from eval.records import Result
from eval.scoring.clusters import clusters_of
from eval.scoring.intervals import Floats, detectable, interval, resampled_means
from eval.scoring.risk_coverage import answered_rightly, risks


class Score(TypedDict, total=False):
    """A score over `n` questions: a `mean`, or another `value`; where known, the bounds of its 95 % interval.

    `detectable` is the change of the mean that a later run over the same questions would show 8 times in 10.
    """

    mean: float
    value: float
    low: float | None
    high: float | None
    n: int
    detectable: float


def aggregate(results: Sequence[Result]) -> dict[str, Score]:
    """Return all scores that are defined for any of these results, by name."""
    if not results:
        return {}
    values = score_matrix(results)
    samples = resampled_means(values, clusters_of(results))
    scores = {name: _mean(values[:, i], samples[:, i]) for i, name in enumerate(MEANS) if _count(values[:, i])}
    return scores | balanced_accuracy(scores, samples) | _risk_coverage(results) | _latency(results) | _tokens(results)


def score_matrix(results: Sequence[Result]) -> Floats:
    """Return scores as (results, MEANS), NaN where one is not defined."""
    rows = [[result.scores.get(name, np.nan) for name in MEANS] for result in results]
    return np.array(rows, dtype=np.float64)


def balanced_samples(samples: Floats) -> Floats:
    """Return the resampled balanced accuracies, from the resampled means."""
    refused, answered = MEANS.index("refusal_recall"), MEANS.index("answerable_answered")
    balanced: Floats = (samples[:, refused] + samples[:, answered]) / 2
    return balanced


def balanced_accuracy(scores: dict[str, Score], samples: Floats) -> dict[str, Score]:
    """`refusal_balanced_accuracy`: the mean of the unanswerable questions refused and the answerable ones answered.

    Brodersen et al., "The Balanced Accuracy and Its Posterior Distribution", ICPR 2010. Needs questions of both kinds.
    """
    if "refusal_recall" not in scores or "answerable_answered" not in scores:
        return {}
    refused, answered = scores["refusal_recall"], scores["answerable_answered"]
    bounds = interval(balanced_samples(samples)) or (None, None)
    value, n = (refused["mean"] + answered["mean"]) / 2, refused["n"] + answered["n"]
    return {"refusal_balanced_accuracy": Score(value=value, low=bounds[0], high=bounds[1], n=n)}


def risk_coverage_area(confidences: Sequence[float], correct: Sequence[bool]) -> float:
    """Return the mean, over k = 1 to n, of the share of wrong ones among the k most confident; 0 is best.

    Geifman, Uziel and El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers", ICLR 2019 (AURC).
    """
    found = risks(confidences, correct)
    return sum(found) / len(found)


def _count(column: Floats) -> int:
    return int((~np.isnan(column)).sum())


def _mean(column: Floats, samples: Floats) -> Score:
    bounds = interval(samples) or (None, None)
    found = Score(mean=float(np.nanmean(column)), low=bounds[0], high=bounds[1], n=_count(column))
    error = float(np.nanstd(samples))
    # Where all questions score the same, nothing is known of how they vary.
    if error:
        found["detectable"] = detectable(error)
    return found


def _risk_coverage(results: Sequence[Result]) -> dict[str, Score]:
    """The area over all questions of which it is known whether an answer is right. An error comes last."""
    scored = [(r.confidence, right) for r in results if (right := answered_rightly(r)) is not None]
    if all(sure is None for sure, _ in scored):
        return {}
    confidences = [float("-inf") if sure is None else sure for sure, _ in scored]
    area = risk_coverage_area(confidences, [right for _, right in scored])
    return {"risk_coverage_area": Score(value=area, low=None, high=None, n=len(scored))}


def _latency(results: Sequence[Result]) -> dict[str, Score]:
    """Median and 95th percentile of what the pipeline itself took for a question, in milliseconds."""
    times = [r.latency_ms for r in results if r.latency_ms is not None]
    if not times:
        return {}
    return {
        f"latency_ms_p{p}": Score(value=float(np.percentile(times, p)), low=None, high=None, n=len(times))
        for p in (50, 95)
    }


def _tokens(results: Sequence[Result]) -> dict[str, Score]:
    """Mean tokens that a language model read and wrote, over the questions for which it says so."""
    scores = {}
    for name in ("prompt_tokens", "completion_tokens"):
        counts = [count for result in results if (count := getattr(result, name)) is not None]
        if counts:
            scores[name] = Score(value=float(np.mean(counts)), low=None, high=None, n=len(counts))
    return scores
