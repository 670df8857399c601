"""A run that was cut off goes on where it was, and ends as if nothing had happened."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock

import pytest

from eval.records import EvalQuestion, QuestionSet
from eval.results import Report, read_results
from eval.run import Course, run
from index.errors import IndexMismatch, WrongUsage
from service.schemas.api import AskRequest, AskResponse
from tests.eval_client import FakeClient

QUESTIONS = QuestionSet(
    tuple(
        EvalQuestion(f"q{number:02}", f"How much {number}?", ("$5 billion",), relevant_ids=("a",), kind="fact")
        for number in range(40)
    )
)
OF_THE_MOMENT = ("seconds", "begun", "asked")


class CutOff(FakeClient):
    """Fails for good at the question after so many."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after
        self.others_done = Event()
        self._counting = Lock()

    def ask(self, request: AskRequest) -> AskResponse:
        with self._counting:
            self._left -= 1
            if self._left < 0:
                raise IndexMismatch("the index was taken away")
        return super().ask(request)


class Unruly(FakeClient):
    """Is done with the first question after another, and counts how many it has at hand."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = 0
        self.most_at_once = 0
        self.others_done = Event()
        self._counting = Lock()

    def ask(self, request: AskRequest) -> AskResponse:
        with self._counting:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if request.question == QUESTIONS.questions[0].question:
                assert self.others_done.wait(60)
            response = super().ask(request)
            self.others_done.set()
            return response
        finally:
            with self._counting:
                self.at_once -= 1


def cut_off(out: Path, after: int) -> None:
    with pytest.raises(IndexMismatch):
        run(QUESTIONS, CutOff(after), out, Course(workers=2))


def lasting(report: Report) -> dict[str, object]:
    return {name: value for name, value in report.items() if name not in OF_THE_MOMENT}


@pytest.mark.parametrize("after", [0, 1, 17, 39])
def test_a_run_that_was_cut_off_ends_with_the_same_report(tmp_path: Path, after: int) -> None:
    whole = run(QUESTIONS, FakeClient(), tmp_path / "whole")
    cut_off(tmp_path / "out", after)
    kept = (tmp_path / "out" / "results.jsonl").read_bytes().count(b"\n")
    client = FakeClient()
    report = run(QUESTIONS, client, tmp_path / "out", Course(resume=True))
    assert lasting(report) == lasting(whole)
    assert report["asked"] == len(client.asked) == 40 - kept
    assert list(read_results(tmp_path / "out")) == list(read_results(tmp_path / "whole"))


def test_results_stand_in_the_order_of_the_questions_however_they_are_finished(tmp_path: Path) -> None:
    client = Unruly()
    run(QUESTIONS, client, tmp_path, Course(workers=4))
    assert [result.id for result in read_results(tmp_path)] == [question.id for question in QUESTIONS.questions]
    assert [request.question for request in client.asked] != [question.question for question in QUESTIONS.questions]
    assert 1 < client.most_at_once <= 4


def test_a_torn_line_and_an_error_are_asked_again(tmp_path: Path) -> None:
    cut_off(tmp_path, 20)
    path = tmp_path / "results.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    failed = json.loads(lines[3]) | {"error": "RuntimeError: the model is gone", "scores": {}}
    lines[3] = json.dumps(failed) + "\n"
    path.write_text("".join(lines) + lines[5][: len(lines[5]) // 2])
    client = FakeClient()
    report = run(QUESTIONS, client, tmp_path, Course(resume=True))
    assert report["errors"] == []
    assert len(client.asked) == 40 - (len(lines) - 1)
    assert [result.id for result in read_results(tmp_path)] == [question.id for question in QUESTIONS.questions]


def test_a_run_that_was_cut_off_is_not_thrown_away_unasked(tmp_path: Path) -> None:
    cut_off(tmp_path, 5)
    before = (tmp_path / "results.jsonl").read_bytes()
    with pytest.raises(WrongUsage, match=r"holds a run that was cut off\. Go on with --resume, or name another folder"):
        run(QUESTIONS, FakeClient(), tmp_path)
    assert (tmp_path / "results.jsonl").read_bytes() == before


def other_settings(client: FakeClient) -> tuple[QuestionSet, Course]:
    return QUESTIONS, Course(resume=True, settings={"fusion": "dense"})


def other_index(client: FakeClient) -> tuple[QuestionSet, Course]:
    client.count = 2
    return QUESTIONS, Course(resume=True)


def other_answers(client: FakeClient) -> tuple[QuestionSet, Course]:
    first, *rest = QUESTIONS.questions
    return QuestionSet((EvalQuestion(first.id, first.question, ("$6 billion",)), *rest)), Course(resume=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_settings, r"settings was \{\}, now \{'fusion': 'dense'\}"),
        (other_index, "index was .*'articles': 1.*, now .*'articles': 2"),
        (other_answers, "questions was '[0-9a-f]{64}', now '[0-9a-f]{64}'"),
    ],
)
def test_another_run_is_not_mixed_into_the_one_that_was_cut_off(
    tmp_path: Path, change: Callable[[FakeClient], tuple[QuestionSet, Course]], message: str
) -> None:
    cut_off(tmp_path, 5)
    before = (tmp_path / "results.jsonl").read_bytes()
    client = FakeClient()
    questions, course = change(client)
    with pytest.raises(WrongUsage, match=f"cannot be resumed: {message}"):
        run(questions, client, tmp_path, course)
    assert (tmp_path / "results.jsonl").read_bytes() == before


def test_a_finished_run_can_be_resumed_and_an_absent_one_begun(tmp_path: Path) -> None:
    first = run(QUESTIONS, FakeClient(), tmp_path / "out", Course(resume=True))
    client = FakeClient()
    again = run(QUESTIONS, client, tmp_path / "out", Course(resume=True))
    assert (client.asked, again["asked"], first["asked"]) == ([], 0, 40)
    assert lasting(first) == lasting(again)


def test_without_its_plan_nothing_is_resumed(tmp_path: Path) -> None:
    cut_off(tmp_path, 5)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(WrongUsage, match=r"run\.json cannot be read: .* Run again without --resume"):
        run(QUESTIONS, FakeClient(), tmp_path, Course(resume=True))
