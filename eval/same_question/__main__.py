"""Prints how many pairs of questions are taken for the same, at several thresholds: `python -m eval.same_question`."""

import json
from collections.abc import Iterator
from pathlib import Path

from index.models.embedding import Embedder
from index.settings import PACKAGED_MODEL
from service.answer.text.same_question import asks_the_same

_THRESHOLDS = (0.0, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.96)


def _pairs(path: Path) -> Iterator[tuple[str, str, bool]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield from ((row["question"], other, True) for other in row["same"])
        yield from ((row["question"], other, False) for other in row["different"])


def _print_table(path: Path, embedder: Embedder) -> None:
    pairs = list(_pairs(path))
    vectors = embedder.embed_questions([text for one, other, _ in pairs for text in (one, other)])
    cosines = [float(one @ other) for one, other in zip(vectors[::2], vectors[1::2], strict=True)]
    judged = [
        (same, cosine, asks_the_same(one, other)) for (one, other, same), cosine in zip(pairs, cosines, strict=True)
    ]
    same = sum(one for one, *_ in judged)
    print(f"{path.name}: {same} pairs that ask the same, {len(judged) - same} that do not")
    print("from cosine | alone: same, others | with the words compared: same, others")
    for least in _THRESHOLDS:
        alone = [same for same, cosine, _ in judged if cosine >= least]
        both = [same for same, cosine, words in judged if cosine >= least and words]
        counts = (sum(alone), len(alone) - sum(alone), sum(both), len(both) - sum(both))
        print(f"{least:11} | {counts[0]:11}, {counts[1]:6} | {counts[2]:29}, {counts[3]:6}")


if __name__ == "__main__":
    model = Embedder(PACKAGED_MODEL)
    for name in ("choose.jsonl", "test.jsonl"):
        _print_table(Path(__file__).parent / name, model)
