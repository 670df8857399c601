"""What is minimised: where the answer is, whether there is any, and which passage of a question comes first."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from index.reader.groups import Item
from index.reader.network import Outputs

_ANSWERED, _RELEVANCE = 1.0, 1.0


def loss_of(outputs: Outputs, items: Sequence[Item]) -> Tensor:
    """Return the sum over items, the rows of `outputs`, of what finding the stretch and telling whether there is one
    cost."""
    longest = outputs.starts.shape[1]
    starts = _marked([item.starts for item in items], longest).to(outputs.starts.device)
    ends = _marked([item.ends for item in items], longest).to(outputs.starts.device)
    stretch = (_marginal(outputs.starts, starts) + _marginal(outputs.ends, ends)) / 2
    answers = torch.tensor([float(bool(item.starts)) for item in items], device=outputs.answered.device)
    answered = functional.binary_cross_entropy_with_logits(outputs.answered, answers, reduction="sum")
    return stretch.sum() + _ANSWERED * answered


def _marked(places: Sequence[Sequence[int]], longest: int) -> Tensor:
    marks = torch.zeros(len(places), longest, dtype=torch.bool)
    for row, at in enumerate(places):
        # The first token stands for "no answer".
        marks[row, list(at) or [0]] = True
    return marks


def _marginal(logits: Tensor, right: Tensor) -> Tensor:
    """Minus the logarithm of the probability of any right place (Clark and Gardner, ACL 2018, "Simple and Effective
    Multi-Paragraph Reading Comprehension": where an answer stands several times, any of them will do)."""
    return logits.logsumexp(-1) - logits.masked_fill(~right, -1e4).logsumexp(-1)


def ranking_loss(relevance: Tensor, groups: Sequence[Sequence[Item]]) -> Tensor:
    """Return the sum over groups of the cross-entropy of the first item against its rivals.

    `relevance` has the items of the groups in order. The loss is ListNet's (Cao et al., ICML 2007) with one right item.
    """
    # A step whose questions have no rivals has a loss of nothing, of which there must still be a gradient.
    total, at = 0 * relevance.sum(), 0
    for group in groups:
        rivals = [at + n for n, item in enumerate(group) if item.rival]
        if len(rivals) > 1 and group[0].rival:
            scores = relevance[rivals]
            total = total + scores.logsumexp(0) - scores[0]
        at += len(group)
    return _RELEVANCE * total
