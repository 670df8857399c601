"""Questions that belong together count together: which they are, and what it does to intervals and tests."""

import json
from pathlib import Path

import numpy as np
import pytest

from eval.datasets import read_questions
from eval.records import EvalQuestion, Result, Turn
from eval.scoring.aggregates import aggregate
from eval.scoring.clusters import clustered, clusters_of, said_of
from eval.scoring.intervals import resampled_means
from eval.scoring.randomisation import randomised_p_values


def names(questions: tuple[EvalQuestion, ...]) -> list[str | None]:
    return [question.cluster for question in questions]


def test_a_conversation_belongs_together_and_what_a_set_names_comes_first() -> None:
    begun = (Turn("user", "Where is the office?"), Turn("assistant", "In Bonn."))
    questions = (
        EvalQuestion("1", "Where is the office?"),
        EvalQuestion("2", "And the bus?", history=begun),
        EvalQuestion("3", "And by train?", history=(*begun, Turn("user", "And the bus?"))),
        EvalQuestion("4", "Who pays?", history=(Turn("user", "Is it free?"),)),
        EvalQuestion("5", "Named", cluster="x"),
        EvalQuestion("6", "Named too", cluster="x"),
        EvalQuestion("7", "Alone", cluster="y"),
    )
    office = "Where is the office?"
    assert names(clustered(questions, "set")) == [office, office, office, None, "x", "x", None]
    assert names(clustered(questions, "none")) == [None] * 7


def test_by_article_the_first_that_is_relevant_counts() -> None:
    questions = (
        EvalQuestion("1", "?", relevant_ids=("a", "b")),
        EvalQuestion("2", "?", relevant_ids=("a",)),
        EvalQuestion("3", "?", article_ids=("a",), answerable=False),
        EvalQuestion("4", "?", relevant_ids=("b",)),
        EvalQuestion("5", "?"),
    )
    assert names(clustered(questions, "article")) == ["a", "a", "a", None, None]


def test_sets_say_what_belongs_together(tmp_path: Path) -> None:
    rows = [{"question": "One?", "cluster": "talk"}, {"question": "Two?", "cluster": "talk"}, {"question": "Three?"}]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert names(read_questions(tmp_path / "q.jsonl").questions) == ["talk", "talk", None]
    (tmp_path / "q.csv").write_text("question,cluster\nOne?,talk\nTwo?,talk\n")
    assert names(read_questions(tmp_path / "q.csv").questions) == ["talk", "talk"]
    asked = [{"id": str(n), "question": f"{n}?", "answers": []} for n in range(3)]
    paragraphs = [{"context": "One.", "qas": asked[:1]}, {"context": "Two.", "qas": asked[1:]}]
    (tmp_path / "squad.json").write_text(json.dumps({"data": [{"title": "Rollo", "paragraphs": paragraphs}]}))
    assert names(read_questions(tmp_path / "squad.json").questions) == ["Rollo"] * 3


def copies(values: np.ndarray, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each row so many times, and the cluster of each."""
    return np.repeat(values, times, axis=0), np.repeat(np.arange(len(values)), times)


def test_asking_the_same_ten_times_makes_nothing_surer() -> None:
    values = np.array([[1.0]] * 12 + [[0.0]] * 8)
    many, clusters = copies(values, 10)
    alone, together, naive = resampled_means(values), resampled_means(many, clusters), resampled_means(many)
    assert np.allclose(alone, together)
    assert naive.std() == pytest.approx(alone.std() / np.sqrt(10), rel=0.15)


def test_clusters_are_swapped_whole() -> None:
    # Six clusters of five questions, all won: the sign test over clusters has 2 / 2**6, over questions 2 / 2**30.
    before, clusters = copies(np.zeros((6, 1)), 5)
    p = [float(randomised_p_values(before, before + 1, lambda means: means, given)[0]) for given in (clusters, None)]
    assert p[0] == pytest.approx(2 / 2**6, abs=0.006)
    assert p[1] < 0.001


def test_a_run_says_how_many_groups_its_intervals_rest_on() -> None:
    results = [
        Result(str(n), "?", True, scores={"hits@1": float(n < 20)}, cluster=f"talk {n // 4}" if n < 40 else None)
        for n in range(60)
    ]
    assert list(clusters_of(results[36:42])) == [0, 0, 0, 0, 1, 2]
    assert said_of(results) == "Intervals and tests take 60 questions as 30 groups that belong together."
    assert str(said_of(results[:40])).endswith("So few make intervals too narrow.")
    assert said_of(results[40:]) is None
    together = aggregate(results)["hits@1"]
    apart = aggregate([Result(r.id, "?", True, scores=r.scores) for r in results])["hits@1"]
    assert together["mean"] == apart["mean"]
    assert together["detectable"] > 1.5 * apart["detectable"]
