"""Approved answers: signed, given at once to who asks the same and may read it, and no longer once a quote has changed."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from index.errors import NotInHistory, WrongUsage
from index.records import EVERYTHING, Filters
from service.answer.text.same_question import asks_the_same
from service.approving.store import _LEAST_COSINE
from service.assistant import LocalAssistant
from service.history import schema
from service.history.answers import remove_before
from service.schemas.api import AskRequest, AskResponse, FiltersWire, HitsEvent, MessageWire, SentenceEvent
from service.schemas.approving import ApproveRequest, EditedSentence
from service.stale.checking import check_answers
from tests.history_assistant import (
    ADMIN,
    GUEST,
    HEIGHT,
    LENGTH,
    MAST,
    OTHER_STAFF,
    STAFF,
    TOWER,
    ask,
    keeping_assistant,
    rewrite,
)
from tests.servers import BOTH_IN_SOAK, SettingsOf
from tests.service_fixtures import ROOT, check_answer, packaged_model

ANY = ApproveRequest()
SHORTER = ApproveRequest(sentences=[EditedSentence(text="The tower is 84 metres high.", citations=[1])])


BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def assistant(place: Path, backend: SettingsOf) -> Iterator[LocalAssistant]:
    with keeping_assistant(place, **backend(place)) as assistant:
        yield assistant


def approve(assistant: LocalAssistant, question: str, request: ApproveRequest = ANY) -> AskResponse:
    return assistant.approvals.approve(ask(assistant, question, STAFF).id, request, ADMIN)


def check(assistant: LocalAssistant) -> None:
    assert assistant.history
    check_answers(assistant.history.engine, assistant.live)


def test_who_asks_the_same_gets_it_with_who_approved_it(assistant: LocalAssistant) -> None:
    signed = approve(assistant, HEIGHT, SHORTER)
    assert signed.approved
    assert signed.approved.by == ADMIN.id
    for question in (HEIGHT, "How high is the old tower at our harbour?"):
        given = ask(assistant, question, GUEST)
        assert given.approved == signed.approved
        assert (given.question, given.text) == (question, "The tower is 84 metres high. [1]")
        assert given.id != signed.id
        check_answer(assistant, given)
        assert {citation.score for citation in given.citations} == {None}  # they count the words of all articles
        assert assistant.stored_answer(given.id, GUEST).approved == signed.approved
    (row,) = assistant.approvals.listed(ADMIN).rows
    assert (row.given, row.in_use, row.wordings) == (2, True, [HEIGHT])


def test_it_is_streamed_as_any_answer(assistant: LocalAssistant) -> None:
    approve(assistant, HEIGHT)
    hits, *said, whole = assistant.ask_events(AskRequest(question=HEIGHT), GUEST)
    assert isinstance(hits, HitsEvent)
    assert isinstance(whole, AskResponse)
    assert all(isinstance(event, SentenceEvent) for event in said)
    assert [event.sentence for event in said if isinstance(event, SentenceEvent)] == whole.sentences
    assert whole.approved
    assert whole.conversation_id


def test_other_wordings_that_the_reviewer_names_are_answered_too(assistant: LocalAssistant) -> None:
    approve(assistant, HEIGHT, ApproveRequest(wordings=["What is the height of the tower?"]))
    assert ask(assistant, "What is the height of the tower?", GUEST).approved
    assert not ask(assistant, "What is the age of the tower?", GUEST).approved


def test_what_leans_on_something_else_is_answered_as_usual(assistant: LocalAssistant) -> None:
    approve(assistant, HEIGHT)
    first = ask(assistant, "When did the port build the old tower?", GUEST)
    assert ask(assistant, HEIGHT, GUEST, first.conversation_id).approved is None
    filtered = AskRequest(question=HEIGHT, filters=FiltersWire(article_ids=["tower"]))
    assert assistant.ask(filtered, GUEST).approved is None
    told = [MessageWire(role="user", text="When was it built?"), MessageWire(role="assistant", text="In 1912.")]
    assert assistant.ask(AskRequest(question=HEIGHT, history=told), GUEST).approved is None


def test_only_those_who_may_read_what_it_cites_get_it(place: Path, assistant: LocalAssistant) -> None:
    approve(assistant, LENGTH)
    assert ask(assistant, LENGTH, OTHER_STAFF).approved
    guest = ask(assistant, LENGTH, GUEST)
    assert (guest.approved, guest.status) == (None, "no_answer")
    rewrite(place, assistant, "mast.md", MAST.replace("[staff]", "[board]"))
    assert not ask(assistant, LENGTH, OTHER_STAFF).approved
    assert assistant.approvals.listed(ADMIN).rows == []


def test_it_is_not_given_from_the_moment_that_its_article_changes(place: Path, assistant: LocalAssistant) -> None:
    signed = approve(assistant, HEIGHT)
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    for _ in range(2):  # before it is compared, and after
        answer = ask(assistant, HEIGHT, GUEST)
        assert (answer.approved, answer.short_answer) == (None, "91 metres high")
        check(assistant)
    stale = {row.answer_id: row.answer for row in assistant.stale(ADMIN, after=None, limit=10).rows}
    again = stale[signed.id]
    assert again
    assert again.approved == signed.approved
    assert not assistant.approvals.listed(ADMIN).rows[0].in_use


def test_when_its_words_only_moved_it_is_given_with_where_they_are_now(place: Path, assistant: LocalAssistant) -> None:
    approve(assistant, HEIGHT)
    rewrite(place, assistant, "tower.md", TOWER.replace("The old tower", "News of the day.\n\nThe old tower"))
    assert not ask(assistant, HEIGHT, GUEST).approved
    check(assistant)
    given = ask(assistant, HEIGHT, GUEST)
    assert given.approved
    check_answer(assistant, given)
    current = assistant.article("tower", GUEST.access, None)
    assert {one.article_version for one in given.citations} == {current.version}
    highlight = given.citations[0].highlight
    assert highlight
    assert current.text[highlight.start : highlight.end] == "84 metres high"
    with assistant.live.pinned() as index:
        (passage,) = index.catalog.passages([given.citations[0].passage_id], EVERYTHING, Filters()).values()
    assert given.citations[0].quote in passage.text


@pytest.mark.parametrize(
    ("sentences", "problem"),
    [
        ([("The tower is 99 metres high.", [1])], "do not say that"),
        ([("The tower is not 84 metres high.", [1])], "do not say that"),
        ([("The tower was built by Gustave Eiffel.", [1])], "do not say that"),
        ([("The tower is 84 metres high.", [2])], "must cite sources of this answer"),
        ([("See https://elsewhere.example/x: the tower is 84 metres high.", [1])], "do not say that"),
    ],
)
def test_an_edit_that_its_quotes_do_not_support_is_refused(
    assistant: LocalAssistant, sentences: list[tuple[str, list[int]]], problem: str
) -> None:
    edits = [EditedSentence(text=text, citations=cited) for text, cited in sentences]
    with pytest.raises(WrongUsage, match=problem):
        approve(assistant, HEIGHT, ApproveRequest(sentences=edits))
    assert assistant.approvals.listed(ADMIN).rows == []


def test_what_is_stale_or_no_answer_cannot_be_approved(place: Path, assistant: LocalAssistant) -> None:
    refused = ask(assistant, "Who painted the ceiling of the chapel?", STAFF)
    with pytest.raises(WrongUsage, match="Only an answer"):
        assistant.approvals.approve(refused.id, ANY, ADMIN)
    answer = ask(assistant, HEIGHT, STAFF)
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    check(assistant)
    with pytest.raises(WrongUsage, match="have changed since"):
        assistant.approvals.approve(answer.id, ANY, ADMIN)


def test_a_question_that_was_completed_from_a_conversation_cannot_be_approved(assistant: LocalAssistant) -> None:
    """Its words may come from other articles than those that the answer cites."""
    assert assistant.history
    answer = ask(assistant, HEIGHT, STAFF)
    with assistant.history.engine.begin() as connection:
        completed = answer.model_copy(update={"completed_question": "How high is it?"}).model_dump(mode="json")
        connection.execute(update(schema.answers).values(response=completed))
    with pytest.raises(WrongUsage, match="leans on what was said before"):
        assistant.approvals.approve(answer.id, ANY, ADMIN)


def test_a_reviewer_approves_only_what_they_may_read(assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    with pytest.raises(NotInHistory):
        assistant.approvals.approve(answer.id, ANY, GUEST)


def test_a_withdrawn_approval_is_given_to_nobody(assistant: LocalAssistant) -> None:
    signed = approve(assistant, HEIGHT)
    assistant.approvals.withdraw(signed.id)
    assert not ask(assistant, HEIGHT, GUEST).approved
    with pytest.raises(NotInHistory):
        assistant.approvals.withdraw(signed.id)
    assert assistant.stored_answer(signed.id, ADMIN).approved  # the reviewer's own answer stays


def test_an_approved_answer_is_kept_for_longer_than_others(assistant: LocalAssistant) -> None:
    assert assistant.history
    signed = approve(assistant, HEIGHT)
    later = assistant.stored_answer(signed.id, ADMIN).asked + timedelta(days=1_000)
    with assistant.history.engine.begin() as connection:
        assert remove_before(connection, later) == 1
    assert ask(assistant, HEIGHT, GUEST).approved


def pairs(name: str) -> Iterator[tuple[str, str, bool]]:
    lines = (ROOT / "eval" / "same_question" / name).read_text(encoding="utf-8").splitlines()
    for line in map(json.loads, lines):
        yield from ((line["question"], other, True) for other in line["same"])
        yield from ((line["question"], other, False) for other in line["different"])


@pytest.mark.parametrize("name", ["choose.jsonl", "test.jsonl"])
def test_no_question_passes_for_another_one(name: str) -> None:
    taken = [(one, other, same) for one, other, same in pairs(name) if asks_the_same(one, other)]
    vectors = packaged_model().embed_questions([text for one, other, _ in taken for text in (one, other)])
    close = [
        same
        for (*_, same), one, other in zip(taken, vectors[::2], vectors[1::2], strict=True)
        if one @ other >= _LEAST_COSINE
    ]
    assert len(close) >= 5
    assert all(close)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Which train goes from Berlin to Hamburg?", "Which train goes from Hamburg to Berlin?"),
        ("Can I open an account with an address?", "Can I open an account without an address?"),
        ("When did it open?", "Where did it open?"),
        ("", "Is it?"),
        ("?", "?!"),
    ],
)
def test_by_their_words_these_ask_for_different_things(one: str, other: str) -> None:
    assert not asks_the_same(one, other)
    assert not asks_the_same(other, one)


# Edits of what is a quotation, a list or code

KETTLE = """\
# The harbour kettle

Before you leave the harbour kettle alone, do these things:

1. Press the red stop button.
2. Wait until the lamp is dark.
3. Open the drain.

The harbour kettle boils ten litres of water in four minutes.

The harbour kettle is reset like this:

```
kettle drain --all
kettle reset
```
"""


def quoted_answer(place: Path, assistant: LocalAssistant, *, question: str, form: str) -> AskResponse:
    """Return an answer about the kettle as kept, all of whose prose is a quotation below what a model said."""
    rewrite(place, assistant, "kettle.md", KETTLE)
    answer = ask(assistant, question, STAFF)
    sentences = [
        one.model_copy(update={"form": "quote", "text": f"“{one.text}”"}) if form == "quote" else one
        for one in answer.sentences
        if one.form == ("prose" if form == "quote" else form)
    ]
    kept = answer.model_copy(update={"sentences": sentences}).model_dump(mode="json", exclude={"approved"})
    assert assistant.history
    with assistant.history.engine.begin() as connection:
        connection.execute(update(schema.answers).where(schema.answers.c.id == answer.id).values(response=kept))
    return answer.model_copy(update={"sentences": sentences})


BOILS = "How fast does the harbour kettle boil water?"
BOILS_SO = "The harbour kettle boils ten litres of water in four minutes."


@pytest.mark.parametrize(
    ("edit", "text", "form"),
    [
        (f"“{BOILS_SO}”", f"“{BOILS_SO}”", "quote"),
        ("“The harbour kettle boils ten litres of water”", "“The harbour kettle boils ten litres of water”", "quote"),
        (BOILS_SO, BOILS_SO, "prose"),
        (
            "“In four minutes the harbour kettle boils ten litres.”",
            "In four minutes the harbour kettle boils ten litres.",
            "prose",
        ),
        (
            "“Ten litres of water” are boiled by the harbour kettle in four minutes.",
            "Ten litres of water are boiled by the harbour kettle in four minutes.",
            "prose",
        ),
    ],
)
def test_quotation_marks_stay_only_around_the_words_of_a_source(
    place: Path, assistant: LocalAssistant, edit: str, text: str, form: str
) -> None:
    answer = quoted_answer(place, assistant, question=BOILS, form="quote")
    edits = [EditedSentence(text=edit, citations=answer.sentences[0].citations)]
    signed = assistant.approvals.approve(answer.id, ApproveRequest(sentences=edits), ADMIN)
    assert [(one.text, one.form) for one in signed.sentences] == [(text, form)]
    given = ask(assistant, BOILS, GUEST)
    assert given.approved
    assert [(one.text, one.form) for one in given.sentences] == [(text, form)]
    check_answer(assistant, given)


def test_an_edited_list_stays_a_list(place: Path, assistant: LocalAssistant) -> None:
    question = "What do I do before I leave the harbour kettle alone?"
    answer = quoted_answer(place, assistant, question=question, form="list")
    [listed] = answer.sentences
    shorter = "\n".join(listed.text.splitlines()[:3])
    edits = [EditedSentence(text=shorter, citations=listed.citations)]
    signed = assistant.approvals.approve(answer.id, ApproveRequest(sentences=edits), ADMIN)
    assert [(one.text, one.form) for one in signed.sentences] == [(shorter, "list")]
    wrong = EditedSentence(text=listed.text.replace("Open the drain", "Feed the cat"), citations=listed.citations)
    with pytest.raises(WrongUsage, match="do not say that"):
        assistant.approvals.approve(answer.id, ApproveRequest(sentences=[wrong]), ADMIN)


def test_edited_code_is_code_while_it_stands_in_its_source(place: Path, assistant: LocalAssistant) -> None:
    answer = quoted_answer(place, assistant, question="How is the harbour kettle reset?", form="code")
    [code] = answer.sentences
    edits = [EditedSentence(text="kettle reset", citations=code.citations)]
    signed = assistant.approvals.approve(answer.id, ApproveRequest(sentences=edits), ADMIN)
    assert [(one.text, one.form) for one in signed.sentences] == [("kettle reset", "code")]
    edits = [EditedSentence(text="kettle reset --force", citations=code.citations)]
    with pytest.raises(WrongUsage, match="do not say that"):
        assistant.approvals.approve(answer.id, ApproveRequest(sentences=edits), ADMIN)
