"""How far the sentences of an answer are those that people wrote theirs from, on sets such as CLAPNQ.

    python -m eval.overlap DATASET

prints the F1 of the sentences that an answer shows, and, to compare, of the three most similar to the question: the mean
over all questions with an answer, refused or not. A sentence counts as chosen, or shown, when more than half of it lies in
a quote of the evidence, or of the answer. Questions are asked without a language model.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.datasets import read_questions
from eval.opening import opened
from eval.records import EvalQuestion
from eval.scoring.evidence import evidence_targets, overlap
from index.records import EVERYTHING, Filters, Span
from index.retrieval import retrieve
from index.store import Index
from service.client import LocalClient
from service.evidence import Evidence, read_sentences
from service.extractive import quoted
from service.settings import load_settings

_MOST_SIMILAR = 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """F1 of one question: of the sentences that its answer shows, and of those most similar to it."""

    shown: float
    similar: float


def f1(found: frozenset[Span], right: frozenset[Span]) -> float:
    """Return the harmonic mean of the share of those found that are right, and of those right that are found."""
    return 2 * len(found & right) / (len(found) + len(right)) if found or right else 0.0


def within(sentences: Iterable[Span], stretches: Sequence[Span]) -> frozenset[Span]:
    """Return the sentences of which more than half lies in these stretches, which do not overlap."""
    return frozenset(s for s in sentences if 2 * sum(overlap(s, one) for one in stretches) > s.end - s.start)


def overlaps(index: Index, questions: Iterable[EvalQuestion]) -> Iterator[Overlap]:
    """Yield the overlap of each question that has an answer and evidence in one article."""
    for question in questions:
        articles = {row.article_id for row in question.evidence}
        if question.answerable and len(articles) == 1:
            filters = Filters(article_ids=question.article_ids)
            retrieved = retrieve(index, question.question, access=EVERYTHING, filters=filters)
            evidence = read_sentences(index, question.question, retrieved)
            yield _overlap(index, question, [e for e in evidence if e.hit.passage.article.id in articles])


def _overlap(index: Index, question: EvalQuestion, evidence: Sequence[Evidence]) -> Overlap:
    if not evidence:
        return Overlap(0.0, 0.0)
    article = evidence[0].hit.passage.article
    _, text = index.catalog.article(article.id, EVERYTHING)
    targets = evidence_targets(question, lambda article_id, version: text)
    right = within(map(_span, evidence), [target.spans[0] for target in targets if target.spans])
    drafts = quoted(index, question.question, evidence)
    shown = within(map(_span, evidence), [stretch.span for draft in drafts for stretch in draft.stretches[:1]])
    similar = sorted(evidence, key=lambda e: -e.similarity)[:_MOST_SIMILAR]
    return Overlap(f1(shown, right), f1(frozenset(map(_span, similar)), right))


def _span(evidence: Evidence) -> Span:
    return Span(evidence.span.start, evidence.span.end)


def main(dataset: Path) -> None:
    """Ask the questions of a set and print the two means."""
    questions = read_questions(dataset)
    with opened(questions, dataset, load_settings()) as (client, _):
        if not isinstance(client, LocalClient):
            raise SystemExit("A service owns the data folder. Stop it, or set FOOTNOTE_DATA_DIR.")
        found = list(overlaps(client.desk.opened, questions.questions))
    if not found:
        raise SystemExit(f"{dataset} has no question with evidence in one article.")
    print(f"{len(found)} questions with an answer")
    print(f"F1 of the sentences shown: {sum(one.shown for one in found) / len(found):.3f}")
    print(f"F1 of the {_MOST_SIMILAR} most similar: {sum(one.similar for one in found) / len(found):.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    main(parser.parse_args().dataset)
