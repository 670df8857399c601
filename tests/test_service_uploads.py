"""Uploads over HTTP: what is stored, who may read it, what is refused, and what becomes of it."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook

from service.api.app import create_app
from service.assistant import LocalAssistant
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key
from service.sources.syncing import Sources
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS

LEAVE = "# Leave\n\nAnnual leave is 28 days.\n"


@dataclass(frozen=True)
class Service:
    """A service with the keys of an admin, of the board and of somebody else."""

    assistant: LocalAssistant
    client: TestClient
    keys: Mapping[str, str]

    def send(self, who: str, method: str, path: str, **request: Any) -> Any:
        return self.client.request(method, path, headers={"Authorization": f"Bearer {self.keys[who]}"}, **request)

    def upload(self, files: Mapping[str, str | bytes], *, who: str = "boss", **fields: Any) -> Any:
        sent = [
            ("files", (name, BytesIO(content if isinstance(content, bytes) else content.encode())))
            for name, content in files.items()
        ]
        return self.send(who, "post", "/api/upload", files=sent, data=fields)

    def readable(self, who: str) -> list[str]:
        return [one["id"] for one in self.send(who, "get", "/api/articles").json()["articles"]]

    @property
    def folder(self) -> Path:
        return self.assistant.settings.data_dir / "uploads"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    opened = []

    def started(**settings: Any) -> Service:
        chosen = settings_for(tmp_path / "data", api_keys_required=True, questions_per_minute=0, **settings)
        context = assistant_over(chosen, with_history=True)
        assistant = context.__enter__()
        database = opened_database(tmp_path / "data")
        keys = {
            "boss": add_key(database, "boss", groups=["board"], admin=True),
            "ann": add_key(database, "ann", groups=["board"]),
            "bob": add_key(database, "bob"),
        }
        opened.append((context, database))
        state = AuthState(token_lookups=(ApiKeys(database).asker,))
        return Service(
            assistant, TestClient(create_app(assistant, settings=chosen, auth_state=state), base_url=ADDRESS), keys
        )

    yield started
    for context, database in opened:
        database.dispose()
        context.__exit__(None, None, None)


@pytest.fixture
def service(start: Callable[..., Service]) -> Service:
    return start()


def workbook() -> bytes:
    book, file = Workbook(), BytesIO()
    book.active.append(["place", "days"])
    book.active.append(["Oslo", 25])
    book.save(file)
    return file.getvalue()


def test_what_is_uploaded_is_answered_from_by_those_who_may_read_it(service: Service) -> None:
    reply = service.upload({"guides/leave.md": LEAVE, "days.xlsx": workbook()}, groups=["board"], collections=["HR"])
    leave, days = reply.json()["files"]
    assert (leave["articles"], leave["problem"], leave["by"]) == (["uploads/guides/leave"], None, "key:boss")
    assert days["articles"] == ["uploads/days"]
    assert (service.readable("ann"), service.readable("bob")) == (["uploads/days", "uploads/guides/leave"], [])
    asked = {"question": "How many days of annual leave are there?", "filters": {"collections": ["hr"]}}
    answer = service.send("ann", "post", "/api/ask", json=asked).json()
    assert [cited["quote"] for cited in answer["citations"]] == ["Annual leave is 28 days."]
    assert service.send("bob", "post", "/api/ask", json=asked).json()["status"] == "no_answer"


def test_each_file_says_what_is_wrong_with_it_and_the_others_are_in(service: Service) -> None:
    files: dict[str, str | bytes] = {
        "good.md": LEAVE,
        "empty.md": "",
        "broken.pdf": b"%PDF-1.7 no more",
        "odd.md": "---\ngroups: {a: b}\n---\nWho may read this?",
        "program.exe": b"MZ",
        ".hidden.md": LEAVE,
        "../up.md": LEAVE,
    }
    found = {one["path"]: one["problem"] for one in service.upload(files, everyone=True).json()["files"]}
    assert found.pop("good.md") is None
    assert "is empty" in found["empty.md"]
    assert "groups that are not a list" in found["odd.md"]
    assert found["broken.pdf"]
    assert "is of a type that is not read" in found["program.exe"]
    assert "leads elsewhere" in found[".hidden.md"]
    assert "leads elsewhere" in found["../up.md"]
    assert service.readable("bob") == ["uploads/good"]
    kept = service.send("boss", "get", "/api/uploads").json()["files"]
    assert {one["path"] for one in kept if one["problem"]} == {"broken.pdf", "empty.md", "odd.md"}


def test_who_may_read_has_to_be_said(service: Service) -> None:
    for fields in ({}, {"groups": [" "]}, {"groups": ["board"], "everyone": True}, {"groups": ["board, staff"]}):
        reply = service.upload({"leave.md": LEAVE}, **fields)
        assert (reply.status_code, reply.json()["type"]) == (400, "/problems/wrong-usage")
    assert service.upload({"leave.md": LEAVE}, everyone=True, collections=["a, b"]).status_code == 400
    assert service.upload({"leave.md": LEAVE}, who="ann", everyone=True).status_code == 403
    assert not service.folder.exists()


def test_a_form_that_cannot_be_understood_is_told_what_is_wrong_with_it(service: Service) -> None:
    reply = service.upload({"a.md": LEAVE}, everyone="perhaps")
    assert reply.status_code == 422
    assert "everyone" in reply.json()["detail"]
    assert "files" in service.send("boss", "post", "/api/upload", files={"groups": (None, "board")}).json()["detail"]
    reply = service.send("boss", "post", "/api/upload", json={})
    assert (reply.status_code, "form" in reply.json()["detail"]) == (415, True)


def test_a_file_can_only_narrow_who_may_read_it(service: Service) -> None:
    service.upload({"both.md": "---\ngroups: [board]\n---\nFor the board."}, everyone=True)
    service.upload({"wider.md": "---\ngroups: [board, staff]\n---\nFor both."}, groups=["staff"])
    assert (service.readable("ann"), service.readable("bob")) == (["uploads/both"], [])


def test_uploading_again_replaces_content_and_readers(service: Service) -> None:
    service.upload({"leave.md": LEAVE}, everyone=True)
    assert service.readable("bob") == ["uploads/leave"]
    service.upload({"leave.md": LEAVE}, groups=["board"])  # the same words, for fewer people
    assert (service.readable("ann"), service.readable("bob")) == (["uploads/leave"], [])
    service.upload({"leave.md": LEAVE.replace("28", "30")}, groups=["board"])
    assert "30 days" in service.send("ann", "get", "/api/articles/uploads/leave").json()["text"]
    assert len(list(service.folder.iterdir())) == 2  # what describes it, and its content


def test_what_replaces_an_upload_and_cannot_be_read_restricts_the_earlier_one_all_the_same(service: Service) -> None:
    service.upload({"leave.md": LEAVE, "open.md": LEAVE}, everyone="true")
    (file,) = service.upload({"leave.md": ""}, groups="board").json()["files"]
    assert "is empty" in file["problem"]
    assert (service.readable("ann"), service.readable("bob")) == (["uploads/leave", "uploads/open"], ["uploads/open"])
    service.upload({"leave.md": ""}, everyone="true")
    assert service.readable("bob") == ["uploads/open"]
    service.upload({"leave.md": LEAVE}, everyone="true")
    assert service.readable("bob") == ["uploads/leave", "uploads/open"]


def test_what_is_stored_without_reading_it_is_read_with_the_next_sync(service: Service) -> None:
    (stored,) = service.upload({"leave.md": LEAVE}, everyone=True, sync=False).json()["files"]
    assert (stored["articles"], stored["problem"], service.readable("bob")) == ([], None, [])
    listed = service.send("boss", "get", "/api/sources").json()["sources"]
    assert [(one["name"], one["kind"], one["state"]) for one in listed] == [("uploads", "uploads", "new")]
    synced = service.send("boss", "post", "/api/sources/sync", json={"names": ["uploads"]}).json()
    assert (synced["syncs"][0]["counts"]["added"], service.readable("bob")) == (1, ["uploads/leave"])


def test_uploads_are_deleted_with_their_articles_and_articles_with_their_uploads(service: Service) -> None:
    lines = '{"text": "First line."}\n{"text": "Second line."}\n'
    service.upload({"leave.md": LEAVE, "two.jsonl": lines, "tower.md": "The tower is high."}, everyone=True)
    assert len([one for one in service.readable("bob") if "two" in one]) == 2
    gone = service.send("boss", "post", "/api/uploads/delete", json={"paths": ["two.jsonl"]})
    assert gone.json() == {"articles": 2}
    assert service.send("boss", "post", "/api/delete", json={"article_ids": ["uploads/leave"]}).status_code == 204
    Sources(service.assistant.live, service.assistant.settings).sync()
    assert service.readable("bob") == ["uploads/tower"]
    assert [one["path"] for one in service.send("boss", "get", "/api/uploads").json()["files"]] == ["tower.md"]
    for name in ("leave.md", ""):
        unknown = service.send("boss", "post", "/api/uploads/delete", json={"paths": ["tower.md", name]})
        assert (unknown.status_code, service.readable("bob")) == (400, ["uploads/tower"])


def test_how_much_may_be_uploaded_is_bounded(start: Callable[..., Service]) -> None:
    service = start(max_file_bytes=100, uploads_max_files=3, uploads_max_bytes=150)
    files = {"b.md": "b" * 101, "a.md": "a" * 100, "c.md": "c" * 60, "d.md": "d" * 40, "e.md": "e", "f.md": "f"}
    found = {one["path"]: one["problem"] or "" for one in service.upload(files, everyone=True).json()["files"]}
    assert "100 bytes that are allowed (FOOTNOTE_MAX_FILE_BYTES)" in found["b.md"]
    assert "50 bytes that are allowed (FOOTNOTE_UPLOADS_MAX_BYTES)" in found["c.md"]
    assert "there are 3 uploads" in found["f.md"]
    assert service.readable("bob") == ["uploads/a", "uploads/d", "uploads/e"]
    assert sorted(file.suffix for file in service.folder.iterdir()) == ["", "", "", ".json", ".json", ".json"]
    assert service.upload({"a.md": "a" * 1_000_200}, everyone=True).status_code == 413
    assert service.upload({"a.md": "a" * 1_000_001}, who="ann", everyone=True).status_code == 413


def test_what_a_killed_process_left_is_removed_with_the_next_upload(service: Service) -> None:
    service.upload({"leave.md": LEAVE}, everyone=True)
    kept = set(service.folder.iterdir())
    about = next(service.folder.glob("*.json"))
    for left in ("new-abc", f"{about.stem}-0123456789abcdef", f"{about.stem}.new"):
        (service.folder / left).write_text("left")
    service.upload({"leave.md": LEAVE}, everyone=True)
    assert set(service.folder.iterdir()) == kept


def test_two_who_upload_and_delete_the_same_file_at_once_get_no_error_and_lose_nothing(service: Service) -> None:
    def upload(number: int) -> int:
        status: int = service.upload({"a.md": f"Version {number}.", f"{number}.md": LEAVE}, groups="board").status_code
        return status

    def delete(_: int) -> tuple[int, str]:
        reply = service.send("boss", "post", "/api/uploads/delete", json={"paths": ["a.md"]})
        return reply.status_code, reply.text

    with ThreadPoolExecutor(8) as threads:
        uploads = [threads.submit(upload, number) for number in range(8)]
        deletions = [threads.submit(delete, number) for number in range(8)]
        assert {one.result() for one in uploads} == {200}
        assert all(one.result()[0] == 200 or "There is no upload" in one.result()[1] for one in deletions)
    listed = {file["path"] for file in service.send("boss", "get", "/api/uploads").json()["files"]}
    assert listed - {"a.md"} == {f"{number}.md" for number in range(8)}
    Sources(service.assistant.live, service.assistant.settings).sync()
    assert service.readable("ann") == sorted(f"uploads/{name.removesuffix('.md')}" for name in listed)


def test_a_damaged_upload_fails_the_source_and_deletes_nothing(service: Service) -> None:
    service.upload({"leave.md": LEAVE, "tower.md": "The tower is high."}, everyone=True)
    next(service.folder.glob("*.json")).write_text("{")
    (record,) = Sources(service.assistant.live, service.assistant.settings).sync()
    assert "Delete it, and upload its file again" in (record.error or "")
    assert service.readable("bob") == ["uploads/leave", "uploads/tower"]


def test_a_table_of_that_name_in_sources_toml_is_refused(service: Service, tmp_path: Path) -> None:
    file = service.assistant.settings.data_dir / "sources.toml"
    file.write_text(f'[sources.uploads]\nkind="files"\nplace="{tmp_path}"\n')
    (record,) = Sources(service.assistant.live, service.assistant.settings).sync()
    assert "this is the name of the files that are uploaded" in (record.error or "")


def test_admins_see_where_an_article_comes_from_and_read_it_again(service: Service, tmp_path: Path) -> None:
    service.upload({"leave.md": LEAVE}, groups=["board"])
    origin = service.send("boss", "get", "/api/origins/uploads/leave").json()
    assert (origin["source"], origin["path"], origin["groups"]) == ("uploads", "uploads:leave.md", ["board"])
    assert origin["last_seen"] >= origin["indexed"]
    (passage,) = origin["passages"]
    assert (passage["text"], passage["start"]) == (LEAVE[passage["start"] : passage["end"]], 2)
    folder = write(tmp_path / "articles", {"tower.md": "The tower is 84 metres high."})
    index_into(service.assistant, folder)
    assert service.send("boss", "get", "/api/origins/tower").json()["last_seen"] is None
    write(folder, {"tower.md": "The tower is 85 metres high."})
    asked = {"article_ids": ["tower", "uploads/leave"]}
    assert service.send("boss", "post", "/api/reindex", json=asked).json() == {"changed": 1, "failed": []}
    assert "85 metres" in service.send("bob", "get", "/api/articles/tower").json()["text"]
    write(folder, {"tower.md": ""})
    failed = service.send("boss", "post", "/api/reindex", json={"article_ids": ["tower"]}).json()["failed"]
    assert "is empty" in failed[0]["error"]
    assert service.send("boss", "post", "/api/reindex", json={"article_ids": ["nothing"]}).status_code == 404
    assert service.send("ann", "get", "/api/origins/uploads/leave").status_code == 403
