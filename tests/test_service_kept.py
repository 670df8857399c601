"""Conversations, answers and feedback over a real database and a real index: kept, read again, shared, deleted, expired."""

from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from index.errors import ArticleDeleted, ArticleUnknown, DataFolderUnusable, NotKept, WrongUsage
from index.records import FOR_EVERYONE
from service.assistant import LocalDesk
from service.auth.askers import OWNER, Asker
from service.history import answers as kept_answers
from service.history.database import FILE
from service.history.feedback import Wanted
from service.schemas.api import AskRequest, AskResponse, MessageWire, SentenceEvent
from service.schemas.history import FeedbackRequest
from tests.kept_desk import ADMIN, GUEST, HEIGHT, LENGTH, OTHER_STAFF, STAFF, TOWER, ask, keeping_desk, rewrite, rows


@pytest.fixture
def desk(place: Path) -> Iterator[LocalDesk]:
    with keeping_desk(place) as desk:
        yield desk


def test_an_answer_is_kept_under_a_conversation_and_reads_the_same_again(desk: LocalDesk) -> None:
    first = ask(desk, HEIGHT, STAFF)
    second = ask(desk, LENGTH, STAFF, first.conversation_id)
    assert first.conversation_id is not None
    assert second.conversation_id == first.conversation_id

    conversation = desk.conversation(first.conversation_id, STAFF)
    assert conversation.answers == [first, second]
    assert (conversation.title, conversation.questions, conversation.withheld) == (HEIGHT, 2, 0)
    again = desk.kept_answer(second.id, STAFF)
    assert AskResponse.model_validate(again.model_dump(include=set(AskResponse.model_fields))) == second
    assert (again.own, again.shared, again.rating) == (True, False, None)
    assert abs(again.asked - datetime.now(UTC)) < timedelta(minutes=1)


def test_hits_are_given_and_not_kept(desk: LocalDesk) -> None:
    given = desk.ask(AskRequest(question=HEIGHT, include_hits=True), STAFF)
    assert given.hits
    assert desk.kept_answer(given.id, STAFF).hits is None


def test_conversations_are_listed_latest_first_in_pages(desk: LocalDesk) -> None:
    asked = [ask(desk, HEIGHT, STAFF).conversation_id for _ in range(3)]
    ask(desk, LENGTH, STAFF, asked[0])  # the oldest goes on
    ask(desk, HEIGHT, OTHER_STAFF)
    page = desk.conversations(STAFF, after=None, limit=2)
    rest = desk.conversations(STAFF, after=page.next_after, limit=2)
    assert [c.id for c in (*page.conversations, *rest.conversations)] == [asked[0], asked[2], asked[1]]
    assert (page.total, page.conversations[0].questions, rest.next_after) == (3, 2, None)
    with pytest.raises(WrongUsage, match="names no page"):
        desk.conversations(STAFF, after="yesterday", limit=2)


def test_a_long_question_is_a_short_title(desk: LocalDesk) -> None:
    ask(desk, "How high\n is the tower? " + "Tell me. " * 40, STAFF)
    title = desk.conversations(STAFF, after=None, limit=1).conversations[0].title
    assert title.startswith("How high is the tower? Tell me.")
    assert (len(title) <= 120, title[-1]) == (True, "…")


def test_nobody_else_reaches_a_conversation_or_its_answers(desk: LocalDesk) -> None:
    answer = ask(desk, HEIGHT, STAFF)
    assert answer.conversation_id is not None
    for other in (GUEST, OTHER_STAFF):
        for attempt in (
            lambda asker: ask(desk, HEIGHT, asker, answer.conversation_id),
            lambda asker: desk.conversation(answer.conversation_id or "", asker),
            lambda asker: desk.delete_conversation(answer.conversation_id or "", asker),
            lambda asker: desk.kept_answer(answer.id, asker),
            lambda asker: desk.delete_answer(answer.id, asker),
            lambda asker: desk.share(answer.id, asker, shared=True),
            lambda asker: desk.rate(FeedbackRequest(answer_id=answer.id, rating="down"), asker),
        ):
            with pytest.raises(NotKept):
                attempt(other)
        assert desk.conversations(other, after=None, limit=9).total == 0
    assert desk.conversation(answer.conversation_id, STAFF).answers == [answer]
    assert rows(desk, "feedback") == 0


def test_the_unknown_and_the_forbidden_are_told_apart_by_nobody(desk: LocalDesk) -> None:
    answer = ask(desk, LENGTH, STAFF)
    desk.share(answer.id, STAFF, shared=True)
    with pytest.raises(NotKept) as forbidden:
        desk.kept_answer(answer.id, GUEST)
    with pytest.raises(NotKept) as unknown:
        desk.kept_answer("ans_0", GUEST)
    assert str(forbidden.value).replace(answer.id, "…") == str(unknown.value).replace("ans_0", "…")


def test_a_shared_answer_is_read_by_who_may_read_its_articles_until_it_is_taken_back(desk: LocalDesk) -> None:
    answer = ask(desk, LENGTH, STAFF)
    assert [c.title for c in answer.citations] == ["The mast"]
    desk.share(answer.id, STAFF, shared=True)
    seen = desk.kept_answer(answer.id, OTHER_STAFF)
    assert (seen.text, seen.own, seen.shared, seen.conversation_id) == (answer.text, False, True, None)
    assert [citation.score for citation in seen.citations] == [None] * len(answer.citations)
    with pytest.raises(NotKept):
        desk.kept_answer(answer.id, GUEST)
    desk.share(answer.id, STAFF, shared=False)
    with pytest.raises(NotKept):
        desk.kept_answer(answer.id, OTHER_STAFF)


def test_every_read_asks_what_may_be_read_today(place: Path, desk: LocalDesk) -> None:
    answer = ask(desk, HEIGHT, GUEST)
    assert answer.conversation_id is not None
    rewrite(place, desk, "tower.md", TOWER.replace("title:", "groups: [staff]\ntitle:"))
    with pytest.raises(NotKept, match="may not read any more"):
        desk.kept_answer(answer.id, GUEST)
    conversation = desk.conversation(answer.conversation_id, GUEST)
    assert (conversation.answers, conversation.withheld) == ([], 1)
    assert desk.kept is not None
    assert desk.kept.history(answer.conversation_id, GUEST) == ()
    assert desk.kept_answer(answer.id, ADMIN).text == answer.text


def test_an_answer_over_a_deleted_article_is_gone(desk: LocalDesk) -> None:
    answer = ask(desk, HEIGHT, GUEST)
    desk.delete([answer.citations[0].article_id])
    with pytest.raises(ArticleDeleted, match="no longer shown"):
        desk.kept_answer(answer.id, GUEST)
    assert answer.conversation_id is not None
    assert desk.conversation(answer.conversation_id, GUEST).withheld == 1
    assert desk.review(ADMIN, Wanted(), after=None, limit=9).rows == []


def test_the_nearest_articles_of_a_refusal_count_like_cited_ones(place: Path, desk: LocalDesk) -> None:
    refusal = ask(desk, "Who won the chess championship of Iceland?", GUEST)
    assert (refusal.status, [n.title for n in refusal.nearest]) == ("no_answer", ["The tower"])
    rewrite(place, desk, "tower.md", TOWER.replace("title:", "groups: [staff]\ntitle:"))
    with pytest.raises(NotKept):
        desk.kept_answer(refusal.id, GUEST)


def test_deleting_is_for_who_asked_and_for_admins(desk: LocalDesk) -> None:
    mine, theirs = ask(desk, HEIGHT, GUEST), ask(desk, HEIGHT, GUEST)
    more = ask(desk, HEIGHT, GUEST, mine.conversation_id)
    desk.rate(FeedbackRequest(answer_id=mine.id, rating="up"), GUEST)
    desk.delete_answer(mine.id, GUEST)
    assert (rows(desk, "answers"), rows(desk, "conversations"), rows(desk, "feedback")) == (2, 2, 0)
    desk.delete_answer(more.id, ADMIN)
    assert (rows(desk, "answers"), rows(desk, "conversations")) == (1, 1)  # a conversation goes with its last answer
    desk.delete_conversation(theirs.conversation_id or "", ADMIN)
    assert (rows(desk, "answers"), rows(desk, "conversations")) == (0, 0)


def test_what_is_deleted_is_not_found_in_the_files(place: Path, desk: LocalDesk) -> None:
    answer = ask(desk, "How high is the old tower at the harbour, asks Rumpelstiltskin?", GUEST)
    files = list((place / "data").glob(f"{FILE}*"))
    assert any(b"Rumpelstiltskin" in file.read_bytes() for file in files)
    desk.delete_conversation(answer.conversation_id or "", GUEST)
    assert not any(b"Rumpelstiltskin" in file.read_bytes() for file in files)


def test_the_owner_is_not_kept(desk: LocalDesk) -> None:
    assert ask(desk, HEIGHT, OWNER).conversation_id is None
    assert rows(desk, "answers") == 0


def test_without_keeping_a_conversation_cannot_be_named(desk: LocalDesk) -> None:
    forgetful = LocalDesk(desk.live, desk.settings, None)
    assert ask(forgetful, HEIGHT, GUEST).conversation_id is None
    with pytest.raises(NotKept, match="KEEP_DAYS"):
        ask(forgetful, HEIGHT, GUEST, "conv_1")


def test_an_answer_broken_off_is_not_kept_and_a_finished_one_is(desk: LocalDesk) -> None:
    events = desk.ask_events(AskRequest(question=HEIGHT), GUEST)
    assert isinstance(events, Generator)
    while not isinstance(next(events), SentenceEvent):
        pass
    events.close()
    assert rows(desk, "answers") == 0
    events = desk.ask_events(AskRequest(question=HEIGHT), GUEST)
    assert isinstance(events, Generator)
    while not isinstance(last := next(events), AskResponse):
        pass
    events.close()
    assert desk.kept_answer(last.id, GUEST).text == last.text


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(desk: LocalDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DataFolderUnusable("The disk is full.")

    monkeypatch.setattr(kept_answers, "add", full)
    with capture_logs() as logs:
        answer = ask(desk, HEIGHT, GUEST)
    assert (answer.status, answer.conversation_id) == ("answered", None)
    assert [(entry["event"], entry["kind"]) for entry in logs] == [("answer not kept", "DataFolderUnusable")]
    assert HEIGHT not in str(logs)
    assert (rows(desk, "answers"), rows(desk, "conversations")) == (0, 0)


def test_a_conversation_deleted_meanwhile_does_not_come_back(desk: LocalDesk) -> None:
    first = ask(desk, HEIGHT, GUEST)
    events = desk.ask_events(AskRequest(question=HEIGHT, conversation_id=first.conversation_id), GUEST)
    next(events)
    desk.delete_conversation(first.conversation_id or "", GUEST)
    *_, last = events
    assert isinstance(last, AskResponse)
    assert (last.status, last.conversation_id) == ("answered", None)
    assert rows(desk, "answers") == 0


def test_one_rating_a_person_and_answer_that_can_be_changed(desk: LocalDesk) -> None:
    answer = ask(desk, LENGTH, STAFF)
    desk.share(answer.id, STAFF, shared=True)
    desk.rate(FeedbackRequest(answer_id=answer.id, rating="down", comment="Which island?"), STAFF)
    desk.rate(FeedbackRequest(answer_id=answer.id, rating="up"), STAFF)
    desk.rate(FeedbackRequest(answer_id=answer.id, rating="down", comment="😀 wrong"), OTHER_STAFF)
    assert desk.kept_answer(answer.id, STAFF).rating == "up"
    (row,) = desk.review(ADMIN, Wanted(), after=None, limit=9).rows
    said = {(one.asker, one.rating, one.comment) for one in row.feedback}
    assert said == {("key:alice", "up", None), ("key:carol", "down", "😀 wrong")}
    assert (row.asker, row.answer.text, row.through) == ("key:alice", answer.text, "api")
    assert row.settings["answerer"] == "extractive"
    assert row.settings["refusals"] is True


def test_review_is_filtered_and_paged_and_shows_no_article_that_the_admin_may_not_read(desk: LocalDesk) -> None:
    secret = ask(desk, LENGTH, STAFF)
    good, bad = ask(desk, HEIGHT, GUEST), ask(desk, HEIGHT, GUEST)
    refused = ask(desk, "Who won the chess championship of Iceland?", GUEST)
    desk.rate(FeedbackRequest(answer_id=good.id, rating="up"), GUEST)
    desk.rate(FeedbackRequest(answer_id=bad.id, rating="down"), GUEST)

    def listed(wanted: Wanted, asker: Asker = ADMIN) -> list[str]:
        return [row.answer.id for row in desk.review(asker, wanted, after=None, limit=9).rows]

    assert listed(Wanted()) == [refused.id, bad.id, good.id, secret.id]
    assert listed(Wanted("down")) == [bad.id]
    assert listed(Wanted(status="no_answer")) == [refused.id]
    assert listed(Wanted("down", "no_answer")) == []
    assert listed(Wanted(), Asker("key:eve", FOR_EVERYONE, admin=True)) == [refused.id, bad.id, good.id]
    page = desk.review(ADMIN, Wanted(), after=None, limit=3)
    rest = desk.review(ADMIN, Wanted(), after=page.next_after, limit=3)
    assert [row.answer.id for row in (*page.rows, *rest.rows)] == listed(Wanted())
    assert rest.next_after is None


def test_the_last_turns_are_the_history_of_the_next_question(desk: LocalDesk) -> None:
    first = ask(desk, HEIGHT, STAFF)
    for _ in range(4):
        ask(desk, LENGTH, STAFF, first.conversation_id)
    assert desk.kept is not None
    history = desk.kept.history(first.conversation_id or "", STAFF)
    assert [message.role for message in history] == ["user", "assistant"] * 4
    assert {message.text for message in history if message.role == "user"} == {LENGTH}
    assert all("31 metres" in message.text and "[1]" not in message.text for message in history[1::2])


def test_a_follow_up_is_completed_from_the_conversation_and_shown_as_asked(desk: LocalDesk) -> None:
    first = ask(desk, HEIGHT, GUEST)
    then = ask(desk, "And when was it built?", GUEST, first.conversation_id)
    assert then.question == "And when was it built?"
    assert "tower" in (then.completed_question or "")
    assert "1912" in then.text
    client_keeps_it = desk.ask(
        AskRequest(
            question="And when was it built?",
            history=[MessageWire(role="user", text=HEIGHT), MessageWire(role="assistant", text=first.text)],
        ),
        OWNER,
    )
    assert client_keeps_it.completed_question == then.completed_question
    assert "1912" in client_keeps_it.text
    assert ask(desk, HEIGHT, GUEST, first.conversation_id).completed_question is None


def test_no_word_of_an_answer_that_is_withheld_completes_a_question(place: Path, desk: LocalDesk) -> None:
    first = ask(desk, HEIGHT, GUEST)
    rewrite(place, desk, "tower.md", TOWER.replace("title:", "groups: [staff]\ntitle:"))
    then = ask(desk, "And when was it built?", GUEST, first.conversation_id)
    assert then.completed_question is None


OPENED = "---\ntitle: The mast\n---\nThe mast was taken down in 2020.\n"


def test_an_article_that_is_cleaned_and_opened_opens_neither_its_old_text_nor_old_answers(
    desk: LocalDesk, place: Path
) -> None:
    answer = ask(desk, LENGTH, STAFF)
    (cited,) = {citation.article_version for citation in answer.citations}
    desk.share(answer.id, STAFF, shared=True)
    rewrite(place, desk, "mast.md", OPENED)
    assert "2020" in desk.article("mast", GUEST.access, None).text
    with pytest.raises(NotKept):
        desk.kept_answer(answer.id, GUEST)
    with pytest.raises(ArticleUnknown):
        desk.article("mast", GUEST.access, cited)
    # Those who could read it then still can.
    assert desk.kept_answer(answer.id, OTHER_STAFF).short_answer == answer.short_answer
    assert "31 metres" in desk.article("mast", STAFF.access, cited).text


def test_another_article_under_the_id_of_a_deleted_one_opens_no_old_answer(desk: LocalDesk, place: Path) -> None:
    answer = ask(desk, LENGTH, STAFF)
    (cited,) = {citation.article_version for citation in answer.citations}
    desk.share(answer.id, STAFF, shared=True)
    desk.delete(["mast"])
    rewrite(place, desk, "mast.md", OPENED)
    with pytest.raises(NotKept):
        desk.kept_answer(answer.id, GUEST)
    for asker in (GUEST, STAFF):
        with pytest.raises(ArticleUnknown):
            desk.article("mast", asker.access, cited)


def test_what_a_question_was_completed_from_is_checked_like_what_is_cited(desk: LocalDesk) -> None:
    assert desk.kept is not None
    first = ask(desk, LENGTH, STAFF)
    followed = ask(desk, HEIGHT, STAFF, first.conversation_id)
    completed = followed.model_copy(
        update={"id": "ans_completed", "completed_question": "How high is the secret mast?"}
    )
    kept = desk.kept.keep(completed, STAFF, made_with={}, through="api")
    desk.share(kept.id, STAFF, shared=True)
    desk.share(followed.id, STAFF, shared=True)
    assert desk.kept_answer(followed.id, GUEST).citations  # cites the open article alone, and was not completed
    with pytest.raises(NotKept):
        desk.kept_answer(kept.id, GUEST)
    assert desk.kept_answer(kept.id, OTHER_STAFF).completed_question == "How high is the secret mast?"


def test_what_was_completed_from_the_history_of_a_client_is_for_the_asker_alone(desk: LocalDesk) -> None:
    assert desk.kept is not None
    given = desk.ask(AskRequest(question=HEIGHT), STAFF).model_copy(
        update={"id": "ans_client", "conversation_id": None, "completed_question": "How high is the secret mast?"}
    )
    kept = desk.kept.keep(given, STAFF, made_with={}, through="openai")
    desk.share(kept.id, STAFF, shared=True)
    assert desk.kept_answer(kept.id, STAFF).completed_question == "How high is the secret mast?"
    assert desk.kept_answer(kept.id, GUEST).completed_question is None
    reviewed = {row.answer.id: row.answer for row in desk.review(ADMIN, Wanted(), after=None, limit=10).rows}
    assert reviewed[kept.id].completed_question is None


def test_a_data_folder_that_vanishes_is_said_to_be_gone_and_nothing_is_called_kept(place: Path) -> None:
    with keeping_desk(place) as desk:
        first = ask(desk, HEIGHT, STAFF)
        assert first.conversation_id is not None
        desk.ready()
        data_dir = desk.settings.data_dir
        away = data_dir.rename(data_dir.with_name("away"))
        with pytest.raises(DataFolderUnusable, match="was moved or deleted while Footnote ran"):
            desk.ready()
        with pytest.raises(DataFolderUnusable):
            desk.ask(AskRequest(question=LENGTH), STAFF)
        with pytest.raises(DataFolderUnusable):
            desk.delete(["tower"])
        with pytest.raises(DataFolderUnusable):
            desk.conversation(first.conversation_id, STAFF)
        data_dir.mkdir()
        (data_dir / FILE).touch()
        with pytest.raises(DataFolderUnusable):
            desk.rate(FeedbackRequest(answer_id=first.id, rating="up"), STAFF)
        (data_dir / FILE).unlink()
        data_dir.rmdir()
        away.rename(data_dir)
        desk.ready()
        assert desk.kept_answer(first.id, STAFF).rating is None


def test_an_answer_is_not_called_kept_when_its_database_is_gone(place: Path) -> None:
    with keeping_desk(place) as desk:
        ask(desk, HEIGHT, STAFF)
        (desk.settings.data_dir / FILE).unlink()
        with capture_logs() as logs:
            given = desk.ask(AskRequest(question=LENGTH), STAFF)
        assert given.conversation_id is None
        assert "answer not kept" in [line["event"] for line in logs]
        with pytest.raises(DataFolderUnusable):
            desk.ready()
