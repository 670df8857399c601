"""What the tests of what is kept share: an assistant that keeps, over one article for everyone and one for the staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from index.records import FOR_EVERYONE, Access
from service.assistant import LocalAssistant
from service.auth.askers import Asker
from service.history import schema
from service.history.retention import RetentionDays
from service.schemas.api import AskRequest, AskResponse
from tests.service_fixtures import assistant_over, index_into, settings_for, write

STAFF = Asker("key:alice", Access(frozenset({"staff"})))
GUEST = Asker("key:bob", FOR_EVERYONE)
OTHER_STAFF = Asker("key:carol", Access(frozenset({"staff"})))
ADMIN = Asker("key:dora", Access(frozenset({"staff"})), admin=True)
TOWER = "---\ntitle: The tower\n---\nThe old tower at the harbour is 84 metres high. The port built it in 1912.\n"
MAST = "---\ntitle: The mast\ngroups: [staff]\n---\nThe secret mast on the island is 31 metres long. It was raised in 1950.\n"
DAYS = RetentionDays(answers=90, audit=30)
HEIGHT = "How high is the old tower at the harbour?"
LENGTH = "How long is the secret mast on the island?"


@contextmanager
def keeping_assistant(place: Path, **changes: Any) -> Iterator[LocalAssistant]:
    """Open an assistant that keeps, over one article for everyone and one for the staff. Other settings go by name."""
    write(place / "articles", {"tower.md": TOWER, "mast.md": MAST})
    with assistant_over(settings_for(place / "data", **changes), with_history=True) as assistant:
        index_into(assistant, place / "articles")
        yield assistant


def ask(assistant: LocalAssistant, question: str, asker: Asker, conversation_id: str | None = None) -> AskResponse:
    return assistant.ask(AskRequest(question=question, conversation_id=conversation_id), asker)


def rows(assistant: LocalAssistant, table: str) -> int:
    assert assistant.history is not None
    with assistant.history.engine.connect() as connection:
        return len(connection.execute(select(schema.metadata.tables[table])).all())


def rewrite(place: Path, assistant: LocalAssistant, name: str, text: str) -> None:
    write(place / "articles", {name: text})
    index_into(assistant, place / "articles")
