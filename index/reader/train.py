"""Trains the reader: `python -m index.reader.train --data DIR --out DIR`.

It may be stopped at any time and started again: it goes on from the last checkpoint in `--out`. The length of the training
is a number of tokens, which may be changed on the way: the learning rate rises, stays, and falls to nothing over the last
part (Hu et al. 2024, "MiniCPM", section 4: a warmup-stable-decay schedule needs no plan from the start).
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import get_args

import torch
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import Progress

from index.models.embedding import Embedder, packaged_folder
from index.reader.diets import DIETS
from index.reader.examples import Pool, training_pools, workplace_folders
from index.reader.groups import Drawing, Item, PreparedPool, group_of, prepared
from index.reader.headings import heading_pools
from index.reader.mining import mined
from index.reader.model import WEIGHTS_FILE
from index.reader.synonyms import Synonyms, read_wordnet
from index.reader.tokens import WordPieces
from index.reader.training import Plan, Training
from index.settings import PACKAGED_MODEL, Precision

log = logging.getLogger("index.reader.train")

_QUESTIONS = 16
_HARD = 24
_SHOWN_EVERY, _SAVED_EVERY = 20.0, 240.0


def steps(
    pools: Sequence[PreparedPool], pieces: WordPieces, *, seed: int, skipped: int, synonyms: Synonyms | None = None
) -> Iterator[list[list[Item]]]:
    """Yield the groups of every step without end, the same for the same seed, without the first `skipped` steps."""
    epoch = place = 0
    while True:
        order = _order(pools, Random(f"{seed}/{epoch}"))
        for first in range(0, len(order) - _QUESTIONS + 1, _QUESTIONS):
            place += 1
            if place > skipped:
                yield [
                    group_of(pools[pool], at, Drawing(pieces, synonyms, Random(f"{seed}/{epoch}/{n}")))
                    for n, (pool, at) in enumerate(order[first : first + _QUESTIONS], first)
                ]
        epoch += 1


def _order(pools: Sequence[PreparedPool], random: Random) -> list[tuple[int, int]]:
    order = [
        (at, question)
        for at, pool in enumerate(pools)
        for question in range(len(pool.pool.questions))
        for _ in range(int(DIETS[pool.pool.name].times + random.random()))
    ]
    random.shuffle(order)
    return order


def prepare(data: Path, out: Path, pieces: WordPieces, console: Console) -> list[PreparedPool]:
    """Read what is trained on, and find the hard negatives, which are kept in `out` for the next time."""
    pools = [*training_pools(data), *heading_pools(workplace_folders(data), pieces, "train")]
    kept = out / "hard.json"
    hard: dict[str, list[list[int]]] = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    with Progress(console=console, disable=not console.is_terminal) as progress:
        for pool in pools:
            if not DIETS[pool.name].needs_retrieval:
                hard[pool.name] = [[] for _ in pool.questions]
            elif len(hard.get(pool.name, [])) != len(pool.questions):
                hard[pool.name] = _mined(pool, progress)
                kept.write_text(json.dumps(hard), "utf-8")
    return [prepared(pool, hard[pool.name], pieces) for pool in pools]


def _mined(pool: Pool, progress: Progress) -> list[list[int]]:
    log.info("%s: %d questions, %d passages", pool.name, len(pool.questions), len(pool.passages))
    task = progress.add_task(f"hard negatives of {pool.name}", total=len(pool.questions))
    # A heading's own words are in its document: they find what is most like it.
    embedder = None if pool.whole_sentences else Embedder(PACKAGED_MODEL)
    return mined(pool, embedder, count=_HARD, advance=lambda n: progress.advance(task, n))


@dataclass(frozen=True, slots=True)
class Taught:
    """What is trained on, and with which words."""

    pools: Sequence[PreparedPool]
    pieces: WordPieces
    synonyms: Synonyms | None


def train(plan: Plan, taught: Taught, *, workers: int, console: Console) -> None:
    """Train until the plan's tokens are read, from where the last checkpoint left it."""
    training = Training(plan)
    training.resume()
    diary = _Diary(training)
    with (
        ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as threads,
        Progress(console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("training", total=plan.tokens)
        drawn = steps(taught.pools, taught.pieces, seed=plan.seed, skipped=training.step, synonyms=taught.synonyms)
        for groups in drawn:
            if training.tokens >= plan.tokens:
                break
            diary.note(training.learn(groups, threads))
            progress.update(task, completed=training.tokens)
    training.save()


class _Diary:
    """Says now and then how the training goes, and saves it."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._shown = self._saved = time.monotonic()
        self._read = training.tokens
        self._losses: list[float] = []

    def note(self, loss: float) -> None:
        self._losses.append(loss)
        now, training = time.monotonic(), self._training
        if now - self._shown > _SHOWN_EVERY:
            speed = (training.tokens - self._read) / (now - self._shown)
            log.info(
                "step %d, %.2f million tokens, %.0f a second, loss %.3f",
                training.step,
                training.tokens / 1e6,
                speed,
                sum(self._losses) / len(self._losses),
            )
            self._shown, self._read, self._losses = now, training.tokens, []
        if now - self._saved > _SAVED_EVERY:
            training.save()
            self._saved = now


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, squad2/, nq/, workplace/")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and of the trained weights")
    parser.add_argument("--tokens", type=float, default=40.0, help="length of the training, in millions of tokens")
    parser.add_argument("--rate", type=float, default=3e-4, help="highest learning rate")
    parser.add_argument("--frozen", type=int, default=0, help="so many of the lowest layers are not trained")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--wordnet", type=Path, help="folder of WordNet's files (index.noun, data.noun, ...)")
    parser.add_argument("--start", type=Path, help="folder with reader.safetensors to start from, instead of afresh")
    # Reading keeps to float32 on processors with AVX512-BF16 alone (index/models/computation.py); training need not.
    parser.add_argument("--precision", choices=get_args(Precision), default="fastest", help="numbers to compute with")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    given.out.mkdir(parents=True, exist_ok=True)
    workers = 1 if torch.cuda.is_available() else torch.get_num_threads()
    # Threads that each compute a batch alone: split inside each operation, they would wait for each other thousands of
    # times a step, and for whatever else the machine does.
    torch.set_num_threads(1)
    pieces = WordPieces(packaged_folder())
    pools = prepare(given.data, given.out, pieces, console)
    train(
        Plan(
            given.out,
            int(given.tokens * 1e6),
            given.seed,
            given.rate,
            given.start and given.start / WEIGHTS_FILE,
            given.precision,
            given.frozen,
        ),
        Taught(pools, pieces, read_wordnet(given.wordnet) if given.wordnet else None),
        workers=workers,
        console=console,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
