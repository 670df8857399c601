"""How small a change a set can show, and what may be said when it is looked at again and again. Simulated, and by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.commands import app
from eval.compare import compare
from eval.records import Result
from eval.report import power_line, power_of
from eval.scoring.aggregates import aggregate
from eval.scoring.intervals import detectable
from service.quality.sequences import sequence_of
from tests.eval_fixtures import report_of, run_in


def test_what_is_detectable_by_hand() -> None:
    # (1.960 + 0.842) standard errors.
    assert detectable(0.01) == pytest.approx(0.02802, abs=0.00001)


def test_a_change_of_that_size_is_found_eight_times_in_ten() -> None:
    rng = np.random.default_rng(7)
    questions, runs = 400, 400
    # Differences of a question between two runs: 15 % go another way.
    spread = np.sqrt(0.15 / questions)
    fall = detectable(float(spread))
    lost, won = (0.15 + fall) / 2, (0.15 - fall) / 2
    differences = rng.choice([-1.0, 0.0, 1.0], size=(runs, questions), p=[lost, 0.85, won])
    z = differences.mean(axis=1) / (differences.std(axis=1) / np.sqrt(questions))
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.06)


def test_a_run_tells_its_power() -> None:
    results = [Result(str(n), "?", True, scores={"answer_in_text": float(n % 5 > 0)}) for n in range(100)]
    # The standard error of .8 over 100 questions is .04.
    scores = aggregate(results)
    assert scores["answer_in_text"]["detectable"] == pytest.approx(2.8 * 0.04, abs=0.01)
    said = power_of(report_of(metrics=scores, questions=100))
    assert said.startswith("With these 100 questions a change of answer_in_text by 0.1")
    assert said.endswith("would be seen 8 times in 10.")
    assert "do not vary enough" in power_line(3, {})


def test_bets_by_hand() -> None:
    # Each win multiplies the half that bets on more by 1.5, as no bet risks more than half of the capital: 1 + 1 * (1 - .5).
    for wins in (1, 5, 9, 10):
        assert sequence_of(np.ones(wins)).p == pytest.approx(min(1, 1 / (0.5 * 1.5**wins)))
    assert sequence_of(np.ones(9)).p > 0.05 > sequence_of(np.ones(10)).p
    assert sequence_of(-np.ones(10)).p == pytest.approx(sequence_of(np.ones(10)).p)
    assert sequence_of(np.zeros(0)) == sequence_of(np.zeros(1)[:0])
    assert (sequence_of(np.zeros(0)).low, sequence_of(np.zeros(0)).high) == (-1, 1)


def test_looking_twenty_times_gives_no_more_false_alarms() -> None:
    rng = np.random.default_rng(11)
    looks, runs = range(20, 201, 20), 100
    ours = fixed = left_out = 0
    for _ in range(runs):
        differences = rng.choice([-1.0, 0.0, 1.0], size=max(looks), p=[0.15, 0.7, 0.15])
        sequences = [sequence_of(differences[:look]) for look in looks]
        ours += any(one.p < 0.05 for one in sequences)
        left_out += any(not one.low <= 0 <= one.high for one in sequences)
        fixed += any(abs(d.mean()) > 1.96 * d.std() / np.sqrt(len(d)) for d in (differences[:look] for look in looks))
    assert ours / runs <= 0.05
    assert left_out / runs <= 0.05
    assert fixed / runs > 0.12


def test_a_real_difference_is_found_and_held() -> None:
    rng = np.random.default_rng(3)
    differences = rng.choice([-1.0, 0.0, 1.0], size=600, p=[0.03, 0.82, 0.15])
    few, many = sequence_of(differences[:100]), sequence_of(differences)
    assert many.p < 0.001
    assert 0 < many.low < 0.12 < many.high
    assert many.high - many.low < few.high - few.low


def scored(folder: Path, hits: list[float], cluster: bool = False) -> Path:
    results = (
        Result(f"q{n}", "?", True, status="answered", scores={"hits@1": hit}, cluster=f"c{n // 4}" if cluster else None)
        for n, hit in enumerate(hits)
    )
    return run_in(folder, *results)


def test_a_comparison_that_may_be_looked_at_again_is_slower_to_decide(tmp_path: Path) -> None:
    first = scored(tmp_path / "a", [0.0] * 40)
    second = scored(tmp_path / "b", [float(n % 6 == 0) for n in range(40)])
    (once,) = (change for change in compare(first, second).changes if change.metric == "hits@1")
    (again,) = (change for change in compare(first, second, anytime=True).changes if change.metric == "hits@1")
    assert (once.remark, again.remark) == ("better", "")
    assert once.low is not None
    assert again.low is not None
    assert again.low <= 0 < once.low
    assert once.detectable == again.detectable


def test_clusters_are_one_step_of_the_sequence(tmp_path: Path) -> None:
    # Ten clusters, all won: as ten wins by hand.
    first, second = scored(tmp_path / "a", [0.0] * 40, cluster=True), scored(tmp_path / "b", [1.0] * 40, cluster=True)
    (change,) = (one for one in compare(first, second, anytime=True).changes if one.metric == "hits@1")
    assert change.p == pytest.approx(1 / (0.5 * 1.5**10))


def test_the_command_says_it(tmp_path: Path) -> None:
    first = scored(tmp_path / "a", [0.0] * 40)
    second = scored(tmp_path / "b", [float(n % 6 == 0) for n in range(40)])

    def ran(*arguments: Any) -> str:
        done = CliRunner().invoke(app, ["compare", str(first), str(second), *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "better" in ran()
    assert "better" not in ran("--anytime")
    assert "With these 40 questions a change of hits@1 by 0.1" in ran()
