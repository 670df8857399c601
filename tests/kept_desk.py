"""What the tests of what is kept share: a desk that keeps, over one article for everyone and one for the staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from index.records import FOR_EVERYONE, Access
from service.assistant import LocalDesk
from service.auth.askers import Asker
from service.history import schema
from service.history.retention import Days
from service.schemas.api import AskRequest, AskResponse
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


@contextmanager
def keeping_desk(place: Path) -> Iterator[LocalDesk]:
    """Open a desk that keeps, over one article for everyone and one for the staff."""
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
