"""A run kept in a repository, to hold later ones against: scores without texts."""

import json
from collections.abc import Iterator
from pathlib import Path

from eval.records import Result
from eval.results import REPORT_FILE, RESULT, RESULTS_FILE, read_results, written_whole
from index.errors import WrongUsage


def keep_baseline(run: Path, out: Path) -> int:
    """Write what a comparison needs of a finished run into `out`, and return the number of questions.

    Of each question: id, words, kind, scores, whether it was answered and how sure. Of the report: what the run was made
    with. Raises WrongUsage when `run` was not finished.
    """
    report = _report(run)
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with written_whole(out / RESULTS_FILE) as file:
        for result in read_results(run):
            file.write(RESULT.dump_json(_bare(result), exclude_defaults=True) + b"\n")
            count += 1
    kept = {name: report[name] for name in ("begun", "commit", "settings", "index", "versions", "machine", "metrics")}
    with written_whole(out / REPORT_FILE) as file:
        file.write((json.dumps(dict(_without_paths(kept)), indent=2, ensure_ascii=False) + "\n").encode())
    return count


def _report(run: Path) -> dict[str, object]:
    path = run / REPORT_FILE
    if not path.is_file():
        raise WrongUsage(f"{path} does not exist. Name the folder of a finished run of `footnote eval run`.")
    report: dict[str, object] = json.loads(path.read_bytes())
    return report


def _bare(result: Result) -> Result:
    return Result(
        id=result.id,
        question=result.question,
        answerable=result.answerable,
        kind=result.kind,
        style=result.style,
        cluster=result.cluster,
        status=result.status,
        confidence=result.confidence,
        scores=result.scores,
        error=result.error,
    )


def _without_paths(kept: dict[str, object]) -> Iterator[tuple[str, object]]:
    # Where the data lay on the machine that made it means nothing anywhere else.
    for name, value in kept.items():
        if isinstance(value, dict):
            yield name, {key: each for key, each in value.items() if key not in ("data_dir", "dataset", "corpus")}
        else:
            yield name, value
