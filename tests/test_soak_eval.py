"""Long evaluations: killed at any moment they are resumed, and ten thousand questions fit into little memory."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import cast

import pytest

from eval.records import EvalQuestion, QuestionSet
from eval.reporting.page import write_page
from eval.results import Report, read_results
from eval.run import Course, run
from service.schemas.api import AskRequest, AskResponse
from tests.eval_client import QUOTE, FakeClient
from tests.service_fixtures import CORPUS, ROOT

pytestmark = pytest.mark.soak

KILLS = 6
OF_THE_MOMENT = ("latency_ms_p50", "latency_ms_p95")


def start(out: Path, data: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        "-m",
        "service.cli.app",
        "eval",
        "run",
        str(ROOT / "eval" / "questions"),
        "--out",
        str(out),
    ]
    environment = {**os.environ, "FOOTNOTE_DATA_DIR": str(data)}
    return subprocess.Popen([*command, *arguments], env=environment, stdout=subprocess.DEVNULL)


def scores_of(out: Path) -> dict[str, float | None]:
    report: Report = json.loads((out / "report.json").read_bytes())
    return {
        f"{name} {figure}": value
        for name, score in report["metrics"].items()
        if name not in OF_THE_MOMENT
        for figure, value in cast(dict[str, float | None], score).items()
    }


def answers_of(out: Path) -> list[tuple[str, str, dict[str, float]]]:
    return [(result.id, result.text, result.scores) for result in read_results(out)]


def confidences_of(out: Path) -> list[float | None]:
    return [result.confidence for result in read_results(out)]


def wait_for_lines(path: Path, count: int, child: "subprocess.Popen[bytes]") -> None:
    """Wait until the run has answered so many questions, or is done."""
    while child.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.01)


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_scores(tmp_path: Path) -> None:
    assert CORPUS.is_dir()
    whole, broken, data = tmp_path / "whole", tmp_path / "broken", tmp_path / "data"
    assert start(whole, data).wait(timeout=600) == 0
    total = len(answers_of(whole))
    chance = random.Random(5)
    for kill in range(KILLS):
        child = start(broken, data, "--resume")
        wait_for_lines(
            broken / "results.jsonl", chance.randrange(total * kill // KILLS, total * (kill + 1) // KILLS), child
        )
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert not (broken / "report.json").exists()
    assert start(broken, data, "--resume").wait(timeout=600) == 0
    assert answers_of(broken) == answers_of(whole)
    # The last digit of a sum of floats depends on what is computed in one batch.
    assert confidences_of(broken) == pytest.approx(confidences_of(whole), abs=0.001)
    assert scores_of(broken) == pytest.approx(scores_of(whole), abs=0.001)


class Wordy(FakeClient):
    """Answers with passages and quotes of a usual length, and remembers nothing."""

    def ask(self, request: AskRequest) -> AskResponse:
        response = super().ask(request)
        self.asked.clear()
        hits = [hit.model_copy(update={"text": QUOTE + " word" * 200}) for hit in response.hits or ()]
        return response.model_copy(update={"hits": hits * 20})


def peak_of(count: int, out: Path) -> int:
    """Return the most bytes that a run over so many questions has in use beyond what the questions take."""
    questions = tuple(
        EvalQuestion(f"q{number}", f"How much is it for the number {number}?", ("$5 billion",), relevant_ids=("a",))
        for number in range(count)
    )
    tracemalloc.start()
    report = run(QuestionSet(questions), Wordy(), out, Course(workers=4))
    write_page(report, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_ten_thousand_questions_take_little_more_memory_than_a_thousand(tmp_path: Path) -> None:
    few, many = peak_of(1_000, tmp_path / "few"), peak_of(10_000, tmp_path / "many")
    # A passage alone is a thousand bytes, and each question has twenty: only the scores stay.
    assert (many - few) / 9_000 < 4_000
    assert sum(1 for _ in read_results(tmp_path / "many")) == 10_000
