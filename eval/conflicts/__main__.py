"""Prints which pairs of texts are taken for conflicts: `python -m eval.conflicts`, with `--wrong` each wrong one."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from index.ingest.segmentation import split_sentences
from index.models.embedding import Embedder
from index.reader.model import Reader
from index.records import ArticleInfo, Passage, version_of
from index.settings import PACKAGED_MODEL
from index.support.model import support_model
from service.conflicts import LEAST_LOG_ODDS, judged, pairs_of, stated_in

_THRESHOLDS = (-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0)


def _passage(id_: str, text: str) -> Passage:
    article = ArticleInfo(id_, version_of(text), "")
    return Passage(id_, article, 0, 0, len(text), text, tuple(split_sentences(text, "text")))


def _log_odds(row: Mapping[str, Any], embedder: Embedder, support: Reader) -> float:
    """Return the log-odds of the likeliest conflict of two texts, or minus infinity."""
    one, other = (stated_in(_passage(name, row[name])) for name in ("one", "other"))
    found = judged(list(pairs_of(one, other)), embedder.embed_passages, support)
    return max((log_odds for _, log_odds in found), default=float("-inf"))


def _shown_share(right: int, of: int) -> str:
    if not of:
        return "-"
    interval = binomtest(right, of).proportion_ci(method="wilson")
    return f"{right} of {of}, {right / of:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _print_table(path: Path, scored: list[tuple[bool, float, str]]) -> None:
    conflicts = sum(conflict for conflict, *_ in scored)
    print(f"{path.name}: {conflicts} conflicts, {len(scored) - conflicts} pairs that are none")
    print("from log-odds | precision, with a 95 % interval (Wilson) | found")
    for least in _THRESHOLDS:
        taken = [conflict for conflict, log_odds, _ in scored if log_odds >= least]
        mark = " *" if least == LEAST_LOG_ODDS else ""
        print(f"{least:13} | {_shown_share(sum(taken), len(taken)):40} | {_shown_share(sum(taken), conflicts)}{mark}")


def _wrong(scored: list[tuple[bool, float, str]]) -> Iterator[str]:
    for conflict, log_odds, texts in scored:
        if conflict != (log_odds >= LEAST_LOG_ODDS):
            yield f"{'missed' if conflict else 'no conflict'} {log_odds:6.2f}  {texts}"


def main() -> None:
    """Measure on both sets: the threshold was chosen on the first."""
    embedder, support = Embedder(PACKAGED_MODEL), support_model()
    for name in ("choose.jsonl", "test.jsonl"):
        path = Path(__file__).parent / name
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        scored = [
            (row["conflict"], _log_odds(row, embedder, support), f"{row['one']} / {row['other']}") for row in rows
        ]
        _print_table(path, scored)
        if "--wrong" in sys.argv:
            print(*_wrong(scored), sep="\n")


if __name__ == "__main__":
    main()
