"""Other systems are asked and scored like Footnote: endpoints over real HTTP, and real programs."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.against.articles import KnownArticle, KnownArticles
from eval.against.chat import read_completion
from eval.against.citation_query_engine import engine, reply
from eval.against.replies import Reading, Reply
from eval.commands import app
from eval.drafting.draft import articles_under
from eval.results import read_results
from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.schemas.api import AskRequest, AskResponse
from tests.chat_server import ChatServer, completion, serving_chat
from tests.http_server import served

ARTICLES = (
    {"id": "bridge", "title": "The bridge", "text": "The bridge opened in 1932. It cost\n£4 million.", "url": "https://a.example/bridge"},
    {"id": "news/ferry", "title": "The ferry", "text": "The ferry sails at 9:15 every day.", "url": "https://a.example/ferry/"},
)  # fmt: skip
QUESTIONS = (
    {"id": "q1", "question": "When did the bridge open?", "answers": ["1932"],
     "evidence": [{"article_id": "bridge", "quote": "The bridge opened in 1932."}]},
    {"id": "q2", "question": "When does the ferry sail?", "answers": ["9:15"],
     "evidence": [{"article_id": "news/ferry", "quote": "The ferry sails at 9:15 every day."}]},
    {"id": "q3", "question": "Who drew the bridge?", "answerable": False},
)  # fmt: skip

Json = dict[str, Any]
KNOWN = KnownArticles(KnownArticle(**article) for article in ARTICLES)


def question_set(folder: Path, *rows: Json) -> Path:
    folder.mkdir(exist_ok=True)
    for name, lines in (("corpus.jsonl", ARTICLES), ("questions.jsonl", rows or QUESTIONS)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def eval_run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def annotation(url: str) -> Json:
    return {"type": "url_citation", "url_citation": {"url": url, "title": "", "start_index": 0, "end_index": 1}}


def right(messages: list[dict[str, str]]) -> Json:
    """Answer as an endpoint with annotations does."""
    question = messages[-1]["content"]
    if "drew" in question:
        return completion("I do not know who drew it.")
    text, url = ("It opened in 1932.", ARTICLES[0]["url"]) if "bridge" in question else ("At 9:15.", ARTICLES[1]["url"])
    return completion(text, annotations=[annotation(url)])


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def responded(reply: Reply, *refusals: str) -> AskResponse:
    return Reading(KNOWN, refusals).response(AskRequest(question="When?"), reply, answerer="m", milliseconds=1.0)


@pytest.mark.parametrize(
    ("body", "cited"),
    [
        # Annotations of OpenAI's, without markers.
        (completion("In 1932.", annotations=[annotation("http://a.example/bridge#x")]),
         [("bridge", "")]),
        # Perplexity: addresses of all that was found, markers for what is cited.
        (completion("In 1932.[2]", citations=["https://a.example/ferry", "https://a.example/bridge"]), [("bridge", "")]),
        # Search results with the words: white space may differ.
        (completion("It cost £4 million [1].", search_results=[{"title": "The bridge", "snippet": "It cost £4 million."}]),
         [("bridge", "It cost\n£4 million.")]),
        # Azure: the passages themselves.
        (completion("At 9:15 [doc1].", context={"citations": [{"content": "sails at 9:15 every", "title": "?"}]}),
         [("news/ferry", "sails at 9:15 every")]),
        # A list of sources below the answer, cited by number.
        (completion("In 1932 [2].\n\nSources:\n[1] The ferry, https://a.example/ferry\n[2] The bridge"), [("bridge", "")]),
        (completion("In 1932[^1].\n\n[^1]: https://a.example/bridge"), [("bridge", "")]),
        # An address of a page of Footnote's own, and what is no article of the set.
        (completion("At 9:15.", citations=["http://f.example/articles/news/ferry?version=1", "https://other.example"]),
         [("news/ferry", ""), ("https://other.example", "")]),
        (completion("In 1932."), []),
    ],
)  # fmt: skip
def test_citations_are_read_wherever_an_endpoint_puts_them(body: Json, cited: list[tuple[str, str]]) -> None:
    response = responded(read_completion(body))
    assert [(citation.article_id, citation.quote) for citation in response.citations] == cited
    for citation in response.citations:
        text = KNOWN.text_of(citation.article_id, None) or ""
        assert text[citation.start : citation.end] == citation.quote
    said = " ".join(sentence.text for sentence in response.sentences)
    assert "[" not in said
    assert "Sources" not in said
    # The text has its markers, by which its citations go.
    numbers = {citation.number for citation in response.citations}
    assert {number for sentence in response.sentences for number in sentence.citations} <= numbers


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        (Reply(answer="The documents do not mention this."), True),
        (Reply(answer="I'm sorry, I can't help with that."), True),
        (Reply(answer="It opened in 1932. The sources do not say who drew it."), False),
        (Reply(answer="Nothing here, ask HR."), False),
        (Reply(answer="In 1932.", refused=True), True),
        (Reply(answer="I do not know.", refused=False), False),
        (read_completion(completion(None, refusal="No.")), True),
        (Reply(answer="  "), True),
    ],
)
def test_refusals_are_told_by_field_or_by_the_first_sentence(reply: Reply, refused: bool) -> None:
    assert (responded(reply).status == "no_answer") is refused


def test_words_of_refusal_can_be_named() -> None:
    assert responded(Reply(answer="Nothing here, Ask HR."), "ask hr").status == "no_answer"


def test_an_endpoint_is_scored_like_footnote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_AGAINST_API_KEY", "sesame")
    told = {"history": [{"role": "user", "text": "The bridge?"}], "as_of": "2026-01-01"}
    dataset = question_set(tmp_path / "set", QUESTIONS[0] | told, *QUESTIONS[1:])
    with serving_chat(ChatServer(right)) as server:
        ran = eval_run(dataset, "--out", "out", "--against", server.url)
    assert ran.exit_code == 0, ran.output
    assert "3 of 3 questions went right" in ran.stdout
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    scores = {name: score.get("mean") for name, score in report["metrics"].items()}
    assert (scores["answer_in_text"], scores["answer_in_first_sentence"], scores["refusal_recall"]) == (1, 1, 1)
    assert (scores["article_citation_precision"], scores["article_citation_recall"]) == (1, 1)
    # Whole articles are cited, nothing was retrieved that is known, nothing was verified, and nobody says how sure it is.
    unknown = {"citation_precision", "citations_exact", "hits@1", "sentences_verified", "risk_coverage_area"}
    assert unknown.isdisjoint(scores)
    assert report["notes"] == ["1 questions have `as_of`, which this system cannot be told."]
    assert report["settings"] == {
        "dataset": str(dataset), "corpus": None, "limit": None, "against": server.url, "model": None,
    }  # fmt: skip
    assert report["index"] == {"answerer": "small", "articles": 2}
    first = next(asked for asked in server.asked if "open" in asked["messages"][-1]["content"])
    assert first == {
        "model": "small",
        "messages": [
            {"role": "user", "content": "The bridge?"},
            {"role": "user", "content": "When did the bridge open?"},
        ],
    }
    assert set(server.keys) == {"Bearer sesame"}
    assert "sesame" not in Path("out/report.json").read_text(encoding="utf-8") + Path("out/run.json").read_text()
    assert "small" in Path("out/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"<html>Gateway</html>", "The reply is not JSON: <html>Gateway"),
        ({"choices": []}, "The reply is no chat completion"),
        ({"choices": [{"message": "text"}]}, "The reply is no chat completion"),
        (completion(""), "The reply holds no text"),
        (completion("x" * 200_001), "The reply is no chat completion"),
        (b"[" * 100_000, "The reply is not JSON"),
        (400, "Error code: 400"),
    ],
)
def test_rubbish_is_an_error_of_one_question(tmp_path: Path, said: Json | bytes | int, error: str) -> None:
    def answer(messages: list[dict[str, str]]) -> Any:
        return said if "ferry" in messages[-1]["content"] else right(messages)

    with serving_chat(ChatServer(answer)) as server:
        ran = eval_run(question_set(tmp_path / "set"), "--out", "out", "--against", server.url)
    assert ran.exit_code == 0, ran.output
    ended = {result.id: result.error for result in read_results(Path("out"))}
    assert error in str(ended["q2"])
    assert (ended["q1"], ended["q3"]) == (None, None)


def test_an_endpoint_that_dies_stops_the_run_which_goes_on_when_it_is_back(tmp_path: Path) -> None:
    rows = [QUESTIONS[0] | {"id": f"q{n}", "question": f"{n}: When did the bridge open?"} for n in range(12)]
    dataset = question_set(tmp_path / "set", *rows)
    with serving_chat(ChatServer(right)) as server:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        assert eval_run(dataset, "--out", "whole", "--against", server.url).exit_code == 0
        assert eval_run(dataset, "--out", "out", "--against", server.url, "--limit", "12").exit_code == 0
    # As if the run had been killed after five answers.
    lines = Path("out/results.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    Path("out/results.jsonl").write_text("".join(lines[:5]) + lines[5][:40], encoding="utf-8")
    Path("out/report.json").unlink()
    same = ("--out", "out", "--against", server.url, "--limit", "12", "--resume")
    other = eval_run(dataset, *same, "--model", "small")
    assert (other.exit_code, "cannot be resumed" in other.stderr) == (2, True)
    gone = eval_run(dataset, *same)
    assert gone.exit_code == 1
    assert "cannot be read" in gone.stderr
    assert "give the same command with --out out --resume" in gone.stderr
    with serving_chat(ChatServer(right), port) as again:
        resumed = eval_run(dataset, *same)
    assert resumed.exit_code == 0, resumed.output
    assert len(again.asked) == 7
    texts = [[(r.id, r.text, r.scores) for r in read_results(Path(out))] for out in ("out", "whole")]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_endpoint_that_refuses_everything_stops_the_run(tmp_path: Path, status: int) -> None:
    with serving_chat(ChatServer(lambda messages: status)) as server:
        ran = eval_run(question_set(tmp_path / "set"), "--out", "out", "--against", server.url)
    assert ran.exit_code == 1
    assert f"refuses the questions: Error code: {status}" in ran.stderr


def test_a_model_has_to_be_named_where_there_are_several(tmp_path: Path) -> None:
    with serving_chat(ChatServer(right, models=("one", "two"))) as server:
        dataset = question_set(tmp_path / "set")
        ran = eval_run(dataset, "--out", "out", "--against", server.url)
        assert (ran.exit_code, "2 models (one, two). Name one with --model" in ran.stderr) == (1, True)
        assert eval_run(dataset, "--out", "out", "--against", server.url, "--model", "two").exit_code == 0
        assert {asked["model"] for asked in server.asked} == {"two"}


def test_footnote_itself_is_read_over_its_own_v1(tmp_path: Path, corpus_assistant: LocalAssistant) -> None:
    corpus, rows = (
        Path(__file__).parent.parent / "corpus",
        (Path(__file__).parent.parent / "eval/questions/questions.jsonl"),
    )
    wanted = [row for row in map(json.loads, rows.read_text().splitlines()) if row["id"] in ("q001", "q003", "q005")]
    unanswerable = {"id": "none", "question": "Who is the chief executive of Anthropic?", "answerable": False}
    dataset = question_set(tmp_path / "set", *wanted, unanswerable)
    with served(corpus_assistant) as url:
        ran = eval_run(dataset, "--corpus", corpus, "--out", "out", "--against", f"{url}/v1", "--workers", "2")
    assert ran.exit_code == 0, ran.output
    for result in read_results(Path("out")):
        own = corpus_assistant.ask(AskRequest(question=result.question), OWNER)
        assert (result.error, result.status, result.answerer) == (None, own.status, "footnote")
        quotes = [(one.article_id, one.start, one.end, one.quote) for one in own.citations]
        assert [(one.article_id, one.start, one.end, one.quote) for one in result.citations] == quotes
    scores = json.loads(Path("out/report.json").read_text(encoding="utf-8"))["metrics"]
    assert (scores["citations_exact"]["mean"], scores["refusal_recall"]["mean"]) == (1, 1)


PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    question = asked["question"]
    open("asked.jsonl", "a").write(json.dumps(asked | {"pid": os.getpid()}) + "\\n")
    ferry = {"id": "news/ferry", "text": "The ferry sails at 9:15 every day."}
    bridge = {"article_id": "bridge", "text": "The bridge opened in 1932.", "start": 0}
    if "die" in question: sys.exit(3)
    if "sleep" in question: time.sleep(600)
    if "rubbish" in question: print("rubbish", flush=True); continue
    if "fail" in question: print(json.dumps({"error": "no tokens left"}), flush=True); continue
    if "list" in question: print("[1]", flush=True); continue
    if "drew" in question: print(json.dumps({"answer": "No idea.", "refused": True}), flush=True); continue
    found = [bridge, ferry] if "bridge" in question else [ferry, bridge]
    said = "In 1932 [1]." if "bridge" in question else "At 9:15 [1]."
    tokens = {"prompt_tokens": 7, "completion_tokens": 3}
    print(json.dumps({"answer": said, "sources": found, "hits": found} | tokens), flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    (tmp_path / "a program.py").write_text(PROGRAM, encoding="utf-8")
    return f"{sys.executable} 'a program.py'"


def asked_of_program() -> list[Json]:
    return [json.loads(line) for line in Path("asked.jsonl").read_text().splitlines()]


def test_a_program_is_scored_with_what_it_found(tmp_path: Path, program: str) -> None:
    told = {"as_of": "2026-01-01", "article_ids": ["bridge", "news/ferry"]}
    dataset = question_set(tmp_path / "set", QUESTIONS[0] | told, *QUESTIONS[1:])
    ran = eval_run(dataset, "--out", "out", "--against-command", program, "--workers", "1")
    assert ran.exit_code == 0, ran.output
    metrics = json.loads(Path("out/report.json").read_text(encoding="utf-8"))["metrics"]
    perfect = (
        "hits@1",
        "evidence_hits@1",
        "answer_in_text",
        "citation_precision",
        "citation_recall",
        "citations_exact",
    )
    assert {name: metrics[name]["mean"] for name in perfect} == dict.fromkeys(perfect, 1)
    assert (metrics["prompt_tokens"]["value"], metrics["refusal_recall"]["mean"]) == (7, 1)
    first = asked_of_program()[0]
    pid = first.pop("pid")
    assert first == {"question": "When did the bridge open?", "history": []} | told
    assert {asked["pid"] for asked in asked_of_program()} == {pid}
    # It ended with the run.
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_that_fails_loses_one_question_and_is_started_again(tmp_path: Path, program: str) -> None:
    words = ("die", "sleep", "rubbish", "fail", "list")
    rows = [{"id": word, "question": f"{word}?", "answers": ["x"]} for word in words]
    dataset = question_set(tmp_path / "set", *rows, *QUESTIONS)
    ran = eval_run(dataset, "--out", "out", "--against-command", program, "--workers", "1", "--timeout", "2")
    assert ran.exit_code == 0, ran.output
    errors = {result.id: (result.error or "").partition(": ")[2] for result in read_results(Path("out"))}
    assert errors == {
        "die": "The program ended without an answer.",
        "sleep": "The program took more than 2 s.",
        "rubbish": "The program's line is not JSON: rubbish\n",
        "fail": "The program failed: no tokens left",
        "list": "The program's line is no answer: the line: Input should be a valid dictionary or instance of Reply",
        "q1": "", "q2": "", "q3": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "http://127.0.0.1:1/v1"], "The set brings no articles"),
        (["--against", "127.0.0.1:1", "--corpus", "CORPUS"], "is no address"),
        (["--against", "http://me:pass@127.0.0.1/v1", "--corpus", "CORPUS"], "FOOTNOTE_AGAINST_API_KEY"),
        (["--against-command", "no-such-program", "--corpus", "CORPUS"], "There is no program 'no-such-program'"),
        (["--against-command", "a 'b", "--corpus", "CORPUS"], "is no command"),
        (["--against-command", "cat", "--against", "http://127.0.0.1/v1"], "name two systems"),
        (["--model", "m"], "Name it with --against"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(tmp_path: Path, arguments: list[str], message: str) -> None:
    folder = question_set(tmp_path / "set")
    corpus = str((folder / "corpus.jsonl").rename(tmp_path / "corpus.jsonl"))
    ran = eval_run(folder, "--out", "out", *(corpus if part == "CORPUS" else part for part in arguments))
    assert (ran.exit_code, Path("out").exists()) == (2, False), ran.output
    assert message in ran.stderr


def test_the_citation_query_engine_answers_with_the_passages_that_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = question_set(tmp_path / "set") / "corpus.jsonl"
    monkeypatch.setenv("FOOTNOTE_LLM_PROVIDER", "openai_like")
    monkeypatch.setenv("FOOTNOTE_LLM_MODEL", "small")
    with serving_chat(ChatServer(lambda messages: completion("At 9:15 [1]."))) as server:
        monkeypatch.setenv("FOOTNOTE_LLM_BASE_URL", server.url)
        answering = engine(articles_under(articles, 1_000_000, []), hits=1)
        said = Reply.model_validate(reply(answering, "When does the ferry sail?"))
    response = responded(said)
    assert (response.status, response.text) == ("answered", "At 9:15 [1].")
    assert [(cited.article_id, cited.quote) for cited in response.citations] == [("news/ferry", ARTICLES[1]["text"])]
    assert [hit.article_id for hit in response.hits or ()] == ["news/ferry"]
    assert "Source 1" in server.asked[0]["messages"][-1]["content"]
