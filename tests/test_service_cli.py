"""The `footnote` command: in this process where that is enough, as a process of its own where it matters."""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from index.embedding import Embedder
from index.ownership import owner_of
from index.reader.model import Reader
from index.settings import PACKAGED_MODEL
from service import cli
from tests.llm_server import free_port
from tests.service_fixtures import (
    CORPUS,
    SHIPPED_ARTICLES,
    desk_over,
    index_into,
    packaged_model,
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
    "preferences answerer degraded usage timings_ms confidence"
)
SENTENCE_KEYS = "text start end citations support"
CITATION_KEYS = (
    "number article_id article_version title publisher published url passage_id quote start end page score highlight"
)
HIT_KEYS = "passage_id article_id article_version title publisher published url text start end score dense lexical"
REPORT_KEYS = "added updated renamed unchanged deleted skipped failed warnings articles passages seconds rebuilt"
STATUS_KEYS = "articles passages model fingerprint last_sync data_dir answerer reader reranker outdated watching"
ARTICLE_KEYS = "id version title publisher published url authors language format"


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
    monkeypatch.setattr("index.store.SentenceVectors", lambda embedder: sentence_vectors())
    monkeypatch.setattr(
        "index.store.Embedder", lambda name, **_: packaged_model() if name == PACKAGED_MODEL else Embedder(name)
    )
    monkeypatch.setattr("index.store.Reader", lambda folder: Reader(folder) if folder else shipped_reader())
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
    with desk_over(settings_for(folder / "data")) as desk:
        index_into(desk, write(folder / "news", {"rain.txt": RAIN, "sun.txt": SUN}))
    return folder / "data"


def keys(text: str) -> set[str]:
    return set(text.split())


def one_line(ran: Ran) -> str:
    """Return the message of a run that failed: one line on standard error, and nothing on standard output."""
    assert ran.out == ""
    assert re.fullmatch(r"footnote: [^\n]+\n", ran.err)
    return ran.err


# Asking


def test_ask_prints_json_and_nothing_else(weather_data: Path) -> None:
    ran = footnote_process(weather_data, "ask", HOW_MUCH_RAIN, "--json")
    assert (ran.code, ran.err) == (0, "")
    answer = ran.json
    assert set(answer) == keys(ANSWER_KEYS)
    assert (answer["status"], answer["answerer"], answer["conversation_id"]) == ("answered", "extractive", None)
    assert all(set(sentence) == keys(SENTENCE_KEYS) for sentence in answer["sentences"])
    assert all(set(citation) == keys(CITATION_KEYS) for citation in answer["citations"])
    assert set(answer["timings_ms"]) == {"retrieve", "answer", "total"}
    assert set(answer["preferences"]) == {"published_after", "published_before"}
    assert any("30 litres" in citation["quote"] for citation in answer["citations"])


def test_a_language_model_that_fails_does_not_spoil_the_json(footnote: Run, corpus_data: Path) -> None:
    ran = footnote(
        *("ask", KEY_QUESTION, "--json"),
        data_dir=corpus_data,
        llm_provider="openai_like",
        llm_base_url=f"http://127.0.0.1:{free_port()}/v1",
        llm_model="nobody",
        llm_api_key="sk-hidden",
    )
    assert ran.code == 0
    assert "APIConnectionError" in ran.json["degraded"]
    assert "language model failed" in ran.err
    assert "sk-hidden" not in ran.out + ran.err
    assert KEY_QUESTION not in ran.err


def test_ask_prints_an_answer_with_its_sources(footnote: Run, corpus_data: Path) -> None:
    ran = footnote("ask", KEY_QUESTION, data_dir=corpus_data)
    assert (ran.code, ran.err) == (0, "")
    assert "Quoted from the articles." in ran.out
    assert re.search(r"^\[1\] \S", ran.out, re.MULTILINE)
    assert "“" in ran.out


def test_ask_says_when_the_articles_do_not_answer(footnote: Run, corpus_data: Path) -> None:
    ran = footnote("ask", "Which frog has the most poisonous skin?", data_dir=corpus_data)
    assert ran.code == 0
    assert ran.out.startswith("The articles do not answer this question.\nNearest:\n  • ")
    as_json = footnote("ask", "Which frog has the most poisonous skin?", "--json", data_dir=corpus_data).json
    assert as_json["status"] == "no_answer"
    assert set(as_json) == keys(ANSWER_KEYS)
    assert all(set(nearest) == {"article_id", "title"} for nearest in as_json["nearest"])


def test_search(footnote: Run, corpus_data: Path) -> None:
    found = footnote("search", KEY_QUESTION, "--limit", "3", "--json", data_dir=corpus_data)
    assert set(found.json) == {"question", "hits"}
    assert len(found.json["hits"]) == 3
    assert all(set(hit) == keys(HIT_KEYS) for hit in found.json["hits"])
    shown = footnote("search", KEY_QUESTION, "--limit", "3", data_dir=corpus_data)
    assert [line[:4] for line in shown.out.splitlines() if re.match(r" +\d+\. ", line)] == ["  1.", "  2.", "  3."]


def test_status(footnote: Run, corpus_data: Path) -> None:
    status = footnote("status", "--json", data_dir=corpus_data).json
    assert set(status) == keys(STATUS_KEYS)
    assert (status["articles"], status["model"], status["answerer"]) == (
        SHIPPED_ARTICLES,
        "all-MiniLM-L6-v2",
        "extractive",
    )
    assert status["data_dir"] == str(corpus_data)
    shown = footnote("status", data_dir=corpus_data).out
    assert re.search(rf"^Articles +{SHIPPED_ARTICLES}$", shown, re.MULTILINE)
    assert status["fingerprint"] in shown


@pytest.mark.parametrize("question", ["", "   ", "?!", "x" * 100_000], ids=["empty", "blank", "punctuation", "long"])
def test_a_question_that_is_none(footnote: Run, corpus_data: Path, question: str) -> None:
    for command in ("ask", "search"):
        ran = footnote(command, question, "--json", data_dir=corpus_data)
        assert ran.code == 1
        assert "The question" in one_line(ran)


def test_an_empty_index(footnote: Run) -> None:
    for command in ("ask", "search"):
        ran = footnote(command, "Why?", "--json")
        assert ran.code == 1
        assert "Nothing is indexed yet. Run `footnote index PATH`" in one_line(ran)
    status = footnote("status", "--json").json
    assert (status["articles"], status["passages"], status["last_sync"]) == (0, 0, None)


def test_an_index_made_with_other_settings(footnote: Run, corpus_data: Path) -> None:
    ran = footnote("status", data_dir=corpus_data, passage_tokens=100)
    assert (ran.code, ran.err) == (0, "")
    assert "The index has to be made again: it was made with all-MiniLM-L6-v2@" in ran.out
    assert "$5 billion" in footnote("ask", KEY_QUESTION, data_dir=corpus_data, passage_tokens=100).out


def test_a_model_that_is_not_there(footnote: Run, tmp_path: Path) -> None:
    empty = tmp_path / "model"
    empty.mkdir()
    folder = write(tmp_path / "news", {"a.txt": "It rained in Hamburg on Monday."})
    ran = footnote("index", folder, embed_model=empty)
    assert ran.code == 1
    assert "FOOTNOTE_EMBED_MODEL" in ran.err
    assert "Traceback" not in ran.err


# Indexing


def test_index_ask_change_delete(footnote: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"rain.txt": RAIN, "sun.txt": SUN, "picture.png": "no text"})
    dry = footnote("index", folder, "--dry-run", "--json")
    assert (dry.code, dry.json["added"], dry.json["articles"]) == (0, 2, 0)
    first = footnote("index", folder, "--json")
    assert (first.code, first.err) == (0, "")
    assert set(first.json) == keys(REPORT_KEYS)
    assert (first.json["added"], first.json["articles"], first.json["passages"]) == (2, 2, 2)
    assert first.json["skipped"] == [str(folder / "picture.png")]
    assert footnote("index", folder, "--json").json["unchanged"] == 2

    (folder / "sun.txt").unlink()
    write(folder, {"rain.txt": RAIN.replace("30", "45")})
    kept = footnote("index", folder, "--json").json
    assert (kept["updated"], kept["deleted"], kept["articles"]) == (1, 0, 2)
    refused = footnote("index", folder, "--prune", "--json")
    assert (refused.code, refused.json["deleted"]) == (1, 0)
    assert "--prune-limit" in refused.json["failed"][0]["error"]
    pruned = footnote("index", folder, "--prune", "--prune-limit", "50%", "--json")
    assert (pruned.code, pruned.json["deleted"], pruned.json["articles"]) == (0, 1, 1)

    answer = footnote("ask", HOW_MUCH_RAIN, "--json").json
    assert "45 litres" in answer["citations"][0]["quote"]
    deleted = footnote("delete", "rain")
    assert (deleted.code, deleted.out) == (0, "Deleted 1 article.\n")
    assert "There is no article 'rain'" in one_line(footnote("delete", "rain"))
    assert "Nothing is indexed yet" in one_line(footnote("ask", HOW_MUCH_RAIN))


def test_rebuild_check_and_repair(footnote: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"rain.txt": RAIN, "sun.txt": SUN})
    assert footnote("index", folder).code == 0
    checked = footnote("status", "--check")
    assert (checked.code, checked.out) == (0, "Catalogue, vectors and words hold the same 2 passages.\n")
    rebuilt = footnote("index", "--rebuild", "--json")
    assert (rebuilt.code, rebuilt.json["articles"], rebuilt.json["passages"]) == (0, 2, 2)
    both = footnote("index", folder, "--rebuild", "--json")
    assert (both.json["unchanged"], both.json["rebuilt"]) == (2, "it was asked for")
    (generation,) = (tmp_path / "data").glob("index-*")
    shutil.rmtree(generation / "chroma")
    assert "holds nothing" in one_line(footnote("ask", "Did it rain?"))
    assert "Run `footnote status --repair`" in one_line(footnote("status", "--check"))
    repaired = footnote("status", "--repair", "--json")
    assert (repaired.code, repaired.json["repair"], repaired.json["missing_vectors"]["count"]) == (0, "mended", 2)
    assert footnote("status", "--check", "--json").json["agree"]
    assert footnote("ask", "Did it rain?").code == 0


def test_what_fails_is_named_and_the_rest_goes_in(footnote: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"rain.txt": RAIN, "empty.txt": "", "lines.jsonl": '{"text": "A."}\n{"no": 1}\n'})
    (folder / "binary.md").write_bytes(b"\x89PNG\0\xff")
    ran = footnote("index", folder, "--json")
    assert ran.code == 1
    assert ran.json["added"] == 2
    failed = {Path(problem["path"]).name: problem["error"] for problem in ran.json["failed"]}
    assert set(failed) == {"empty.txt", "binary.md", "lines.jsonl#2"}
    assert all(set(problem) == {"path", "error"} for problem in ran.json["failed"])
    shown = footnote("index", folder)
    assert shown.code == 1
    assert "2 unchanged" in shown.out
    assert shown.err.count("failed ") == 3


def test_a_title_that_looks_like_markup_is_shown_as_it_is(footnote: Run, tmp_path: Path) -> None:
    title = "[/red] [bold]Rain[/bold] [1] [link=https://a.example]x"
    folder = write(tmp_path / "[news]", {"rain [1].md": f"---\ntitle: '{title}'\n---\n{RAIN}", "[bold].txt": ""})
    assert "[bold].txt is empty" in footnote("index", folder).err.replace("\n", " ")
    assert f"[1] {title}" in footnote("ask", HOW_MUCH_RAIN, refusals="false").out
    assert title in footnote("search", HOW_MUCH_RAIN).out
    assert title in footnote("ask", "Who composed the opera Fidelio?").out


# Wrong usage


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


def test_settings_come_from_env_files_too(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FOOTNOTE_PASSAGE_TOKENS=2\nOTHER=1\n")
    assert "FOOTNOTE_PASSAGE_TOKENS" in one_line(footnote("status"))
    (tmp_path / ".env").write_text("FOOTNOTE_PASSAGE_TOKENS=150\nOTHER=1\n")
    assert footnote("status", "--json").json["fingerprint"].endswith("/150")


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


def test_help_takes_less_than_half_of_what_importing_sentence_transformers_takes(tmp_path: Path) -> None:
    def seconds(*command: str | Path) -> float:
        started = time.perf_counter()
        done = subprocess.run(command, env=environment(tmp_path), cwd=tmp_path, capture_output=True, check=True)
        assert b"Ask a folder of articles" in done.stdout or not done.stdout
        return time.perf_counter() - started

    helping = statistics.median(seconds(FOOTNOTE, "--help") for _ in range(3))
    assert helping < seconds(sys.executable, "-c", "import sentence_transformers") / 2


# While a service runs


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
def serving(data_dir: Path, *, host: str = "127.0.0.1", **settings: object) -> Iterator[Service]:
    """Run `footnote serve` on a free port, until it says where it is."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log_path = data_dir.parent / "serve.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [FOOTNOTE, "serve", "--port", "0", "--host", host],
            env=environment(data_dir, **settings),
            cwd=data_dir.parent,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            said = "".join(until(lambda line: "Footnote is at" in line, process.stdout))
            address = re.search(rf"http://{re.escape(host)}(:\d+)", said)
            assert address, f"{said!r} {log_path.read_text()}"
            yield Service(process, f"http://127.0.0.1{address[1]}", data_dir, log_path, said)
        finally:
            if process.poll() is None:
                process.kill()


def until_ready(http: httpx.Client) -> None:
    deadline = time.monotonic() + PATIENCE
    while http.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that starts with nothing indexed. Whatever a test needs in it, it indexes itself."""
    with serving(tmp_path_factory.mktemp("service") / "data") as service:
        yield service


@pytest.fixture
def through(footnote: Run, service: Service) -> Run:
    """Run the command in this process, in the data folder that the service owns."""

    def run(*arguments: str | Path) -> Ran:
        assert service.process.poll() is None
        return footnote(*arguments, data_dir=service.data_dir)

    return run


def test_a_service_with_nothing_indexed_says_so(footnote: Run, tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service, service.http() as http:
        assert http.get("/healthz").json() == {"status": "alive"}
        not_ready = http.get("/readyz")
        assert (not_ready.status_code, not_ready.json()["type"]) == (503, "/problems/not-ready")
        asked = http.post("/api/ask", json={"question": "Why?"})
        assert (asked.status_code, asked.json()["type"]) == (409, "/problems/index-empty")
        assert http.get("/api/articles").json() == {"articles": [], "total": 0, "next_after": None}
        ran = footnote("ask", "Why?")
    assert ran.code == 1
    assert "Nothing is indexed yet" in one_line(ran)


def test_commands_go_through_the_service(service: Service, through: Run) -> None:
    indexed = through("index", CORPUS, "--json")
    assert (indexed.code, indexed.err) == (0, "")
    assert set(indexed.json) == keys(REPORT_KEYS)
    assert indexed.json["articles"] == SHIPPED_ARTICLES
    status = through("status", "--json").json
    assert set(status) == keys(STATUS_KEYS)
    assert (status["articles"], status["data_dir"]) == (SHIPPED_ARTICLES, str(service.data_dir))
    asked = footnote_process(service.data_dir, "ask", KEY_QUESTION, "--json")
    assert (asked.code, asked.err) == (0, "")
    assert set(asked.json) == keys(ANSWER_KEYS)
    assert any("$5 billion" in citation["quote"] for citation in asked.json["citations"])
    found = through("search", KEY_QUESTION, "--json").json
    assert set(found) == {"question", "hits"}
    rebuilt = through("index", "--rebuild", "--json")
    assert (rebuilt.code, rebuilt.json["articles"]) == (0, SHIPPED_ARTICLES)
    checked = through("status", "--check", "--json")
    assert (checked.code, checked.json["agree"], checked.json["repair"]) == (0, True, "none")
    assert through("index", "no-such-folder").code == 2
    assert through("ask", "?!").code == 1
    owner = owner_of(service.data_dir)
    assert owner is not None
    assert (owner.pid, owner.url) == (service.process.pid, service.url)


def test_the_api_answers_in_the_shapes_of_the_contract(service: Service, through: Run) -> None:
    through("index", CORPUS)
    with service.http() as http:
        until_ready(http)
        answer = http.post("/api/ask", json={"question": KEY_QUESTION, "as_of": "2026-04-24"}).json()
        assert set(answer) - {"hits"} == keys(ANSWER_KEYS)
        assert answer["status"] == "answered"
        assert all(set(sentence) == keys(SENTENCE_KEYS) for sentence in answer["sentences"])
        for citation in answer["citations"]:
            assert set(citation) == keys(CITATION_KEYS)
            check_over_http(http, citation)
        listed = http.get("/api/articles").json()
        assert (set(listed), listed["total"]) == ({"articles", "total", "next_after"}, SHIPPED_ARTICLES)
        assert all(set(article) == keys(ARTICLE_KEYS) for article in listed["articles"])
        article = http.get(f"/api/articles/{listed['articles'][0]['id']}").json()
        assert set(article) == keys(ARTICLE_KEYS) | {"text", "current", "same_text"}
        assert [http.get(path).status_code for path in ("/", "/articles/x", "/healthz")] == [200, 200, 200]
        assert http.get("/api/status").status_code == 403


def check_over_http(http: httpx.Client, citation: Mapping[str, Any]) -> None:
    version = {"version": citation["article_version"]}
    article = http.get(f"/api/articles/{citation['article_id']}", params=version)
    assert article.status_code == 200
    assert article.json()["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_the_owner_reads_everything_and_others_what_is_for_everyone(
    service: Service, through: Run, tmp_path: Path
) -> None:
    secret = "---\ngroups: [board]\n---\nThe tower of the town hall is 140 metres high, the board knows."
    assert through("index", write(tmp_path / "secret", {"tower.md": secret})).code == 0
    assert "140 metres" in through("ask", "How high is the tower of the town hall?").out
    with service.http() as http:
        answer = http.post("/api/ask", json={"question": "How high is the tower of the town hall?"})
        assert answer.status_code == 200
        assert "140 metres" not in answer.text
        assert "tower" not in {nearest["article_id"] for nearest in answer.json()["nearest"]}
        found = http.post("/api/search", json={"question": "How high is the tower of the town hall?"}).json()
        assert "tower" not in {hit["article_id"] for hit in found["hits"]}
        listed = http.get("/api/articles").json()
        assert "tower" not in {article["id"] for article in listed["articles"]}
        assert listed["total"] == len(listed["articles"])
        assert http.get("/api/articles/tower").status_code == 404
        assert through("delete", "tower").code == 0
        assert http.get("/api/articles/tower").status_code == 404  # that it was there is not told either


def test_a_deleted_article_is_gone(service: Service, through: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"weather/rain.txt": RAIN})
    assert through("index", folder, "--json").json["added"] == 1
    with service.http() as http:
        assert http.get("/api/articles/weather/rain").json()["text"] == RAIN
        assert through("delete", "weather/rain").out == "Deleted 1 article.\n"
        gone = http.get("/api/articles/weather/rain")
        assert (gone.status_code, gone.json()["type"]) == (410, "/problems/article-deleted")
        answer = http.post("/api/ask", json={"question": HOW_MUCH_RAIN}).json()
        assert "weather/rain" not in {citation["article_id"] for citation in answer["citations"]}
    ran = through("delete", "weather/rain")
    assert ran.code == 1
    assert "There is no article 'weather/rain'" in one_line(ran)


def test_a_second_service_fails_and_names_the_first(service: Service) -> None:
    port = service.url.rpartition(":")[2]
    for wanted in ("0", port):
        ran = footnote_process(service.data_dir, "serve", "--port", wanted)
        assert ran.code == 1
        message = one_line(ran)
        assert str(service.process.pid) in message
        assert service.url in message
    with service.http() as http:
        assert http.get("/healthz").status_code == 200


def test_a_port_that_something_else_has(service: Service, footnote: Run) -> None:
    ran = footnote("serve", "--port", service.url.rpartition(":")[2])  # in a data folder of its own
    assert ran.code == 2
    assert "--port" in one_line(ran)


def test_keys_are_given_out_and_taken_back_while_a_service_runs(weather_data: Path, footnote: Run) -> None:
    """Where keys are required, and the service can be reached from elsewhere."""

    def keys(*arguments: str) -> Ran:
        ran = footnote("keys", *arguments, data_dir=weather_data)
        assert ran.code == 0, ran.err
        return ran

    assert "footnote keys add NAME" in keys("list").out
    with serving(weather_data, host="0.0.0.0") as service, service.http() as http:
        assert "footnote keys add NAME" in service.said
        assert http.get("/api/articles").status_code == 401
        added = keys("add", "ann", "--groups", "staff, board")
        key = added.out.strip()
        assert "the only time" in added.err
        bearer = {"Authorization": f"Bearer {key}"}
        answer = http.post("/api/ask", json={"question": HOW_MUCH_RAIN}, headers=bearer)
        assert (answer.status_code, answer.json()["status"]) == (200, "answered")
        assert http.get("/api/status", headers=bearer).status_code == 403
        boss = {"Authorization": f"Bearer {keys('add', 'boss', '--admin').out.strip()}"}
        assert http.get("/api/status", headers=boss).json()["articles"] == 2
        listed = json.loads(keys("list", "--json").out)
        assert [(k["name"], k["groups"], k["admin"], k["revoked"]) for k in listed] == [
            ("ann", ["board", "staff"], False, None),
            ("boss", [], True, None),
        ]
        assert all(k["last_used"] for k in listed)
        assert key.rpartition("_")[2] not in keys("list").out
        keys("revoke", "ann")
        assert http.get("/api/articles", headers=bearer).status_code == 401
        assert http.get("/api/status", headers=boss).status_code == 200
        assert footnote("ask", HOW_MUCH_RAIN, data_dir=weather_data).code == 0  # the owner needs no key
    assert key not in service.log.read_text()


def test_asking_while_articles_change_never_fails(service: Service, through: Run, tmp_path: Path) -> None:
    def article(number: int, turn: int) -> str:
        first = f"The tower of town {number} is {100 + 7 * number + turn} metres high, the mayor says.\n\n"
        return first + f"It was painted in {1950 + number} by a painter from town {number + turn}.\n\n" * 12

    folder = tmp_path / "towers"
    through("index", CORPUS)
    stopped = threading.Event()
    faults: list[str] = []
    answered: list[dict[str, Any]] = []

    def keep_asking(questions: list[str]) -> None:
        with service.http() as http:
            while not stopped.is_set():
                for question in questions:
                    answer = http.post("/api/ask", json={"question": question})
                    if answer.status_code == 200:
                        answered.append(answer.json())
                    else:
                        faults.append(f"{answer.status_code} {answer.text}")
                for path in ("/api/articles", "/healthz", "/readyz", "/api/articles/tower-3"):
                    other = http.get(path)
                    if other.status_code >= 500:
                        faults.append(f"{path} {other.status_code} {other.text}")

    questions = [[f"How high is the tower of town {n}?", "Who painted the tower?", KEY_QUESTION] for n in range(3)]
    threads = [threading.Thread(target=keep_asking, args=[mine]) for mine in questions]
    for thread in threads:
        thread.start()
    try:
        for turn in range(4):
            names = [f"tower-{number}.txt" for number in range(8) if (number + turn) % 4]
            for name in names:
                write(folder, {name: article(int(name[6]), turn)})
            for gone in {path.name for path in folder.iterdir()} - set(names):
                (folder / gone).unlink()
            assert through("index", folder, "--prune", "--prune-limit", "100%").code == 0
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert faults == [], service.log.read_text()
    assert len(answered) >= 6
    assert {"answered"} <= {answer["status"] for answer in answered}
    check_quotes_of_old_versions(service, answered)


def check_quotes_of_old_versions(service: Service, answers: list[dict[str, Any]]) -> None:
    """Every citation given meanwhile can still be opened and is exact, but for articles deleted since."""
    opened: dict[tuple[str, str], str | None] = {}
    with service.http() as http:
        for citation in (citation for answer in answers for citation in answer["citations"]):
            place = (citation["article_id"], citation["article_version"])
            if place not in opened:
                response = http.get(f"/api/articles/{place[0]}", params={"version": place[1]})
                assert response.status_code in (200, 404, 410)
                opened[place] = response.json()["text"] if response.status_code == 200 else None
            text = opened[place]
            assert text is None or text[citation["start"] : citation["end"]] == citation["quote"]
    assert any(text is not None for text in opened.values())


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_stop_ends_cleanly(weather_data: Path, ending: signal.Signals) -> None:
    with serving(weather_data) as service:
        assert owner_of(weather_data) is not None
        # At once, while the model is still being loaded.
        assert service.stop(ending) == 0
    assert owner_of(weather_data) is None
    assert service.log.read_text() == ""
    with pytest.raises(httpx.ConnectError), service.http() as http:
        http.get("/healthz")


def test_a_question_is_answered_to_its_end_when_the_service_is_told_to_stop(weather_data: Path) -> None:
    with serving(weather_data) as service, service.http() as http:
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(http.post("/api/ask", json={"question": HOW_MUCH_RAIN}))

        http.get("/healthz")  # the connection is there
        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.5)  # it waits for the model by now, which takes seconds to load
        assert service.stop() == 0
        thread.join()
    assert [answer.status_code for answer in answers] == [200]
    assert answers[0].json()["citations"]


def test_a_killed_service_leaves_a_folder_that_can_be_used(weather_data: Path, footnote: Run) -> None:
    with serving(weather_data) as service:
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    left = owner_of(weather_data)
    assert left is not None
    assert left.pid == service.process.pid
    assert footnote("status", "--json", data_dir=weather_data).json["articles"] == 2
    assert owner_of(weather_data) is None
    assert footnote("ask", HOW_MUCH_RAIN, "--json", data_dir=weather_data).json["status"] == "answered"
