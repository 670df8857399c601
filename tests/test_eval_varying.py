"""Drafts made of questions that there are: in other styles, two in one, without their answers, and of what people asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Ran

from eval.check import check_questions
from eval.commands import app
from eval.datasets import read_questions
from eval.drafting.asked import asked_into
from index.records import FOR_EVERYONE
from service.auth.askers import Asker
from service.client import LocalClient
from service.schemas.api import AskRequest
from service.schemas.history import FeedbackRequest
from tests.llm_server import LlmServer, Received, Reply
from tests.service_fixtures import ROOT, assistant_over, index_into, settings_for, write

ARTICLES = {
    "tower.md": "# The old tower\n\nThe old tower at the harbour is 84 metres high. The port built it in 1912.\n",
    "news.md": "# News\n\nVisitors like the tower. The old tower at the harbour reaches 84 metres. It rained.\n",
    "crane.md": "---\ngroups: [staff]\ntitle: The crane\n---\nThe green crane at the harbour weighs 300 tonnes.\n",
}
ROWS: list[dict[str, Any]] = [
    {
        "id": "high", "question": "How high is the old tower at the harbour?", "answers": ["84 metres"],
        "evidence": [{"article_id": "tower", "quote": "The old tower at the harbour is 84 metres high."}],
    },
    {
        "id": "heavy", "question": "How heavy is the green crane at the harbour?", "answers": ["300 tonnes"],
        "evidence": [{"article_id": "crane", "quote": "The green crane at the harbour weighs 300 tonnes."}],
    },
    {"id": "none", "question": "Who owns the ferry?", "answerable": False, "kind": "unanswerable"},
]  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write(tmp_path / "set" / "corpus", ARTICLES)
    (tmp_path / "set" / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path / "set"


def ran(*arguments: object) -> Ran:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rows_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def reviewed(path: Path) -> Path:
    """Accept all drafts of a file."""
    path.write_text("".join(json.dumps(row | {"reviewed": True}) + "\n" for row in rows_in(path)))
    return path


def test_questions_are_asked_in_other_styles_and_count_together(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "drafts.jsonl"
    assert ran("vary", dataset, "--out", out).exit_code == 0
    assert read_questions(out).questions == (), "nobody has reviewed them"
    found = {question.id: question for question in read_questions(reviewed(out)).questions}
    styles = {f"{name}-{way}" for name in ("high", "heavy", "none") for way in ("keywords", "typos", "indirect")}
    assert {name for name in found if "+" not in name} == styles
    keywords = found["high-keywords"]
    assert keywords.question.lower() == "high old tower harbour"
    assert (keywords.style, keywords.cluster, keywords.answers) == ("keywords", "high", ("84 metres",))
    assert keywords.evidence == read_questions(dataset).questions[0].evidence
    assert not found["none-typos"].answerable
    assert len({question.question for question in found.values()}) == len(found)


def test_two_questions_in_one_have_both_answers_in_two_articles(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "drafts.jsonl"
    ran("vary", dataset, "--out", out, "--way", "pairs")
    (pair,) = read_questions(reviewed(out)).questions
    assert {part.strip(" ?").lower() for part in pair.question.split(", and ")} == {
        row["question"].strip("?").lower() for row in ROWS[:2]
    }
    assert (pair.kind, sorted(pair.answers), sorted(pair.relevant_ids)) == (
        "synthesis",
        ["300 tonnes", "84 metres"],
        ["crane", "tower"],
    )
    assert len(pair.evidence) == 2


def test_the_same_seed_adds_nothing_a_second_time(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "drafts.jsonl"
    assert "10 questions added" in ran("vary", dataset, "--out", out).output
    before = out.read_bytes()
    assert "0 questions added" in ran("vary", dataset, "--out", out).output
    assert out.read_bytes() == before


def test_near_misses_lack_the_fact_in_every_article_and_nothing_else(dataset: Path, tmp_path: Path) -> None:
    near = tmp_path / "near"
    assert "2 questions in" in ran("near-misses", dataset, near).output
    articles = {row["id"]: row for row in rows_in(near / "corpus.jsonl")}
    assert "84 metres" not in json.dumps(articles)
    assert articles["tower"]["text"].split("\n")[0] == "# The old tower", (
        "its words are in the quote, and it is no part of it"
    )
    assert "The port built it in 1912." in articles["tower"]["text"]
    assert articles["news"]["text"].split("\n")[-2].split() == "Visitors like the tower. It rained.".split()
    assert articles["crane"]["groups"] == ["staff"], "what is restricted stays so"
    first, _ = rows_in(near / "questions.jsonl")
    assert first["notes"]["taken_away"] == [
        "The old tower at the harbour reaches 84 metres.",
        "The old tower at the harbour is 84 metres high.",
    ]
    asked = read_questions(reviewed(near / "questions.jsonl")).questions
    assert [(question.id, question.answerable, question.kind) for question in asked] == [
        ("high-near", False, "unanswerable_near"),
        ("heavy-near", False, "unanswerable_near"),
    ]


def test_near_misses_of_the_shipped_set_lack_all_their_evidence(tmp_path: Path) -> None:
    near = tmp_path / "near"
    assert ran("near-misses", ROOT / "eval" / "questions", near).exit_code == 0
    texts = {row["id"]: row["text"] for row in rows_in(near / "corpus.jsonl")}
    asked = {question.id: question for question in read_questions(ROOT / "eval" / "questions").questions}
    drafts = rows_in(near / "questions.jsonl")
    assert len(drafts) > 100
    for draft in drafts:
        question = asked[draft["id"].removesuffix("-near")]
        assert all(one.quote not in texts[one.article_id] for one in question.evidence)
    questions = read_questions(reviewed(near / "questions.jsonl"))
    assert check_questions(questions, lambda article_id, version: texts.get(article_id)) == []


def test_a_language_model_puts_questions_in_other_words_and_gives_no_answer_away(
    dataset: Path, tmp_path: Path, llm: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PROVIDER": "openai_like", "BASE_URL": llm.url, "MODEL": "m"}.items():
        monkeypatch.setenv(f"FOOTNOTE_LLM_{name}", value)

    def other_words(received: Received) -> str:
        told = json.loads(received.prompt.partition("\n\n")[2])
        if "tower" in told["question"]:
            assert told["text"] == ["The old tower at the harbour is 84 metres high."]
            return "How far up does that\nbuilding by the sea go?"
        return "Does it weigh 300 tonnes?" if "crane" in told["question"] else "I do not know."

    llm.say(other_words)
    out = tmp_path / "drafts.jsonl"
    assert ran("vary", dataset, "--out", out, "--way", "reworded").exit_code == 0
    (draft,) = rows_in(out)
    assert (draft["id"], draft["question"]) == ("high-reworded", "How far up does that building by the sea go?")
    assert (draft["style"], draft["cluster"], draft["reviewed"]) == ("reworded", "high", False)
    llm.do(Reply(status=400))
    failed = ran("vary", dataset, "--out", tmp_path / "others.jsonl", "--way", "reworded")
    assert (failed.exit_code, "failed 3 times in a row" in " ".join(failed.output.split())) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vary", "set", "--way", "shouting"], "Choose of: keywords, typos, indirect, pairs, reworded"),
        (["vary", "set", "--way", "reworded"], "needs a language model"),
        (["near-misses", "set/questions.jsonl", "near", "--corpus", "missing"], "does not exist"),
        (["near-misses", "set", "set"], "holds a question set already"),
        (["from-feedback", "--all", "--rating", "up"], "Leave out --rating"),
    ],
)
def test_wrong_usage_is_said(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    found = ran(*arguments)
    assert found.exit_code == 2
    assert said in found.output


@pytest.fixture
def client(place: Path) -> Iterator[LocalClient]:
    """An assistant that was asked one thing three times in two wordings, another once, rated down, and small talk."""
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        index_into(assistant, write(place / "articles", {"tower.md": ARTICLES["tower.md"]}))
        asker = Asker("key:bob", FOR_EVERYONE)
        built = "When was the old tower at the harbour built?"
        for question in (
            "How high is the old tower at the harbour?", built, "how high is the old tower at the harbour", "Hello!",
            "What is the height of the old tower at the harbour?",
        ):  # fmt: skip
            answer = assistant.ask(AskRequest(question=question), asker)
            if question == built:
                assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down"), asker)
        yield LocalClient(assistant)


def test_what_people_asked_is_grouped_and_the_most_frequent_comes_first(client: LocalClient, tmp_path: Path) -> None:
    out = tmp_path / "asked.jsonl"
    embed = client.assistant.current_index.embedder.embed_questions
    assert asked_into(out, client, embed, count=10) == 2
    first, second = rows_in(out)
    assert first["question"].lower().startswith("how high is the old tower")
    assert first["notes"] == {
        "asked": 3,
        "refused": 0,
        "rated_down": 0,
        "other_wordings": ["What is the height of the old tower at the harbour?"],
    }
    assert first["evidence"] == [{"article_id": "tower", "quote": "The old tower at the harbour is 84 metres high."}]
    assert (second["notes"]["asked"], second["notes"]["rated_down"], second["evidence"]) == (1, 1, [])
    assert "key:bob" not in out.read_text()
    assert asked_into(out, client, embed, count=10) == 0
