"""Which sentences of an answer are supported, and which parts of the known answer it says.

After Ru et al., "RAGChecker: A Fine-grained Framework for Diagnosing Retrieval-Augmented Generation", NeurIPS 2024, with two
differences. A claim is a sentence, not what a language model takes out of one. And the check is the one that Footnote ships
for what language models write (docs/research/support.md): a small model and rules, the same for every system.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.records import EvalQuestion
from eval.scoring.answer_scores import answers_are_known, has_parts
from eval.scoring.citation_scores import cited_passages
from index.settings import IndexSettings
from index.stores.store import Index, open_index
from service.quality.support import claims_of, supports
from service.schemas.api import AskResponse

CLAIMS = ("claim_precision", "claim_recall", "claim_f1", "claim_support", "claims_retrieved")


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """The shipped check of support. `index` holds its models and no article. Safe to use from several threads."""

    index: Index

    def supports(self, claim: str, texts: Sequence[str], *, question: str = "") -> bool:
        """Say whether these texts support a claim. A few words are read together with the `question` that they answer."""
        return supports(self.index, claim, texts, question=question)


@dataclass(frozen=True, slots=True)
class CheckedClaims:
    """Scores by name, and the sentences that what they cite does not support."""

    scores: dict[str, float]
    unsupported: tuple[str, ...] = ()


@contextmanager
def opened_check(settings: IndexSettings) -> Iterator[ClaimCheck]:
    """Open the check with the models of these settings, and the support model that ships. Raises ModelUnusable."""
    with TemporaryDirectory() as place:
        own = settings.model_copy(update={"data_dir": Path(place), "support_model": "shipped"})
        with open_index(own) as index:
            yield ClaimCheck(index)


def checked_claims(check: ClaimCheck, question: EvalQuestion, response: AskResponse) -> CheckedClaims:
    """Check an answer sentence by sentence. A refusal of a question that has an answer says none of it.

    `claim_support`: share of the sentences that the passages support which the answer cites. `claim_precision`: share that
    what the set knows supports, its evidence and answers. `claim_recall`: share of the known answer that the answer says;
    any one of alternatives is all of it. `claim_f1`: harmonic mean of the two. `claims_retrieved`: share of the known answer
    that the passages support which were retrieved.
    """
    claims = list(claims_of(response))
    cited = cited_passages(response)
    unsupported = [claim for claim in claims if not check.supports(claim, cited, question=question.question)]
    scores = _share("claim_support", len(claims) - len(unsupported), len(claims))
    if answers_are_known(question):
        retrieved = [hit.text for hit in response.hits or ()]
        scores |= _known(check, question, claims)
        if response.hits is not None:
            scores["claims_retrieved"] = _said(check, question, retrieved)
    return CheckedClaims(scores, tuple(unsupported))


def unchecked_claims(question: EvalQuestion) -> dict[str, float]:
    """Return the scores of a question that ended in an error: it says nothing that is known."""
    if not answers_are_known(question):
        return {}
    return dict.fromkeys(
        ("claim_precision", "claim_recall", "claim_f1") if question.evidence else ("claim_recall",), 0.0
    )


def _known(check: ClaimCheck, question: EvalQuestion, claims: Sequence[str]) -> dict[str, float]:
    recall = _said(check, question, [" ".join(claims)] if claims else [])
    if not question.evidence:
        return {"claim_recall": recall}
    known = [row.quote for row in question.evidence] + [f"{question.question} {answer}" for answer in question.answers]
    right = sum(check.supports(claim, known, question=question.question) for claim in claims)
    precision = right / len(claims) if claims else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"claim_precision": precision, "claim_recall": recall, "claim_f1": f1}


def _said(check: ClaimCheck, question: EvalQuestion, texts: Sequence[str]) -> float:
    """Return how much of the known answer is supported by these texts."""
    if has_parts(question):
        held = [check.supports(answer, texts, question=question.question) for answer in question.answers]
        return sum(held) / len(held)
    return float(any(check.supports(answer, texts, question=question.question) for answer in question.answers))


def _share(name: str, count: int, of: int) -> dict[str, float]:
    return {name: count / of} if of else {}
