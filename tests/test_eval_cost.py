"""What a run takes of a language model: said before, counted after, and with so many questions at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.commands import app
from eval.cost import Prices, Tokens, counted
from eval.records import EvalQuestion, QuestionSet, Result
from eval.results import read_results
from eval.run import Course, run
from service.assistant import LocalAssistant
from service.client import LocalClient
from tests.generative_fixtures import FIVE_NOW, with_model
from tests.llm_server import LlmServer, Reply
from tests.service_fixtures import write
from tests.test_service_watching import eventually

QUESTIONS = [f"How high is tower number {n} at the harbour?" for n in range(3)]
TOWER = "The tower at the harbour is 84 metres high. Tower number {} was built in 1912, of stone from the island.\n"


@pytest.fixture
def dataset(tmp_path: Path, llm: LlmServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A question set with articles, and the settings of a language model with prices."""
    settings = {
        "DATA_DIR": tmp_path / "data", "LLM_PROVIDER": "openai_like", "LLM_BASE_URL": llm.url, "LLM_MODEL": "m",
        "LLM_PRICE_READ": 2, "LLM_PRICE_WRITTEN": 10,
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"FOOTNOTE_{name}", str(value))
    write(tmp_path / "set" / "corpus", {f"tower-{n}.md": TOWER.format(n) for n in range(3)})
    rows = [{"id": f"q{n}", "question": question, "answers": ["84"]} for n, question in enumerate(QUESTIONS)]
    (tmp_path / "set" / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "set"


def test_tokens_are_predicted_without_asking_and_counted_after(dataset: Path, llm: LlmServer) -> None:
    llm.do(Reply("The tower at the harbour is 84 metres high [1].", usage=(1_000, 50)))
    ran = CliRunner().invoke(app, ["run", str(dataset), "--predict"])
    assert ran.exit_code == 0, ran.output
    assert llm.requests == []
    assert ran.stdout.startswith("3 questions: about ")
    predicted = ran.stdout.removeprefix("3 questions: about ").strip()
    ran = CliRunner().invoke(app, ["run", str(dataset), "--out", str(dataset / "out")])
    assert ran.exit_code == 0, ran.output
    assert predicted in ran.stderr
    note = f"The language model took 3,000 tokens read and 150 written, which cost 0.0075; {predicted} were predicted."
    assert note in json.loads((dataset / "out" / "report.json").read_text())["notes"]
    # Each call reads a prompt whose size was predicted to some tenths.
    sent = sum(len(request.system) + len(request.prompt) for request in llm.requests) / 4
    read = int(predicted.split()[0].replace(",", ""))
    assert 1.0 < read / sent < 1.8


def test_nothing_is_predicted_where_no_model_answers(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_LLM_PROVIDER", "none")
    ran = CliRunner().invoke(app, ["run", str(dataset), "--predict"])
    assert ran.exit_code == 2
    assert "No language model of Footnote's would answer." in ran.output
    assert "Predicted" not in CliRunner().invoke(app, ["run", str(dataset)]).output


def test_only_what_was_counted_is_summed() -> None:
    results = [Result("a", "A?", True, prompt_tokens=100, completion_tokens=7), Result("b", "B?", True)]
    assert counted(results) == Tokens(100, 7)
    assert counted(results[1:]) is None
    assert (
        Tokens(2_000_000, 100_000).in_words(Prices(0.5, 4))
        == "2,000,000 tokens read and 100,000 written, which cost 1.40"
    )


def test_as_many_questions_are_at_the_server_as_there_are_workers(
    corpus_assistant: LocalAssistant, llm: LlmServer, tmp_path: Path
) -> None:
    llm.do(Reply(f"Amazon makes {FIVE_NOW} [1].", held_after=1))
    client = LocalClient(with_model(corpus_assistant, llm.url, llm_timeout_seconds=60, llm_first_token_seconds=60))
    asked = tuple(
        EvalQuestion(str(n), f"How much will Amazon invest in Anthropic right away, {name}?")
        for n, name in enumerate(("Ann", "Bob", "Cem", "Dee", "Eve", "Fay", "Gus", "Hal"))
    )
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(run, QuestionSet(asked), client, tmp_path, Course(workers=6))
        eventually(lambda: len(llm.requests) == 6)
        llm.go_on.set()
        running.result()
    assert len(list(read_results(tmp_path))) == 8
