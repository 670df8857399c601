"""Runs as JUnit XML."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from eval.records import Result
from eval.reporting.junit import write_junit
from index.errors import WrongUsage
from tests.eval_fixtures import hostile, report_of, run_in

WRONG = {"answer_in_text": 0.0, "answer_in_quotes": 0.0}


def suite_of(folder: Path, *results: Result) -> ET.Element:
    return ET.parse(write_junit(report_of(), run_in(folder, *results))).getroot()


def test_each_question_is_a_case_and_each_failure_names_its_stage(tmp_path: Path) -> None:
    suite = suite_of(
        tmp_path,
        Result("a", "Right?", False, status="no_answer", kind="unanswerable", latency_ms=1500),
        Result("b", "Wrong?", True, ("x", "y"), kind="fact", status="answered", text="z", scores=WRONG),
        Result("c", "Broken?", True, error="Timeout: 60 s"),
        Result("d", "Open?", True, status="answered"),
    )
    assert suite.tag == "testsuite"
    counts = {"name": "sets/small", "tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "1.500"}
    assert suite.attrib == counts
    right, wrong, broken, unknown = suite
    assert right.attrib == {"classname": "unanswerable", "name": "a: Right?", "time": "1.500"}
    assert len(right) == 0
    assert wrong[0].tag == "failure"
    assert wrong[0].get("type") == "not used"
    assert (wrong[0].text or "").splitlines() == ["Known: x | y", "Given: z"]
    assert (broken.get("classname"), broken[0].tag, broken[0].get("type")) == ("unspecified", "error", "error")
    assert broken[0].get("message") == "There was no answer: Timeout: 60 s"
    assert unknown[0].tag == "skipped"
    assert not list(tmp_path.glob("*.part"))


def test_other_peoples_words_stay_words(tmp_path: Path) -> None:
    text = hostile("x") + "]]>\x00\x1b[31m\ufffe\x0b"
    (case,) = suite_of(tmp_path, Result("q", text, True, (text,), status="answered", text=text, scores=WRONG))
    seen = text.translate({ord(letter): "\N{REPLACEMENT CHARACTER}" for letter in "\x00\x1b\ufffe\x0b"})
    assert case.get("name") == f"q: {seen}"
    assert case[0].text == f"Known: {seen}\nGiven: {seen}"


def test_without_results_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="does not exist"):
        write_junit(report_of(), tmp_path)
    assert list(tmp_path.iterdir()) == []
