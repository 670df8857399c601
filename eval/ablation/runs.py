"""Asks question sets with everything, and again without each thing, into a folder where a run that was cut off goes on."""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.ablation.caching import cached
from eval.ablation.changes import Ablation, taken_away
from eval.datasets import read_questions
from eval.opening import opened
from eval.provenance import commit
from eval.records import QuestionSet
from eval.run import Course, run
from index.control_characters import visible_controls
from index.errors import WrongUsage
from service.settings import Settings

EVERYTHING = Ablation("everything", "nothing taken away", ())


@dataclass(frozen=True, slots=True)
class Study:
    """What is measured: `datasets` with everything, and without each of `ablations`, into the folder `out`.

    Of each set at most `limit` questions are asked, drawn with `seed`.
    """

    datasets: tuple[Path, ...]
    ablations: tuple[Ablation, ...]
    out: Path
    limit: int | None = None
    seed: int = 0
    workers: int = 2


def set_names(datasets: Sequence[Path]) -> dict[str, Path]:
    """Return the datasets by the names of their folders in `out`. Raises WrongUsage where two have the same name."""
    named = {path.resolve().stem: path for path in datasets}
    if len(named) < len(datasets):
        raise WrongUsage("Two question sets have the same name. Give them in two studies, or rename one.")
    return named


def ask_all(study: Study, settings: Settings) -> None:
    """Ask what is not asked yet, and say on standard error what is being asked.

    Raises WrongUsage when the folder holds runs of other code, questions or settings.
    """
    for name, dataset in set_names(study.datasets).items():
        questions = sampled(read_questions(dataset), limit=study.limit, seed=study.seed)
        with cached():
            for number, ablation in enumerate((EVERYTHING, *study.ablations), 1):
                print(f"{name} {number}/{len(study.ablations) + 1}: {ablation.name}, {ablation.about}", file=sys.stderr)
                with (
                    taken_away(ablation, settings) as changed,
                    opened(questions, dataset, changed) as (client, left_out),
                ):
                    for line in left_out:
                        print(visible_controls(f"Not indexed: {line}"), file=sys.stderr)
                    run(questions, client, study.out / name / ablation.name, _course(study, dataset, ablation))


def _course(study: Study, dataset: Path, ablation: Ablation) -> Course:
    depends_on = {"dataset": dataset.name, "run": ablation.name, "commit": commit()}
    return Course(workers=study.workers, resume=True, settings=depends_on)


def sampled(question_set: QuestionSet, *, limit: int | None, seed: int) -> QuestionSet:
    """Return the set with at most so many questions, drawn at random, in their order."""
    questions = question_set.questions
    if limit is None or len(questions) <= limit:
        return question_set
    chosen = sorted(random.Random(seed).sample(range(len(questions)), limit))
    return replace(question_set, questions=tuple(questions[at] for at in chosen))
