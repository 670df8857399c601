"""A run's judges compared with people: agreement, by kind of question too, and judged scores as people would give them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eval.calibration.agreement import Confusion, alpha, confusion_of, kappa
from eval.calibration.labels import ASPECTS, Aspect, Label, Said, key_of, said_of
from eval.calibration.powered import Estimate, people_alone, powered_mean
from eval.records import Result
from eval.reporting.points import kind_of
from eval.results import read_results, written_whole
from index.errors import WrongUsage

CALIBRATION_FILE = "calibration.json"

JUDGES: dict[Aspect, tuple[str, ...]] = {
    "correct": ("judged_correctness", "answer_in_text", "claim_recall"),
    "supported": ("judged_faithfulness", "claim_support", "sentences_verified"),
}
"""The scores that say the same as people are asked: from one half on they pass an answer."""

_PASSES = 0.5


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a judge agrees with people, over all labelled answers or those of a kind; `kappa` as that function has it."""

    kind: str
    confusion: Confusion
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A score of the run, compared with labels. The means are over the questions that have the score.

    `raw` is the judge's own mean, `people` that of the labels alone, `corrected` what people would say of all (prediction-
    powered). Refused questions count 0 in all three: nobody has to read them.
    """

    aspect: Aspect
    judge: str
    agreements: tuple[Agreement, ...]
    raw: float
    people: Estimate
    corrected: Estimate
    questions: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """A run and labels. `people` and `all_judges` are Krippendorff's alpha by aspect: of people, and with the judges."""

    judged: tuple[Judged, ...]
    people: Mapping[Aspect, float | None]
    all_judges: Mapping[Aspect, float | None]
    raters: int
    labelled: int
    unmatched: int


def calibrate(run: Path, labels: Sequence[Label]) -> Calibration:
    """Hold the judges of a run against labels of its answers. Raises WrongUsage where no label is about them."""
    results = list(read_results(run))
    answers = {key_of(result): result for result in results if result.status == "answered"}
    known = [label for label in labels if label.key in answers]
    if not known:
        raise WrongUsage(
            f"None of the {len(labels)} labels is about an answer of {run}. Label the answers of this run: "
            f"footnote eval label {run}"
        )
    said = {aspect: said_of(known, aspect) for aspect in ASPECTS}
    judged = tuple(
        found
        for aspect in ASPECTS
        for judge in JUDGES[aspect]
        if (found := _judged(aspect, judge, said[aspect].agreed, answers, results)) is not None
    )
    return Calibration(
        judged,
        {aspect: alpha(list(one.by_rater.values())) for aspect, one in said.items()},
        {aspect: alpha([*one.by_rater.values(), *_verdicts(aspect, one, answers)]) for aspect, one in said.items()},
        raters=len({label.rater for label in known}),
        labelled=len({label.key for label in known}),
        unmatched=len(labels) - len(known),
    )


def write_calibration(calibration: Calibration, run: Path) -> Path:
    """Write `calibration.json` next to the results, whole or not at all, and return its path."""
    path = run / CALIBRATION_FILE
    with written_whole(path) as file:
        file.write((json.dumps(asdict(calibration), indent=2, allow_nan=False) + "\n").encode())
    return path


def lines_of(calibration: Calibration) -> Iterator[str]:
    """Yield the calibration as lines for a terminal."""
    people = f"{calibration.raters} people" if calibration.raters != 1 else "1 person"
    yield f"{calibration.labelled} answers labelled by {people}"
    if calibration.unmatched:
        yield f"{calibration.unmatched} labels are about no answer of this run, and were left out"
    for aspect in ASPECTS:
        if (among := calibration.people[aspect]) is not None:
            yield f"{aspect}: Krippendorff's alpha among people {among:.2f}"
        if (with_judges := calibration.all_judges[aspect]) is not None:
            yield f"{aspect}: Krippendorff's alpha of people and judges {with_judges:.2f}"
    for one in calibration.judged:
        yield ""
        yield f"{one.judge} ({one.aspect}), over {one.questions} questions"
        yield f"  {'raw':<24} {one.raw:.3f}"
        yield f"  {'labels alone':<24} {_shown(one.people)}"
        yield f"  {'prediction-powered':<24} {_shown(one.corrected)}"
        yield f"  {'':<24} {'n':>4} {'agree':>6} {'kappa':>6}   both yes, judge's yes, people's yes, both no"
        for row in one.agreements:
            counts = row.confusion
            cells = (counts.passed_right, counts.passed_wrong, counts.failed_right, counts.failed_wrong)
            beyond = "" if row.kappa is None else f"{row.kappa:.2f}"
            yield f"  {row.kind:<24} {counts.count:>4} {counts.agreement:>6.2f} {beyond:>6}   {', '.join(map(str, cells))}"


def _judged(
    aspect: Aspect, judge: str, agreed: Mapping[str, bool], answers: Mapping[str, Result], results: Sequence[Result]
) -> Judged | None:
    scores = {key: result.scores[judge] for key, result in answers.items() if judge in result.scores}
    labelled = [key for key in scores if key in agreed]
    if len(labelled) < 2:
        return None
    people = np.array([agreed[key] for key in labelled], np.float64)
    said = np.array([scores[key] for key in labelled], np.float64)
    others = np.array([score for key, score in scores.items() if key not in agreed], np.float64)
    # Refusals of questions that have an answer are in the score as 0, and people would say the same.
    questions = sum(judge in result.scores for result in results)
    share = len(scores) / questions
    return Judged(
        aspect,
        judge,
        tuple(_agreements(labelled, scores, agreed, answers)),
        float(sum(scores.values()) / questions),
        _scaled(people_alone(people), share),
        _scaled(powered_mean(people, said, others), share),
        questions,
    )


def _agreements(
    labelled: Sequence[str], scores: Mapping[str, float], agreed: Mapping[str, bool], answers: Mapping[str, Result]
) -> Iterator[Agreement]:
    kinds = sorted({kind_of(answers[key]) for key in labelled})
    groups = {"all": list(labelled)}
    if len(kinds) > 1:
        groups |= {kind: [key for key in labelled if kind_of(answers[key]) == kind] for kind in kinds}
    for kind, keys in groups.items():
        judge, people = [scores[key] >= _PASSES for key in keys], [agreed[key] for key in keys]
        yield Agreement(kind, confusion_of(judge, people), kappa(judge, people))


def _verdicts(aspect: Aspect, said: Said, answers: Mapping[str, Result]) -> Iterator[Mapping[str, bool]]:
    """Yield what each judge says of the labelled answers."""
    for judge in JUDGES[aspect]:
        found = {key: answers[key].scores[judge] >= _PASSES for key in said.agreed if judge in answers[key].scores}
        if found:
            yield found


def _scaled(estimate: Estimate, share: float) -> Estimate:
    return Estimate(estimate.mean * share, estimate.low * share, estimate.high * share)


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
