"""Judges beside people: by hand, from the literature, and simulated; and the command on a run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.calibration.agreement import Confusion, alpha, confusion_of, kappa
from eval.calibration.calibrate import calibrate
from eval.calibration.labels import Label, key_of, read_labels, said_of
from eval.calibration.powered import people_alone, powered_mean
from eval.commands import app
from eval.records import Result
from index.errors import WrongUsage
from tests.eval_fixtures import run_in


def rated(values: str) -> dict[str, object]:
    """Return the values of a rater by unit; a stop is a value that is missing."""
    return {str(unit): value for unit, value in enumerate(values) if value != "."}


def test_alpha_as_krippendorff_computes_it() -> None:
    # "Computing Krippendorff's Alpha-Reliability", 2011: binary data of two, and nominal data of four with gaps.
    assert alpha([rated("0100000010"), rated("1110010000")]) == pytest.approx(0.095, abs=0.001)
    four = [rated("123321412..."), rated("1233224125.3"), rated(".3332342251."), rated("12332441251.")]
    assert alpha(four) == pytest.approx(0.743, abs=0.001)
    assert alpha([rated("01"), rated("01")]) == 1
    assert alpha([rated("11"), rated("11")]) is None
    assert alpha([rated("0."), rated(".1")]) is None


def test_kappa_by_hand() -> None:
    # 45 both yes, 15 the judge's yes alone, 25 the people's alone, 15 both no: (.6 - .54) / (1 - .54).
    judge = [True] * 60 + [False] * 40
    people = [True] * 45 + [False] * 15 + [True] * 25 + [False] * 15
    assert confusion_of(judge, people) == Confusion(45, 15, 25, 15)
    assert confusion_of(judge, people).agreement == 0.6
    assert kappa(judge, people) == pytest.approx(0.1304, abs=0.0001)
    assert kappa([True, True], [True, True]) is None


def test_a_perfect_judge_lends_all_its_answers_and_a_useless_one_takes_nothing() -> None:
    rng = np.random.default_rng(2)
    people = (rng.random(50) < 0.7).astype(float)
    others = (rng.random(5_000) < 0.7).astype(float)
    alone = people_alone(people)
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * people.std(ddof=1) / np.sqrt(50), rel=1e-4)
    perfect = powered_mean(people, people, others)
    assert perfect.high - perfect.low < 0.25 * (alone.high - alone.low)
    constant = powered_mean(people, np.ones(50), np.ones(5_000))
    assert constant == alone
    assert powered_mean(people, people, np.zeros(0)) == alone


def simulated(rng: np.random.Generator, truth: float, labelled: int, judged: int) -> tuple[Any, Any, Any]:
    """Return labels, a judge's verdicts that are too kind (.97 of right ones pass, and .4 of wrong ones), and the others."""
    right = (rng.random(labelled + judged) < truth).astype(float)
    passed = (rng.random(right.size) < np.where(right == 1, 0.97, 0.4)).astype(float)
    return right[:labelled], passed[:labelled], passed[labelled:]


def test_the_interval_holds_the_truth_where_the_judge_alone_is_off() -> None:
    rng = np.random.default_rng(5)
    held, raw_off, narrower = 0, [], []
    for _ in range(400):
        people, judge, others = simulated(rng, 0.6, 80, 800)
        powered, alone = powered_mean(people, judge, others), people_alone(people)
        held += powered.low <= 0.6 <= powered.high
        raw_off.append(np.concatenate([judge, others]).mean() - 0.6)
        narrower.append((powered.high - powered.low) / (alone.high - alone.low))
    assert held / 400 == pytest.approx(0.95, abs=0.03)
    assert np.mean(raw_off) > 0.1
    assert np.mean(narrower) < 0.9


def judged_run(folder: Path) -> tuple[Path, list[Result]]:
    """Return a run of 40 answers, of which the judge passes 30, with ten refusals of what has an answer."""
    answers = [
        Result(
            f"q{n}", f"Question {n}?", True, kind="fact" if n % 2 else "how_to", status="answered", text=f"It is {n}.",
            scores={"judged_correctness": float(n % 4 > 0), "claim_support": 1.0},
        )
        for n in range(40)
    ]  # fmt: skip
    refused = [
        Result(f"r{n}", "?", True, status="no_answer", text="None.", scores={"judged_correctness": 0.0})
        for n in range(10)
    ]
    return run_in(folder, *answers, *refused), answers


def written(path: Path, *labels: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(label) + "\n" for label in labels), encoding="utf-8")
    return path


def test_a_run_is_held_against_labels(tmp_path: Path) -> None:
    run, answers = judged_run(tmp_path / "run")
    # Of the first 20, people reject what the judge rejects (5), and two of what it passes (numbers 1 and 2).
    labels = [Label(key=key_of(a), rater="ann", correct=n % 4 > 0 and n > 2) for n, a in enumerate(answers[:20])]
    found = {one.judge: one for one in calibrate(run, labels).judged}
    correct = found["judged_correctness"]
    assert [(row.kind, row.confusion) for row in correct.agreements] == [
        ("all", Confusion(13, 2, 0, 5)), ("fact", Confusion(9, 1, 0, 0)), ("how_to", Confusion(4, 1, 0, 5)),
    ]  # fmt: skip
    assert correct.agreements[1].kappa == 0
    # 30 of 50 questions pass the judge; of the labelled answers 13 of 20 are right, and 4 of 5 questions were answered.
    assert (correct.raw, correct.questions) == (0.6, 50)
    assert correct.people.mean == pytest.approx(0.8 * 13 / 20)
    assert correct.people.low < correct.corrected.low < correct.corrected.mean < correct.raw
    assert list(found) == ["judged_correctness"]


def test_several_people_are_taken_by_majority_and_their_agreement_is_told(tmp_path: Path) -> None:
    run, answers = judged_run(tmp_path / "run")
    keys = [key_of(answer) for answer in answers[:6]]
    says = {"ann": "110011", "bob": "110001", "eve": "1000.1"}
    labels = [
        Label(key=key, rater=rater, correct=value == "1")
        for rater, values in says.items()
        for key, value in zip(keys, values, strict=True)
        if value != "."
    ]
    # The fifth has one yes and one no.
    assert said_of(labels, "correct").agreed == {
        keys[0]: True, keys[1]: True, keys[2]: False, keys[3]: False, keys[5]: True,
    }  # fmt: skip
    found = calibrate(run, labels)
    assert found.people["correct"] == pytest.approx(alpha([rated(values) for values in says.values()]))
    assert found.people["supported"] is None
    assert (found.raters, found.labelled) == (3, 6)
    assert found.judged[0].agreements[0].confusion.count == 5


def test_labels_of_other_answers_are_left_out(tmp_path: Path) -> None:
    run, answers = judged_run(tmp_path / "run")
    changed = replace(answers[0], text="It was another answer.")
    known = [Label(key=key_of(answer), correct=True) for answer in answers[:3]]
    assert calibrate(run, [*known, Label(key=key_of(changed), correct=False)]).unmatched == 1
    with pytest.raises(WrongUsage, match="None of the 1 labels is about an answer of"):
        calibrate(run, [Label(key=key_of(changed), correct=False)])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "labels.jsonl:2 is no label"),
        ('{"key": 3}', "labels.jsonl:2 is no label: key: Input should be a valid string"),
        ('{"key": "a", "correct": "yes"}', "correct: Input should be a valid boolean"),
    ],
)
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"key": "a", "correct": true, "question": "?"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(WrongUsage, match=message):
        read_labels([path])
    with pytest.raises(WrongUsage, match="cannot be read"):
        read_labels([tmp_path / "missing.jsonl"])


def test_the_last_label_of_a_person_counts(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", {"key": "a", "rater": "ann", "correct": True}, {"key": "a", "correct": True})
    second = written(tmp_path / "b.jsonl", {"key": "a", "rater": "ann", "correct": False, "supported": None})
    labels = {label.rater: label.correct for label in read_labels([first, second])}
    assert labels == {"ann": False, "": True}


def test_command_calibrate(tmp_path: Path) -> None:
    run, answers = judged_run(tmp_path / "run")
    rows = ({"key": key_of(a), "correct": n % 4 > 0, "supported": True} for n, a in enumerate(answers[:20]))
    labels = written(tmp_path / "l.jsonl", *rows)
    ran = CliRunner().invoke(app, ["calibrate", str(labels), "--run", str(run)])
    assert ran.exit_code == 0, ran.output
    assert "20 answers labelled by 1 person" in ran.stdout
    assert "judged_correctness (correct), over 50 questions" in ran.stdout
    assert "correct: Krippendorff's alpha of people and judges 1.00" in ran.stdout
    kept = json.loads((run / "calibration.json").read_text(encoding="utf-8"))
    assert kept["judged"][0]["agreements"][0]["kappa"] == 1
    assert kept["judged"][1]["judge"] == "claim_support"
    missing = CliRunner().invoke(app, ["calibrate", str(labels), "--run", str(tmp_path / "none")])
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
