"""The benchmark: articles that can be made again, an index of any size, a fair course, figures as they were measured."""

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from eval.bench import run
from eval.bench.filling import fill
from eval.bench.quickstart import check_installed
from eval.bench.records import Asked, Filled, Growth, Ingested, Latency, Measurements, Model
from eval.bench.report import lines_of, write_report
from eval.bench.run import Plan
from eval.bench.synthetic import synthetic_articles, synthetic_questions, write_synthetic
from index.errors import WrongUsage
from index.records import EVERYTHING, FOR_EVERYONE, Filters
from index.retrieval import retrieve
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Limits, Read
from index.stores.store import Index
from service.cli.app import app

# -- Articles -------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_articles() -> None:
    first, again, other = (list(islice(synthetic_articles(20, seed=seed), 20)) for seed in (1, 1, 2))
    assert first == again
    assert {row["text"] for row in first}.isdisjoint(row["text"] for row in other)
    assert list(synthetic_articles(5)) == first[:5]
    assert synthetic_questions(3) == synthetic_questions(5)[:3]


def test_articles_are_of_varied_lengths_and_can_all_be_read(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "feed.jsonl", 200)
    readings = list(read_articles(sources_from([tmp_path / "feed.jsonl"]), limits=Limits()))
    assert all(isinstance(reading, Read) and not reading.warnings for reading in readings)
    words = sorted(len(reading.article.text.split()) for reading in readings if isinstance(reading, Read))
    assert len(words) == len({reading.article.id for reading in readings if isinstance(reading, Read)}) == 200
    assert 250 < statistics.median(words) < 550
    assert words[-1] > 4 * words[20]


# -- Filling --------------------------------------------------------------------------------------------------------------


def test_an_index_is_filled_to_a_size_and_further(
    index: Index, contents_of: Callable[[Index], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.bench.filling._REAL", 20)
    fill(index, 50)
    first = index.vectors.count()
    assert first >= 50
    fill(index, first + 1)
    assert index.vectors.count() > first
    contents = contents_of(index)
    assert contents.agree
    assert 0 < index.catalog.count(FOR_EVERYONE) < index.catalog.count(EVERYTHING)
    hits = retrieve(index, synthetic_questions(1)[0], access=FOR_EVERYONE, filters=Filters(), count=10).hits
    assert len(hits) == 10


# -- The course -----------------------------------------------------------------------------------------------------------


def measured_as(task: str, **arguments: Any) -> dict[str, Any]:
    size = arguments.get("passages", 0)
    latency = {"p50": 2.0, "p95": 3.0}
    results: dict[str, dict[str, Any]] = {
        "ingest_footnote": {"articles": 10, "passages": 40, "seconds": 2.0, "peak": 7},
        "ingest_quickstart": {
            "articles": 10,
            "passages": 10 if arguments.get("tokens") else 20,
            "seconds": 5,
            "peak": 8,
        },
        "model_alone": {"precision": "bfloat16", "rate": 25.0, "least_cosine": 0.999, "middle_cosine": 1.0},
        "fill_footnote": {"passages": size, "added": size, "seconds": 1.0, "disk": 5},
        "fill_quickstart": {"passages": size, "added": size, "seconds": 1.0, "disk": 5},
        "ask_footnote": {"passages": 3, "opening": 0.1, "resident": 9, "latencies": {"all articles": latency}},
        "ask_quickstart": {"passages": 3, "opening": 0.2, "resident": 9, "latencies": {"all articles": latency}},
    }
    return results[task]


def test_systems_take_turns_in_folders_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def measured(task: str, **arguments: Any) -> dict[str, Any]:
        asked.append((task, arguments["folder"]))
        return measured_as(task, **arguments)

    monkeypatch.setattr(run, "measured", measured)
    steps: list[str] = []
    taken = run.run(Plan(tmp_path, rounds=2, passages=2_000), steps.append)
    tasks = [task for task, _ in asked]
    systems = [*["ingest_footnote"] * 2, *["ingest_quickstart"] * 2, "model_alone"]
    assert tasks[:10] == systems * 2
    assert len({folder for _, folder in asked[:10]}) == 10
    assert tasks[10:] == [*["fill_footnote", "ask_footnote"] * 2, "fill_quickstart", "ask_quickstart"]
    assert len(steps) == len(tasks)
    assert [growth.filled.passages for growth in taken.growth] == [1_000, 2_000]
    assert all(len(runs) == 2 for runs in taken.ingested.values())


def test_without_passages_no_questions_are_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "measured", measured_as)
    taken = run.run(Plan(tmp_path, rounds=1, passages=0))
    assert taken.growth == ()
    assert taken.quickstart is None


def test_a_measurement_that_fails_is_told(tmp_path: Path) -> None:
    from eval.bench.children import MeasurementFailed, measured

    with pytest.raises(MeasurementFailed, match=r"ask_quickstart ended with exit code 1:\n(?s:.*)TypeError"):
        measured("ask_quickstart", nothing=1)


# -- The report -----------------------------------------------------------------------------------------------------------


def growth(passages: int, p50: float) -> Growth:
    latencies = {"all articles": Latency(p50, 2 * p50)}
    return Growth(Filled(passages, passages, 4.0, 10**7), Asked(passages, 0.5, 10**9, latencies))


def taken() -> Measurements:
    ours = tuple(Ingested(10, 100, seconds, 10**9) for seconds in (1.0, 2.0, 50.0))
    theirs = tuple(Ingested(10, 50, seconds, 2 * 10**9) for seconds in (5.0, 4.0, 6.0))
    here = tuple(replace(run, seconds=1.1 * run.seconds) for run in ours)
    quickstarts = {"quickstart": theirs, "quickstart, same length": theirs}
    ingested = {"footnote": ours, "footnote, reading here": here} | quickstarts
    asked = Asked(1_000, 0.7, 10**9, {"all articles": Latency(30.0, 40.0)})
    model = tuple(Model("torch.bfloat16", rate, 0.996, 0.999) for rate in (10.0, 62.5, 90.0))
    return Measurements(ingested, model, (growth(100, 5.0), growth(1_000, 10.0)), asked)  # type: ignore[arg-type]


def test_ratios_are_of_medians() -> None:
    lines = {line.name: line for line in lines_of(taken())}
    assert lines["passages a second (its own passages)"].ratio == pytest.approx(50 / 10)
    assert lines["seconds for all articles (its own passages)"].ratio == pytest.approx(5 / 2)
    assert lines["articles a second, files read in the same process"].ratio == pytest.approx(1.1)
    assert lines["share of the model alone"].footnote == "80%"
    assert lines["a question over 1,000 passages: all articles, ms (p95)"].ratio == pytest.approx(3.0)


def test_the_report_holds_the_figures_and_plots(tmp_path: Path) -> None:
    write_report(taken(), Plan(tmp_path), tmp_path / "out")
    written = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert written["ingested"]["footnote"][0]["seconds"] == 1.0
    assert written["ratios"]["passages a second (its own passages)"] == 5.0
    assert written["machine"]["cores"]
    assert "| 50.0 | 10.0 | 5.00 |" in (tmp_path / "out" / "bench.md").read_text()
    for name in ("time", "memory", "adding"):
        plot = ElementTree.parse(tmp_path / "out" / f"{name}.svg").getroot()
        circles = [float(dot.attrib["cy"]) for dot in plot.iter("{http://www.w3.org/2000/svg}circle")]
        assert len(circles) == 2
    assert "passages" in "".join(plot.itertext())


# -- The command ----------------------------------------------------------------------------------------------------------


def test_a_corpus_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench", str(tmp_path / "none")])
    assert isinstance(result.exception, WrongUsage)
    assert "none does not exist" in str(result.exception)


def test_json_is_printed_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "measured", measured_as)
    (tmp_path / "a.md").write_text("# A\n\nIt rained.")
    result = CliRunner().invoke(
        app, ["bench", str(tmp_path), "--json", "--rounds", "1", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["model"][0]["rate"] == 25.0
    assert result.stderr == ""
    assert (tmp_path / "out" / "bench.md").is_file()


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_index.vector_stores.chroma", None)
    with pytest.raises(WrongUsage, match=r"not installed .*\.\[bench\]"):
        check_installed()


@pytest.mark.soak
def test_everything_is_measured(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "feed.jsonl", 20)
    taken = run.run(Plan(tmp_path / "feed.jsonl", rounds=1, passages=300, questions=10))
    assert {runs[0].articles for runs in taken.ingested.values()} == {20}
    assert taken.model[0].least_cosine > 0.995
    assert taken.quickstart is not None
    assert taken.quickstart.passages == 300
    assert all(latency.p50 > 0 for latency in taken.growth[-1].asked.latencies.values())
