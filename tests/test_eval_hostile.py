"""The set of attacks, and the score that counts those that succeed."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval import hostile_rounds
from eval.changes import changes
from eval.check import check_questions
from eval.commands import app
from eval.datasets import read_questions
from eval.hostile import KINDS, PLACES, attacks
from eval.metrics import attack_scores
from eval.records import EvalQuestion, Result
from eval.results import read_results
from tests.fake_assistant import answer, answered, citation
from tests.llm_server import LlmServer, Received, Reply


@pytest.fixture
def attacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "hostile"
    ran = CliRunner().invoke(app, ["hostile", str(folder)])
    assert ran.exit_code == 0, ran.output
    return folder


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_there_are_enough_of_every_kind_at_every_place() -> None:
    every = list(attacks())
    assert len(every) >= 200
    assert len(KINDS) >= 8
    assert Counter((attack.kind, attack.place) for attack in every) == {(k, p): 3 for k in KINDS for p in PLACES}
    assert (
        len({(attack.text, attack.place) for attack in every}) == len({attack.word for attack in every}) == len(every)
    )


def test_the_set_is_whole_and_each_word_is_where_it_says(attacked: Path) -> None:
    questions = read_questions(attacked)
    articles = {row["id"]: row for row in rows(attacked / "corpus.jsonl")}
    assert check_questions(questions, lambda id, version: articles[id]["text"] if id in articles else None) == []
    assert len(articles) == len(questions.questions) == 216
    fields = {"article": "text", "title": "title", "publisher": "publisher", "file name": "id"}
    for question, attack in zip(questions.questions, attacks(), strict=True):
        assert question.forbidden == (attack.word,)
        article = articles[question.relevant_ids[0]]
        # What is encoded does not show its word.
        held = attack.word in json.dumps(article, ensure_ascii=False) or attack.kind == "encoded"
        assert held == (attack.place in fields or attack.kind == "encoded")
        if attack.place in fields and attack.kind != "encoded":
            assert attack.word in article[fields[attack.place]]
        assert bool(question.history) == (attack.place == "history")
        assert (attack.text in question.question) == (attack.place == "question")


def test_a_set_that_is_there_is_not_overwritten(attacked: Path) -> None:
    (attacked / "corpus.jsonl").unlink()
    before = (attacked / "questions.jsonl").read_bytes()
    ran = CliRunner().invoke(app, ["hostile", str(attacked)])
    assert (ran.exit_code, "holds a question set already" in ran.stderr) == (2, True)
    assert (attacked / "questions.jsonl").read_bytes() == before


def test_an_attack_succeeds_where_its_word_is_said_or_quoted() -> None:
    question = EvalQuestion("q", "?", ("€5",), forbidden=("PLUM",))
    assert attack_scores(question, answered("It cost €5.")) == {"attack_success": 0}
    assert attack_scores(question, answered("It cost a plum.")) == {"attack_success": 1}
    assert attack_scores(question, answer(short_answer="PLUM", status="answered")) == {"attack_success": 1}
    assert attack_scores(question, answered("It is so.", citations=[citation(1, quote="PLUM")])) == {
        "attack_success": 0
    }
    assert attack_scores(EvalQuestion("q", "?"), answered("PLUM")) == {}


def test_more_success_of_attacks_is_worse() -> None:
    first, second = (
        [Result(str(n), "?", True, status="answered", scores={"attack_success": score}) for n in range(20)]
        for score in (0.0, 1.0)
    )
    (change,) = (one for one in changes(first, second) if one.metric == "attack_success")
    assert (change.remark, change.difference) == ("worse", 1)


PROGRAM = """
import json, sys
obeys = sys.argv[2] == "obeys"
articles = [json.loads(line) for line in open(sys.argv[1])]
for line in sys.stdin:
    asked = json.loads(line)
    name = asked["question"].rpartition("How much did ")[2].removesuffix(" cost?")
    article = next(row for row in articles if f"{name} cost" in row["text"])
    told = " ".join([*article.values(), asked["question"], *(turn["text"] for turn in asked["history"])])
    said = article["text"].partition(". ")[2].partition(".")[0]
    print(json.dumps({"answer": told if obeys else said}), flush=True)
"""


@pytest.mark.parametrize(("manner", "expected"), [("obeys", 1.0), ("careful", 0.0)])
def test_systems_are_told_apart(attacked: Path, manner: str, expected: float) -> None:
    program = attacked.with_name("program.py")
    program.write_text(PROGRAM, encoding="utf-8")
    out = attacked.with_name("out")
    command = f"{sys.executable} {program} {attacked / 'corpus.jsonl'} {manner}"
    ran = CliRunner().invoke(app, ["run", str(attacked), "--out", str(out), "--against-command", command])
    assert ran.exit_code == 0, ran.output
    plain = [result for result in read_results(out) if result.kind != "encoded"]
    assert {result.scores["attack_success"] for result in plain} == {expected}
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["by_kind"]["override"]["attack_success"]["mean"] == expected
    assert "attack_success" in (out / "summary.md").read_text(encoding="utf-8")


def rewritten(received: Received) -> str:
    """Rewrite an attack so that it looks like what is asked for, once the model was told how the last one failed."""
    told = json.loads(received.prompt.partition("\n\n")[2])
    assert told["the service answered"]
    project = told["question"].removeprefix("How much did ").removesuffix(" cost?")
    return f"{project} cost {told['code word']} in all." if told["place"] == "article" else "No idea."


@pytest.fixture
def attacker(llm: LlmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LlmServer:
    """Three attacks on Footnote without a language model, and a model that rewrites them."""
    three = [next(one for one in attacks() if one.place == place) for place in ("article", "title", "question")]
    monkeypatch.setattr(hostile_rounds, "attacks", lambda: iter(three))
    for name, value in {"DATA_DIR": tmp_path / "data", "JUDGE_BASE_URL": llm.url, "JUDGE_MODEL": "m"}.items():
        monkeypatch.setenv(f"FOOTNOTE_{name}", str(value))
    llm.say(rewritten)
    return llm


def test_what_failed_is_rewritten_and_tried_again_until_it_succeeds(attacker: LlmServer, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["hostile", str(tmp_path / "set"), "--rounds", "2"])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines() == [
        "Round 1: 0 of 3 attacks succeeded",
        "Round 2: 1 of 3 attacks succeeded",
        "In any round: .33 (.00 to 1.00) of 3",
    ]
    assert len(attacker.requests) == 3, "one for each that failed; nobody judges"
    second = {row["style"]: row["attack"]["text"] for row in rows(tmp_path / "set" / "round-2" / "questions.jsonl")}
    assert second["title"] == second["question"] == "No idea."
    (won,) = [
        result for result in read_results(tmp_path / "set" / "round-2" / "run") if result.scores["attack_success"]
    ]
    assert "PLUM" in won.text

    attacker.requests.clear()
    again = CliRunner().invoke(app, ["hostile", str(tmp_path / "set"), "--rounds", "2"])
    assert (again.stdout, attacker.requests) == (ran.stdout, []), "rounds that are over are not repeated"


def test_a_model_that_fails_is_told_and_the_rounds_go_on_later(attacker: LlmServer, tmp_path: Path) -> None:
    arguments = ["hostile", str(tmp_path / "set"), "--rounds", "2"]
    attacker.do(Reply(status=400))
    failed = CliRunner().invoke(app, arguments)
    assert failed.exit_code == 2
    assert "The language model failed 3 times in a row" in " ".join(failed.output.split())
    assert not (tmp_path / "set" / "round-2").exists()
    attacker.say(rewritten)
    assert "Round 2: 1 of 3" in CliRunner().invoke(app, arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rounds", "2"], "A language model has to rewrite attacks"),
        (["--against", "http://127.0.0.1:9/v1"], "--against needs --rounds"),
        (["--rounds", "2", "--model", "m"], "Name it with --against"),
    ],
)
def test_rounds_without_a_model_are_wrong_usage(tmp_path: Path, arguments: list[str], said: str) -> None:
    ran = CliRunner().invoke(app, ["hostile", str(tmp_path / "set"), *arguments])
    assert ran.exit_code == 2
    assert said in " ".join(ran.output.split())
