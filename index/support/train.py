"""Trains the support model: `python -m index.support.train --data DIR --out DIR --start index/reader/weights`.

It may be stopped at any time and started again: it goes on from the last checkpoint in `--out`, as the reader's training
does.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from random import Random
from typing import get_args

import torch
from rich.console import Console
from rich.logging import RichHandler

from index.models.embedding import packaged_folder
from index.reader.groups import Item
from index.reader.model import WEIGHTS_FILE
from index.reader.synonyms import read_wordnet
from index.reader.tokens import WordPieces
from index.reader.training import Plan, Training
from index.settings import Precision
from index.support.examples import examples
from index.support.material import Material, training_material
from index.support.model import LONGEST_CLAIM
from index.support.sequences import item_of

log = logging.getLogger("index.support.train")

_EXAMPLES = 40
_SHOWN_EVERY, _SAVED_EVERY = 20.0, 180.0


def steps(material: Material, pieces: WordPieces, *, seed: int, first: int) -> Iterator[list[list[Item]]]:
    """Yield what every step learns from, without end, from the `first` step on; the same for the same seed."""
    while True:
        drawn = islice(examples(material, Random(f"{seed}/{first}")), _EXAMPLES)
        yield [[item_of(example, pieces)] for example in drawn]
        first += 1


def train(plan: Plan, material: Material, *, workers: int) -> None:
    """Train until the plan's tokens are read, from where the last checkpoint left it."""
    training = Training(plan)
    training.resume()
    pieces = WordPieces(packaged_folder(), longest_question=LONGEST_CLAIM)
    shown = saved = time.monotonic()
    read, losses = training.tokens, list[float]()
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as threads:
        for groups in steps(material, pieces, seed=plan.seed, first=training.step):
            if training.tokens >= plan.tokens:
                break
            losses.append(training.learn(groups, threads))
            now = time.monotonic()
            if now - shown > _SHOWN_EVERY:
                speed, loss = (training.tokens - read) / (now - shown), sum(losses) / len(losses)
                millions = training.tokens / 1e6
                log.info("step %d, %.2f million tokens, %.0f a second, loss %.3f", training.step, millions, speed, loss)
                shown, read, losses = now, training.tokens, []
            if now - saved > _SAVED_EVERY:
                training.save()
                saved = now
    training.save()


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(prog="python -m index.support.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, squad2/, nq/, clapnq/, expertqa/")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and of the trained weights")
    parser.add_argument("--start", type=Path, required=True, help="folder with the reader's weights to start from")
    parser.add_argument("--tokens", type=float, default=4.0, help="length of the training, in millions of tokens")
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate")
    parser.add_argument("--frozen", type=int, default=2, help="so many of the lowest layers are not trained")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--wordnet", type=Path, help="folder of WordNet's files (index.noun, data.noun, ...)")
    parser.add_argument("--precision", choices=get_args(Precision), default="fastest", help="numbers to compute with")
    given = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=Console(stderr=True), show_path=False)]
    )
    given.out.mkdir(parents=True, exist_ok=True)
    workers = 1 if torch.cuda.is_available() else torch.get_num_threads()
    torch.set_num_threads(1)
    material = training_material(given.data, read_wordnet(given.wordnet) if given.wordnet else None)
    plan = Plan(
        given.out,
        int(given.tokens * 1e6),
        given.seed,
        given.rate,
        given.start / WEIGHTS_FILE,
        given.precision,
        given.frozen,
    )
    train(plan, material, workers=workers)


if __name__ == "__main__":
    main(sys.argv[1:])
