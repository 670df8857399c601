"""`footnote eval` as it is typed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.commands import app
from eval.datasets import read_questions
from service.settings import Settings
from tests.eval_client import FakeClient

WRITTEN = ["junit.xml", "report.html", "report.json", "results.jsonl", "run.json", "summary.md"]


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
    assert sorted(file.name for file in out.iterdir()) == WRITTEN
    recorded = json.loads((out / "report.json").read_text(encoding="utf-8"))["settings"]
    assert recorded["dataset"] == path
    assert recorded["passage_tokens"] == 200
    assert "llm_api_key" not in recorded


@pytest.mark.usefixtures("opened")
def test_a_set_with_kinds_of_its_own_is_asked_and_grouped_by_them(tmp_path: Path) -> None:
    how_to = GOOD_ROW | {"kind": "how_to"}
    near = {"id": "2", "question": "refuse this?", "kind": "unanswerable_near", "answerable": False}
    wrong = {"id": "3", "question": "refuse that?", "kind": "how_to", "answers": ["no"], "relevant_ids": ["a"]}
    ran = CliRunner().invoke(app, ["run", dataset(tmp_path, how_to, near, wrong), "--out", "out"])
    assert ran.exit_code == 0, ran.output
    assert "2 of 3 questions went right" in ran.stdout
    assert "wrong refusal (1)" in ran.stdout
    by_kind = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["by_kind"]
    assert by_kind["how_to"]["answerable_answered"]["mean"] == 0.5
    assert by_kind["unanswerable_near"]["refusal_recall"]["mean"] == 1
    assert "how_to" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


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


@pytest.mark.usefixtures("opened")
def test_a_baseline_without_texts_stops_what_got_worse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [GOOD_ROW | {"id": str(number), "question": f"How much {number}?"} for number in range(30)]
    path = dataset(tmp_path, *rows)
    assert CliRunner().invoke(app, ["run", path, "--out", "good"]).exit_code == 0
    kept = CliRunner().invoke(app, ["baseline", "good", "kept"])
    assert (kept.exit_code, kept.stdout) == (0, "30 questions kept in kept\n")
    assert "$5 billion now" not in (tmp_path / "kept" / "results.jsonl").read_text()
    assert "data_dir" not in (tmp_path / "kept" / "report.json").read_text()
    same = CliRunner().invoke(app, ["run", path, "--out", "same", "--baseline", "kept"])
    assert same.exit_code == 0, same.output
    assert sorted(file.name for file in (tmp_path / "same").iterdir()) == sorted([*WRITTEN, "compare.html"])
    refusing = FakeClient.ask
    monkeypatch.setattr(
        FakeClient,
        "ask",
        lambda self, request: refusing(self, request.model_copy(update={"question": "refuse " + request.question})),
    )
    worse = CliRunner().invoke(app, ["run", path, "--out", "worse", "--baseline", "kept"])
    assert worse.exit_code == 1
    assert "answer_in_text" in worse.stderr
    assert "against the baseline" in worse.stderr
    better = CliRunner().invoke(app, ["run", path, "--out", "better", "--baseline", "worse"])
    assert better.exit_code == 0, better.output


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "SET", "--baseline", "missing"], "missing holds no finished run"),
        (["run", "SET", "--resume"], "--resume needs --out"),
        (["baseline", "missing", "kept"], "missing/report.json does not exist"),
        (["compare", "missing", "kept"], "missing/results.jsonl does not exist"),
        (["draft", "missing"], "missing"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_done(tmp_path: Path, arguments: list[str], message: str) -> None:
    path = dataset(tmp_path, GOOD_ROW)
    ran = CliRunner().invoke(app, [path if argument == "SET" else argument for argument in arguments])
    assert ran.exit_code == 2, ran.output
    assert message in ran.stderr
    assert not (tmp_path / "data").exists()


def test_a_run_that_was_stopped_says_how_to_go_on(
    tmp_path: Path, opened: tuple[FakeClient, list[Settings]], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = opened
    path = dataset(tmp_path, *(GOOD_ROW | {"id": str(n), "question": f"How much {n}?"} for n in range(9)))
    answering = client.ask
    left = iter(range(5))

    def stopped_at_the_fifth(request: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return answering(request)

    monkeypatch.setattr(client, "ask", stopped_at_the_fifth)
    stopped = CliRunner().invoke(app, ["run", path, "--out", "out", "--workers", "1"])
    assert stopped.exit_code != 0
    assert "give the same command with --out out --resume" in stopped.stderr
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("opened")
def test_drafted_questions_are_asked_once_they_are_reviewed(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text("# Money\n\nAmazon invested $5 billion in Anthropic in April 2026.\n")
    drafted = CliRunner().invoke(app, ["draft", "articles", "--out", "drafts.jsonl"])
    assert drafted.exit_code == 0, drafted.output
    rows = [json.loads(line) for line in (tmp_path / "drafts.jsonl").read_text().splitlines()]
    assert rows
    assert f"{len(rows)} questions added to drafts.jsonl" in drafted.stdout
    assert read_questions(tmp_path / "drafts.jsonl").questions == ()
    (tmp_path / "drafts.jsonl").write_text("".join(json.dumps(row | {"reviewed": True}) + "\n" for row in rows))
    assert len(read_questions(tmp_path / "drafts.jsonl").questions) == len(rows)
    again = CliRunner().invoke(app, ["draft", "articles", "--out", "drafts.jsonl"])
    assert "0 questions added" in again.stdout
