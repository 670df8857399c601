"""Rated answers become candidate questions, through a real assistant."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from eval.datasets import read_questions
from eval.from_feedback import candidates_into, read_rating
from index.errors import WrongUsage
from index.records import FOR_EVERYONE
from service.auth.askers import Asker
from service.client import LocalClient
from service.schemas.api import AskRequest
from service.schemas.history import FeedbackRequest
from tests.service_fixtures import assistant_over, index_into, settings_for, write

BOB = Asker("key:bob", FOR_EVERYONE)
TOWER = "The old tower at the harbour is 84 metres high. The port built it in 1912.\n"


@pytest.fixture
def client(place: Path) -> Iterator[LocalClient]:
    """An assistant that was asked three things: one rated up, one rated down, one not rated."""
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        index_into(assistant, write(place / "articles", {"tower.txt": TOWER}))
        for question, rating in (
            ("How high is the old tower at the harbour?", "up"),
            ("When was the old tower at the harbour built?", "down"),
            ("Who built the old tower at the harbour?", None),
        ):
            answer = assistant.ask(AskRequest(question=question), BOB)
            if rating:
                said = {"answer_id": answer.id, "rating": rating, "comment": "Hm."}
                assistant.rate(FeedbackRequest.model_validate(said), BOB)
        yield LocalClient(assistant)


def test_rated_answers_are_proposed_once_and_asked_only_when_reviewed(client: LocalClient, tmp_path: Path) -> None:
    out = tmp_path / "questions.jsonl"
    assert candidates_into(out, client) == 2
    assert candidates_into(out, client) == 0
    down, up = [json.loads(line) for line in out.read_text().splitlines()]
    assert (up["question"], up["answerable"], up["relevant_ids"]) == (
        "How high is the old tower at the harbour?",
        True,
        ["tower"],
    )
    assert up["evidence"][0]["quote"] == "The old tower at the harbour is 84 metres high."
    assert (down["answers"], down["evidence"], "answerable" in down) == ([], [], False)
    assert down["notes"]["feedback"] == [{"rating": "down", "comment": "Hm."}]
    assert "key:bob" not in out.read_text()
    assert read_questions(out).questions == ()

    out.write_text("".join(json.dumps(row | {"reviewed": True}) + "\n" for row in (down, up)))
    assert [question.answerable for question in read_questions(out).questions] == [True, True]


def test_ratings_and_days_choose(client: LocalClient, tmp_path: Path) -> None:
    assert candidates_into(tmp_path / "up.jsonl", client, rating="up") == 1
    assert candidates_into(tmp_path / "later.jsonl", client, since=date(2999, 1, 1)) == 0
    assert candidates_into(tmp_path / "since.jsonl", client, since=date(2020, 1, 1)) == 2
    assert (read_rating("down"), read_rating(None)) == ("down", None)
    with pytest.raises(WrongUsage, match="up or down"):
        read_rating("good")
    with pytest.raises(WrongUsage, match=r"no \.jsonl file"):
        candidates_into(tmp_path / "questions.txt", client)
