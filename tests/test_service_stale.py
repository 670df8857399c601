"""Answers know when the words that they quote have changed: over a real database and a real index."""

import hmac
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import column, create_engine, insert, select, table, update
from structlog.testing import capture_logs

from index.errors import ArticleDeleted, WrongUsage
from index.records import Span
from index.stores.migrating import migrate
from service.assistant import LocalAssistant
from service.history import citations, schema
from service.history.database import FILE, opened_database
from service.schemas.api import AskResponse
from service.schemas.history import KeptAnswer
from service.stale.checking import check_answers
from service.stale.comparing import Version, compare_stretch
from service.stale.watching import marking_stale
from service.stale.webhook import NotTaken, Webhook, signed_headers, webhook_from
from tests.history_assistant import (
    ADMIN,
    GUEST,
    HEIGHT,
    LENGTH,
    MAST,
    STAFF,
    TOWER,
    ask,
    keeping_assistant,
    rewrite,
)
from tests.servers import BOTH_IN_SOAK, SettingsOf
from tests.service_fixtures import settings_for
from tests.test_service_watching import eventually

OLD = "The old tower at the harbour is 84 metres high."
NEW = "The old tower at the harbour is 91 metres high."


BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def assistant(place: Path, backend: SettingsOf) -> Iterator[LocalAssistant]:
    with keeping_assistant(place, **backend(place)) as assistant:
        yield assistant


def check(assistant: LocalAssistant) -> None:
    assert assistant.history is not None
    check_answers(assistant.history.engine, assistant.live)


def reopened(assistant: LocalAssistant, answer: AskResponse) -> KeptAnswer:
    assert answer.conversation_id
    (kept,) = assistant.conversation(answer.conversation_id, STAFF).answers
    assert kept.stale == assistant.stored_answer(answer.id, STAFF).stale
    return kept


def test_changed_words_are_shown_next_to_the_old_ones(place: Path, assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    check(assistant)
    kept = reopened(assistant, answer)
    (stale,) = kept.stale
    cited = {one.number: one for one in kept.citations}[stale.number]
    assert (cited.quote, stale.quote) == (OLD, NEW)
    current = assistant.article("tower", STAFF.access, None)
    assert stale.article_version == current.version
    assert stale.start is not None
    assert current.text[stale.start : stale.end] == NEW


@pytest.mark.parametrize(
    "text",
    [
        TOWER + "\nA new harbour is built.\n",
        TOWER.replace("The old tower", "News first.\n\n# Harbour\n\nThe old tower"),
        TOWER.replace("at the harbour is", "at the\nharbour  is").replace("84 metres", "**84** metres"),
        TOWER.replace("title: The tower", "title: A tower"),
        "---\ntitle: The tower\n---\nThe port built it in 1912. The old tower at the harbour is 84 metres high.\n",
    ],
    ids=["more text", "moved", "wrapped and set in bold", "another title", "another order"],
)
def test_words_that_only_moved_are_not_stale(place: Path, assistant: LocalAssistant, text: str) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    rewrite(place, assistant, "tower.md", text)
    check(assistant)
    assert reopened(assistant, answer).stale == []


def test_words_that_are_gone_have_none_in_their_place(place: Path, assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    rewrite(place, assistant, "tower.md", "---\ntitle: The tower\n---\nNothing is known of this building any more.\n")
    check(assistant)
    (stale,) = {(one.quote, one.start, one.end) for one in reopened(assistant, answer).stale}
    assert stale == (None, None, None)


def test_an_answer_is_no_longer_stale_when_its_words_are_back(place: Path, assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    for text, count in ((TOWER.replace("84", "91"), 1), (TOWER, 0), (TOWER + "\nMore.\n", 0)):
        rewrite(place, assistant, "tower.md", text)
        check(assistant)
        assert len(reopened(assistant, answer).stale) == count
        assert len(assistant.stale(ADMIN, after=None, limit=10).rows) == count


def test_the_time_of_the_first_change_stays(place: Path, assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    times = []
    for height in ("91", "92"):
        rewrite(place, assistant, "tower.md", TOWER.replace("84", height))
        check(assistant)
        (stale,) = reopened(assistant, answer).stale
        times.append(stale.since)
        assert stale.quote == NEW.replace("91", height)
    assert times[0] == times[1]


def test_new_words_are_shown_only_to_those_who_may_read_them(place: Path, assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    assistant.share(answer.id, STAFF, shared=True)
    rewrite(place, assistant, "mast.md", MAST.replace("31", "39").replace("[staff]", "[board]"))
    check(assistant)
    assert answer.conversation_id
    assert assistant.conversation(answer.conversation_id, STAFF).withheld == 1
    assert assistant.stale(ADMIN, after=None, limit=10).rows == []  # an admin, and not of the board


def test_until_it_is_compared_again_no_words_of_a_newer_version_are_shown(
    place: Path, assistant: LocalAssistant
) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    check(assistant)
    rewrite(place, assistant, "tower.md", "---\ntitle: The tower\n---\nAll is new. " + OLD + "\n")
    assert [one.quote for one in reopened(assistant, answer).stale] == [None]


def test_admins_see_what_is_stale_most_read_first(place: Path, assistant: LocalAssistant) -> None:
    answers = [ask(assistant, HEIGHT, STAFF) for _ in range(3)]
    for answer, times in zip(answers, (0, 2, 1), strict=True):
        for _ in range(times):
            assistant.stored_answer(answer.id, STAFF)
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    check(assistant)
    first = assistant.stale(ADMIN, after=None, limit=2)
    rest = assistant.stale(ADMIN, after=first.next_after, limit=2)
    assert [(row.answer_id, row.reads) for row in (*first.rows, *rest.rows)] == [
        (answers[1].id, 2),
        (answers[2].id, 1),
        (answers[0].id, 0),
    ]
    assert rest.next_after is None
    assert first.rows[0].answer
    assert [one.quote for one in first.rows[0].answer.stale] == [NEW]
    with pytest.raises(WrongUsage, match="names no page"):
        assistant.stale(ADMIN, after="many~ans", limit=2)


def test_of_a_deleted_article_the_list_has_the_question_alone(assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    assistant.delete(["mast"])
    check(assistant)
    (row,) = assistant.stale(ADMIN, after=None, limit=10).rows
    assert (row.answer_id, row.question, row.answer) == (answer.id, LENGTH, None)
    assert assistant.stale(GUEST, after=None, limit=10).rows == []  # who could not read it does not learn of it
    with pytest.raises(ArticleDeleted):
        assistant.stored_answer(answer.id, STAFF)


def test_an_old_version_that_is_no_longer_stored_is_compared_by_its_quote(
    place: Path, assistant: LocalAssistant
) -> None:
    assert assistant.history
    answer = ask(assistant, HEIGHT, STAFF)
    with assistant.history.engine.begin() as connection:
        connection.execute(
            update(schema.citations).values(article_version="sha256:long-gone", compared="sha256:long-gone")
        )
    check(assistant)
    assert reopened(assistant, answer).stale == []
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    check(assistant)
    assert [one.quote for one in reopened(assistant, answer).stale] == [NEW]


def test_deleting_an_answer_deletes_what_it_quotes(assistant: LocalAssistant) -> None:
    assert assistant.history
    answer = ask(assistant, HEIGHT, STAFF)
    assistant.delete_answer(answer.id, STAFF)
    with assistant.history.engine.connect() as connection:
        assert connection.execute(select(schema.citations)).all() == []


def test_the_service_marks_them_after_each_sync_and_deletion(place: Path, assistant: LocalAssistant) -> None:
    assert assistant.history
    first, second = ask(assistant, HEIGHT, STAFF), ask(assistant, LENGTH, STAFF)

    def stale() -> set[str]:
        return {row.answer_id for row in assistant.stale(ADMIN, after=None, limit=10).rows}

    with marking_stale(assistant.history.engine, assistant.live, None):
        rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
        eventually(lambda: stale() == {first.id})
        assistant.delete(["mast"])
        eventually(lambda: stale() == {first.id, second.id})


TEXT = """# Fees

## Standard

The fee is 5 euros. Approval is required.

## Express

The fee is 9 euros. Approval is required.

| plan | price |
|------|-------|
| S    | 10    |
| L    | 20    |

```
limit = 5
burst = 9
```
"""


@pytest.mark.parametrize(
    ("quote", "old", "new", "now"),
    [
        ("The fee is 5 euros.", "is 5 euros.", "is 5 euros a day.", "The fee is 5 euros a day."),
        ("The fee is 9 euros.", "is 9 euros.", "is 90 euros.", "The fee is 90 euros."),
        ("The fee is 5 euros.", "## Standard", "## Usual", True),
        ("limit = 5", "burst = 9", "burst = 10", True),
        ("limit = 5", "limit = 5", "limit = 50", None),
        (
            "The fee is 9 euros. Approval is required.",
            "9 euros. Approval",
            "9 euros. No approval",
            "The fee is 9 euros. No approval is required.",
        ),
    ],
)
def test_what_counts_as_changed(quote: str, old: str, new: str, now: str | bool | None) -> None:
    start = TEXT.index(quote)
    text = TEXT.replace(old, new)
    found = compare_stretch(Version(TEXT, "markdown"), Span(start, start + len(quote)), Version(text, "markdown"))
    if now is True:
        assert found.unchanged
        assert found.now
        assert text[found.now.start : found.now.end] == quote
    else:
        assert not found.unchanged
        assert now is None or (found.now and text[found.now.start : found.now.end] == now)


def test_of_words_that_stood_twice_the_one_that_changed_is_found() -> None:
    old, new = (
        Version(TEXT, "markdown"),
        Version(TEXT.replace("9 euros. Approval is", "9 euros. No approval is"), "markdown"),
    )
    first, second = TEXT.index("Approval"), TEXT.rindex("Approval")
    length = len("Approval is required.")
    assert compare_stretch(old, Span(first, first + length), new).unchanged
    assert not compare_stretch(old, Span(second, second + length), new).unchanged


def test_of_an_article_that_was_rewritten_as_a_whole_nothing_is_unchanged() -> None:
    def version(word: str) -> Version:
        return Version(" ".join(f"Number {n} of the {word} is {n * n}." for n in range(3_000)), "text")

    old, new = version("boats"), version("trains")
    found = [compare_stretch(old, span, new) for span in old.spans[:20]]
    assert not any(one.unchanged for one in found)
    # The sentence most alike is the one with the same figures.
    shown = [new.text[one.now.start : one.now.end] for one in found if one.now]
    assert shown == [f"Number {n} of the trains is {n * n}." for n in range(20)]


@contextmanager
def receiving(status: Callable[[], int]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A server that takes messages, and keeps them."""
    taken: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", taken
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of https://docs.svix.com/receiving/verifying-payloads/how-manual, by their own libraries."""
    settings = settings_for(
        Path("data"),
        stale_webhook_url="https://h.example/",
        stale_webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    webhook = webhook_from(settings, service="")
    assert webhook
    headers = signed_headers(
        b'{"test": 2432232314}', key=webhook.key, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", seconds=1614265330
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_webhook_names_answers_signed_and_once(place: Path, assistant: LocalAssistant) -> None:
    assert assistant.history
    engine = assistant.history.engine
    answer = ask(assistant, LENGTH, STAFF)
    rewrite(place, assistant, "mast.md", MAST.replace("31", "39"))
    check(assistant)
    statuses = iter([503, 204])
    with receiving(lambda: next(statuses)) as (url, taken):
        webhook = Webhook(url, b"secret", "https://answers.example/", private=True)
        with pytest.raises(NotTaken, match="It answered 503"):
            webhook.send_due(engine, Event())
        webhook.send_due(engine, Event())
        webhook.send_due(engine, Event())
    (first, _), (headers, body) = taken
    assert headers["webhook-id"] == first["webhook-id"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = b64encode(hmac.digest(b"secret", signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    message = json.loads(body)
    assert message["type"] == "answers.stale"
    (told,) = message["data"]["answers"]
    assert (told["id"], told["url"]) == (answer.id, f"https://answers.example/answers/{answer.id}")
    # The receiver need not be allowed to read the article.
    assert not any(word in body.decode() for word in ("mast", "island", "metres", "staff"))


def test_private_addresses_are_told_nothing_unless_they_are_allowed(place: Path, assistant: LocalAssistant) -> None:
    assert assistant.history
    ask(assistant, HEIGHT, STAFF)
    rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
    check(assistant)
    with receiving(lambda: 204) as (url, taken):
        webhook = Webhook(url, b"secret", "https://answers.example")
        with pytest.raises(NotTaken, match="is not a public address"):
            webhook.send_due(assistant.history.engine, Event())
    assert taken == []


def test_redirects_are_not_followed_and_a_receiver_that_fails_is_tried_again_later(
    place: Path, assistant: LocalAssistant
) -> None:
    assert assistant.history
    ask(assistant, HEIGHT, STAFF)
    answered = threading.Event()

    def redirect() -> int:
        answered.set()
        return 302

    with receiving(redirect) as (url, taken), capture_logs() as logs:
        webhook = Webhook(url, b"secret", "https://answers.example", private=True)
        with marking_stale(assistant.history.engine, assistant.live, webhook):
            rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
            assert answered.wait(60)
            eventually(lambda: any("webhook" in line["event"] for line in logs))
    assert len(taken) == 1
    with assistant.history.engine.connect() as connection:
        assert len(citations.not_sent(connection, limit=10)) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"stale_webhook_url": "ftp://x.example", "stale_webhook_secret": "s"}, "STALE_WEBHOOK_URL is no address"),
        ({"stale_webhook_url": "https://x.example"}, "needs FOOTNOTE_STALE_WEBHOOK_SECRET"),
        ({"stale_webhook_url": "https://x.example", "stale_webhook_secret": "whsec_é"}, "not base64"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_at_the_start(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(WrongUsage, match=problem):
        webhook_from(settings_for(Path("data"), **changes), service="")


def test_answers_from_before_are_compared_too(place: Path, assistant: LocalAssistant) -> None:
    """A database of the schema before this one is filled from its answers."""
    assert assistant.history
    answer = ask(assistant, HEIGHT, STAFF)
    with assistant.history.engine.connect() as connection:
        filled = connection.execute(select(schema.citations)).all()
        names = ["id", "conversation_id", "asker", "asked", "status", "response", "settings", "through", "shared"]
        kept = connection.execute(select(*[schema.answers.c[name] for name in names])).mappings().one()
        started = connection.execute(select(schema.conversations)).mappings().one()
    folder = place / "older"
    folder.mkdir()
    engine = create_engine(f"sqlite:///{folder / FILE}")
    with engine.begin() as connection:
        migrate(connection, to="0003", by=Path(schema.__file__).parent / "migrations")
        connection.execute(insert(schema.conversations).values(**started))
        older = table("answers", *map(column, names))
        row = dict(kept) | {"response": json.dumps(kept["response"]), "settings": "{}", "asked": str(kept["asked"])}
        connection.execute(insert(older).values(row))
    engine.dispose()
    migrated = opened_database(folder)
    with migrated.connect() as connection:
        assert connection.execute(select(schema.citations)).all() == filled
        assert connection.scalar(select(schema.answers.c.id)) == answer.id
    migrated.dispose()
