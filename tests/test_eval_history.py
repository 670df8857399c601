"""Many runs over time on one page, and the latest of them as the gate."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from eval.commands import app
from eval.history import by_dataset, latest_of, past_runs, steps_of
from eval.records import Result
from eval.results import REPORT_FILE
from eval.scoring.aggregates import aggregate
from index.errors import WrongUsage
from tests.eval_fixtures import hostile, report_of, run_in
from tests.page_browser import opened_file


def finished(folder: Path, day: int, right: int, *, dataset: str = "sets/small", **settings: Any) -> Path:
    """Write a run of 40 questions of which so many were right."""
    results = [
        Result(
            f"q{n}", f"Question {n}?", True, status="answered", latency_ms=10.0,
            scores={"answer_in_text": float(n < right), "answerable_answered": 1.0},
        )
        for n in range(40)
    ]  # fmt: skip
    folder.parent.mkdir(parents=True, exist_ok=True)
    report = report_of(
        metrics=aggregate(results),
        questions=40,
        begun=f"2026-04-{day:02}T09:30:00+00:00",
        commit=f"{day:040x}",
        settings={"dataset": f"/home/somebody/{dataset}", "fusion": "both"} | settings,
    )
    run_in(folder, *results)
    (folder / REPORT_FILE).write_text(json.dumps(report), encoding="utf-8")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs of one set, not in the order of their folders, one of another, and what is no run."""
    home = tmp_path / "runs"
    finished(home / "b", 1, 20)
    (home / "b" / "report.html").write_text("x")
    finished(home / "deep" / "er" / "c", 2, 21, fusion="dense")
    finished(home / "a", 3, 36, fusion="dense", reader=hostile("reader"))
    finished(home / "other", 2, 10, dataset="sets/other")
    (home / "broken").mkdir()
    (home / "broken" / REPORT_FILE).write_text("{")
    return home


def test_runs_are_found_at_any_depth_and_put_in_order(runs: Path) -> None:
    found, unreadable = past_runs(runs)
    assert [(run.folder.name, run.dataset) for run in found] == [
        ("b", "sets/small"), ("c", "sets/small"), ("other", "sets/other"), ("a", "sets/small"),
    ]  # fmt: skip
    assert [one.path for one in unreadable] == [runs / "broken" / REPORT_FILE]
    assert {name: len(own) for name, own in by_dataset(found).items()} == {"sets/other": 1, "sets/small": 3}
    with pytest.raises(WrongUsage, match="holds no finished run"):
        past_runs(runs / "broken")


def test_each_run_is_compared_with_the_one_before(runs: Path) -> None:
    first, second, third = steps_of(by_dataset(past_runs(runs)[0])["sets/small"])
    assert (first.moved, first.differs) == ((), ())
    assert [change.metric for change in second.moved] == []
    assert second.differs == (("fusion", "both", "dense"),)
    assert [(change.metric, change.remark) for change in third.moved] == [("answer_in_text", "better")]
    assert [name for name, _, _ in third.differs] == ["reader"]


def test_damaged_results_cost_a_comparison_and_no_more(runs: Path) -> None:
    (runs / "b" / "results.jsonl").write_text("{")
    (runs / "deep" / "er" / "c" / "results.jsonl").unlink()
    steps = list(steps_of(by_dataset(past_runs(runs)[0])["sets/small"]))
    assert [step.moved for step in steps] == [(), (), ()]


def test_the_latest_run_of_the_set_is_the_gate(runs: Path) -> None:
    dataset = Path("elsewhere/sets/small")
    assert latest_of(runs, dataset) == runs / "a"
    assert latest_of(runs, dataset, except_run=runs / "a") == runs / "deep" / "er" / "c"
    assert latest_of(runs / "b", dataset) == runs / "b"
    with pytest.raises(WrongUsage, match="holds no finished run of sets/new"):
        latest_of(runs, Path("sets/new"))


@pytest.fixture
def page(runs: Path, tmp_path: Path, browser: Browser) -> Iterator[Page]:
    baseline = finished(tmp_path / "kept", 1, 30)
    ran = CliRunner().invoke(app, ["history", str(runs), "--baseline", str(baseline)])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == f"4 runs: {runs / 'history.html'}\n"
    assert "Reports that cannot be read (1)" in ran.stderr
    yield from opened_file(browser, runs / "history.html", width=360, scheme="dark")


def test_the_page_draws_them(page: Page) -> None:
    small = page.locator("section", has=page.get_by_role("heading", name="sets/small"))
    plot = small.locator("figure", has_text="answer_in_text").first
    expect(plot.locator("circle.count")).to_have_count(3)
    expect(plot.locator("circle.ring")).to_have_count(1)
    expect(plot.locator("path.marked")).to_have_count(1)
    drawn = plot.get_by_role("img")
    expect(drawn).to_have_accessible_name("answer_in_text over 3 runs: 0.500 at first, 0.900 at last.")
    expect(small.locator("tbody tr").first).to_contain_text("3: 2026-04-03 09:30")
    expect(small.get_by_role("link", name="1: 2026-04-01 09:30")).to_have_attribute("href", "b/report.html")
    expect(small.locator(".since li").first).to_contain_text("answer_in_text went from 0.525 to 0.900")
    expect(small.locator(".since")).to_contain_text("fusion: both → dense")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert Axe().run(page).response["violations"] == []


def test_the_gate_takes_a_folder_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    rows = [{"id": f"q{n}", "question": f"Question {n}?", "answers": ["yes"]} for n in range(40)]
    (tmp_path / "sets" / "small").mkdir(parents=True)
    (tmp_path / "sets" / "small" / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "sets" / "small" / "corpus.jsonl").write_text('{"id": "a", "text": "It is so."}\n')
    finished(tmp_path / "runs" / "old", 1, 40)
    (tmp_path / "no.sh").write_text('while read line; do echo \'{"answer": "no"}\'; done')
    command = ("run", tmp_path / "sets" / "small", "--out", tmp_path / "runs" / "new", "--baseline", tmp_path / "runs")
    against = ("--against-command", f"sh {tmp_path / 'no.sh'}", "--workers", "1")
    ran = CliRunner().invoke(app, [*map(str, command), *against])
    assert ran.exit_code == 1, ran.output
    assert "answer_in_text went from 1.000 to 0.000" in ran.stderr
