"""Places whose files are listed first and fetched where they changed, and the files of one."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from index.errors import ArticleError
from index.records import DaySource
from index.sources.taking import Groups


def secret_in(variable: str) -> str:
    """Return the value of an environment variable. Raises ArticleError if it is not set."""
    if variable not in os.environ:
        raise ArticleError(f"the environment variable {variable} is not set. It should hold a password, token or key.")
    return os.environ[variable]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and the name of the environment variable that holds the password or token: secrets are in no file of sources."""

    user: str | None = None
    variable: str | None = None

    def secret(self) -> str | None:
        """Return the password or token. Raises ArticleError if the variable is not set."""
        return secret_in(self.variable) if self.variable else None


NO_CREDENTIALS = Credentials()


@dataclass(frozen=True, slots=True)
class GitPlace:
    """A branch of a Git repository; without `branch` that of its HEAD.

    `repository` is an address, of which `copy` is a bare copy on this machine, or a folder (`copy` is None). `link` is the
    address of a file with `{commit}` and `{path}`.
    """

    source: str
    repository: str
    branch: str | None = None
    copy: Path | None = None
    link: str | None = None
    credentials: Credentials = NO_CREDENTIALS

    @property
    def name(self) -> str:
        return self.repository


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """A folder or prefix in storage that fsspec reads, by its address: `s3://bucket/prefix`, `sftp://host/folder`.

    `options` go to fsspec, as an object of JSON. `secrets` are further ones by name, with the environment variables that hold
    them. `link` is the address of a file with `{path}`.
    """

    source: str
    address: str
    options: str = "{}"
    secrets: tuple[tuple[str, str], ...] = ()
    link: str | None = None

    @property
    def name(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class UploadPlace:
    """The folder of uploaded files (`index.sources.uploads`)."""

    source: str
    folder: Path

    @property
    def name(self) -> str:
        return str(self.folder)


@dataclass(frozen=True, slots=True)
class LlamaReaderPlace:
    """What a reader of LlamaIndex loads. `reader` is the dotted name of its class, `folder` where its documents are kept.

    `arguments` of its constructor and `load` of `load_data` are objects of JSON, `secrets` further arguments of the
    constructor by name, with the environment variables that hold them. `fields` are what is read from the metadata of a
    document, by name and key; its text is read as a file with this `ending`.
    """

    source: str
    reader: str
    folder: Path
    arguments: str = "{}"
    load: str = "{}"
    secrets: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    ending: str = ".md"

    @property
    def name(self) -> str:
        return self.reader


@dataclass(frozen=True, slots=True)
class ConfluencePlace:
    """The pages of spaces of a Confluence, Cloud or Data Center. `readers` are our groups by the names of its own."""

    source: str
    address: str
    spaces: tuple[str, ...]
    readers: tuple[tuple[str, str], ...] = ()
    credentials: Credentials = NO_CREDENTIALS

    @property
    def name(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class NotionPlace:
    """The pages that are shared with an integration of Notion.

    `readers_property` names the property of pages that says who may read them, and `readers` our groups by its values.
    """

    source: str
    address: str
    readers_property: str | None = None
    readers: tuple[tuple[str, str], ...] = ()
    credentials: Credentials = NO_CREDENTIALS

    @property
    def name(self) -> str:
        return self.address


RemotePlace = GitPlace | StoragePlace | UploadPlace | LlamaReaderPlace | ConfluencePlace | NotionPlace


def remote_path(source: str, name: str) -> str:
    """Return the path of the article in a file of a remote place, such as `handbook:guides/leave.md`."""
    return f"{source}:{name}"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a remote place. `name` is its path there; `token` is another one whenever its content is; `at` is its commit.

    `url`, `title` and `published` are known once it is fetched, where the place knows them. `groups` may read it as the place
    has it, None meaning everyone; `collections` are those that the place puts it into. With a `problem`, it is unclear who
    may read it, and nobody may.
    """

    name: str
    token: str
    size: int = 0
    at: str = ""
    url: str | None = None
    published: date | None = None
    published_from: DaySource = "commit"
    title: str | None = None
    groups: Groups = None
    collections: frozenset[str] = frozenset()
    problem: str | None = None
