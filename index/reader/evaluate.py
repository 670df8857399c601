"""Measures the reader: `python -m index.reader.evaluate --data DIR [--weights FOLDER] [--final]`.

Nothing measured on was trained on. What combines the reader's scores with those of retrieval is fitted on the dev parts
and, with `--final`, measured on parts that nothing was chosen by.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from index.models.embedding import Embedder
from index.reader import choosing
from index.reader.choosing import FEATURES, REFUSAL_FEATURES, Answered, Searched, case_of, refusal_features
from index.reader.examples import Part, clapnq_pool, multihop_pool, nq_pool, squad2_pool
from index.reader.fitting import cross_validated, fit_choice, fit_probability, fitted_apart, probability
from index.reader.mining import embedded, shown
from index.reader.model import Reader
from index.reader.scoring import Numbers, area, balanced_accuracy, exact_match, interval, reliability, token_f1
from index.settings import PACKAGED_MODEL

_PASSAGES = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A measure on a set, with its 95 % interval."""

    data: str
    measure: str
    value: float
    low: float
    high: float
    cases: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Questions of a set as what tells whether they are answered, a row each, and which are (1, else 0)."""

    rows: Numbers
    right: Numbers


def _mean(data: str, measure: str, values: Sequence[float] | Numbers) -> Row:
    return _row(data, measure, lambda at: float(np.asarray(values, float)[at].mean()), len(values))


def _row(data: str, measure: str, of: Callable[[np.ndarray], float], count: int) -> Row:
    low, high = interval(of, count)
    return Row(data, measure, of(np.arange(count)), low, high, count)


def passage_rows(data: str, asked: Sequence[Answered]) -> Iterator[Row]:
    """Measure the short answers and answerability of questions that each have one passage."""
    told = [one for one in asked if one.asked.spans]
    if data != "clapnq":
        given = [_best_stretch(one) for one in told]
        yield _mean(data, "exact match", [exact_match(g, o.asked.answers) for g, o in zip(given, told, strict=True)])
        yield _mean(data, "token F1", [token_f1(g, o.asked.answers) for g, o in zip(given, told, strict=True)])
    refusal = refusal_of(asked)
    for at, name in enumerate(REFUSAL_FEATURES):
        scores = refusal.rows[:, at]
        yield _row(data, f"answerable by {name}: area", _area_of(scores, refusal.right), len(asked))
    joint = cross_validated(refusal.rows, refusal.right)
    yield _row(data, "answerable, cross-validated: area", _area_of(joint, refusal.right), len(asked))
    balanced: Callable[[np.ndarray], float] = lambda at: balanced_accuracy(joint[at], refusal.right[at])  # noqa: E731
    yield _row(data, "answerable, cross-validated: balanced accuracy", balanced, len(asked))


def _area_of(scores: Numbers, right: Numbers) -> Callable[[np.ndarray], float]:
    return lambda at: area(scores[at], right[at])


def _best_stretch(one: Answered) -> str:
    at = FEATURES.index("stretch")
    return max(one.sentences, key=lambda s: s.features[at]).stretch


def refusal_of(asked: Sequence[Answered]) -> Refusal:
    """Return what tells whether each question is answered, and whether it is."""
    rows = np.array([refusal_features(one) for one in asked], float)
    return Refusal(rows, np.array([float(bool(one.asked.spans)) for one in asked]))


def pool_rows(
    data: str, asked: Sequence[Answered], *, choice: Sequence[Numbers], ranking: Sequence[Numbers]
) -> Iterator[Row]:
    """Measure which passage comes first and which sentence is chosen for questions asked of a whole pool.

    `choice` and `ranking` are the weights of sentences and of passages, for each question.
    """
    first = {
        "fused": [one.found[0].passage for one in asked],
        "relevance": [_first(one, np.array([1.0, 0.0, 0.0])) for one in asked],
        "combined": [_first(one, weights) for one, weights in zip(asked, ranking, strict=True)],
    }
    for name, passages in first.items():
        right = [float(p == one.asked.passage) for p, one in zip(passages, asked, strict=True)]
        yield _mean(data, f"hit@1 by {name}", right)
    alone = np.eye(len(FEATURES))[FEATURES.index("similarity")]
    for name, weights in (("similarity", [alone] * len(asked)), ("combined", choice)):
        chosen = [one.sentences[int(np.argmax(case_of(one)[0] @ w))] for one, w in zip(asked, weights, strict=True)]
        yield _mean(data, f"sentence by {name} holds the answer", [float(s.right) for s in chosen])
    yield _mean(
        data,
        "its stretch: exact match",
        [exact_match(s.stretch, o.asked.answers) for s, o in zip(chosen, asked, strict=True)],
    )
    yield _mean(data, "some sentence read holds the answer", [float(case_of(one)[1].any()) for one in asked])


def passage_case(one: Answered) -> tuple[Numbers, Numbers]:
    """Return relevance, answeredness and fused score of a question's passages, a row each, and which is right."""
    rows = np.array([(r.relevance, r.answered, f.fused) for r, f in zip(one.readings, one.found, strict=True)], float)
    return rows, np.array([float(f.passage == one.asked.passage) for f in one.found])


def _first(one: Answered, weights: Numbers) -> int:
    return one.found[int(np.argmax(passage_case(one)[0] @ weights))].passage


class Evaluation:
    """One run of the evaluation: what is read, and the rows and weights it gives."""

    def __init__(self, data: Path, weights: Path | None) -> None:
        self._data = data
        self._reader = Reader(weights)
        self._embedder = Embedder(PACKAGED_MODEL)
        self._searched: Searched | None = None

    def in_place(self, part: Part) -> list[Answered]:
        return choosing.answered_in_place(squad2_pool(self._data, part), self._embedder, self._reader)

    def clapnq(self) -> list[Answered]:
        return choosing.answered_in_place(clapnq_pool(self._data), self._embedder, self._reader)

    def unseen(self) -> Iterator[tuple[str, Refusal]]:
        """Yield sets that nothing was fitted on, as far as they are there."""
        if (self._data / "multihop" / "questions.jsonl").is_file():
            searched = Searched(multihop_pool(self._data), self._embedder)
            yield "multihop", refusal_of(choosing.answered(searched, self._reader, count=_PASSAGES))

    def searched(self, part: Part) -> tuple[list[Answered], Refusal]:
        """Return the questions asked of the whole pool, and with what answers them and with it hidden, for refusal."""
        pool = nq_pool(self._data, part)
        if self._searched is None:
            self._searched = Searched(pool, self._embedder)
        searched = self._searched.asked_of(pool.questions)
        known = choosing.answered(searched, self._reader, count=_PASSAGES)
        hidden = choosing.answered(searched, self._reader, count=_PASSAGES, without_answers=True)
        rows = np.array([refusal_features(one) for one in (*known, *hidden)], float)
        return known, Refusal(rows, np.repeat([1.0, 0.0], [len(known), len(hidden)]))

    def speed(self) -> tuple[float, float]:
        """Return pairs read and passages embedded a second, of the same passages."""
        pool = nq_pool(self._data, "dev")
        passages = pool.passages[:256]
        pairs = [(pool.questions[at % len(pool.questions)].question, p) for at, p in enumerate(passages)]
        texts = [shown(p) for p in passages]
        rates = []
        for work in (lambda: self._reader.read(pairs), lambda: embedded(texts, self._embedder)):
            work()
            begin = time.perf_counter()
            work()
            rates.append(len(passages) / (time.perf_counter() - begin))
        return rates[0], rates[1]


def evaluate(evaluation: Evaluation, console: Console, *, final: bool) -> None:
    """Measure on the dev parts, and with `final` on the final parts too, and print everything."""
    asked, refusal = evaluation.searched("dev")
    squad2, clapnq = evaluation.in_place("dev"), evaluation.clapnq()
    sentences, passages = [case_of(one) for one in asked], [passage_case(one) for one in asked]
    sets = {"nq dev, hidden or not": refusal, "squad2 dev": refusal_of(squad2), "clapnq": refusal_of(clapnq)}
    joint = _joint(list(sets.values()))
    rows = [
        *pool_rows("nq dev", asked, choice=fitted_apart(sentences), ranking=fitted_apart(passages)),
        *passage_rows("squad2 dev", squad2),
        *passage_rows("clapnq", clapnq),
    ]
    choice, ranking = fit_choice(sentences), fit_choice(passages)
    if final:
        asked, refusal = evaluation.searched("final")
        squad2 = evaluation.in_place("final")
        rows += pool_rows("nq final", asked, choice=[choice] * len(asked), ranking=[ranking] * len(asked))
        rows += passage_rows("squad2 final", squad2)
        sets |= {"nq final, hidden or not": refusal, "squad2 final": refusal_of(squad2)}
    sets |= dict(evaluation.unseen())
    console.print(_table(rows))
    _print_weights(console, choice, ranking, joint)
    for name, one in sets.items():
        _print_reliability(console, name, probability(joint, one.rows), one.right)
    read, embeds = evaluation.speed()
    console.print(f"{read:.0f} pairs a second; the same passages are embedded at {embeds:.0f} a second")


def _joint(sets: Sequence[Refusal]) -> Numbers:
    return fit_probability(np.vstack([s.rows for s in sets]), np.concatenate([s.right for s in sets]))


def _table(rows: Sequence[Row]) -> Table:
    table = Table("set", "measure", "value", "95 % interval", "questions")
    for row in rows:
        table.add_row(row.data, row.measure, f"{row.value:.3f}", f"{row.low:.3f} to {row.high:.3f}", str(row.cases))
    return table


def _print_weights(console: Console, choice: Numbers, ranking: Numbers, joint: Numbers) -> None:
    for name, names, weights in (
        ("sentence", FEATURES, choice),
        ("passage", ("relevance", "answered", "fused"), ranking),
        ("answered at all", ("intercept", *REFUSAL_FEATURES), joint),
    ):
        console.print(f"{name}: " + ", ".join(f"{n} {w:.3f}" for n, w in zip(names, weights, strict=True)))


def _print_reliability(console: Console, name: str, probabilities: Numbers, right: Numbers) -> None:
    accuracy = balanced_accuracy(probabilities, right)
    console.print(f"{name}: area {area(probabilities, right):.3f}, balanced accuracy {accuracy:.3f}")
    for said, was, count in reliability(probabilities, right):
        console.print(f"  said {said:.2f}, was {was:.2f} ({count} questions)")


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with squad2/, nq/ and clapnq/")
    parser.add_argument("--weights", type=Path, help="folder with reader.safetensors; without it, the shipped ones")
    parser.add_argument("--final", action="store_true", help="measure on the final parts too: to be looked at once")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    evaluate(Evaluation(given.data, given.weights), Console(), final=given.final)


if __name__ == "__main__":
    main(sys.argv[1:])
