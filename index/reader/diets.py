"""How much of each pool an epoch of the training has, and with which negatives."""

from dataclasses import dataclass
from typing import Literal

Negative = Literal["without the sentence", "altered", "retrieved", "same document"]
Shares = tuple[tuple[Negative, float], ...]


@dataclass(frozen=True, slots=True)
class Diet:
    """How a pool is trained on: times an epoch, negatives a question, and the share of each kind of them."""

    times: float
    negatives: float
    kinds: Shares

    @property
    def needs_retrieval(self) -> bool:
        return any(kind == "retrieved" for kind, _ in self.kinds)


_WIKI: Shares = (("retrieved", 0.3), ("same document", 0.25), ("without the sentence", 0.15), ("altered", 0.3))
# Questions about a review or a post are asked of that one only: in others they may have other answers.
_POSTS: Shares = (("without the sentence", 0.4), ("altered", 0.6))
_HEADINGS: Shares = (("same document", 0.65), ("retrieved", 0.15), ("without the sentence", 0.2))
DIETS: dict[str, Diet] = {
    "new_wiki": Diet(1.0, 1.5, _WIKI),
    "squad2": Diet(1.5, 1.0, _WIKI),
    "nq": Diet(2.0, 2.0, (("retrieved", 0.8), ("without the sentence", 0.2))),
    "reddit": Diet(0.15, 0.6, _POSTS),
    "amazon_reviews": Diet(0.15, 0.6, _POSTS),
    "policyqa": Diet(0.3, 1.5, (("same document", 0.7), ("without the sentence", 0.3))),
    "heading_questions": Diet(0.7, 2.0, _HEADINGS),
    "headings": Diet(0.1, 1.5, _HEADINGS),
}
