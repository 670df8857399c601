"""Reads and changes `sources.toml`. An entry that cannot be read fails its source, and none of the others."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from index.errors import WrongUsage
from index.sources.source_types import NamedSource
from service.settings import Settings
from service.sources.common_entry import NAME, Folders
from service.sources.entries import UPLOADS, SourceEntry, UploadsEntry, read_entry

_LONGEST = 1_000_000
_TABLE = "sources"
_TABLES = (_TABLE, "scopes")
_NAMED = "Write each source as a table [sources.NAME], and each scope as a table [scopes.NAME]."


@dataclass(frozen=True, slots=True)
class Configured:
    """A source that `sources.toml` names."""

    name: str
    entry: SourceEntry | UploadsEntry
    source: NamedSource


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that cannot be read. Its articles stay as they are until it can."""

    name: str
    problem: str


SourceListing = list[Configured | Unreadable]


def sources_file(settings: Settings) -> Path:
    """Return where `sources.toml` is: where the settings say, or in the data folder."""
    return (settings.sources_file or settings.data_dir / "sources.toml").expanduser().absolute()


def read_sources(settings: Settings) -> SourceListing:
    """Return the sources that the file names, in its order. None if there is no file. Raises WrongUsage if it is no TOML."""
    file = sources_file(settings)
    folders = Folders(file.parent, settings.data_dir.absolute())
    listing = [_read_entry(name, fields, folders) for name, fields in tables_in(file).items()]
    uploaded = (settings.data_dir / UPLOADS.place).is_dir()
    return [*listing, uploads_source(settings)] if uploaded else listing


def uploads_source(settings: Settings) -> Configured:
    """Return the source of the files that were uploaded."""
    place = UPLOADS.place_of(UPLOADS.place, Folders(Path(), settings.data_dir.absolute()))
    return Configured(UPLOADS.place, UPLOADS, NamedSource(UPLOADS.place, place))


def add_source(settings: Settings, name: str, fields: dict[str, object]) -> Configured:
    """Add an entry to the file, which is created if it is missing. Raises WrongUsage; then the file is as it was."""
    file = sources_file(settings)
    if name in tables_in(file):
        raise WrongUsage(f"There is a source {name!r} in {file}. Remove it first, or choose another name.")
    read = _read_entry(name, fields, Folders(file.parent, settings.data_dir.absolute()))
    if isinstance(read, Unreadable):
        raise WrongUsage(f"The source {name!r} cannot be added: {read.problem}")
    document = _document(file)
    if _TABLE not in document:
        document.add(_TABLE, tomlkit.table(is_super_table=True))
    entry = tomlkit.table()
    entry.update(fields)
    try:
        document[_TABLE][name] = entry
    except ValueError:
        raise WrongUsage(f"{file} has its sources on one line. {_NAMED}") from None
    _write(file, tomlkit.dumps(document))
    return read


def remove_source(file: Path, name: str) -> bool:
    """Remove an entry from the file, and say whether there was one. Raises WrongUsage if the file cannot be changed."""
    if name not in tables_in(file):
        return False
    document = _document(file)
    del document[_TABLE][name]
    _write(file, tomlkit.dumps(document))
    return True


def tables_in(file: Path, kind: str = _TABLE) -> dict[str, object]:
    """Return the tables `[kind.NAME]` of the file by name: of sources, or of scopes. Raises WrongUsage if it is no TOML."""
    try:
        read = tomllib.loads(_text(file))
    except (ValueError, RecursionError) as error:  # both of bad TOML and of bad UTF-8
        raise WrongUsage(f"{file} cannot be read: {error}. Correct it; until then no source is synced.") from None
    if unknown := [key for key in read if key not in _TABLES]:
        raise WrongUsage(f"{file} has {unknown[0][:80]!r}. {_NAMED}")
    tables = read.get(kind, {})
    if not isinstance(tables, dict):
        raise WrongUsage(f"{file} has {kind!r} that is no table. {_NAMED}")
    return tables


def _text(file: Path) -> str:
    try:
        with file.open("rb") as raw:
            content = raw.read(_LONGEST + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read ({error.strerror}). Correct FOOTNOTE_SOURCES_FILE.") from None
    if len(content) > _LONGEST:
        raise WrongUsage(f"{file} is longer than {_LONGEST:,} bytes. Shorten it.")
    return content.decode()


def _read_entry(name: str, fields: object, folders: Folders) -> Configured | Unreadable:
    if not NAME.fullmatch(name):
        return Unreadable(name, "a name has 1 to 64 lower-case letters, digits, dots, dashes and underscores.")
    if name == UPLOADS.place:
        return Unreadable(name, "this is the name of the files that are uploaded. Give the source another.")
    try:
        entry = read_entry(fields)
        return Configured(name, entry, NamedSource(name, entry.place_of(name, folders), entry.taking))
    except ValidationError as error:
        # The first part of a place is the kind of the entry.
        return Unreadable(name, why_invalid(error, skipping=1))
    except (OSError, RuntimeError, ValueError) as error:  # a path with NUL, a home that is unknown, a loop of links
        return Unreadable(name, f"place: {error}")


def why_invalid(error: ValidationError, *, skipping: int = 0) -> str:
    """Return what is wrong with a table, in one line, without the first parts of each place."""
    wrong = ((".".join(map(str, one["loc"][skipping:])), one["msg"]) for one in error.errors())
    return "; ".join(": ".join(filter(None, [where, what.removeprefix("Value error, ")])) for where, what in wrong)


def _document(file: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(_text(file))
    except TOMLKitError as error:
        raise WrongUsage(f"{file} cannot be changed: {error}. Correct it.") from None


def _write(file: Path, text: str) -> None:
    """Write the file in one step: a reader sees the old one or the new one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, prefix=file.name, delete=False, encoding="utf-8") as new:
            new.write(text)
        if file.exists():
            os.chmod(new.name, file.stat().st_mode & 0o777)
        os.replace(new.name, file.resolve())
    except OSError as error:
        raise WrongUsage(f"{file} cannot be written ({error.strerror}).") from None
