"""The `footnote` command: in this process where that is enough, as a process of its own where it matters."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.answer.pipeline import NOT_ANSWERED
from tests.cli_fixtures import (
    ANSWER_KEYS,
    CITATION_KEYS,
    HIT_KEYS,
    HOW_MUCH_RAIN,
    KEY_QUESTION,
    RAIN,
    REPORT_KEYS,
    SENTENCE_KEYS,
    STATUS_KEYS,
    SUN,
    Run,
    footnote_process,
    keys,
    one_line,
)
from tests.llm_server import free_port
from tests.service_fixtures import (
    SHIPPED_ARTICLES,
    write,
)

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


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "rain.md",
            "It rained 30 litres a square metre in Hamburg, 10^2 miles from the coast, the weather office says.",
        ),
        (
            "rain.txt",
            "It rained **30 litres** a [square metre](https://a.example/m) in Hamburg, 10<sup>2</sup> miles from the coast, "
            "the [[o|weather office]] says.",
        ),
    ],
)
def test_quotes_are_shown_without_marks_of_markdown_and_stay_exact_in_json(
    footnote: Run, tmp_path: Path, name: str, shown: str
) -> None:
    said = (
        "It rained **30 litres** a [square metre](https://a.example/m) in Hamburg, 10<sup>2</sup> miles from the coast, "
        "the [[o|weather office]] says."
    )
    before = "# Weather\n\n> [!NOTE]\n> " if name == "rain.md" else ""
    footnote("index", write(tmp_path / "news", {name: before + said}))
    ran = footnote("ask", HOW_MUCH_RAIN, refusals="false")
    assert shown in " ".join(ran.out.partition("Quoted from")[2].split())
    quotes = [
        citation["quote"] for citation in footnote("ask", HOW_MUCH_RAIN, "--json", refusals="false").json["citations"]
    ]
    assert all(quote in before + said for quote in quotes)
    assert any("**30 litres**" in quote for quote in quotes)


def test_a_question_needs_no_quotation_marks(footnote: Run, weather_data: Path) -> None:
    words = HOW_MUCH_RAIN.split()
    asked = footnote("ask", *words, "--json", data_dir=weather_data)
    assert (asked.code, asked.json["question"], asked.json["status"]) == (0, HOW_MUCH_RAIN, "answered")
    found = footnote("search", "--limit", "1", *words, "--json", data_dir=weather_data)
    assert (found.json["question"], len(found.json["hits"])) == (HOW_MUCH_RAIN, 1)


def test_ask_says_when_the_articles_do_not_answer(footnote: Run, corpus_data: Path) -> None:
    ran = footnote("ask", "Which frog has the most poisonous skin?", data_dir=corpus_data)
    assert ran.code == 0
    assert ran.out.startswith(f"{NOT_ANSWERED}\nNearest:\n  • ")
    as_json = footnote("ask", "Which frog has the most poisonous skin?", "--json", data_dir=corpus_data).json
    assert as_json["status"] == "no_answer"
    assert set(as_json) == keys(ANSWER_KEYS)
    assert len(as_json["nearest"]) == 3
    assert all(f"“{near['quote'].split()[0]}" in ran.out for near in as_json["nearest"])


def test_ask_replies_to_small_talk(footnote: Run, weather_data: Path) -> None:
    ran = footnote("ask", "What can you do?", data_dir=weather_data)
    assert ran.code == 0
    assert ran.out.startswith("I am Footnote.")
    as_json = footnote("ask", "What can you do?", "--json", data_dir=weather_data).json
    assert (as_json["status"], as_json["nearest"]) == ("about", [])
    assert as_json["about"]["articles"] > 0
    shown = " ".join(ran.out.split())
    assert all(f"• {' '.join(question.split())}" in shown for question in as_json["about"]["questions"])


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
    folder = write(tmp_path / "news", {"rain.txt": RAIN, "sun.txt": SUN, "picture.gif": "no text"})
    dry = footnote("index", folder, "--dry-run", "--json")
    assert (dry.code, dry.json["added"], dry.json["articles"]) == (0, 2, 0)
    first = footnote("index", folder, "--json")
    assert (first.code, first.err) == (0, "")
    assert set(first.json) == keys(REPORT_KEYS)
    assert (first.json["added"], first.json["articles"], first.json["passages"]) == (2, 2, 2)
    assert first.json["skipped"] == [str(folder / "picture.gif")]
    assert footnote("index", folder, "--json").json["unchanged"] == 2

    (folder / "sun.txt").unlink()
    write(folder, {"rain.txt": RAIN.replace("30", "45")})
    kept = footnote("index", folder, "--json").json
    assert (kept["updated"], kept["deleted"], kept["articles"]) == (1, 0, 2)
    refused = footnote("index", folder, "--prune", "--prune-limit", "0%", "--json")
    assert (refused.code, refused.json["deleted"]) == (1, 0)
    assert "--prune-limit" in refused.json["failed"][0]["error"]
    pruned = footnote("index", folder, "--prune", "--json")
    assert (pruned.code, pruned.json["deleted"], pruned.json["articles"]) == (0, 1, 1)

    answer = footnote("ask", HOW_MUCH_RAIN, "--json").json
    assert "45 litres" in answer["citations"][0]["quote"]
    deleted = footnote("delete", "rain")
    assert (deleted.code, deleted.out) == (0, "Deleted 1 article.\n")
    assert "There is no article 'rain'" in one_line(footnote("delete", "rain"))
    assert "Nothing is indexed yet" in one_line(footnote("ask", HOW_MUCH_RAIN))


def test_a_folder_without_articles(footnote: Run, tmp_path: Path) -> None:
    empty, pictures = tmp_path / "empty", write(tmp_path / "pictures", {"sun.gif": "no text"})
    empty.mkdir()
    for folder in (empty, pictures):
        ran = footnote("index", folder)
        assert ran.code == 0
        assert "Nothing was found to index. Files that are read: " in ran.out
        assert ".md" in ran.out
    write(empty, {"rain.txt": RAIN})
    for _ in range(2):
        assert "Nothing was found" not in footnote("index", empty).out


def test_ctrl_c_while_indexing_keeps_what_is_done_and_tells_it(
    footnote: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def pressing() -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: signal.raise_signal(signal.SIGINT) if done == 2 else None

    folder = write(tmp_path / "news", {f"{hours}.md": f"It rained for {hours} hours." for hours in range(6)})
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr("index.ingest.writing._ARTICLES_AT_ONCE", 1)
        patch.setattr("service.cli.printing.progress_bar", pressing)
        ran = footnote("index", folder)
    assert (ran.code, ran.out) == (130, "")
    assert "Stopping: " in ran.err
    assert "2 articles and files were done by then" in ran.err
    assert signal.getsignal(signal.SIGINT) is before
    assert footnote("index", folder, "--json").json["unchanged"] == 2


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
    assert "is empty" in one_line(footnote("ask", "Did it rain?"))
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
