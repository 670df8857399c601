"""Choosing and measuring the check of written sentences: which sentences, at which threshold, and how sure."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eval.support.__main__ import main
from eval.support.cases import Case, altered_cases, answer_cases, denied_cases
from eval.support.verdicts import (
    Scored,
    best_threshold,
    calibrated,
    passed_at,
    passing,
    scored,
    stopped,
    verified,
    with_interval,
)
from index.stores.store import Index
from tests.service_fixtures import shipped_corpus
from tests.test_service_support import Supporting, says

LEAVE = "Everybody has ten days of leave. Leave is booked in the calendar."


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with shipped_corpus(tmp_path_factory.mktemp("data")) as assistant:
        yield assistant.current_index


def case(words: str, *, supported: bool, group: str = "leave") -> Case:
    return Case(words, "Handbook", (LEAVE,), supported, group, "human")


def row(log_odds: float, *, supported: bool, holds: bool = True) -> Scored:
    return Scored(case("Leave is booked.", supported=supported), log_odds, holds, by_similarity=True)


def test_the_sentences_of_answers_are_those_that_say_something(tmp_path: Path) -> None:
    answer = "Is that so? No, it is. You get ten days of leave every single year."
    task = {
        "contexts": [{"text": LEAVE, "title": "Leave"}],
        "targets": [{"text": answer}],
        "answerability": ["ANSWERABLE"],
    }
    refused = task | {"answerability": ["UNANSWERABLE"]}
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in (task, refused)), encoding="utf-8")
    (found,) = answer_cases(file, without=["other"])
    assert (found.words, found.texts, found.supported) == (
        "You get ten days of leave every single year.",
        (LEAVE,),
        True,
    )
    assert answer_cases(file, without=["leave"]) == []


def test_an_altered_sentence_is_another_one_and_not_supported() -> None:
    true = case("Everybody has ten days of leave before May.", supported=True)
    false = altered_cases([true])
    assert {"figure", "unit", "date", "direction"} <= {one.kind for one in false}
    assert all(one.words != true.words and not one.supported and one.texts == true.texts for one in false)


def test_each_denial_has_a_sentence_that_agrees_and_one_that_does_not() -> None:
    cases = denied_cases()
    assert [one.supported for one in cases] == [True, False] * 70
    assert all(one.texts == other.texts for one, other in zip(cases[::2], cases[1::2], strict=True))


def test_no_true_sentence_is_lost_for_more_false_ones_that_are_stopped() -> None:
    low = [row(2.0, supported=True), row(-3.0, supported=True), row(-4.0, supported=False), row(-1.0, supported=False)]
    threshold = best_threshold([low])
    assert threshold == pytest.approx(-3.0)
    cases, passed = [one.case for one in low], passed_at(low, threshold or 0.0)
    assert (passing(cases, passed), stopped(cases, passed)) == (1.0, 0.5)
    lost_anyway = [replace(one, by_similarity=one.log_odds > 0) for one in low]
    assert best_threshold([lost_anyway]) == pytest.approx(2.0)
    assert best_threshold([lost_anyway, low]) == pytest.approx(-3.0)
    assert best_threshold([[row(2.0, supported=True, holds=False)]]) is None


def test_what_the_rules_object_to_passes_at_no_threshold() -> None:
    assert passed_at([row(9.0, supported=False, holds=False)], -6.0) == [False]


def test_the_calibration_gives_how_many_are_supported() -> None:
    rows = [row(x, supported=n % 10 < share) for x, share in ((-2.0, 2), (2.0, 8)) for n in range(200)]
    intercept, slope = calibrated(rows)
    assert 1 / (1 + math.exp(-(intercept + slope * 2.0))) == pytest.approx(0.8, abs=0.02)
    assert 1 / (1 + math.exp(-(intercept - slope * 2.0))) == pytest.approx(0.2, abs=0.02)


def test_documents_are_resampled_whole() -> None:
    alike = [case("Leave is booked.", supported=True, group="a")] * 50
    figure = with_interval(passing, alike, [True] * 25 + [False] * 25)
    assert (figure.value, figure.low, figure.high) == (0.5, 0.5, 0.5)
    assert with_interval(passing, alike, [True] * 50, [False] * 50).value == 1.0


def test_cases_are_checked_as_what_a_model_wrote(index: Index) -> None:
    cases = [case("Everybody has ten days of leave.", supported=True), case("Cats stay at home.", supported=False)]
    assert list(verified(replace(index, support=None), cases)) == [True, False]
    (first, second) = scored(replace(index, support=Supporting(says("ten days"))), cases)
    assert (first.by_similarity, first.quotes_hold, second.by_similarity) == (True, True, False)
    assert first.log_odds > 0


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "--data", str(tmp_path / "none")]) == 2
    assert "There is no folder" in capsys.readouterr().err
