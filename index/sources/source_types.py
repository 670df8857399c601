"""The types of sources, the limits for reading them, and the results of reading."""

import os
from dataclasses import dataclass
from pathlib import Path

from index.records import Article, Original, RecognisedLine, TextFormat
from index.sources.metadata import Metadata
from index.sources.places import RemotePlace
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


Place = Source | WebSource | RemotePlace


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
class ScanLimits:
    """Limits for recognising text: pages of one file, seconds by the clock for them, pixels of one picture.

    Up to `remembered` pages are kept in the file `cache`, so that none is recognised twice.
    """

    pages: int = 500
    seconds: float = 3_600.0
    pixels: int = 60_000_000
    remembered: int = 20_000
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for reading one file, so that no file can exhaust the machine.

    `text_bytes` limits an article's text in UTF-8, `file_bytes` a file that is not plain text, also when unpacked.
    `file_seconds` of processor time and `memory_bytes` limit the process that reads it.
    `follow_links` allows links that lead out of the source's folder. `source_seconds` limits the listing of a remote source,
    and each fetching of a part of it; `source_bytes` limits what is sent at once. `originals` is the folder for copies of
    files that can be shown as they are; without it none are made.
    """

    text_bytes: int = 5_000_000
    file_bytes: int = 100_000_000
    pdf_pages: int = 5_000
    file_seconds: float = 120.0
    memory_bytes: int = 2_000_000_000
    follow_links: bool = False
    source_seconds: float = 600.0
    source_bytes: int = 4_000_000_000
    scans: ScanLimits = ScanLimits()
    originals: Path | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """The content of a file: its text, its metadata, and the offset of each of its pages, if it has any.

    `unread` are the pages, from 0, that show something and hold no text of their own, or little: text recognition may read
    it. `recognised` is what it read.
    """

    text: str
    format: TextFormat
    metadata: Metadata
    pages: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    recognised: tuple[RecognisedLine, ...] = ()
    original: Original | None = None


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
    `access_unclear`, it is unclear who may read the article. `readers` are those to whom its place restricts it, if it does.
    """

    path: str
    file: str
    error: str
    access_unclear: bool = False
    readers: Groups = None


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
class Recognising:
    """A page of a file is being recognised: the `number`th, from 1, of so many `pages`. Nothing is known of its text yet."""

    path: str
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A warning about a source as a whole. `path` is its name."""

    path: str
    warning: str


ReadResult = Read | Failed | Gone | Withdrawn | Skipped | Unchanged | Noted | Recognising


def printable(path: Path | str) -> str:
    """Return a path as text that can be printed and stored, even if the file name is not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def unexpected(error: Exception) -> str:
    """Return the message for an unexpected error."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return f"cannot be read ({reason}). Save it again, or remove it."
