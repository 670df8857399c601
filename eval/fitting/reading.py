"""Questions to cases: each is searched for and read once, as the product does it."""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.ablation.runs import sampled
from eval.asking import article_texts
from eval.datasets import read_questions
from eval.fitting.cases import ENDING, Case, Row, write_cases
from eval.opening import opened
from eval.outcomes import stands_in
from eval.records import EvalQuestion, TextOf
from eval.scoring.evidence import Target, evidence_targets, overlap
from index.errors import WrongUsage
from index.records import EVERYTHING, Filters, Hit, Span
from index.stores.store import Index
from service.answer.analysis import analyse
from service.answer.evidence import Evidence, Search, read_evidence
from service.answer.models import Message, Question
from service.answer.refusal import measured
from service.answer.retrieval.search import select_hits
from service.client import LocalClient
from service.settings import Settings

_NO_STRETCH = -15.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A question set, and which of its questions: of `PATH@R/M` those whose number leaves R when divided by M."""

    path: Path
    remainder: int = 0
    modulus: int = 1

    @property
    def name(self) -> str:
        return self.path.resolve().stem


def sample_from(text: str) -> Sample:
    """Read `PATH` or `PATH@R/M`. Raises ValueError for any other."""
    path, at, part = text.rpartition("@")
    if not at:
        return Sample(Path(text))
    remainder, _, modulus = part.partition("/")
    return Sample(Path(path), int(remainder), int(modulus))


def read_into(folder: Path, samples: Sequence[Sample], settings: Settings, *, limit: int | None = None) -> None:
    """Write the cases of each set into a file of its own, and say on standard error how many there are.

    Where all questions of a set have an answer and are asked of all articles, each is a second case without the passages that
    hold the answer. Raises WrongUsage where a service has the folder.
    """
    for sample in samples:
        questions = read_questions(sample.path)
        chosen = [q for at, q in enumerate(questions.questions) if at % sample.modulus == sample.remainder]
        asked = sampled(replace(questions, questions=tuple(chosen)), limit=limit, seed=0)
        hiding = all(question.answerable and not question.article_ids for question in questions.questions)
        with opened(asked, sample.path, settings) as (client, _):
            if not isinstance(client, LocalClient):
                raise WrongUsage("A service owns the data folder. Stop it, or set FOOTNOTE_DATA_DIR.")
            reading = Reading(client.assistant.current_index, article_texts(client), sample.name, hiding)
            count = write_cases(folder / f"{sample.name}{ENDING}", cases_of(asked.questions, reading))
        print(f"{sample.name}: {count} cases", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a set is read with. `hiding`: each question is also read without the passages that hold its answer."""

    index: Index
    text_of: TextOf
    dataset: str
    hiding: bool


def cases_of(questions: Sequence[EvalQuestion], reading: Reading) -> Iterator[Case]:
    """Yield the cases of these questions."""
    for question in questions:
        search = _search(question, reading.index)
        targets = evidence_targets(question, reading.text_of)
        yield _case(question, reading, search, targets)
        left = tuple(hit for hit in search.hits if not _answers(hit, question)) if reading.hiding else ()
        if left:
            bare = replace(question, id=f"{question.id} hidden", answerable=False, answers=())
            yield replace(_case(bare, reading, replace(search, hits=left), ()), hidden=True)


def _search(question: EvalQuestion, index: Index) -> Search:
    """Search with the question, or with what was asked before it, too."""
    asked = Question(
        question.question,
        access=EVERYTHING,
        filters=Filters(article_ids=question.article_ids, collections=question.collections),
        history=tuple(Message(turn.role, turn.text) for turn in question.history),
        as_of=question.as_of,
    )
    analysis = analyse(asked, longest=len(asked.text), completed=None, time_preference=True)
    text = analysis.with_history or analysis.text
    return Search(text, select_hits(index, text, analysis).hits)


def _answers(hit: Hit, question: EvalQuestion) -> bool:
    return hit.passage.article.id in question.relevant_ids or stands_in(hit.passage.text, question.answers)


def _case(question: EvalQuestion, reading: Reading, search: Search, targets: Sequence[Target]) -> Case:
    (evidence,) = read_evidence(reading.index, [search])
    return Case(
        dataset=reading.dataset,
        id=question.id,
        question=question.question,
        answerable=question.answerable,
        answers=question.answers,
        document=next(iter((*question.relevant_ids, *question.article_ids)), question.id),
        rows=tuple(_row(one, question, targets) for one in evidence),
        kind=question.kind,
        style=question.style,
        measures=measured(search.text, search.hits, evidence, asked=question.question),
    )


def _row(evidence: Evidence, question: EvalQuestion, targets: Sequence[Target]) -> Row:
    article_id, span = evidence.hit.passage.article.id, evidence.span
    place = Span(span.start, span.end)
    relevant = not question.relevant_ids or article_id in question.relevant_ids
    shares = any(_shares(article_id, place, target) for target in targets)
    right = question.answerable and (shares or (relevant and stands_in(evidence.text, question.answers)))
    features = {**evidence.features, **_further(evidence)}
    return Row(article_id, span.start, span.end, evidence.rank, evidence.text, features, right)


def _further(evidence: Evidence) -> dict[str, float]:
    """Return what is not weighed today, to find out whether it should be."""
    hit = evidence.hit
    return {
        "stretch": max(evidence.stretch_score, _NO_STRETCH),
        "dense": hit.dense,
        "lexical": hit.lexical,
        "rank": float(evidence.rank),
        "position": float(evidence.position),
        "length": math.log1p(len(evidence.text)),
    }


def _shares(article_id: str, place: Span, target: Target) -> bool:
    """Say whether a sentence shares half of the shorter of the two with a quote of the evidence."""
    return article_id == target.article_id and any(
        2 * overlap(place, span) >= min(place.end - place.start, span.end - span.start) for span in target.spans or ()
    )
