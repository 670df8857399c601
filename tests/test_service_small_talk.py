"""Greetings, thanks and questions about the service itself get a friendly reply that says what there is to ask about."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.records import EVERYTHING, FOR_EVERYONE, Access
from service.answer import pipeline
from service.answer.about import FRIENDLY_WORDS
from service.assistant import LocalAssistant
from service.auth.askers import Asker
from service.history.feedback import ReviewFilter
from service.schemas.api import AskRequest, AskResponse, FiltersWire, MessageWire
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

BERTHS = """---
title: Berths
publisher: Harbour office
published: 2026-03-01
---
# Berths

A berth costs 30 euros for one night. A berth costs 400 euros for a month.

The crane costs 90 euros an hour.
"""
ROLES = """---
title: Roles
publisher: Harbour office
published: 2026-05-02
---
# Roles

## Who may confirm bookings?

An approver may confirm bookings of more than a month. A clerk may change a booking.
"""
BOARD = """---
title: Minutes of the board
publisher: Board of secrets
published: 2020-01-01
groups: [board]
---
# Minutes of the board

## What did the board decide?

The board decided to sell the north quay.
"""
ANN = Asker("key:ann", Access(frozenset({"board"})))


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    """An assistant over two articles for everyone and one for a group, that keeps what is asked."""
    folder = tmp_path_factory.mktemp("harbour")
    with assistant_over(settings_for(folder / "data"), with_history=True) as assistant:
        index_into(assistant, write(folder / "news", {"berths.md": BERTHS, "roles.md": ROLES, "board.md": BOARD}))
        yield assistant


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Hi!", "greeting"),
        ("good morning footnote 👋", "greeting"),
        ("thanks", "thanks"),
        ("Thank you sooo much, that helped 🙏", "thanks"),
        ("ok thx", "thanks"),
        ("bye bye, see you tomorrow", "farewell"),
        ("What can you do?", "about"),
        ("who are you", "about"),
        ("What do you know about?", "about"),
        ("wht can u do", "about"),
        ("help", "about"),
        ("Hello! What can I ask you?", "about"),
    ],
)
def test_small_talk_gets_a_friendly_reply(harbour: LocalAssistant, said: str, kind: str) -> None:
    reply = ask(harbour, said)
    assert reply.about is not None
    assert (reply.status, reply.about.small_talk, reply.sentences, reply.nearest) == ("about", kind, [], [])
    assert reply.text.startswith(FRIENDLY_WORDS[reply.about.small_talk])


@pytest.mark.parametrize(
    "question",
    [
        "Hi, how much does a berth cost for a night?",
        "Thanks! And what does the crane cost?",
        "Who may confirm bookings?",
        "What can a clerk do?",
        "How do I become a clerk?",
        "What can I do as a translator?",
        "What do you know about the crane?",
        "crane",
        "Can you help me with a booking?",
        "What are you paid for the crane?",
        "thank you gifts for the crane driver",
    ],
)
def test_what_only_sounds_like_small_talk_is_a_question(harbour: LocalAssistant, question: str) -> None:
    assert ask(harbour, question).status != "about"


def test_the_reply_counts_and_names_only_what_the_asker_may_read(harbour: LocalAssistant) -> None:
    open_to_all, everything = (ask(harbour, "What can you do?", access) for access in (FOR_EVERYONE, EVERYTHING))
    assert open_to_all.about is not None
    assert everything.about is not None
    assert (open_to_all.about.articles, everything.about.articles) == (2, 3)
    assert [article.title for article in open_to_all.about.examples] == ["Berths", "Roles"]
    assert open_to_all.about.publishers == ["Harbour office"]
    assert str(open_to_all.about.earliest) == "2026-03-01"
    assert (
        "You may read 2 articles, published between 1 March 2026 and 2 May 2026 by Harbour office" in open_to_all.text
    )
    assert "oard" not in open_to_all.model_dump_json()
    assert "Minutes of the board" in [article.title for article in everything.about.examples]
    assert str(everything.about.earliest) == "2020-01-01"


def test_what_could_be_asked_is_answered(harbour: LocalAssistant) -> None:
    reply = ask(harbour, "hello", FOR_EVERYONE)
    assert reply.about is not None
    assert reply.about.questions
    assert all(ask(harbour, question, FOR_EVERYONE).status == "answered" for question in reply.about.questions)


def test_what_could_be_asked_is_tried_once(harbour: LocalAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    harbour.warm_up()
    read: list[object] = []
    monkeypatch.setattr(pipeline, "read_evidence", lambda *given: read.append(given))
    replies = [ask(harbour, said, FOR_EVERYONE) for said in ("hello", "thanks")]
    assert all(reply.about and reply.about.questions for reply in replies)
    assert read == []


def test_questions_about_an_article_go_with_it(tmp_path: Path) -> None:
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "news", {"roles.md": ROLES, "berths.md": BERTHS}))
        before = ask(assistant, "hi", FOR_EVERYONE)
        assert before.about is not None
        assert "Who may confirm bookings?" in before.about.questions
        assistant.delete(["roles"])
        after = ask(assistant, "hi", FOR_EVERYONE)
        assert after.about is not None
        assert "Who may confirm bookings?" not in after.about.questions


def test_questions_are_made_of_headings_with_the_title_where_it_is_short(tmp_path: Path) -> None:
    moorings = (
        "# Moorings\n\n## Moorings\n\n## 2. Prices for visitors:\n\nVisitors pay prices of 30 euros for a mooring.\n\n"
        "<!--\n## Prices for friends\n\nFriends pay prices of 5 euros.\n-->\n\n```\n# Prices in code\n```\n"
    )
    long = "All that anybody who arrives by boat in the summer has to know about the harbour's storm warnings"
    storms = f"# {long}\n\n## Why?\n\n## Red flags on the storm mast\n\nRed flags on the storm mast warn of a storm.\n"
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "news", {"moorings.md": moorings, "storms.md": storms}))
        assert set(assistant.questions_to_try(FOR_EVERYONE)) == {
            "What does “Moorings” say about “Prices for visitors”?",
            "What do the articles say about “Red flags on the storm mast”?",
        }


def test_who_may_read_nothing_is_told_so(tmp_path: Path) -> None:
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "news", {"board.md": BOARD}))
        reply = ask(assistant, "hi", FOR_EVERYONE)
        assert (reply.status, reply.about and reply.about.articles) == ("about", 0)
        assert reply.text.endswith("There is no article yet that you may read.")
        assert "oard" not in reply.text


def asked(assistant: LocalAssistant, question: str, conversation: str | None = None, asker: Asker = ANN) -> AskResponse:
    return assistant.ask(AskRequest(question=question, conversation_id=conversation), asker)


def test_thanks_are_neither_a_question_nor_part_of_the_next_one(harbour: LocalAssistant) -> None:
    first = asked(harbour, "How much does a berth for one night cost?")
    conversation = first.conversation_id
    for thanks in ("thanks", "ok, thank you!", "great", "perfect, thx", "you are the best"):
        assert asked(harbour, thanks, conversation).status == "about"
    with_thanks = asked(harbour, "And for a month?", conversation)
    other = asked(harbour, "How much does a berth for one night cost?")
    without = asked(harbour, "And for a month?", other.conversation_id)
    assert (with_thanks.status, with_thanks.text) == (without.status, without.text)
    assert "400 euros" in with_thanks.text


def test_thanks_in_a_conversation_that_a_client_keeps_are_left_out_too(harbour: LocalAssistant) -> None:
    question = MessageWire(role="user", text="How much does a berth for one night cost?")
    answer = MessageWire(role="assistant", text="A berth costs 30 euros for one night.")
    thanks = [
        MessageWire(role="user", text="thanks a lot"),
        MessageWire(role="assistant", text="You are welcome. Ask me whatever else you would like to know."),
    ]
    said = [
        harbour.ask(AskRequest(question="And for a month?", history=history), ANN).text
        for history in ([question, answer], [question, answer, *thanks, *thanks])
    ]
    assert said[0] == said[1]


def test_a_reply_is_kept_without_what_others_or_later_readers_may_not_know(harbour: LocalAssistant) -> None:
    reply = asked(harbour, "hi")
    assert "Minutes of the board" in reply.text
    kept = harbour.stored_answer(reply.id, ANN)
    assert (kept.status, kept.text, kept.question) == ("about", FRIENDLY_WORDS["greeting"], "hi")
    assert "oard" not in kept.model_dump_json()
    harbour.share(reply.id, ANN, shared=True)
    assert harbour.stored_answer(reply.id, Asker("key:bob", FOR_EVERYONE)).text == kept.text
    listed = harbour.review(
        Asker("key:root", EVERYTHING, admin=True), ReviewFilter(status="about"), after=None, limit=100
    )
    assert reply.id in [row.answer.id for row in listed.rows]


def test_filters_change_nothing_of_a_greeting(harbour: LocalAssistant) -> None:
    reply = ask(harbour, "hi", filters=FiltersWire(publishers=["Nobody"]), include_hits=True)
    assert (reply.status, reply.hits) == ("about", [])
