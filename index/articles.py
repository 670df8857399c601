"""Files and folders to articles. One bad file never stops a run: what cannot be read is reported beside what can."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import ArticleError, WrongUsage
from index.frontmatter import split_front_matter
from index.metadata import Metadata, read_metadata
from index.records import Article, ArticleInfo, TextFormat, version_of
from index.segmentation import first_line

FORMATS: dict[str, TextFormat] = {".md": "markdown", ".markdown": "markdown", ".txt": "text", ".text": "text"}
LINES_ENDING = ".jsonl"
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder that was named to be indexed. `root` is absolute."""

    root: Path

    @property
    def name(self) -> str:
        return str(self.root)


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read from a source, with what was odd about it."""

    article: Article
    source: Source
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A file, or a line of one, that holds no article that can be read. `file` is the whole file's path.

    A folder that cannot be listed fails as one: what it holds is unknown.
    """

    path: str
    file: str
    error: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a type that is not read."""

    path: str


Reading = Read | Failed | Skipped


def sources_from(paths: Iterable[Path]) -> list[Source]:
    """Return the files and folders to read.

    Raises WrongUsage when a path does not exist, so that a typing error never looks like an emptied folder.
    """
    # A folder is the same source by whatever link it is reached; a file keeps the name that its id is made of.
    sources = [Source(path.resolve() if path.is_dir() else Path(os.path.abspath(path))) for path in paths]
    for source in sources:
        if not os.path.exists(source.root):
            raise WrongUsage(f"{printable(source.root)} does not exist. Name a file or folder that does.")
    return list(dict.fromkeys(sources))


def count_files(sources: Iterable[Source]) -> int:
    """Count the files under the sources, for a progress bar."""
    return sum(1 for source in sources for _ in _files(source.root, []))


def read_articles(sources: Iterable[Source], *, max_bytes: int) -> Iterator[Reading]:
    """Read every article under the sources, in order of path. `max_bytes` bounds one article's text."""
    for source in sources:
        unlisted: list[OSError] = []
        for file in _files(source.root, unlisted):
            yield from read_file(file, source, max_bytes=max_bytes)
        for error in unlisted:
            path = printable(error.filename)
            yield Failed(path, path, _explain(error))


def printable(path: Path | str) -> str:
    """Return a path as text that can be printed and stored, also where the file name is not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _files(root: Path, unlisted: list[OSError]) -> Iterator[Path]:
    """Yield the files under a folder. Errors of folders that cannot be listed are added to `unlisted`."""
    if not root.is_dir():
        yield root
        return
    for folder, folders, names in os.walk(root, onerror=unlisted.append):
        # Hidden folders (.git, .venv) hold no articles that anyone means to publish.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder, name)


def read_file(file: Path, source: Source, *, max_bytes: int) -> Iterator[Reading]:
    """Read the article or articles of one file under a source."""
    ending = file.suffix.lower()
    try:
        if not file.is_file() or ending not in {*FORMATS, LINES_ENDING}:
            # A pipe or device would block the run, whatever it is called. A link to nowhere is a file that is gone.
            yield _gone(file) if file.is_symlink() and not file.exists() else Skipped(printable(file))
        elif ending == LINES_ENDING:
            yield from _read_lines(file, source, max_bytes)
        else:
            yield _read_whole(file, source, max_bytes)
    except (ArticleError, OSError) as error:
        yield Failed(printable(file), printable(file), _explain(error))


def _gone(file: Path) -> Failed:
    return Failed(printable(file), printable(file), "is a link to a file that does not exist. Mend or remove the link.")


def _explain(error: ArticleError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or error}). Check that the file exists and may be read."
    return str(error)


def _read_whole(file: Path, source: Source, max_bytes: int) -> Reading:
    size = file.stat().st_size
    # A little more than the limit is let through here, since front matter does not count as text.
    if size > max_bytes + 100_000:
        raise ArticleError(_too_long(size, max_bytes))
    fields, text = split_front_matter(_decode(file.read_bytes()))
    metadata = read_metadata(fields)
    # Slashes on every system: an id is a name, not a path.
    default_id = file.stem if file == source.root else file.relative_to(source.root).with_suffix("").as_posix()
    article = _article(
        text, metadata, default_id=default_id, path=file, format=FORMATS[file.suffix.lower()], max_bytes=max_bytes
    )
    return Read(article, source, metadata.warnings)


def _read_lines(file: Path, source: Source, max_bytes: int) -> Iterator[Reading]:
    name = file.name if file == source.root else file.relative_to(source.root).as_posix()
    with file.open("rb") as lines:
        # A line without an end would be read whole before its length is known; JSON escapes take six bytes at most.
        longest = 6 * max_bytes + 1_000_000
        number = 0
        while line := lines.readline(longest):
            number += 1
            if line.strip():
                yield _read_line(line, file, source, name=f"{name}#{number}", max_bytes=max_bytes)
            if len(line) == longest:
                raise ArticleError(
                    f"line {number} is longer than {longest:,} bytes; the rest of the file was not read. "
                    "Split it: one article a line."
                )


def _read_line(line: bytes, file: Path, source: Source, *, name: str, max_bytes: int) -> Reading:
    path = f"{printable(file)}#{name.rpartition('#')[2]}"
    try:
        fields = json.loads(_decode(line))
        if not isinstance(fields, dict):
            raise ArticleError('is not an object. Write one {"id": …, "text": …} a line.')
        if not isinstance(text := fields.pop("text", None), str):
            raise ArticleError('has no "text". Add it: it is the one field that is required.')
        text = normalise_line_ends(text.removeprefix(_BYTE_ORDER_MARK))
        metadata = read_metadata(fields)
        article = _article(text, metadata, default_id=name, path=path, format="text", max_bytes=max_bytes)
        return Read(article, source, metadata.warnings)
    except json.JSONDecodeError as error:
        return Failed(path, printable(file), f"is not JSON: {error.msg} at column {error.colno}. Mend the line.")
    except ValueError:
        return Failed(
            path, printable(file), "is not JSON that can be read: a number has too many digits. Mend the line."
        )
    except RecursionError:
        return Failed(path, printable(file), "is JSON nested too deeply to read. Flatten the line.")
    except ArticleError as error:
        return Failed(path, printable(file), str(error))


def _article(
    text: str, metadata: Metadata, *, default_id: str, path: Path | str, format: TextFormat, max_bytes: int
) -> Article:
    _check_text(text, max_bytes)
    info = ArticleInfo(
        id=_checked_id(metadata.id or default_id),
        version=version_of(text),
        title=metadata.title or first_line(text, format),
        format=format,
        url=metadata.url,
        publisher=metadata.publisher,
        published=metadata.published,
        authors=metadata.authors,
        language=metadata.language,
        groups=metadata.groups,
    )
    return Article(info, text, printable(path))


def _decode(raw: bytes) -> str:
    if (nul := raw.find(0)) >= 0:
        raise ArticleError(f"is not text: byte {nul} is NUL. Remove the file, or export it as plain text in UTF-8.")
    try:
        # utf-8-sig drops the byte-order mark that some editors write.
        return normalise_line_ends(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"is not UTF-8: byte {error.start} does not decode. Save it again as UTF-8.") from None


def normalise_line_ends(text: str) -> str:
    """Turn Windows and old Macintosh line ends into line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check_text(text: str, max_bytes: int) -> None:
    if not text.strip():
        raise ArticleError("is empty. Write its text, or remove it.")
    if "\0" in text:
        raise ArticleError(f"is not text: character {text.index(chr(0))} is NUL. Remove it.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise ArticleError(f"holds half a surrogate pair at character {error.start}. Remove it.") from None
    if size > max_bytes:
        raise ArticleError(_too_long(size, max_bytes))


def _too_long(size: int, max_bytes: int) -> str:
    return f"is {size:,} bytes long, over the limit of {max_bytes:,}. Split it, or raise FOOTNOTE_MAX_ARTICLE_BYTES."


def _checked_id(article_id: str) -> str:
    if len(article_id) > 512:
        raise ArticleError(f"has an id of {len(article_id)} characters, over the limit of 512. Shorten it.")
    if any(part in {"", ".", ".."} for part in article_id.split("/")):
        # Such an id could not be opened by its address: browsers fold these parts away.
        raise ArticleError(f"has the id {article_id!r}: no part between slashes may be empty, '.' or '..'.")
    if any(not character.isprintable() for character in article_id):
        # Also what a file name that is not UTF-8 becomes.
        raise ArticleError(f"has the id {article_id!r} with characters that cannot be printed. Rename it.")
    return article_id
