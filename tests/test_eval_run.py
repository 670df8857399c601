"""Whole runs, with a client that answers from a few lines."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.commands import app
from eval.records import EvalQuestion, Evidence, QuestionSet, RowProblem, Turn
from eval.results import read_results
from eval.run import Course, run
from index.errors import ArticleUnknown, IndexEmpty, IndexMismatch, WrongUsage
from service.settings import Settings
from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    AskRequest,
    AskResponse,
    IndexReportWire,
    SearchRequest,
    SearchResponse,
    StatusResponse,
)

QUOTE = "Amazon invests $5 billion now."


class FakeClient:
    """Finds article "a" for every question; answers with its only sentence what it does not refuse or fail at."""

    def __init__(self) -> None:
        self.asked: list[AskRequest] = []
        self.indexed: list[str] = []
        self.count = 1

    def ask(self, request: AskRequest) -> AskResponse:
        self.asked.append(request)
        if "boom" in request.question:
            raise RuntimeError("the model is gone")
        if "mismatch" in request.question:
            raise IndexMismatch("made by another model")
        refused = "refuse" in request.question
        place = {
            "passage_id": "p1",
            "article_id": "a",
            "article_version": "v1",
            "title": "A",
            "publisher": None,
            "published": None,
            "url": None,
            "start": 0,
            "end": len(QUOTE),
            "score": 0.9,
        }
        sentence = {"text": QUOTE, "start": 0, "end": len(QUOTE) + 4, "citations": [1], "support": "verified"}
        return AskResponse.model_validate(
            {
                "id": "ans_1",
                "conversation_id": None,
                "question": request.question,
                "completed_question": None,
                "status": "no_answer" if refused else "answered",
                "short_answer": None,
                "text": "The articles do not say." if refused else f"{QUOTE} [1]",
                "sentences": [] if refused else [sentence],
                "citations": [] if refused else [place | {"number": 1, "quote": QUOTE, "page": None}],
                "disagreements": [],
                "nearest": [],
                "preferences": {},
                "answerer": "extractive",
                "confidence": 0.1 if refused else 0.9,
                "degraded": None,
                "usage": None,
                "timings_ms": {"retrieve": 1.0, "answer": 1.0, "total": 2.0},
                "hits": [place | {"text": QUOTE, "dense": 0.9, "lexical": 0.9}] if request.include_hits else None,
            }
        )

    def search(self, request: SearchRequest) -> SearchResponse:
        raise NotImplementedError

    def articles(self, *, after: str | None = None, limit: int = 100) -> ArticlesResponse:
        raise NotImplementedError

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        if article_id != "a" or version not in (None, "v1"):
            raise ArticleUnknown(article_id)
        return ArticleResponse(
            id="a",
            version="v1",
            title="A",
            publisher=None,
            published=None,
            url=None,
            authors=[],
            language=None,
            format="text",
            text=QUOTE,
            current=True,
        )

    def status(self) -> StatusResponse:
        return StatusResponse(
            articles=self.count,
            passages=1,
            model="m",
            fingerprint="f",
            last_sync=None,
            data_dir="d",
            answerer="extractive",
        )

    def index(
        self,
        paths: Sequence[Path],
        *,
        prune: bool = False,
        prune_limit: float = 0.2,
        dry_run: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> IndexReportWire:
        assert (prune, prune_limit, dry_run) == (True, 1.0, False)
        self.indexed += [path.read_text(encoding="utf-8") for path in paths]
        return IndexReportWire(
            added=1,
            updated=0,
            renamed=0,
            unchanged=0,
            deleted=0,
            skipped=[],
            failed=[],
            warnings=[],
            articles=1,
            passages=1,
            seconds=0.1,
        )

    def delete(self, article_ids: Sequence[str]) -> None:
        raise NotImplementedError


RIGHT = EvalQuestion(
    "right", "How much?", ("$5 billion",), relevant_ids=("a",), evidence=(Evidence("a", QUOTE),), kind="fact"
)
QUESTIONS = (
    RIGHT,
    EvalQuestion("refused", "refuse?", ("$5 billion",), relevant_ids=("a",), kind="fact"),
    EvalQuestion("boom", "boom?", ("$5 billion",), relevant_ids=("a",), kind="synthesis"),
    EvalQuestion("unanswerable", "refuse!", answerable=False, kind="unanswerable"),
)


def test_a_run_by_hand(tmp_path: Path) -> None:
    report = run(QuestionSet(QUESTIONS), FakeClient(), tmp_path / "out", Course(settings={"dataset": "d"}))
    scores = report["metrics"]
    means = {name: score["mean"] for name, score in scores.items() if "mean" in score}
    assert means == pytest.approx(
        {
            "hits@1": 2 / 3,
            "hits@4": 2 / 3,
            "hits@10": 2 / 3,
            "mrr@10": 2 / 3,
            "ndcg@10": 2 / 3,
            "recall@10": 2 / 3,
            "all_evidence_recall@10": 2 / 3,
            "evidence_hits@1": 1,
            "evidence_hits@4": 1,
            "evidence_hits@10": 1,
            "evidence_mrr@10": 1,
            "exact_match": 0,
            "token_f1": 2 * 2 / (5 + 2) / 3,  # two of five tokens are the whole answer
            "answer_in_text": 1 / 3,
            "answer_in_quotes": 1 / 3,
            "answer_in_first_sentence": 1 / 3,
            "citation_precision": 1 / 3,
            "citation_recall": 1 / 3,
            "citations_exact": 1,
            "sentences_verified": 1,
            "refusal_precision": 1 / 2,
            "refusal_recall": 1,
            "answerable_answered": 1 / 3,
        }
    )
    assert scores["refusal_balanced_accuracy"]["value"] == pytest.approx((1 + 1 / 3) / 2)
    # One right at .9, two wrong tied at .1, the error last: risks 0, 1/2, 2/3, 3/4.
    assert scores["risk_coverage_area"]["value"] == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4)
    assert scores["latency_ms_p50"] == {"value": 2.0, "low": None, "high": None, "n": 3}


def test_the_report_says_what_was_asked_of_what(tmp_path: Path) -> None:
    problems = (RowProblem(Path("q.jsonl"), 3, "Invalid JSON"),)
    client = FakeClient()
    report = run(QuestionSet(QUESTIONS, problems), client, tmp_path, Course(settings={"dataset": "d"}))
    assert report["questions"] == 4
    assert report["errors"] == [{"id": "boom", "question": "boom?", "error": "RuntimeError: the model is gone"}]
    assert report["problems"] == ["q.jsonl:3: Invalid JSON"]
    assert report["settings"] == {"dataset": "d"}
    assert report["index"]["fingerprint"] == "f"
    assert report["versions"]["chromadb"]
    assert set(report["by_kind"]) == {"fact", "synthesis", "unanswerable"}
    assert report["by_kind"]["synthesis"]["hits@1"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "n": 1}
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report
    results = list(read_results(tmp_path))
    assert [result.id for result in results] == ["right", "refused", "boom", "unanswerable"]
    assert results[0].citations[0].quote == QUOTE
    assert results[0].ranking == ("a",)
    assert results[2].error == "RuntimeError: the model is gone"


def test_questions_are_asked_as_the_set_says(tmp_path: Path) -> None:
    client = FakeClient()
    follow_up = EvalQuestion("f", "And then?", history=(Turn("user", "Who?"),), article_ids=("a", "b"))
    report = run(QuestionSet((follow_up,)), client, tmp_path)
    (request,) = client.asked
    assert request.filters.article_ids == ["a", "b"]
    assert request.include_hits
    assert report["notes"] == ["1 questions follow on a conversation (`history`); they were asked without it."]
    assert set(report["by_kind"]) == {"unspecified"}


def test_limit_asks_the_first_and_earlier_files_are_replaced(tmp_path: Path) -> None:
    run(QuestionSet(QUESTIONS), FakeClient(), tmp_path)
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    report = run(QuestionSet(QUESTIONS), FakeClient(), tmp_path, Course(limit=1))
    assert report["questions"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "report.json", "results.jsonl", "run.json"]
    assert len(list(read_results(tmp_path))) == 1


def test_finished_questions_are_kept_when_a_run_is_stopped(tmp_path: Path) -> None:
    hopeless = QuestionSet((RIGHT, EvalQuestion("m", "mismatch?")))
    with pytest.raises(IndexMismatch):
        run(hopeless, FakeClient(), tmp_path)
    assert [result.id for result in read_results(tmp_path)] == ["right"]
    assert not (tmp_path / "report.json").exists()


def test_nothing_to_ask_and_nothing_to_ask_of(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no question"):
        run(QuestionSet(()), FakeClient(), tmp_path)
    client = FakeClient()
    client.count = 0
    with pytest.raises(IndexEmpty, match="--corpus"):
        run(QuestionSet(QUESTIONS), client, tmp_path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[FakeClient, list[Settings]]:
    """Open a fake client wherever an index would be opened, and keep the settings that it was opened with."""
    client, settings_seen = FakeClient(), list[Settings]()

    @contextmanager
    def open_client(settings: Settings) -> Iterator[FakeClient]:
        settings_seen.append(settings)
        yield client

    monkeypatch.setitem(sys.modules, "service.opening", SimpleNamespace(open_client=open_client))
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return client, settings_seen


def dataset(folder: Path, *rows: Any) -> str:
    path = folder / "set" / "questions.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


GOOD_ROW = {"id": "1", "question": "How much?", "answers": ["$5 billion"], "relevant_ids": ["a"]}


@pytest.mark.usefixtures("opened")
def test_command_run(tmp_path: Path) -> None:
    path = dataset(tmp_path, GOOD_ROW, {"id": 1})
    out = tmp_path / "out"
    ran = CliRunner().invoke(app, ["run", path, "--out", str(out), "--fail-under", "hits@1=1"])
    assert ran.exit_code == 0, ran.output
    assert "hits@1" in ran.stdout
    assert f"{path}:2: question: Field required" in ran.stderr
    assert sorted(file.name for file in out.iterdir()) == ["report.html", "report.json", "results.jsonl", "run.json"]
    recorded = json.loads((out / "report.json").read_text(encoding="utf-8"))["settings"]
    assert recorded["dataset"] == path
    assert recorded["passage_tokens"] == 200
    assert "llm_api_key" not in recorded


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--fail-under", "exact_match=0.5"], 1, "exact_match is 0, below 0.5"),
        (["--fail-under", "hits@1=1", "--fail-under", "citation_recall=1.1"], 1, "citation_recall is 1, below 1.1"),
        (["--fail-under", "no_such=1"], 2, "no metric 'no_such'"),
        (["--limit", "0"], 2, "limit"),
        (["--corpus", "missing"], 2, "does not exist"),
    ],
)
def test_command_run_exit_codes(tmp_path: Path, arguments: list[str], exit_code: int, message: str) -> None:
    ran = CliRunner().invoke(app, ["run", dataset(tmp_path, GOOD_ROW), *arguments])
    assert ran.exit_code == exit_code, ran.output
    assert message in ran.output


@pytest.mark.usefixtures("opened")
def test_command_run_without_a_question_set_is_wrong_usage(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["run", str(tmp_path / "missing")])
    assert (ran.exit_code, "does not exist" in ran.stderr) == (2, True)
    ran = CliRunner().invoke(app, ["run", dataset(tmp_path, {"no": "question"})])
    assert (ran.exit_code, "no question that can be asked" in ran.stderr) == (2, True)


def test_a_corpus_is_indexed_in_a_place_of_its_own(tmp_path: Path, opened: tuple[FakeClient, list[Settings]]) -> None:
    client, settings = opened
    corpus = tmp_path / "articles.jsonl"
    corpus.write_text('{"id": "a", "text": "b"}\n', encoding="utf-8")
    path = dataset(tmp_path, GOOD_ROW)
    for _ in range(2):
        assert CliRunner().invoke(app, ["run", path, "--corpus", str(corpus)]).exit_code == 0
    assert CliRunner().invoke(app, ["run", path]).exit_code == 0
    first, again, live = (each.data_dir for each in settings)
    assert first == again
    assert first.parent == tmp_path / "data" / "eval"
    assert live == tmp_path / "data"
    assert client.indexed == ['{"id": "a", "text": "b"}\n'] * 2


def test_articles_that_came_with_the_questions_are_indexed(
    tmp_path: Path, opened: tuple[FakeClient, list[Settings]]
) -> None:
    client, settings = opened
    paragraph = {"context": "Rollo\u2028ruled.", "qas": [{"id": "1", "question": "Who?", "answers": []}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"title": "N", "paragraphs": [paragraph]}]}), encoding="utf-8")
    ran = CliRunner().invoke(app, ["run", str(path), "--out", "out"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(client.indexed[0]) == {"id": "article-00001", "title": "N", "text": "Rollo\u2028ruled."}
    assert client.asked[0].filters.article_ids == ["article-00001"]
    assert settings[0].data_dir.parent == tmp_path / "data" / "eval"
    # Asked of other articles, the questions know nothing of them.
    ran = CliRunner().invoke(app, ["run", str(path), "--out", "out", "--corpus", str(path)])
    assert ran.exit_code == 0, ran.output
    assert client.asked[1].filters.article_ids == []


@pytest.mark.usefixtures("opened")
def test_command_compare_and_check(tmp_path: Path) -> None:
    path = dataset(tmp_path, GOOD_ROW)
    for out in ("one", "two"):
        assert CliRunner().invoke(app, ["run", path, "--out", out]).exit_code == 0
    compared = CliRunner().invoke(app, ["compare", "one", "two"])
    assert compared.exit_code == 0
    assert "1 questions in both runs" in compared.stdout
    assert CliRunner().invoke(app, ["compare", "one", "set"]).exit_code == 2
    checked = CliRunner().invoke(app, ["check", path])
    assert (checked.exit_code, checked.stdout) == (0, "1 questions, 0 problems\n")
    (tmp_path / "bad.jsonl").write_text('{"id": "q", "question": "?", "relevant_ids": ["z"]}\n')
    checked = CliRunner().invoke(app, ["check", "bad.jsonl"])
    assert checked.exit_code == 1
    assert "q: article 'z' is not indexed" in checked.stdout


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'torch', 'chromadb', 'ir_measures', 'pydantic', 'llama_index'}"
    code = f"import sys, eval.commands; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
