"""What is fitted tells right from wrong on questions that it was not fitted on, and is measured on those alone."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from eval.asking import article_texts
from eval.fitting.cases import Case, Row, read_cases, write_cases
from eval.fitting.models import Weights, apart_by_document, apart_by_set, fitted, fitted_sentences, folds
from eval.fitting.reading import Reading, Sample, cases_of, sample_from
from eval.fitting.refusing import area, best_trade, shown, trade
from eval.fitting.report import Fitting, lines, measured_apart
from eval.records import EvalQuestion
from index.errors import WrongUsage
from service.answer.evidence import READER_WEIGHTS
from service.answer.refusal import READER_REFUSAL
from service.client import LocalClient
from tests.service_fixtures import assistant_over, index_into, settings_for, write

FEATURES = ("evidence", "noise")


def case(number: int, chance: random.Random, *, dataset: str = "one", answerable: bool = True) -> Case:
    """Return a question with four sentences. The right one has more evidence than the others; without an answer none has."""
    rows = tuple(
        Row(
            f"a{number}",
            10 * at,
            10 * at + 9,
            0,
            "After 30 days." if answerable and at == 1 else "Perhaps.",
            {"evidence": chance.gauss(3.0 if answerable and at == 1 else 0.0, 0.7), "noise": chance.random()},
            answerable and at == 1,
        )
        for at in range(4)
    )
    best = max(row.features["evidence"] for row in rows)
    answers = ("30 days",) if answerable else ()
    measures = {"cosine": chance.random(), "score": best}
    return Case(dataset, str(number), "When?", answerable, answers, f"d{number % 7}", rows, measures=measures)


def cases(count: int = 60, *, dataset: str = "one", seed: int = 1) -> list[Case]:
    chance = random.Random(seed)
    return [case(number, chance, dataset=dataset, answerable=number % 3 > 0) for number in range(count)]


def test_weights_are_in_the_units_of_the_features() -> None:
    rows = np.array([[float(at), 100.0 * (at % 2)] for at in range(40)])
    weights = fitted(("one", "two"), rows, rows[:, 0] > 20)
    logits = weights.logits(rows)
    assert weights.by_name["one"] > 0.1
    assert abs(weights.by_name["two"]) < 0.01
    assert ((logits > 0) == (rows[:, 0] > 20)).mean() > 0.9


def test_the_sentence_that_answers_is_told_by_what_tells_it() -> None:
    weights = fitted_sentences(FEATURES, cases())
    assert weights.by_name["evidence"] > 1
    assert weights.by_name["evidence"] > 5 * abs(weights.by_name["noise"])
    asked = cases(seed=2)
    first = [one.answered_by(shown(one, weights).places[:1]) for one in asked if one.answerable]
    assert np.mean(first) > 0.9


def test_no_document_is_learned_from_and_measured_on() -> None:
    asked = cases()
    parts = folds(asked)
    for train, test in parts:
        assert not {asked[at].document for at in train} & {asked[at].document for at in test}
    assert sorted(at for _, test in parts for at in test) == list(range(len(asked)))
    learned: list[frozenset[str]] = []

    def fit(some: Sequence[Case]) -> Weights:
        learned.append(frozenset(one.document for one in some))
        return fitted_sentences(FEATURES, some)

    found = apart_by_document(asked, fit)
    assert len(found) == len(asked)
    assert len(learned) == len(parts)


def test_a_set_is_measured_with_weights_of_the_others() -> None:
    asked = [*cases(dataset="one"), *cases(dataset="two", seed=3)]
    seen: list[set[str]] = []

    def fit(some: Sequence[Case]) -> Weights:
        seen.append({one.dataset for one in some})
        return fitted_sentences(FEATURES, some)

    apart_by_set(asked, fit)
    assert seen == [{"two"}, {"one"}]


def test_a_threshold_trades_right_for_wrong() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.2])
    right = np.array([True, True, False, True, False, False])
    answerable = np.array([True, True, True, True, False, False])
    at_half = trade(confidences, right, answerable, 0.5)
    assert (at_half.right, at_half.wrong, at_half.refused, at_half.rightly_refused) == (0.75, 0.25, 0.0, 1.0)
    strict = trade(confidences, right, answerable, 0.75)
    assert (strict.right, strict.wrong, strict.refused) == (0.5, 0.0, 0.5)
    assert best_trade(confidences, right, answerable, rightly_refused=1.0).threshold in (0.6, 0.8)
    assert best_trade(confidences, right, answerable, rightly_refused=1.0, cost=3).threshold == 0.8
    assert area(confidences, right) == pytest.approx(8 / 9)
    assert np.isnan(area(confidences, answerable | True))


def test_measured_apart_refuses_what_has_no_answer() -> None:
    asked = cases(90)
    measured = measured_apart(Fitting(FEATURES, ("score", "cosine"), 0.5), asked, apart_by_document)
    found = trade(measured.confidences, measured.right, measured.answerable, 0.5)
    assert found.right > 0.8
    assert found.rightly_refused > 0.8


def test_an_answer_may_stand_in_two_sentences_together() -> None:
    rows = tuple(Row("a", at, at + 1, 0, text, {}, False) for at, text in enumerate(["Wait 30", "days, then go."]))
    both = Case("one", "1", "?", True, ("30 days",), "a", rows)
    assert both.answered_by([0, 1])
    assert not both.answered_by([0])


def test_the_report_has_weights_and_a_row_for_each_set() -> None:
    asked = [*cases(dataset="one"), *cases(dataset="two", seed=3)]
    printed = list(lines(Fitting(FEATURES, ("score",), 0.5), asked, rightly_refused=0.8, tuned_on=["one"]))
    assert printed[0] == "sentences:"
    assert [line.split(" | ")[0] for line in printed if line.startswith("| ")] == ["| set", "| one", "| two"] * 2
    assert any("chosen on one" in line for line in printed)


def test_cases_are_kept_and_read_back(tmp_path: Path) -> None:
    asked = cases(4)
    assert write_cases(tmp_path / "one.cases.jsonl", asked) == 4
    assert read_cases(tmp_path) == {"one": asked}
    (tmp_path / "two.cases.jsonl").write_text('{"dataset": "two"}\n', encoding="utf-8")
    with pytest.raises(WrongUsage, match=r"two.cases.jsonl:1"):
        read_cases(tmp_path)
    with pytest.raises(WrongUsage, match="holds no cases"):
        read_cases(tmp_path / "empty")


def test_questions_are_searched_and_read_as_the_product_does(tmp_path: Path) -> None:
    articles = {
        "kettle.md": "# Kettle\n\nDescale the kettle when white flakes float in the water.",
        "fee.md": "# Membership\n\nThe membership fee covers towels and lockers.",
    }
    asked = EvalQuestion("1", "When should I descale the kettle?", ("white flakes",), relevant_ids=("kettle",))
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", articles))
        client = LocalClient(assistant)
        reading = Reading(client.assistant.current_index, article_texts(client), "small", hiding=True)
        case, hidden = cases_of([asked], reading)
    assert [row.article_id for row in case.rows if row.right] == ["kettle"]
    assert set(READER_WEIGHTS) - {"intercept"} <= case.rows[0].features.keys()
    assert set(READER_REFUSAL) - {"intercept"} <= case.measures.keys()
    assert case.answered_by([0])
    assert (hidden.hidden, hidden.answerable) == (True, False)
    assert {row.article_id for row in hidden.rows} == {"fee"}


def test_a_part_of_a_set_is_named_behind_it() -> None:
    assert sample_from("sets/nq@1/6") == Sample(Path("sets/nq"), 1, 6)
    assert sample_from("sets/nq").modulus == 1
    with pytest.raises(ValueError, match="invalid literal"):
        sample_from("sets/nq@half")
