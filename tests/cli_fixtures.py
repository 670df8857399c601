"""What the tests of the `footnote` command share: runs of it in this process and beside it. A plugin of `conftest.py`."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from index.models.embedding import Embedder
from index.reader.model import Reader
from index.settings import PACKAGED_MODEL
from service.cli import app as cli
from tests.service_fixtures import (
    assistant_over,
    index_into,
    remembering_model,
    sentence_vectors,
    settings_for,
    shipped_corpus,
    shipped_reader,
    write,
)

FOOTNOTE = Path(sys.executable).with_name("footnote")
KEY_QUESTION = "How much will Amazon invest in Anthropic right away?"
RAIN = "It rained 30 litres a square metre in Hamburg, the weather office says."
SUN = "The sun shone in Munich all day, the weather office says."
HOW_MUCH_RAIN = "How much did it rain in Hamburg?"
PATIENCE = 60.0  # seconds that a process may take on a busy machine
ANSWER_KEYS = (
    "id conversation_id question completed_question status short_answer text sentences citations disagreements nearest "
    "preferences answerer degraded usage timings_ms confidence about approved"
)
SENTENCE_KEYS = "text start end citations support support_probability form self_check"
CITATION_KEYS = (
    "number article_id article_version title publisher published url passage_id quote start end page score "
    "highlight scan"
)
HIT_KEYS = "passage_id article_id article_version title publisher published url text start end score dense lexical"
REPORT_KEYS = "added updated renamed unchanged deleted skipped failed warnings articles passages seconds rebuilt"
STATUS_KEYS = (
    "articles passages model fingerprint last_sync data_dir database vectors ingest answerer reader reranker outdated "
    "computation watching"
)


@dataclass(frozen=True)
class Ran:
    """What a run of the command left behind."""

    code: int | str | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def environment(data_dir: Path, **settings: object) -> dict[str, str]:
    """The environment of this machine without settings of ours but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")}
    return kept | {"FOOTNOTE_DATA_DIR": str(data_dir)} | {f"FOOTNOTE_{n.upper()}": str(v) for n, v in settings.items()}


@pytest.fixture
def footnote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command in this process, in an empty folder. What it costs to load the models is paid only once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("index.stores.store.SentenceVectors", lambda embedder: sentence_vectors())
    monkeypatch.setattr(
        "index.stores.store.Embedder",
        lambda name, **_: remembering_model() if name == PACKAGED_MODEL else Embedder(name),
    )
    monkeypatch.setattr("index.stores.store.Reader", lambda folder, **_: Reader(folder) if folder else shipped_reader())
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str | Path, data_dir: Path = tmp_path / "data", **settings: object) -> Ran:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["footnote", *map(str, arguments)])
            for name, value in environment(data_dir, **settings).items():
                patch.setenv(name, value)
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = capsys.readouterr()
        return Ran(ended.value.code or 0, out, err)

    yield run
    structlog.reset_defaults()


def footnote_process(data_dir: Path, *arguments: str | bytes | Path, **settings: object) -> Ran:
    """Run the command as a process of its own."""
    done = subprocess.run(
        [FOOTNOTE, *arguments],
        env=environment(data_dir, **settings),
        cwd=data_dir.parent,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def corpus_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the shipped articles are indexed, and which nobody has open."""
    data_dir = tmp_path_factory.mktemp("corpus") / "data"
    with shipped_corpus(data_dir):
        pass
    return data_dir


@pytest.fixture(scope="module")
def weather_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two short articles, for processes that have to load and read everything anew."""
    folder = tmp_path_factory.mktemp("weather")
    with assistant_over(settings_for(folder / "data")) as assistant:
        index_into(assistant, write(folder / "news", {"rain.txt": RAIN, "sun.txt": SUN}))
    return folder / "data"


def keys(text: str) -> set[str]:
    return set(text.split())


def one_line(ran: Ran) -> str:
    """Return the message of a run that failed: one line on standard error, and nothing on standard output."""
    assert ran.out == ""
    assert re.fullmatch(r"footnote: [^\n]+\n", ran.err)
    return ran.err


@dataclass(frozen=True)
class Service:
    """A running `footnote serve`."""

    process: subprocess.Popen[str]
    url: str
    data_dir: Path
    log: Path
    said: str

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE)


def until(found: Callable[[str], bool], lines: Iterable[str]) -> Iterator[str]:
    """Give the lines up to the one that is looked for."""
    for line in lines:
        yield line
        if found(line):
            return


@contextmanager
def serving(data_dir: Path, *, host: str = "127.0.0.1", **settings: Any) -> Iterator[Service]:
    """Run `footnote serve` on a free port, until it says where it is."""
    with starting(data_dir, host=host, **settings) as (process, log_path):
        assert process.stdout is not None
        said = "".join(until(lambda line: "Footnote is at" in line, process.stdout))
        address = re.search(rf"http://{re.escape(host)}(:\d+)", said)
        assert address, f"{said!r} {log_path.read_text()}"
        yield Service(process, f"http://127.0.0.1{address[1]}", data_dir, log_path, said)


@contextmanager
def starting(
    data_dir: Path, *, host: str = "127.0.0.1", port: int = 0, **settings: object
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run `footnote serve`, and give its process and its log, while it starts."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log_path = data_dir.parent / "serve.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [FOOTNOTE, "serve", "--port", str(port), "--host", host],
            env=environment(data_dir, **settings),
            cwd=data_dir.parent,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        try:
            yield process, log_path
        finally:
            if process.poll() is None:
                process.kill()
