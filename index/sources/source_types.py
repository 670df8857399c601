"""The types of sources, the limits for reading them, and the results of reading."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from index.errors import ArticleError
from index.records import Article, DaySource, TextFormat
from index.sources.metadata import Metadata
from index.sources.taking import TAKES_ALL, Groups, Taking


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder to index. `root` is absolute. `prefix` begins the id of each article that states none."""

    root: Path
    prefix: str = ""

    @property
    def name(self) -> str:
        return str(self.root)

    def holds(self, path: str) -> bool:
        """Return whether a path is this file or below this folder."""
        return path == self.name or self.root in Path(path).parents


@dataclass(frozen=True, slots=True)
class WebSource:
    """An address to index: a page, a feed or a sitemap. `address` is normalised."""

    address: str

    @property
    def name(self) -> str:
        return self.address


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


RemotePlace = GitPlace | StoragePlace | UploadPlace | LlamaReaderPlace
Place = Source | WebSource | RemotePlace


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


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source of `sources.toml`: what is taken of a place, under a name of its own, and who may read that.

    Its articles belong to it. No other source changes, takes over or deletes them.
    """

    name: str
    place: Place
    taking: Taking = TAKES_ALL


AnySource = Place | NamedSource


def has_owner(source: str) -> bool:
    """Return whether articles of the source with this name belong to a named source. Paths and addresses have slashes."""
    return "/" not in source and os.sep not in source


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for reading one file, so that no file can exhaust the machine.

    `text_bytes` limits an article's text in UTF-8, `file_bytes` a file that is not plain text, also when unpacked.
    `file_seconds` of processor time and `memory_bytes` limit the process that reads it.
    `follow_links` allows links that lead out of the source's folder. `source_seconds` limits the listing of a remote source,
    and each fetching of a part of it; `source_bytes` limits what is sent at once.
    """

    text_bytes: int = 5_000_000
    file_bytes: int = 100_000_000
    pdf_pages: int = 5_000
    file_seconds: float = 120.0
    memory_bytes: int = 2_000_000_000
    follow_links: bool = False
    source_seconds: float = 600.0
    source_bytes: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Extracted:
    """The content of a file: its text, its metadata, and the offset of each of its pages, if it has any."""

    text: str
    format: TextFormat
    metadata: Metadata
    pages: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read from a source, with warnings."""

    article: Article
    source: AnySource
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A file, or a line of one, that could not be read as an article. `file` is the whole file's path.

    A folder that cannot be listed fails as a whole. For an address, `path` and `file` are the address. With
    `access_unclear`, it is unclear who may read the article.
    """

    path: str
    file: str
    error: str
    access_unclear: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """An address that answers that the page no longer exists."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An article that exists but is not for readers: a draft, or behind a link that leads out of its folder.

    If it was indexed before, it is deleted at once. `id` is the article's, `file` is the whole file's path.
    """

    path: str
    file: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that did not change since its article was indexed, and so was not read."""

    path: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a type that is not read. `reason` says what to do, if something can be done."""

    path: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A warning about a source as a whole. `path` is its name."""

    path: str
    warning: str


ReadResult = Read | Failed | Gone | Withdrawn | Skipped | Unchanged | Noted


def printable(path: Path | str) -> str:
    """Return a path as text that can be printed and stored, even if the file name is not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def unexpected(error: Exception) -> str:
    """Return the message for an unexpected error."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return f"cannot be read ({reason}). Save it again, or remove it."
