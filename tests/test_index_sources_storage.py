"""Storage as sources: S3, SFTP and WebDAV, each against a server that speaks it. What did not change is not fetched again."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from index.errors import ArticleUnknown
from index.ingest.sync import sync
from index.records import EVERYTHING, FOR_EVERYONE
from index.sources import apart, remote
from index.sources.places import StoragePlace
from index.sources.source_types import Limits, NamedSource
from index.sources.taking import Rule, Taking
from index.stores.store import Index
from tests.storage_servers import PASSWORD, SftpPlace, dav_serving, s3_serving, sftp_serving
from tests.sync_steps import PRUNE, PRUNE_ALL, STAFF, counts, ids, text_of, write

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
TAKING = Taking(exclude=("drafts/",), rules=(Rule("staff/", frozenset({"staff"})),))
FILES = {
    "a.md": "Rain.",
    "deep/b c.md": "Snow.",
    "staff/s.md": "For the staff.",
    "drafts/d.md": "Not yet.",
    "lines.jsonl": '{"text": "One."}\n{"text": "Two."}\n',
    "x.bin": "?",
    "empty.md": "",
}
ALL = ["docs/a", "docs/deep/b c", "docs/lines.jsonl#1", "docs/lines.jsonl#2", "docs/staff/s"]


@pytest.fixture(scope="module", autouse=True)
def secrets() -> Iterator[None]:
    """The environment of the reading process has keys and the password while these tests run."""
    with environment_of_readers(KEYS | {"DOCS_PASSWORD": PASSWORD}):
        yield


@contextmanager
def environment_of_readers(variables: dict[str, str]) -> Iterator[None]:
    """Let a new reading process have these variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        apart._end_all()
        try:
            yield
        finally:
            apart._end_all()


class Bucket:
    """A bucket of a server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
        self.client.create_bucket(Bucket="docs")

    def put(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            self.client.put_object(Bucket="docs", Key=f"kb/{name}", Body=text.encode())

    def delete(self, *names: str) -> None:
        for name in names:
            self.client.delete_object(Bucket="docs", Key=f"kb/{name}")

    @property
    def source(self) -> NamedSource:
        place = StoragePlace("docs", "s3://docs/kb", json.dumps({"endpoint_url": self.address}))
        return NamedSource("docs", place, TAKING)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_serving() as address:
        yield Bucket(address)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which the names of files are added that are fetched from now on."""
    fetched: list[str] = []
    run = apart.apart

    def counting(limits: Any, size: int, function: Any, *args: Any, **kwargs: Any) -> Any:
        if function is remote.fetch_files:
            fetched.extend(file.name for file in args[1])
        return run(limits, size, function, *args, **kwargs)

    monkeypatch.setattr(remote, "apart", counting)
    return fetched


def test_a_bucket_is_indexed_and_then_only_what_changed(
    index: Index, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(FILES)
    report = sync(index, [bucket.source], pruning=PRUNE_ALL)
    assert (counts(report), ids(index)) == ({"added": 5, "failed": 1}, ALL)
    assert (report.failed[0].path, "is empty" in report.failed[0].error) == ("docs:empty.md", True)
    with pytest.raises(ArticleUnknown):
        text_of(index, "docs/staff/s", FOR_EVERYONE)
    assert text_of(index, "docs/staff/s", STAFF) == "For the staff."
    bucket.delete("empty.md", "lines.jsonl")
    bucket.put({"a.md": "Hail.", "new.md": "New."})
    fetched = counted(monkeypatch)
    assert counts(sync(index, [bucket.source], pruning=PRUNE_ALL)) == {
        "added": 1,
        "updated": 1,
        "unchanged": 2,
        "deleted": 2,
    }
    assert fetched == ["a.md", "new.md"]
    assert text_of(index, "docs/a") == "Hail."


def test_a_bucket_that_cannot_be_listed_or_is_suddenly_empty_loses_nothing(index: Index, bucket: Bucket) -> None:
    bucket.put({f"{n}.md": f"Report {n}." for n in range(6)})
    sync(index, [bucket.source])
    bucket.delete(*(f"{n}.md" for n in range(3)))
    (half,) = sync(index, [bucket.source], pruning=PRUNE).failed
    assert "3 of its 6 articles are gone" in half.error
    bucket.delete(*(f"{n}.md" for n in range(6)))
    (empty,) = sync(index, [bucket.source], pruning=PRUNE_ALL).failed
    assert (empty.path, "it holds no file" in empty.error) == ("docs", True)
    bucket.client.delete_bucket(Bucket="docs")
    (gone,) = sync(index, [bucket.source], pruning=PRUNE_ALL).failed
    assert (gone.path, "cannot be listed" in gone.error) == ("docs", True)
    assert len(ids(index)) == 6


def test_names_that_lead_elsewhere_are_refused(index: Index, bucket: Bucket, tmp_path: Path) -> None:
    bucket.put({"a.md": "Rain.", "../../../../tmp/x.md": "Out.", "b//c.md": "Odd.", "n" * 300 + ".md": "Long."})
    report = sync(index, [bucket.source])
    assert ids(index) == ["docs/a"]
    assert all("has a name that no file can have here" in problem.error for problem in report.failed)
    assert len(report.failed) == 2  # a part that begins with a dot is hidden


def test_a_file_that_is_too_large_is_not_fetched(index: Index, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put({"a.md": "Rain.", "b.md": "Snow. " * 30_000})
    monkeypatch.setattr("index.ingest.sync.limits_from", lambda _: Limits(file_bytes=100_000))
    fetched = counted(monkeypatch)
    (problem,) = sync(index, [bucket.source]).failed
    assert (problem.path, "over the limit" in problem.error, fetched) == ("docs:b.md", True, ["a.md"])


def test_who_may_read_changes_with_the_entry_alone(index: Index, bucket: Bucket) -> None:
    bucket.put({"a.md": "Rain."})
    sync(index, [bucket.source])
    assert text_of(index, "docs/a", FOR_EVERYONE) == "Rain."
    closed = NamedSource("docs", bucket.source.place, Taking(groups=frozenset({"board"})))
    assert counts(sync(index, [closed])) == {"updated": 1}
    with pytest.raises(ArticleUnknown):
        text_of(index, "docs/a", FOR_EVERYONE)


def aged(folder: Path) -> Path:
    """Make all files older than what may still change unseen."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture(params=["sftp", "webdav"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, NamedSource]]:
    """A folder that a server serves, and the source that it is."""
    folder = tmp_path / "served"
    write(folder, FILES)
    (folder / "empty.md").unlink()
    password = (("password", "DOCS_PASSWORD"),)
    if request.param == "webdav":
        with dav_serving(folder) as address:
            place = StoragePlace("docs", f"webdav+{address}".rstrip("/"), json.dumps({"user": "ann"}), password)
            yield folder, NamedSource("docs", place, TAKING)
    else:
        with sftp_serving(folder, tmp_path / "known_hosts") as server:
            yield folder, NamedSource("docs", sftp_place(server), TAKING)


def sftp_place(server: SftpPlace, **options: Any) -> StoragePlace:
    chosen = {"known_hosts": str(server.known_hosts), "allow_agent": False, "look_for_keys": False} | options
    address = f"sftp://ann@127.0.0.1:{server.port}/"
    return StoragePlace("docs", address, json.dumps(chosen), (("password", "DOCS_PASSWORD"),))


def test_a_folder_of_a_server_is_indexed_and_then_only_what_changed(
    index: Index, served: tuple[Path, NamedSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, source = served
    aged(folder)
    assert (counts(sync(index, [source], pruning=PRUNE_ALL)), ids(index)) == ({"added": 5}, ALL)
    (folder / "lines.jsonl").unlink()
    (folder / "a.md").write_text("Hail.")  # of the same length
    fetched = counted(monkeypatch)
    assert counts(sync(index, [source], pruning=PRUNE_ALL)) == {"updated": 1, "unchanged": 2, "deleted": 2}
    assert fetched == ["a.md"]
    assert text_of(index, "docs/a") == "Hail."


def test_a_server_that_lets_nobody_in_fails_the_source(index: Index, served: tuple[Path, NamedSource]) -> None:
    _, source = served
    sync(index, [source])
    with environment_of_readers({"DOCS_PASSWORD": "wrong"}):
        (problem,) = sync(index, [source], pruning=PRUNE_ALL).failed
    assert (problem.path, "cannot be listed" in problem.error, PASSWORD in problem.error) == ("docs", True, False)
    assert ids(index) == ALL


def test_an_sftp_server_with_an_unknown_key_is_refused(index: Index, tmp_path: Path) -> None:
    write(tmp_path / "served", {"a.md": "Rain."})
    with sftp_serving(tmp_path / "served", tmp_path / "known_hosts") as server:
        (tmp_path / "known_hosts").write_text("")
        (problem,) = sync(index, [NamedSource("docs", sftp_place(server))]).failed
    assert "is not in" in problem.error
    assert ids(index) == []


def test_an_article_of_storage_gets_the_link_of_its_file(index: Index, bucket: Bucket) -> None:
    bucket.put({"deep/b c.md": "Snow."})
    place = StoragePlace(
        "docs", "s3://docs/kb", json.dumps({"endpoint_url": bucket.address}), link="https://files.example/{path}"
    )
    sync(index, [NamedSource("docs", place)])
    assert index.catalog.article("docs/deep/b c", EVERYTHING)[0].url == "https://files.example/deep/b%20c.md"
