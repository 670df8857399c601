"""What the `footnote` command says to wrong usage, and to settings, folders and pipes that cannot be used."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from service.cli.app import app
from service.settings import load_settings
from tests.cli_fixtures import FOOTNOTE, PATIENCE, Run, environment, one_line
from tests.service_fixtures import ROOT


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["index", "no-such-folder"], "no-such-folder does not exist"),
        (["index"], "Name the files or folders to index"),
        (["index", ".", "--rebuild", "--dry-run"], "A rebuild cannot be tried out"),
        (["index", ".", "--prune-limit", "lots"], "--prune-limit 'lots'"),
        (["index", ".", "--prune-limit", "150%"], "--prune-limit '150%'"),
        (["index", ".", "--prune-limit", "nan"], "--prune-limit 'nan'"),
        (["keys", "add", " "], "A key's name has 1 to 100 printable characters"),
        (["keys", "add", "ann", "--groups", "staff,,board"], "'' is no group"),
        (["keys", "revoke", "ann"], "There is no key 'ann'"),
        (["serve", "--host", "no.such.host.invalid", "--port", "0"], "no.such.host.invalid"),
    ],
)
def test_wrong_usage_is_exit_2(footnote: Run, arguments: list[str], problem: str) -> None:
    ran = footnote(*arguments)
    assert ran.code == 2
    assert problem in one_line(ran)


@pytest.mark.parametrize(
    "arguments", [["ask"], ["nonsense"], ["ask", "Why?", "--loud"], ["search", "Why?", "--limit", "0"]]
)
def test_what_is_not_in_the_help_is_exit_2(footnote: Run, arguments: list[str]) -> None:
    ran = footnote(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: footnote" in ran.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passage_tokens", "1"),
        ("llm_timeout_seconds", "soon"),
        ("llm_provider", "telepathy"),
        ("refusals", "perhaps"),
        ("keep_versions_days", "-1"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(footnote: Run, name: str, value: str) -> None:
    ran = footnote("status", **{name: value})
    assert ran.code == 2
    assert f"FOOTNOTE_{name.upper()}: " in one_line(ran)


def test_settings_come_from_a_file_that_is_named_too(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.env").write_text("FOOTNOTE_PASSAGE_TOKENS=2\nOTHER=1\n")
    assert "FOOTNOTE_PASSAGE_TOKENS" in one_line(footnote("status", env_file="mine.env"))
    (tmp_path / "mine.env").write_text("FOOTNOTE_PASSAGE_TOKENS=150\nOTHER=1\n")
    assert footnote("status", "--json", env_file="mine.env").json["fingerprint"].endswith("/150")
    missing = footnote("status", env_file="missing.env")
    assert missing.code == 2
    assert "FOOTNOTE_ENV_FILE names missing.env" in one_line(missing)


def test_settings_come_from_the_data_folder_that_is_named_too(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / ".env").write_text("FOOTNOTE_PASSAGE_TOKENS=150\n")
    assert footnote("status", "--json", data_dir=tmp_path / "kept").json["fingerprint"].endswith("/150")


def test_a_file_of_the_current_folder_sends_no_key_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FOOTNOTE_DATA_DIR", raising=False)
    monkeypatch.setenv("FOOTNOTE_LLM_API_KEY", "secret")
    (tmp_path / "data").mkdir()
    for file in (tmp_path / ".env", tmp_path / "data" / ".env"):
        file.write_text("FOOTNOTE_LLM_PROVIDER=openai_like\nFOOTNOTE_LLM_BASE_URL=http://evil.example/v1\n")
    settings = load_settings()
    assert (settings.llm_provider, settings.llm_base_url) == ("none", None)


def test_a_file_of_the_current_folder_is_said_not_to_be_read(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FOOTNOTE_PASSAGE_TOKENS=150\n")
    ran = footnote("status", "--json")
    assert not ran.json["fingerprint"].endswith("/150")
    assert "The file .env of this folder is not read" in ran.err


def test_a_data_folder_that_cannot_be_used(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for data_dir in (tmp_path / "file", tmp_path / "file" / "below"):
        ran = footnote("status", data_dir=data_dir)
        assert ran.code == 1
        assert "FOOTNOTE_DATA_DIR" in one_line(ran)


def test_arguments_that_are_not_utf8(footnote: Run, corpus_data: Path) -> None:
    argument = b"wh\xffy".decode(errors="surrogateescape")
    assert "not text" in one_line(footnote("ask", argument, data_dir=corpus_data))
    assert "not text" in one_line(footnote("search", argument, data_dir=corpus_data))
    assert "There is no article" in one_line(footnote("delete", argument, data_dir=corpus_data))
    assert "does not exist" in one_line(footnote("index", argument, data_dir=corpus_data))


def test_output_that_nobody_reads_is_no_fault(weather_data: Path) -> None:
    read, written = os.pipe()
    os.close(read)
    with os.fdopen(written, "wb") as closed:
        done = subprocess.run(
            [FOOTNOTE, "status", "--json"],
            env=environment(weather_data),
            cwd=weather_data.parent,
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize(
    "command",
    "|index|ask|search|delete|backup|status|serve|bench|audit|keys add|keys list|keys revoke|slack|slack manifest|slack key|"
    "slack workspaces|eval run|eval compare|eval baseline|eval check|eval draft|eval from-feedback".split("|"),
)
def test_help_is_in_plain_words(footnote: Run, command: str) -> None:
    short, long = (footnote(*command.split(), option) for option in ("-h", "--help"))
    assert (short.code, short.err) == (0, "")
    assert short.out == long.out
    assert f"Usage: footnote {command}".rstrip() in short.out
    assert not re.search(r"<[a-z]", short.out)


def test_every_option_that_takes_something_says_what() -> None:
    def options(command: Any) -> list[Any]:
        return [*command.params, *(one for sub in getattr(command, "commands", {}).values() for one in options(sub))]

    taking = [one for one in options(typer.main.get_command(app)) if not getattr(one, "is_flag", False)]
    assert len(taking) > 30
    assert [one.name for one in taking if one.metavar is None] == []


def test_version(footnote: Run) -> None:
    ran = footnote("--version")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"footnote \d+(\.\d+)+\S*\n", ran.out)


def test_help_and_commands_that_a_service_carries_out_load_nothing_that_takes_long(tmp_path: Path) -> None:
    heavy = (
        "{'torch', 'transformers', 'sentence_transformers', 'chromadb', 'tantivy', 'llama_index', 'fastapi', 'scipy'}"
    )
    code = f"import atexit, sys; atexit.register(lambda: print('loaded', sorted({heavy} & set(sys.modules))))"
    imports = "import service.opening, service.cli.printing; from service.cli.app import main"
    command = [sys.executable, "-c", f"{code}; {imports}; main()", "--help"]
    done = subprocess.run(command, env=environment(tmp_path), cwd=ROOT, capture_output=True, check=True)
    assert b"Ask a folder of articles" in done.stdout
    assert b"loaded []" in done.stdout
