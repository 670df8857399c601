"""What can be named as a source, and what comes of reading it."""

import os
from dataclasses import dataclass
from pathlib import Path

from index.records import Article, TextFormat
from index.sources.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder that was named to be indexed. `root` is absolute."""

    root: Path

    @property
    def name(self) -> str:
        return str(self.root)

    def holds(self, path: str) -> bool:
        """Say whether a path is of this file or below this folder."""
        return path == self.name or self.root in Path(path).parents


@dataclass(frozen=True, slots=True)
class WebSource:
    """An address that was named: a page, a feed or a sitemap. `address` is cleaned."""

    address: str

    @property
    def name(self) -> str:
        return self.address


AnySource = Source | WebSource


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the reading of one file, so that no file can exhaust the machine.

    `text_bytes` is of an article's text in UTF-8, `file_bytes` of a file that is not plain text, also once unpacked.
    `file_seconds` of processor time and `memory_bytes` are what the process that reads it may take.
    `follow_links` lets links lead out of the folder that was named.
    """

    text_bytes: int = 5_000_000
    file_bytes: int = 100_000_000
    pdf_pages: int = 5_000
    file_seconds: float = 120.0
    memory_bytes: int = 2_000_000_000
    follow_links: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a file holds: its text, what it says of itself, and at which offset each of its pages starts, if it has any."""

    text: str
    format: TextFormat
    metadata: Metadata
    pages: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read from a source, with what was odd about it."""

    article: Article
    source: AnySource
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A file, or a line of one, that holds no article that can be read. `file` is the whole file's path.

    A folder that cannot be listed fails as one: what it holds is unknown. An address stands for itself in both. With
    `access_unclear`, it says who may read it in a way that is not understood.
    """

    path: str
    file: str
    error: str
    access_unclear: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """An address that answers that there is nothing any more."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An article that is there and is not for readers: a draft, or behind a link that leads out of its folder.

    What was indexed of it before goes at once. `id` is the article's; `file` is the whole file's path.
    """

    path: str
    file: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a type that is not read. `reason` says what to do, where something can be done."""

    path: str
    reason: str | None = None


ReadResult = Read | Failed | Gone | Withdrawn | Skipped


def printable(path: Path | str) -> str:
    """Return a path as text that can be printed and stored, also where the file name is not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def unexpected(error: Exception) -> str:
    """Say of an error that nobody foresaw what it was."""
    told = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return f"cannot be read ({told}). Save it again, or remove it."
