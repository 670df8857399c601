"""Conversations, answers and feedback over a real database and a real index: kept, read again, shared, deleted, expired."""

from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, insert, select, update
from structlog.testing import capture_logs

from index.errors import ArticleDeleted, DataFolderUnusable, IndexDamaged, NotKept, WrongUsage
from index.records import FOR_EVERYONE, Access
from service.askers import OWNER, Asker
from service.desk import LocalDesk
from service.kept import answers as kept_answers
from service.kept import schema
from service.kept.database import FILE, opened_database
from service.kept.expiry import Days, expire, expiring
from service.kept.feedback import Wanted
from service.kept.kept import Kept
from service.kept_wire import FeedbackRequest
from service.wire import AskRequest, AskResponse, MessageWire, SentenceEvent
from tests.service_fixtures import desk_over, index_into, settings_for, write

STAFF = Asker("key:alice", Access(frozenset({"staff"})))
GUEST = Asker("key:bob", FOR_EVERYONE)
OTHER_STAFF = Asker("key:carol", Access(frozenset({"staff"})))
ADMIN = Asker("key:dora", Access(frozenset({"staff"})), admin=True)
TOWER = "---\ntitle: The tower\n---\nThe old tower at the harbour is 84 metres high. The port built it in 1912.\n"
MAST = "---\ntitle: The mast\ngroups: [staff]\n---\nThe secret mast on the island is 31 metres long. It was raised in 1950.\n"
DAYS = Days(answers=90, audit=30)
HEIGHT = "How high is the old tower at the harbour?"
LENGTH = "How long is the secret mast on the island?"


@pytest.fixture
def desk(place: Path) -> Iterator[LocalDesk]:
    """A desk that keeps, over one article for everyone and one for the staff."""
    write(place / "articles", {"tower.md": TOWER, "mast.md": MAST})
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        index_into(desk, place / "articles")
        yield desk


def ask(desk: LocalDesk, question: str, asker: Asker, conversation_id: str | None = None) -> AskResponse:
    return desk.ask(AskRequest(question=question, conversation_id=conversation_id), asker)


def rows(desk: LocalDesk, table: str) -> int:
    assert desk.kept is not None
    with desk.kept.engine.connect() as connection:
        return len(connection.execute(select(schema.metadata.tables[table])).all())


def rewrite(place: Path, desk: LocalDesk, name: str, text: str) -> None:
    write(place / "articles", {name: text})
    index_into(desk, place / "articles")


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


def test_keep_days_zero_keeps_none_and_deletes_what_there_is(place: Path) -> None:
    write(place / "articles", {"tower.md": TOWER})
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        index_into(desk, place / "articles")
        ask(desk, HEIGHT, GUEST)
    with desk_over(settings_for(place / "data", keep_days=0), keeping=True) as desk:
        assert desk.kept is None
        ask(desk, HEIGHT, GUEST)
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        assert rows(desk, "answers") == 0


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


def test_expiry_takes_old_answers_what_was_said_of_them_and_empty_conversations(desk: LocalDesk) -> None:
    old, kept = ask(desk, HEIGHT, GUEST), ask(desk, HEIGHT, GUEST)
    mixed = ask(desk, HEIGHT, GUEST, kept.conversation_id)
    for answer in (old, mixed):
        desk.rate(FeedbackRequest(answer_id=answer.id, rating="up"), GUEST)
    assert desk.kept is not None
    now = datetime.now(UTC)
    _age(desk.kept, [old.id, mixed.id], now - timedelta(days=91))
    _age(desk.kept, [kept.id], now - timedelta(days=89))
    assert expire(desk.kept.engine, days=DAYS, now=now) == 2
    assert [c.id for c in desk.conversations(GUEST, after=None, limit=9).conversations] == [kept.conversation_id]
    assert desk.conversation(kept.conversation_id or "", GUEST).questions == 1
    assert rows(desk, "feedback") == 0


def test_expiry_goes_on_while_served(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with expiring(engine, days=Days(answers=1, audit=1), every_seconds=0.01):
        with engine.begin() as connection:
            row = {"asker": "a", "title": "?", "created": long_ago, "updated": long_ago}
            connection.execute(insert(schema.conversations).values(id="conv_1", **row))
        gone = Event()
        for _ in range(500):
            with engine.connect() as connection:
                if not connection.execute(select(schema.conversations)).all():
                    gone.set()
                    break
            gone.wait(0.01)
        assert gone.is_set()
    engine.dispose()


def test_a_conversation_survives_closing_and_opening(place: Path) -> None:
    write(place / "articles", {"tower.md": TOWER})
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        index_into(desk, place / "articles")
        answer = ask(desk, HEIGHT, GUEST)
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        desk.rebuild()  # conversations lie outside what a rebuild makes again
        assert desk.conversation(answer.conversation_id or "", GUEST).answers == [answer]


def test_the_last_turns_are_the_history_of_the_next_question(desk: LocalDesk) -> None:
    first = ask(desk, HEIGHT, STAFF)
    for _ in range(4):
        ask(desk, LENGTH, STAFF, first.conversation_id)
    assert desk.kept is not None
    history = desk.kept.history(first.conversation_id or "", STAFF)
    assert [message.role for message in history] == ["user", "assistant"] * 4
    assert {message.text for message in history if message.role == "user"} == {LENGTH}
    assert all("31 metres" in message.text and "[1]" not in message.text for message in history[1::2])


def test_expiry_takes_what_slack_and_the_audit_record_remember(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    now = datetime.now(UTC)
    event = {"state": "done", "attempts": 1, "leased_until": 0.0}
    entry = {"asker": "a", "action": "ask", "status": "answered", "article_ids": [], "milliseconds": 1.0}
    with engine.begin() as connection:
        for days in (6, 8, 29, 31, 89, 91):
            then = now - timedelta(days=days)
            moment = then.timestamp()
            connection.execute(insert(schema.slack_events).values(key=f"{days}", received=moment, **event))
            connection.execute(insert(schema.slack_threads).values(channel="C", thread=f"{days}", updated=moment))
            connection.execute(insert(schema.audit).values(at=then, through=f"{days}", **entry))

    def left() -> list[list[str]]:
        columns = (schema.slack_events.c.key, schema.slack_threads.c.thread, schema.audit.c.through)
        with engine.connect() as connection:
            return [sorted(connection.scalars(select(column)).all(), key=int) for column in columns]

    expire(engine, days=DAYS, now=now)
    assert left() == [["6"], ["6", "8", "29", "31", "89"], ["6", "8", "29"]]
    expire(engine, days=Days(answers=0, audit=0), now=now)
    assert left() == [["6"], ["6"], []]
    engine.dispose()


def test_opening_lets_go_of_the_old_audit_record_though_nothing_is_asked(place: Path) -> None:
    write(place / "articles", {"tower.md": TOWER})
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        index_into(desk, place / "articles")
        assert desk.kept is not None
        entry = {"asker": "a", "action": "ask", "status": "answered", "article_ids": [], "milliseconds": 1.0}
        with desk.kept.engine.begin() as connection:
            connection.execute(insert(schema.audit).values(at=datetime(2020, 1, 1, tzinfo=UTC), **entry))
    with desk_over(settings_for(place / "data"), keeping=True) as desk:
        assert rows(desk, "audit") == 0


def test_a_damaged_database_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all " * 500)
    with pytest.raises(IndexDamaged, match=rf"conversations and keys .*{FILE} is damaged .* move it away") as caught:
        opened_database(tmp_path)
    assert "index the articles again" not in str(caught.value)


def test_a_database_that_cannot_be_written_is_told_as_what_it_is(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(DataFolderUnusable, match=rf"conversations and keys .*{FILE} .* what was kept before is intact"):
        expire(engine, days=DAYS, now=datetime.now(UTC))
    engine.dispose()


def test_moments_keep_their_zone(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    noon = datetime.fromisoformat("2026-04-24T14:00:00+02:00")
    with engine.begin() as connection:
        row = {"asker": "a", "title": "?", "created": noon, "updated": noon}
        connection.execute(insert(schema.conversations).values(id="conv_1", **row))
        stored = connection.scalar(select(schema.conversations.c.created))
    engine.dispose()
    assert stored == noon
    assert stored is not None
    assert stored.utcoffset() == timedelta(0)


def _age(kept: Kept, answer_ids: list[str], asked: datetime) -> None:
    engine: Engine = kept.engine
    with engine.begin() as connection:
        connection.execute(update(schema.answers).where(schema.answers.c.id.in_(answer_ids)).values(asked=asked))


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
