"""Scores before and after stand side by side."""

import json
from pathlib import Path

import pytest

from eval.answers_table import table
from index.errors import WrongUsage


def kept(folder: Path, name: str, **metrics: dict[str, float | None]) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "report.json").write_text(json.dumps({"metrics": metrics}))


def test_each_set_that_was_run_twice_has_a_row_for_each_score(tmp_path: Path) -> None:
    kept(tmp_path / "a", "nq", answer_in_quotes={"mean": 0.5, "low": 0.4, "high": 0.6, "n": 10})
    kept(tmp_path / "b", "nq", answer_in_quotes={"mean": 0.75, "low": None, "high": None, "n": 12})
    kept(tmp_path / "a", "squad", answer_in_quotes={"mean": 0.5, "n": 10})
    lines = table(tmp_path / "a", tmp_path / "b").splitlines()
    assert lines[2:] == ["| nq | `answer_in_quotes` | 12 | .500 (.400–.600) | .750 |"]


def test_a_score_of_one_run_alone_is_shown_as_missing_in_the_other(tmp_path: Path) -> None:
    kept(tmp_path / "a", "nq")
    kept(tmp_path / "b", "nq", refusal_balanced_accuracy={"value": 1.0, "low": 0.9, "high": 1.0, "n": 4})
    assert table(tmp_path / "a", tmp_path / "b").endswith(
        "| nq | `refusal_balanced_accuracy` | 4 | – | 1.000 (.900–1.000) |"
    )


def test_runs_of_different_sets_have_no_table(tmp_path: Path) -> None:
    kept(tmp_path / "a", "nq")
    with pytest.raises(WrongUsage, match="No set was run in both"):
        table(tmp_path / "a", tmp_path / "b")
