"""Measures the reader: `python -m index.reader.evaluate --data DIR [--weights FOLDER ...] [--final]`.

Nothing measured on was trained on. What combines the reader's scores with those of retrieval is fitted on the dev parts
and, with `--final`, measured on parts that nothing was chosen by.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from index.models.embedding import Embedder, packaged_folder
from index.reader import choosing, workplace
from index.reader.choosing import FEATURES, REFUSAL_FEATURES, Answered, Searched, case_of, refusal_features
from index.reader.examples import (
    Part,
    clapnq_pool,
    multihop_pool,
    nq_pool,
    policyqa_pool,
    squad2_pool,
    workplace_folders,
)
from index.reader.fitting import fit_choice, fit_probability, fitted_apart, probability
from index.reader.headings import heading_pools
from index.reader.measures import (
    Refusal,
    Row,
    near_rows,
    passage_case,
    passage_rows,
    pool_rows,
    refusal_of,
    sentence_rows,
    workplace_rows,
)
from index.reader.mining import embedded, shown
from index.reader.model import Reader
from index.reader.scoring import (
    Numbers,
    area,
    balanced_accuracy,
    reliability,
)
from index.reader.tokens import WordPieces
from index.settings import PACKAGED_MODEL

_PASSAGES = 6


class Evaluation:
    """What is measured on. Passages are embedded and searched once, however many readers read them."""

    def __init__(self, data: Path, indexes: Mapping[str, Path]) -> None:
        self._data = data
        self._reader = Reader()
        self._embedder = Embedder(PACKAGED_MODEL)
        self._searched: Searched | None = None
        self._multihop: Searched | None = None
        self._workplace = {
            name: workplace.searched(data / "workplace" / name, folder) for name, folder in indexes.items()
        }

    def read_with(self, reader: Reader) -> None:
        """Read with this model from now on."""
        self._reader = reader

    def near(self) -> Iterator[Row]:
        """Measure on documents that were kept from the training."""
        pools = [pool for pool in [policyqa_pool(self._data, "dev")] if pool.questions]
        pools += heading_pools(workplace_folders(self._data), WordPieces(packaged_folder()), "dev")
        for pool in pools:
            yield from near_rows(pool, self._reader)

    def workplace(self) -> Iterator[Row]:
        """Measure on workplace questions: of each index, and of all of them."""
        of = {name: workplace.judged(questions, self._reader) for name, questions in self._workplace.items()}
        if len(of) > 1:
            of["workplace"] = [one for questions in of.values() for one in questions]
        for name, questions in of.items():
            yield from workplace_rows(name, questions)

    def in_place(self, part: Part) -> list[Answered]:
        return choosing.answered_in_place(squad2_pool(self._data, part), self._embedder, self._reader)

    def clapnq(self) -> list[Answered]:
        return choosing.answered_in_place(clapnq_pool(self._data), self._embedder, self._reader)

    def unseen(self) -> Iterator[tuple[str, Refusal]]:
        """Yield sets that nothing was fitted on, as far as they are there."""
        if (self._data / "multihop" / "questions.jsonl").is_file():
            self._multihop = self._multihop or Searched(multihop_pool(self._data), self._embedder)
            yield "multihop", refusal_of(choosing.answered(self._multihop, self._reader, count=_PASSAGES))

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
        *sentence_rows("clapnq", clapnq),
        *evaluation.near(),
        *evaluation.workplace(),
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
    parser.add_argument("--weights", type=Path, nargs="*", help="folders with reader.safetensors; else the shipped one")
    parser.add_argument(
        "--index", action="append", default=[], metavar="NAME=FOLDER", help="data folder of workplace/NAME"
    )
    parser.add_argument("--final", action="store_true", help="measure on the final parts too: to be looked at once")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    console = Console(width=120)
    evaluation = Evaluation(
        given.data, {name: Path(folder) for name, _, folder in (i.partition("=") for i in given.index)}
    )
    for folder in given.weights or [None]:
        console.rule(str(folder or "shipped"))
        evaluation.read_with(Reader(folder))
        evaluate(evaluation, console, final=given.final)


if __name__ == "__main__":
    main(sys.argv[1:])
