"""Entries of Git repositories in `sources.toml`: addresses, and links to files on the forges."""

from pathlib import Path

import pytest

from index.sources.places import GitPlace
from service.assistant import LocalAssistant
from service.sources.file import Configured, Unreadable, read_sources
from service.sources.forges import link_for
from service.sources.syncing import Sources
from tests.git_server import new_repository, serving
from tests.service_fixtures import settings_for

AT = "0123abc"


@pytest.mark.parametrize(
    ("repository", "forge", "link"),
    [
        ("https://github.com/acme/docs.git", None, "https://github.com/acme/docs/blob/0123abc/a/b.md"),
        ("git@github.com:acme/docs.git", None, "https://github.com/acme/docs/blob/0123abc/a/b.md"),
        ("https://gitlab.com/acme/sub/docs", None, "https://gitlab.com/acme/sub/docs/-/blob/0123abc/a/b.md"),
        (
            "ssh://git@git.acme.example:2222/x/docs.git",
            "gitlab",
            "https://git.acme.example/x/docs/-/blob/0123abc/a/b.md",
        ),
        ("https://codeberg.org/acme/docs", None, "https://codeberg.org/acme/docs/src/commit/0123abc/a/b.md"),
        (
            "http://git.acme.example:3000/x/docs",
            "gitea",
            "http://git.acme.example:3000/x/docs/src/commit/0123abc/a/b.md",
        ),
        ("https://bitbucket.org/acme/docs.git", None, "https://bitbucket.org/acme/docs/src/0123abc/a/b.md"),
        ("https://git.acme.example/x/docs", None, None),
        ("/srv/docs", None, None),
    ],
)
def test_files_are_linked_to_as_their_forge_does(repository: str, forge: str | None, link: str | None) -> None:
    pattern = link_for(repository, forge)
    assert (pattern and pattern.format(commit=AT, path="a/b.md")) == link


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('place="https://ann:secret@git.example/docs"', "leave user and password out"),
        ('place="https://token@git.example/docs"', "leave user and password out"),
        ('place="ext::sh -c touch% /tmp/x"\nbranch="main"', None),  # a folder of that name, and no command
        ('place="file:///etc"', "write an address with https"),
        ('place="https://git.example/docs"\nbranch="--upload-pack=x"', "branch"),
        ('place="https://git.example/docs"\nlink="https://x.example/{commit.__class__}/{path}"', "alone"),
        ('place="https://git.example/docs"\npassword="secret"', "password"),
        ('place="https://git.example/docs"\npassword_variable="A B"', "password_variable"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(tmp_path: Path, line: str, problem: str | None) -> None:
    (tmp_path / "sources.toml").write_text(f'[sources.docs]\nkind="git"\n{line}\n')
    (read,) = read_sources(settings_for(tmp_path))
    if problem is None:
        assert isinstance(read, Configured)
        assert isinstance(read.source.place, GitPlace)
        assert read.source.place.copy is None
    else:
        assert isinstance(read, Unreadable)
        assert problem in read.problem
        assert "secret" not in read.problem


def test_a_repository_is_synced_and_removed_with_its_copy(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "docs")
    repository.commit({"a.md": "Rain."}, day="2026-01-02")
    data = own_assistant.settings.data_dir
    sources = Sources(own_assistant.live, own_assistant.settings)
    with serving(repository) as address:
        (data / "sources.toml").write_text(f'[sources.docs]\nkind="git"\nplace="{address}"\nforge="gitea"\n')
        (record,) = sources.sync()
    assert (record.error, record.counts["added"]) == (None, 1)
    (failed,) = sources.sync()
    assert (failed.failures, failed.counts["failed"]) == (1, 1)
    assert (data / "git" / "docs" / "HEAD").exists()
    assert sources.forget("docs") == 1
    assert not (data / "git" / "docs").exists()
