"""Conversations, answers and feedback over a real database and a real index: kept, read again, shared, deleted, expired."""

from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from index.errors import ArticleDeleted, ArticleUnknown, DataFolderUnusable, NotInHistory, WrongUsage
from index.records import EVERYTHING, FOR_EVERYONE
from service.assistant import LocalAssistant
from service.auth.askers import OWNER, Asker
from service.history import answers as kept_answers
from service.history.database import FILE
from service.history.feedback import ReviewFilter
from service.schemas.api import AskRequest, AskResponse, MessageWire, SentenceEvent
from service.schemas.history import FeedbackRequest
from tests.generative_fixtures import with_model
from tests.history_assistant import (
    ADMIN,
    GUEST,
    HEIGHT,
    LENGTH,
    OTHER_STAFF,
    STAFF,
    TOWER,
    ask,
    keeping_assistant,
    rewrite,
    rows,
)
from tests.llm_server import LlmServer
from tests.servers import BOTH_IN_SOAK, SettingsOf

BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def assistant(place: Path, backend: SettingsOf) -> Iterator[LocalAssistant]:
    with keeping_assistant(place, **backend(place)) as assistant:
        yield assistant


def test_an_answer_is_kept_under_a_conversation_and_reads_the_same_again(assistant: LocalAssistant) -> None:
    first = ask(assistant, HEIGHT, STAFF)
    second = ask(assistant, LENGTH, STAFF, first.conversation_id)
    assert first.conversation_id is not None
    assert second.conversation_id == first.conversation_id

    conversation = assistant.conversation(first.conversation_id, STAFF)
    assert [(kept.model_dump(exclude={"stale"}), kept.stale) for kept in conversation.answers] == [
        (given.model_dump(), []) for given in (first, second)
    ]
    assert (conversation.title, conversation.questions, conversation.withheld) == (HEIGHT, 2, 0)
    again = assistant.stored_answer(second.id, STAFF)
    assert AskResponse.model_validate(again.model_dump(include=set(AskResponse.model_fields))) == second
    assert (again.own, again.shared, again.rating) == (True, False, None)
    assert abs(again.asked - datetime.now(UTC)) < timedelta(minutes=1)


def test_hits_are_given_and_not_kept(assistant: LocalAssistant) -> None:
    given = assistant.ask(AskRequest(question=HEIGHT, include_hits=True), STAFF)
    assert given.hits
    assert assistant.stored_answer(given.id, STAFF).hits is None


def test_conversations_are_listed_latest_first_in_pages(assistant: LocalAssistant) -> None:
    asked = [ask(assistant, HEIGHT, STAFF).conversation_id for _ in range(3)]
    ask(assistant, LENGTH, STAFF, asked[0])  # the oldest goes on
    ask(assistant, HEIGHT, OTHER_STAFF)
    page = assistant.conversations(STAFF, after=None, limit=2)
    rest = assistant.conversations(STAFF, after=page.next_after, limit=2)
    assert [c.id for c in (*page.conversations, *rest.conversations)] == [asked[0], asked[2], asked[1]]
    assert (page.total, page.conversations[0].questions, rest.next_after) == (3, 2, None)
    with pytest.raises(WrongUsage, match="names no page"):
        assistant.conversations(STAFF, after="yesterday", limit=2)


def test_a_long_question_is_a_short_title(assistant: LocalAssistant) -> None:
    ask(assistant, "How high\n is the tower? " + "Tell me. " * 40, STAFF)
    title = assistant.conversations(STAFF, after=None, limit=1).conversations[0].title
    assert title.startswith("How high is the tower? Tell me.")
    assert (len(title) <= 120, title[-1]) == (True, "…")


def test_nobody_else_reaches_a_conversation_or_its_answers(assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    assert answer.conversation_id is not None
    for other in (GUEST, OTHER_STAFF):
        for attempt in (
            lambda asker: ask(assistant, HEIGHT, asker, answer.conversation_id),
            lambda asker: assistant.conversation(answer.conversation_id or "", asker),
            lambda asker: assistant.delete_conversation(answer.conversation_id or "", asker),
            lambda asker: assistant.stored_answer(answer.id, asker),
            lambda asker: assistant.delete_answer(answer.id, asker),
            lambda asker: assistant.share(answer.id, asker, shared=True),
            lambda asker: assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down"), asker),
        ):
            with pytest.raises(NotInHistory):
                attempt(other)
        assert assistant.conversations(other, after=None, limit=9).total == 0
    assert [kept.id for kept in assistant.conversation(answer.conversation_id, STAFF).answers] == [answer.id]
    assert rows(assistant, "feedback") == 0


def test_the_unknown_and_the_forbidden_are_told_apart_by_nobody(assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    assistant.share(answer.id, STAFF, shared=True)
    with pytest.raises(NotInHistory) as forbidden:
        assistant.stored_answer(answer.id, GUEST)
    with pytest.raises(NotInHistory) as unknown:
        assistant.stored_answer("ans_0", GUEST)
    assert str(forbidden.value).replace(answer.id, "…") == str(unknown.value).replace("ans_0", "…")


def test_a_shared_answer_is_read_by_who_may_read_its_articles_until_it_is_taken_back(assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    assert [c.title for c in answer.citations] == ["The mast"]
    assistant.share(answer.id, STAFF, shared=True)
    seen = assistant.stored_answer(answer.id, OTHER_STAFF)
    assert (seen.text, seen.own, seen.shared, seen.conversation_id) == (answer.text, False, True, None)
    assert [citation.score for citation in seen.citations] == [None] * len(answer.citations)
    with pytest.raises(NotInHistory):
        assistant.stored_answer(answer.id, GUEST)
    assistant.share(answer.id, STAFF, shared=False)
    with pytest.raises(NotInHistory):
        assistant.stored_answer(answer.id, OTHER_STAFF)


def test_every_read_asks_what_may_be_read_today(place: Path, assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, GUEST)
    assert answer.conversation_id is not None
    rewrite(place, assistant, "tower.md", TOWER.replace("title:", "groups: [staff]\ntitle:"))
    with pytest.raises(NotInHistory, match="may not read any more"):
        assistant.stored_answer(answer.id, GUEST)
    conversation = assistant.conversation(answer.conversation_id, GUEST)
    assert (conversation.answers, conversation.withheld) == ([], 1)
    assert assistant.history is not None
    assert assistant.history.messages(answer.conversation_id, GUEST) == ()
    assert assistant.stored_answer(answer.id, ADMIN).text == answer.text


def test_an_answer_over_a_deleted_article_is_gone(assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, GUEST)
    assistant.delete([answer.citations[0].article_id])
    with pytest.raises(ArticleDeleted, match="no longer shown"):
        assistant.stored_answer(answer.id, GUEST)
    assert answer.conversation_id is not None
    assert assistant.conversation(answer.conversation_id, GUEST).withheld == 1
    assert assistant.review(ADMIN, ReviewFilter(), after=None, limit=9).rows == []


def test_the_nearest_articles_of_a_refusal_count_like_cited_ones(place: Path, assistant: LocalAssistant) -> None:
    refusal = ask(assistant, "Who won the chess championship of Iceland?", GUEST)
    assert (refusal.status, [n.title for n in refusal.nearest]) == ("no_answer", ["The tower"])
    rewrite(place, assistant, "tower.md", TOWER.replace("title:", "groups: [staff]\ntitle:"))
    with pytest.raises(NotInHistory):
        assistant.stored_answer(refusal.id, GUEST)


def test_deleting_is_for_who_asked_and_for_admins(assistant: LocalAssistant) -> None:
    mine, theirs = ask(assistant, HEIGHT, GUEST), ask(assistant, HEIGHT, GUEST)
    more = ask(assistant, HEIGHT, GUEST, mine.conversation_id)
    assistant.rate(FeedbackRequest(answer_id=mine.id, rating="up"), GUEST)
    assistant.delete_answer(mine.id, GUEST)
    assert (rows(assistant, "answers"), rows(assistant, "conversations"), rows(assistant, "feedback")) == (2, 2, 0)
    assistant.delete_answer(more.id, ADMIN)
    assert (rows(assistant, "answers"), rows(assistant, "conversations")) == (
        1,
        1,
    )  # a conversation goes with its last answer
    assistant.delete_conversation(theirs.conversation_id or "", ADMIN)
    assert (rows(assistant, "answers"), rows(assistant, "conversations")) == (0, 0)


def test_what_is_deleted_is_not_found_in_the_files(place: Path) -> None:
    with keeping_assistant(place) as assistant:
        answer = ask(assistant, "How high is the old tower at the harbour, asks Rumpelstiltskin?", GUEST)
        files = list((place / "data").glob(f"{FILE}*"))
        assert any(b"Rumpelstiltskin" in file.read_bytes() for file in files)
        assistant.delete_conversation(answer.conversation_id or "", GUEST)
        assert not any(b"Rumpelstiltskin" in file.read_bytes() for file in files)


def test_the_owner_is_not_kept(assistant: LocalAssistant) -> None:
    assert ask(assistant, HEIGHT, OWNER).conversation_id is None
    assert rows(assistant, "answers") == 0


def test_without_keeping_a_conversation_cannot_be_named(assistant: LocalAssistant) -> None:
    forgetful = LocalAssistant(assistant.live, assistant.settings, None)
    assert ask(forgetful, HEIGHT, GUEST).conversation_id is None
    with pytest.raises(NotInHistory, match="KEEP_DAYS"):
        ask(forgetful, HEIGHT, GUEST, "conv_1")


def test_an_answer_broken_off_is_not_kept_and_a_finished_one_is(assistant: LocalAssistant) -> None:
    events = assistant.ask_events(AskRequest(question=HEIGHT), GUEST)
    assert isinstance(events, Generator)
    while not isinstance(next(events), SentenceEvent):
        pass
    events.close()
    assert rows(assistant, "answers") == 0
    events = assistant.ask_events(AskRequest(question=HEIGHT), GUEST)
    assert isinstance(events, Generator)
    while not isinstance(last := next(events), AskResponse):
        pass
    events.close()
    assert assistant.stored_answer(last.id, GUEST).text == last.text


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    assistant: LocalAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DataFolderUnusable("The disk is full.")

    monkeypatch.setattr(kept_answers, "add", full)
    with capture_logs() as logs:
        answer = ask(assistant, HEIGHT, GUEST)
    assert (answer.status, answer.conversation_id) == ("answered", None)
    assert [(entry["event"], entry["kind"]) for entry in logs] == [("answer not kept", "DataFolderUnusable")]
    assert HEIGHT not in str(logs)
    assert (rows(assistant, "answers"), rows(assistant, "conversations")) == (0, 0)


def test_a_conversation_deleted_meanwhile_does_not_come_back(assistant: LocalAssistant) -> None:
    first = ask(assistant, HEIGHT, GUEST)
    events = assistant.ask_events(AskRequest(question=HEIGHT, conversation_id=first.conversation_id), GUEST)
    next(events)
    assistant.delete_conversation(first.conversation_id or "", GUEST)
    *_, last = events
    assert isinstance(last, AskResponse)
    assert (last.status, last.conversation_id) == ("answered", None)
    assert rows(assistant, "answers") == 0


def test_one_rating_a_person_and_answer_that_can_be_changed(assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    assistant.share(answer.id, STAFF, shared=True)
    assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down", comment="Which island?"), STAFF)
    assistant.rate(FeedbackRequest(answer_id=answer.id, rating="up"), STAFF)
    assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down", comment="😀 wrong"), OTHER_STAFF)
    assert assistant.stored_answer(answer.id, STAFF).rating == "up"
    (row,) = assistant.review(ADMIN, ReviewFilter(), after=None, limit=9).rows
    said = {(one.asker, one.rating, one.comment) for one in row.feedback}
    assert said == {("key:alice", "up", None), ("key:carol", "down", "😀 wrong")}
    assert (row.asker, row.answer.text, row.through) == ("key:alice", answer.text, "api")
    assert row.settings["answerer"] == "extractive"
    assert row.settings["refusals"] is True


def test_review_is_filtered_and_paged_and_shows_no_article_that_the_admin_may_not_read(
    assistant: LocalAssistant,
) -> None:
    secret = ask(assistant, LENGTH, STAFF)
    good, bad = ask(assistant, HEIGHT, GUEST), ask(assistant, HEIGHT, GUEST)
    refused = ask(assistant, "Who won the chess championship of Iceland?", GUEST)
    assistant.rate(FeedbackRequest(answer_id=good.id, rating="up"), GUEST)
    assistant.rate(FeedbackRequest(answer_id=bad.id, rating="down"), GUEST)

    def listed(review_filter: ReviewFilter, asker: Asker = ADMIN) -> list[str]:
        return [row.answer.id for row in assistant.review(asker, review_filter, after=None, limit=9).rows]

    assert listed(ReviewFilter()) == [refused.id, bad.id, good.id, secret.id]
    assert listed(ReviewFilter("down")) == [bad.id]
    assert listed(ReviewFilter(status="no_answer")) == [refused.id]
    assert listed(ReviewFilter("down", "no_answer")) == []
    assert listed(ReviewFilter(), Asker("key:eve", FOR_EVERYONE, admin=True)) == [refused.id, bad.id, good.id]
    page = assistant.review(ADMIN, ReviewFilter(), after=None, limit=3)
    rest = assistant.review(ADMIN, ReviewFilter(), after=page.next_after, limit=3)
    assert [row.answer.id for row in (*page.rows, *rest.rows)] == listed(ReviewFilter())
    assert rest.next_after is None


def test_the_last_turns_are_the_history_of_the_next_question(assistant: LocalAssistant) -> None:
    first = ask(assistant, HEIGHT, STAFF)
    for _ in range(4):
        ask(assistant, LENGTH, STAFF, first.conversation_id)
    assert assistant.history is not None
    history = assistant.history.messages(first.conversation_id or "", STAFF)
    assert [message.role for message in history] == ["user", "assistant"] * 4
    assert {message.text for message in history if message.role == "user"} == {LENGTH}
    assert all("31 metres" in message.text and "[1]" not in message.text for message in history[1::2])


def test_a_follow_up_is_understood_from_the_conversation_and_shown_as_asked(assistant: LocalAssistant) -> None:
    first = ask(assistant, HEIGHT, GUEST)
    then = ask(assistant, "And when was it built?", GUEST, first.conversation_id)
    assert then.question == "And when was it built?"
    # What was put together to search with is nobody's words.
    assert then.completed_question is None
    assert "1912" in then.text
    client_keeps_it = assistant.ask(
        AskRequest(
            question="And when was it built?",
            history=[MessageWire(role="user", text=HEIGHT), MessageWire(role="assistant", text=first.text)],
        ),
        OWNER,
    )
    assert "1912" in client_keeps_it.text
    assert ask(assistant, HEIGHT, GUEST, first.conversation_id).completed_question is None


def test_no_word_of_an_answer_that_is_withheld_completes_a_question(place: Path, assistant: LocalAssistant) -> None:
    first = ask(assistant, HEIGHT, GUEST)
    rewrite(place, assistant, "tower.md", TOWER.replace("title:", "groups: [staff]\ntitle:"))
    then = ask(assistant, "And when was it built?", GUEST, first.conversation_id)
    assert then.completed_question is None


OPENED = "---\ntitle: The mast\n---\nThe mast was taken down in 2020.\n"


def test_an_article_that_is_cleaned_and_opened_opens_neither_its_old_text_nor_old_answers(
    assistant: LocalAssistant, place: Path
) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    (cited,) = {citation.article_version for citation in answer.citations}
    assistant.share(answer.id, STAFF, shared=True)
    rewrite(place, assistant, "mast.md", OPENED)
    assert "2020" in assistant.article("mast", GUEST.access, None).text
    with pytest.raises(NotInHistory):
        assistant.stored_answer(answer.id, GUEST)
    with pytest.raises(ArticleUnknown):
        assistant.article("mast", GUEST.access, cited)
    # Those who could read it then still can.
    assert assistant.stored_answer(answer.id, OTHER_STAFF).short_answer == answer.short_answer
    assert "31 metres" in assistant.article("mast", STAFF.access, cited).text


def test_another_article_under_the_id_of_a_deleted_one_opens_no_old_answer(
    assistant: LocalAssistant, place: Path
) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    (cited,) = {citation.article_version for citation in answer.citations}
    assistant.share(answer.id, STAFF, shared=True)
    assistant.delete(["mast"])
    rewrite(place, assistant, "mast.md", OPENED)
    with pytest.raises(NotInHistory):
        assistant.stored_answer(answer.id, GUEST)
    for asker in (GUEST, STAFF):
        with pytest.raises(ArticleUnknown):
            assistant.article("mast", asker.access, cited)


def test_what_a_question_was_completed_from_is_checked_like_what_is_cited(assistant: LocalAssistant) -> None:
    assert assistant.history is not None
    first = ask(assistant, LENGTH, STAFF)
    followed = ask(assistant, HEIGHT, STAFF, first.conversation_id)
    completed = followed.model_copy(
        update={"id": "ans_completed", "completed_question": "How high is the secret mast?"}
    )
    kept = assistant.history.save(completed, STAFF, provenance={}, through="api")
    assistant.share(kept.id, STAFF, shared=True)
    assistant.share(followed.id, STAFF, shared=True)
    assert assistant.stored_answer(followed.id, GUEST).citations  # cites the open article alone, and was not completed
    with pytest.raises(NotInHistory):
        assistant.stored_answer(kept.id, GUEST)
    assert assistant.stored_answer(kept.id, OTHER_STAFF).completed_question == "How high is the secret mast?"


def test_what_a_model_was_shown_is_checked_where_a_sentence_of_its_cannot_be_verified(
    assistant: LocalAssistant, llm: LlmServer
) -> None:
    """Such a sentence cites nothing, and may tell of any passage that the model read."""
    told = "The old tower at the harbour is 84 metres high. The island hides something else."
    for words, readable in ((told, False), (told.partition(". ")[0] + ".", True)):
        llm.say(words)
        given = ask(with_model(assistant, llm.url, unverified="flag"), HEIGHT, STAFF)
        assert (given.text.replace(" [1]", ""), given.answerer) == (words, "parrot-7b")
        assert "secret mast" in llm.requests[-1].prompt
        assert {citation.article_id for citation in given.citations} == {"tower"}
        assistant.share(given.id, STAFF, shared=True)
        assert assistant.stored_answer(given.id, OTHER_STAFF).text == given.text
        if readable:
            assert assistant.stored_answer(given.id, GUEST).text == given.text
        else:
            with pytest.raises(NotInHistory):
                assistant.stored_answer(given.id, GUEST)


def test_scores_of_others_answers_are_for_nobody(assistant: LocalAssistant) -> None:
    """They count the words of all articles, and an admin may be allowed to read fewer than the asker."""
    everything = Asker("key:eve", EVERYTHING)
    given = ask(assistant, HEIGHT, everything)
    assistant.share(given.id, everything, shared=True)
    assert [citation.score is None for citation in given.citations] == [False]
    seen: list[AskResponse] = [assistant.stored_answer(given.id, asker) for asker in (ADMIN, GUEST)]
    seen += [row.answer for row in assistant.review(ADMIN, ReviewFilter(), after=None, limit=10).rows]
    assert [citation.score for answer in seen for citation in answer.citations] == [None] * 3


def test_what_was_completed_from_the_history_of_a_client_is_for_the_asker_alone(assistant: LocalAssistant) -> None:
    assert assistant.history is not None
    given = assistant.ask(AskRequest(question=HEIGHT), STAFF).model_copy(
        update={"id": "ans_client", "conversation_id": None, "completed_question": "How high is the secret mast?"}
    )
    kept = assistant.history.save(given, STAFF, provenance={}, through="openai")
    assistant.share(kept.id, STAFF, shared=True)
    assert assistant.stored_answer(kept.id, STAFF).completed_question == "How high is the secret mast?"
    assert assistant.stored_answer(kept.id, GUEST).completed_question is None
    reviewed = {row.answer.id: row.answer for row in assistant.review(ADMIN, ReviewFilter(), after=None, limit=10).rows}
    assert reviewed[kept.id].completed_question is None


def test_a_data_folder_that_vanishes_is_said_to_be_gone_and_nothing_is_called_kept(place: Path) -> None:
    with keeping_assistant(place) as assistant:
        first = ask(assistant, HEIGHT, STAFF)
        assert first.conversation_id is not None
        assistant.ready()
        data_dir = assistant.settings.data_dir
        away = data_dir.rename(data_dir.with_name("away"))
        with pytest.raises(DataFolderUnusable, match="was moved or deleted while Footnote ran"):
            assistant.ready()
        with pytest.raises(DataFolderUnusable):
            assistant.ask(AskRequest(question=LENGTH), STAFF)
        with pytest.raises(DataFolderUnusable):
            assistant.delete(["tower"])
        with pytest.raises(DataFolderUnusable):
            assistant.conversation(first.conversation_id, STAFF)
        data_dir.mkdir()
        (data_dir / FILE).touch()
        with pytest.raises(DataFolderUnusable):
            assistant.rate(FeedbackRequest(answer_id=first.id, rating="up"), STAFF)
        (data_dir / FILE).unlink()
        data_dir.rmdir()
        away.rename(data_dir)
        assistant.ready()
        assert assistant.stored_answer(first.id, STAFF).rating is None


def test_an_answer_is_not_called_kept_when_its_database_is_gone(place: Path) -> None:
    with keeping_assistant(place) as assistant:
        ask(assistant, HEIGHT, STAFF)
        (assistant.settings.data_dir / FILE).unlink()
        with capture_logs() as logs:
            given = assistant.ask(AskRequest(question=LENGTH), STAFF)
        assert given.conversation_id is None
        assert "answer not kept" in [line["event"] for line in logs]
        with pytest.raises(DataFolderUnusable):
            assistant.ready()
