"""How often questions had an answer among those that were given about the same confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Fewer in a bin say little; more bins than this are not told apart by eye.
_LEAST_IN_BIN = 15
_MOST_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of about the same confidence: its mean, the share of them that had an answer, and how many they are."""

    confidence: float
    share: float
    count: int


def reliability(confidences: Sequence[float], answerable: Sequence[bool]) -> list[Bin]:
    """Return bins of as many questions each, least confident first; empty where there are too few questions for two.

    A reliability diagram with bins of equal count: Nguyen and O'Connor, "Posterior calibration and exploratory analysis for
    natural language processing models", EMNLP 2015. Where confidence is calibrated, share and confidence are the same.
    """
    pairs = sorted(zip(confidences, answerable, strict=True))
    bins = min(_MOST_BINS, len(pairs) // _LEAST_IN_BIN)
    if bins < 2:
        return []
    cuts = [round(at * len(pairs) / bins) for at in range(bins + 1)]
    parts = [pairs[first:last] for first, last in pairwise(cuts)]
    return [Bin(sum(c for c, _ in p) / len(p), sum(a for _, a in p) / len(p), len(p)) for p in parts]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the mean distance of share and confidence, weighed by count, between 0 (calibrated) and 1."""
    return sum(abs(one.share - one.confidence) * one.count for one in bins) / (sum(one.count for one in bins) or 1)
