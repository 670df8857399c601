"""How questions ended: right, wrong or refused, by kind and by style."""

from pathlib import Path

import numpy as np
import pytest

from eval.asking import Asking, answering_by, ask
from eval.outcomes import main, outcome, outcome_changes, outcome_shares, outcome_table, paired, stands_in
from eval.records import EvalQuestion, Result
from eval.results import RESULTS_FILE, result_line
from index.errors import WrongUsage
from tests.eval_client import FakeClient


def ended(id_: str, text: str = "", *, answers: tuple[str, ...] = ("30-days",), **known: str) -> Result:
    status = "answered" if text else "no_answer"
    return Result(id_, f"{id_}?", bool(answers), answers, status=status, text=text, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Clients hear of it 30\u2011DAYS before. [1]", "30-days"),
        ("It\u2019s the owner's\u00a0 task.", "it's the owner\u2019s task"),
        ("Rename the [2] Google Doc", "rename the google doc"),
        ("Press Preferences > Settings.", "Preferences > Settings"),
    ],
)
def test_case_dashes_apostrophes_and_markers_make_no_difference(text: str, answer: str) -> None:
    assert stands_in(text, ["something else", answer])


def test_each_question_is_right_wrong_or_refused() -> None:
    assert outcome(ended("a", "After 30 days.")) == "wrong"
    assert outcome(ended("a", "After 30-days.")) == "right"
    assert outcome(ended("a")) == "refused"
    assert outcome(ended("a", answers=())) == "right"
    assert outcome(ended("a", "After 30 days.", answers=())) == "wrong"
    assert outcome(Result("a", "?", True, ("x",), error="broken")) == "wrong"
    assert outcome(Result("a", "?", False, error="broken")) == "wrong"
    assert outcome(Result("a", "?", True, status="answered", text="Nobody knows whether this is right.")) is None
    assert outcome(Result("a", "?", False, status="about", text="These are the company's policies.")) == "wrong"


RUN = [
    ended("a", "30-days", kind="fact", style="plain"),
    ended("b", "Two.", kind="fact", style="typos"),
    ended("c", kind="how_to", style="plain"),
    ended("d", kind="unanswerable", style="plain", answers=()),
]


def test_shares_are_of_the_questions_for_which_they_are_defined() -> None:
    shares = outcome_shares(RUN)
    assert [(shares[name]["mean"], shares[name]["n"]) for name in ("right", "wrong", "refused")] == [(1 / 3, 3)] * 3
    assert (shares["rightly_refused"]["mean"], shares["rightly_refused"]["n"]) == (1, 1)


def test_the_table_has_a_row_for_all_and_for_each_kind_and_style() -> None:
    rows = [line.split(" | ")[:3] for line in outcome_table(RUN).splitlines()[2:]]
    assert [row[0] for row in rows] == [
        "| all",
        "| kind: fact",
        "| kind: how_to",
        "| kind: unanswerable",
        "| style: plain",
        "| style: typos",
    ]
    assert rows[1][1:] == ["2", ".50 (.00 to 1.00)"]


def test_what_changed_is_paired_by_question() -> None:
    better = [ended("d", "Yes.", answers=()), *(ended(id_, "30-days") for id_ in "cba"), ended("z", "30-days")]
    before, after = paired(RUN, better)
    changes = outcome_changes(before, after)
    assert changes["right"]["mean"] == pytest.approx(2 / 3)
    assert changes["rightly_refused"]["mean"] == -1
    same = outcome_changes(RUN, RUN)
    assert np.all([(score["mean"], score["low"], score["high"]) == (0, 0, 0) for score in same.values()])
    with pytest.raises(WrongUsage, match="no question in common"):
        paired(RUN, [ended("z")])


def test_a_run_that_was_kept_is_shown_by_style(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = FakeClient()
    asking = Asking(answering_by(client))
    questions = [
        EvalQuestion("1", "How much?", ("$5 billion",), style="plain"),
        EvalQuestion("2", "refuse it", answerable=False, style="keywords"),
    ]
    lines = [result_line(ask(question, asking)) for question in questions]
    (tmp_path / RESULTS_FILE).write_text("".join(lines), encoding="utf-8")
    main(tmp_path, None)
    printed = capsys.readouterr().out
    assert "| style: plain | 1 | 1.00" in printed
    assert "| style: keywords | 0 |  |  |  | 1 | 1.00" in printed
