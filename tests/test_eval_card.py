"""The card: made of kept runs without texts, with intervals and differences, and nothing that was not measured."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Ran

from eval.card.entries import kept_in
from eval.card.page import card, sets_in
from eval.commands import app
from eval.journal import RUN_FILE
from eval.language_model.measuring import CALLS_FILE
from eval.records import Result
from eval.results import REPORT_FILE
from eval.scoring.aggregates import aggregate
from tests.eval_fixtures import report_of, run_in

ROOT = Path(__file__).parents[1]
SETS = """
[small]
name = "Small questions"
source = "twenty articles of nobody (CC0)"
command = "footnote eval run SET/small"

[large]
name = "Large questions"
source = "all articles of nobody (CC0)"
command = "footnote eval run SET/large"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "sets.toml").write_text(SETS)
    return tmp_path


def finished(folder: Path, *, right: int, begun: str = "2026-04-24T09:30:00+00:00", **settings: Any) -> Path:
    """Write a run of 20 questions with an answer, of which so many were right and the others refused, and 5 without one."""
    results = [
        Result(
            f"q{n}", f"Secret question {n}?", True, answers=("84 metres",), latency_ms=2_000.0,
            status="answered" if n < right else "no_answer", text="It is 84 metres. [1]" if n < right else "",
            scores={"citation_f1": float(n < right)},
        )
        for n in range(20)
    ] + [Result(f"u{n}", f"Secret riddle {n}?", False, status="no_answer", latency_ms=2_000.0) for n in range(5)]  # fmt: skip
    folder.mkdir(parents=True)
    report = report_of(
        metrics=aggregate(results),
        begun=begun,
        commit="0123456789abcdef+changes",
        machine={"processor": "A Chip", "cores": "2", "platform": "Linux"},
        settings={"dataset": "/home/somebody/small.jsonl"} | settings,
    )
    run_in(folder, *results)
    (folder / REPORT_FILE).write_text(json.dumps(report))
    (folder / RUN_FILE).write_text(json.dumps({"questions": "5eed"}))
    return folder


def made(place: Path, *runs: Path) -> Ran:
    arguments = ["card", *map(str, runs), "--kept", str(place / "kept"), "--out", str(place / "card.md")]
    return CliRunner().invoke(app, arguments)


def test_systems_on_the_same_questions_stand_together_with_their_differences(place: Path) -> None:
    finished(place / "runs" / "offline", right=10, llm_provider="none", llm_model="unused")
    finished(place / "runs" / "footnote", right=16, answers="footnote", model="m-7b")
    plain = finished(place / "runs" / "plain", right=12, answers="plain", model="m-7b")
    calls = [{"question": f"Secret question {n}?", "calls": [{"tokens": 400}, {"tokens": 100}]} for n in range(20)]
    calls += [{"question": f"Secret riddle {n}?", "calls": [{"tokens": 500}]} for n in range(5)]
    (plain / CALLS_FILE).write_text("".join(json.dumps(line) + "\n" for line in calls))
    assert made(place, place / "runs").exit_code == 0
    page = (place / "card.md").read_text()
    assert "20 questions with an answer, 5 without:" in page
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith(("| Footnote", "| Plain"))]
    assert [(row[0], row[1][:3], row[2][:3], row[3][:3], row[4][:4]) for row in rows] == [
        ("| Footnote, no language model", ".50", ".00", ".50", "1.00"),
        ("| Footnote, m-7b", ".80", ".00", ".20", "1.00"),
        ("| Plain prompt, m-7b", ".60", ".00", ".40", "1.00"),
    ]
    assert rows[2][-2:] == ["2.0", "500 |"], "seconds and tokens"
    assert rows[2][5] == "", "citations of a plain prompt are not read"
    assert "Footnote less Plain prompt, m-7b: right +.20 (+.0" in page
    assert "A Chip, Linux, 2 cores" in page
    assert "`0123456789` with changes" in page


def test_no_text_is_kept_and_nothing_has_to_be_asked_again(place: Path) -> None:
    finished(place / "runs", right=10, llm_provider="none", llm_model=None)
    made(place, place / "runs")
    first = (place / "card.md").read_text()
    kept = (place / "kept" / "runs.json").read_text()
    assert "Secret" not in kept
    assert "84" not in kept
    (place / "card.md").unlink()
    assert made(place).exit_code == 0
    assert (place / "card.md").read_text() == first


def test_a_later_run_takes_the_place_of_an_earlier_one(place: Path) -> None:
    later = finished(place / "b", right=18, begun="2026-04-25T09:30:00+00:00", llm_provider="none", llm_model=None)
    earlier = finished(place / "a", right=2, llm_provider="none", llm_model=None)
    made(place, later)
    made(place, earlier)
    (entry,) = kept_in(place / "kept")
    assert entry.begun.startswith("2026-04-25")


def test_what_was_not_measured_has_its_command_and_no_figure(place: Path) -> None:
    finished(place / "runs", right=10, llm_provider="none", llm_model=None)
    made(place, place / "runs")
    _, _, rest = (place / "card.md").read_text().partition("## Not measured for this card")
    assert (
        "Large questions: all articles of nobody (CC0). `footnote eval run SET/large`" in rest.partition("## Runs")[0]
    )


def test_without_any_run_a_card_stays_as_it_is(place: Path) -> None:
    (place / "card.md").write_text("measured before")
    ran = CliRunner().invoke(app, ["card", "--kept", str(place / "mistyped"), "--out", str(place / "card.md")])
    assert ran.exit_code == 2
    assert "mistyped keeps no run" in " ".join(ran.output.split())
    assert (place / "card.md").read_text() == "measured before"
    assert not (place / "mistyped").exists()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda runs: (runs / RUN_FILE).unlink(), "is no run that can be read"),
        (lambda runs: (runs / REPORT_FILE).write_text("{"), "is no run that can be read"),
        (lambda runs: (runs / REPORT_FILE).unlink(), "holds no finished run"),
        (lambda runs: run_in(runs, Result("q", "Q?", True, status="answered")), "without the texts of its answers"),
    ],
)
def test_what_is_no_whole_run_is_refused_and_nothing_is_written(place: Path, harm: Any, said: str) -> None:
    harm(finished(place / "runs", right=10, llm_provider="none", llm_model=None))
    ran = made(place, place / "runs")
    assert ran.exit_code == 2
    assert said in " ".join(ran.output.split())
    assert not (place / "card.md").exists()
    assert kept_in(place / "kept") == []


def test_the_card_of_the_project_is_made_of_its_kept_runs() -> None:
    kept = ROOT / "eval" / "card"
    assert (ROOT / "docs" / "card.md").read_text("utf-8") == card(kept_in(kept), sets_in(kept)), (
        "Run `footnote eval card`."
    )
