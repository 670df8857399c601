"""The examples for other tools, run by those tools where they are installed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from service.assistant import LocalAssistant
from tests.http_server import served

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"


def tool(name: str, how: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH: {how}")
    return found


def test_inspect_runs_the_example(tmp_path: Path, corpus_assistant: LocalAssistant) -> None:
    inspect = tool("inspect", "pip install inspect-ai openai")
    questions = ROOT / "eval" / "questions" / "questions.jsonl"
    command = (
        inspect,
        "eval",
        "inspect_task.py",
        "--model",
        "openai-api/footnote/footnote",
        "-T",
        f"questions={questions}",
    )
    with served(corpus_assistant) as url:
        subprocess.run(
            (*command, "--limit", "4", "--display", "plain", "--log-dir", tmp_path, "--log-format", "json"),
            cwd=EXAMPLES,
            env=os.environ | {"FOOTNOTE_BASE_URL": f"{url}/v1", "FOOTNOTE_API_KEY": "none"},
            check=True,
            timeout=240,
        )
    (log,) = (json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.glob("*.json"))
    assert (log["status"], log["results"]["completed_samples"]) == ("success", 4)
    assert log["results"]["scores"][0]["metrics"]["accuracy"]["value"] > 0


def test_promptfoo_runs_the_example(tmp_path: Path, corpus_assistant: LocalAssistant) -> None:
    promptfoo = tool("promptfoo", "npm install --global promptfoo")
    with served(corpus_assistant) as url:
        config = (EXAMPLES / "promptfooconfig.yaml").read_text(encoding="utf-8")
        (tmp_path / "config.yaml").write_text(config.replace("http://127.0.0.1:8000", url), encoding="utf-8")
        subprocess.run(
            [promptfoo, "eval", "-c", "config.yaml", "--no-cache", "-o", "out.json"],
            cwd=tmp_path,
            env=os.environ
            | {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "HOME": str(tmp_path)},
            check=True,
            timeout=240,
        )
    stats = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]["stats"]
    assert (stats["successes"], stats["failures"], stats["errors"]) == (2, 0, 0)
