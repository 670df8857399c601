"""Entries of storage in `sources.toml`."""

from pathlib import Path

import pytest

from index.sources.places import StoragePlace
from service.sources.file import Configured, Unreadable, read_sources
from tests.service_fixtures import settings_for


def entry(folder: Path, text: str) -> Configured | Unreadable:
    (folder / "sources.toml").write_text(f'[sources.docs]\nkind="storage"\n{text}\n')
    (read,) = read_sources(settings_for(folder))
    return read


def test_an_entry_of_storage_is_read(tmp_path: Path) -> None:
    read = entry(
        tmp_path,
        'place="s3://docs/kb/"\noptions={endpoint_url="http://127.0.0.1:9000", key="AKIA"}\nsecrets={secret="S3_SECRET"}\n'
        'link="https://files.example/{path}"',
    )
    assert isinstance(read, Configured)
    assert read.source.place == StoragePlace(
        "docs",
        "s3://docs/kb",
        '{"endpoint_url": "http://127.0.0.1:9000", "key": "AKIA"}',
        (("secret", "S3_SECRET"),),
        "https://files.example/{path}",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('place="file:///etc"', "write an address with one of s3"),
        ('place="simplecache::s3://docs/kb"', "write an address with one of s3"),
        ('place="s3://docs/x::file:///etc"', "write an address with one of s3"),
        ('place="sftp://ann:hunter2@host/docs"', "leave the password out"),
        ('place="s3://docs"\noptions={secret="hunter2"}', "secret is a secret"),
        ('place="s3://docs"\nsecrets={secret="hunter 2"}', "secrets"),
        ('place="s3://docs"\nlink="ftp://x/{path}"', "link"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    read = entry(tmp_path, text)
    assert isinstance(read, Unreadable)
    assert problem in read.problem
    assert "hunter" not in read.problem
