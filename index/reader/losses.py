"""What is minimised: where the answer is, in which sentences, whether there is any, and which passage comes first."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from index.reader.groups import Item
from index.reader.network import Outputs

_ANSWERED, _RELEVANCE, _EVIDENCE = 1.0, 1.0, 1.0


def loss_of(outputs: Outputs, items: Sequence[Item]) -> Tensor:
    """Return the sum over items, the rows of `outputs`, of what finding the stretch and the sentences, and
    telling whether there is an answer, cost."""
    longest = outputs.starts.shape[1]
    starts = _marked([item.starts for item in items], longest).to(outputs.starts.device)
    ends = _marked([item.ends for item in items], longest).to(outputs.starts.device)
    known = torch.tensor([item.stretch_known for item in items], device=outputs.starts.device)
    stretch = known * (_marginal(outputs.starts, starts) + _marginal(outputs.ends, ends)) / 2
    answers = torch.tensor([float(item.answers) for item in items], device=outputs.answered.device)
    answered = functional.binary_cross_entropy_with_logits(outputs.answered, answers, reduction="sum")
    evidence = torch.zeros(()) if outputs.evidence is None else evidence_loss(outputs.evidence, items)
    return stretch.sum() + _ANSWERED * answered + _EVIDENCE * evidence


def evidence_loss(logits: Tensor, items: Sequence[Item]) -> Tensor:
    """Return the sum over items of the mean binary cross-entropy of their sentences. A sentence's logit is the mean of its
    tokens'. `logits` is (items, tokens)."""
    most = max(len(item.sentences) for item in items)
    # Column 0 collects the tokens that are in no sentence.
    column = torch.zeros(logits.shape, dtype=torch.long)
    right, weight = torch.zeros(len(items), most), torch.zeros(len(items), most)
    for row, item in enumerate(items):
        for at, sentence in enumerate(item.sentences):
            column[row, sentence.first : sentence.last + 1] = at + 1
            right[row, at], weight[row, at] = float(sentence.belongs), 1 / len(item.sentences)
    column, right, weight = (tensor.to(logits.device) for tensor in (column, right, weight))
    empty = torch.zeros(len(items), most + 1, device=logits.device)
    sums, counts = (empty.scatter_add(1, column, values) for values in (logits, torch.ones_like(logits)))
    means = (sums / counts.clamp(min=1))[:, 1:]
    return functional.binary_cross_entropy_with_logits(means, right, weight, reduction="sum") + 0 * logits.sum()


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
