"""Drafts before a person, in a real browser, and what of them comes into the set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from eval.commands import app
from eval.datasets import read_questions
from eval.drafting.draft_file import known_in
from eval.drafting.draft_records import Draft
from eval.drafting.review import key_of
from tests.eval_fixtures import hostile
from tests.page_browser import opened_file


def draft(number: int, **more: Any) -> dict[str, Any]:
    quote = f"The ferry cost ${number} million."
    row = {"id": f"draft-{number}", "question": f"What did ferry {number} cost?", "answers": [f"${number} million"]}
    return (
        row
        | {"evidence": [{"article_id": "a", "quote": quote}], "kind": "fact", "reviewed": False, "mine": number}
        | more
    )


REVIEWED = {"id": "old", "question": "An old one?", "reviewed": True}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        REVIEWED,
        draft(1),
        draft(2, question=hostile("question")),
        draft(3),
        draft(4, notes={"status": "answered"}),
    ]
    path = tmp_path / "questions.jsonl"
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join([lines[0], "not JSON", *lines[1:]]) + "\n", encoding="utf-8")
    return path


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def apply(file: Path, *decisions: dict[str, Any]) -> Any:
    saved = file.with_name("reviews.jsonl")
    saved.write_text("".join(json.dumps(decision) + "\n" for decision in decisions), encoding="utf-8")
    return CliRunner().invoke(app, ["review", str(file), "--apply", str(saved)])


def decision(file: Path, line: int, said: str | None, **mended: Any) -> dict[str, Any]:
    text = lines_of(file)[line]
    row = json.loads(text)
    return {
        "key": key_of(text.encode()), "question": row["question"], "answers": row["answers"], "answerable": True,
        "decision": said, "rater": "ann",
    } | mended  # fmt: skip


def test_decisions_come_into_the_set_and_nothing_else_changes(file: Path) -> None:
    before = lines_of(file)
    mended = {"question": "How much did ferry 3 cost?", "answers": ["$3 million", "three million dollars"]}
    ran = apply(
        file, decision(file, 2, "accept"), decision(file, 3, "reject"), decision(file, 4, "accept", **mended),
        decision(file, 5, None),
    )  # fmt: skip
    assert (ran.exit_code, ran.stdout) == (0, f"2 accepted, 1 rejected in {file}\n"), ran.output
    after = lines_of(file)
    assert after[:2] == before[:2]
    assert json.loads(after[2]) == draft(1) | {"reviewed": True, "answerable": True}
    assert json.loads(after[3]) == draft(3) | mended | {"reviewed": True, "answerable": True}
    assert after[4] == before[5]
    assert lines_of(file.with_name("questions.rejected.jsonl")) == [before[3]]
    asked = [question.question for question in read_questions(file).questions]
    assert asked == ["An old one?", "What did ferry 1 cost?", "How much did ferry 3 cost?"]


def test_what_was_rejected_is_not_proposed_again(file: Path) -> None:
    assert apply(file, decision(file, 4, "reject")).exit_code == 0
    assert known_in(file).covers(Draft("a", "What did ferry 3 cost?", "$3 million", "The ferry cost $3 million."))


def test_decisions_about_what_has_changed_are_told_and_applying_twice_adds_nothing(file: Path) -> None:
    decisions = [decision(file, 2, "accept"), decision(file, 3, "reject")]
    assert apply(file, *decisions).exit_code == 0
    after = file.read_bytes()
    again = apply(file, *decisions)
    assert again.exit_code == 1
    assert "What did ferry 1 cost?: its draft is not in" in again.stderr
    assert file.read_bytes() == after
    assert len(lines_of(file.with_name("questions.rejected.jsonl"))) == 1


def test_what_would_be_no_question_stays_a_draft(file: Path) -> None:
    before = file.read_bytes()
    ran = apply(file, decision(file, 2, "accept", question="  "))
    assert (ran.exit_code, "is no question of a set" in ran.stderr) == (1, True)
    assert file.read_bytes() == before


@pytest.mark.parametrize("line", ["{", '{"key": "a", "decision": "perhaps"}'])
def test_a_line_that_is_no_decision_is_named(file: Path, line: str) -> None:
    saved = file.with_name("reviews.jsonl")
    saved.write_text(line + "\n")
    ran = CliRunner().invoke(app, ["review", str(file), "--apply", str(saved)])
    assert (ran.exit_code, f"{saved}:1 is no decision" in ran.stderr) == (2, True)


def test_nothing_to_review_is_told(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(json.dumps(REVIEWED) + "\n")
    ran = CliRunner().invoke(app, ["review", str(tmp_path / "q.jsonl"), "--out", str(tmp_path / "review.html")])
    assert (ran.exit_code, "waits for review" in ran.stderr) == (2, True)
    assert not (tmp_path / "review.html").exists()


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    out = file.with_name("review.html")
    ran = CliRunner().invoke(app, ["review", str(file), "--out", str(out)])
    assert (ran.exit_code, "4 drafts in" in ran.stdout) == (0, True), ran.output
    yield from opened_file(browser, out, width=360)


def test_drafts_are_reviewed_by_keyboard(page: Page, file: Path) -> None:
    expect(page.get_by_label("Question")).to_have_value("What did ferry 1 cost?")
    expect(page.locator(".evidence")).to_contain_text("The ferry cost $1 million.")
    page.keyboard.press("a")
    page.keyboard.press("r")
    page.keyboard.press("e")
    page.keyboard.type(" (a)")
    page.keyboard.press("Escape")
    # What was typed is there when the page is opened again.
    expect(page.locator("output")).to_have_text("3 of 4, 2 done")
    page.reload()
    expect(page.locator("output")).to_have_text("3 of 4, 2 done")
    expect(page.get_by_label("Question")).to_have_value("What did ferry 3 cost? (a)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("a")
    with page.expect_download() as download:
        page.keyboard.press("s")
    download.value.save_as(file.with_name("saved.jsonl"))
    ran = CliRunner().invoke(app, ["review", str(file), "--apply", str(file.with_name("saved.jsonl"))])
    assert (ran.exit_code, ran.stdout) == (0, f"2 accepted, 1 rejected in {file}\n"), ran.output
    asked = [question.question for question in read_questions(file).questions]
    assert asked == ["An old one?", "What did ferry 1 cost?", "What did ferry 3 cost? (a)"]
