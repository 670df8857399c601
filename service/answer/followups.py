"""Which sentences answer a follow-up, of those that were found for it together with what was asked before it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.ingest.outline import path_of
from service.answer.evidence import Evidence, best_first
from service.answer.models import Message
from service.answer.text.terms import covered, distinctive, terms

# A sentence is about what is new in a follow-up if it holds so much of it, as a share of the most that one holds.
_ABOUT_IT = 0.5


def asked_now(text: str, history: Sequence[Message], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence of a follow-up with the sentences about what is new in it as the best.

    Of "Which roles are there? And the approver?" these are the ones that tell of the approver. They take the best scores,
    and what else was said already is left out. Where none tells anything new, all stays as it is.
    """
    asked_before = " ".join(message.text for message in history if message.role == "user")
    said = " ".join(message.text for message in history if message.role == "assistant")
    new = terms(text).keys() - terms(asked_before).keys()
    weights = {term: weight for term, weight in _distinctive(text, evidence).items() if term in new}
    held = [covered(weights, _with_headings(one)) for one in evidence]
    least = _ABOUT_IT * max(held, default=0.0)
    about_it = [one for one, share in zip(evidence, held, strict=True) if share >= least > 0]
    if not about_it:
        return list(evidence)
    others = [one for one in evidence if one not in about_it and one.text not in said]
    scores = [one.score for one in evidence]
    return best_first([*(replace(one, score=score) for one, score in zip(about_it, scores, strict=False)), *others])


def _distinctive(text: str, evidence: Sequence[Evidence]) -> Mapping[str, float]:
    passages = {one.hit.passage.id: one.hit.passage.text for one in evidence}
    return distinctive(text, list(passages.values()))


def _with_headings(one: Evidence) -> str:
    passage = one.hit.passage
    return f"{path_of(passage.article.title, passage.context)} {one.text}"
