"""LlamaIndex readers as places: each document that one loads is a file, with what its metadata says of it.

A reader loads everything each time. So its documents are written into a folder when they are listed, and fetched from there.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.collection_names import collection_names
from index.errors import AccessUnclear, ArticleError
from index.sources.metadata import day_of, groups_of
from index.sources.places import LlamaReaderPlace, RemoteFile, secret_in
from index.sources.taking import Groups, narrowed

if TYPE_CHECKING:
    from llama_index.core.schema import BaseNode

_MOST_DOCUMENTS = 200_000
_LONGEST_PART = 200


def list_documents(place: LlamaReaderPlace) -> list[RemoteFile]:
    """Load all documents, write them into the place's folder, and return them as files, those of one id as one.

    Runs in the reading process. Raises ArticleError.
    """
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(mode=0o700, parents=True)
    texts: dict[str, list[str]] = {}
    files: dict[str, RemoteFile] = {}
    for number, document in enumerate(_loaded(place)):
        if number == _MOST_DOCUMENTS:
            raise ArticleError(f"it loads more than {_MOST_DOCUMENTS:,} documents. Narrow down what it loads.")
        file = _file(place, document)
        texts.setdefault(file.name, []).append(document.get_content())
        files[file.name] = _joined(files[file.name], file) if file.name in files else file
    return [_written(place, file, "\n\n".join(texts[name])) for name, file in files.items()]


def fetch_documents(place: LlamaReaderPlace, files: Sequence[RemoteFile], folder: Path) -> list[RemoteFile | str]:
    """Write these documents into a folder. Runs in the reading process. Raises OSError."""
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place.folder / _digest(file.name), target)
    return list(files)


def _loaded(place: LlamaReaderPlace) -> Iterable["BaseNode"]:
    from llama_index.core.readers.base import BaseReader

    module, _, name = place.reader.rpartition(".")
    try:
        kind = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ArticleError(
            f"there is no {place.reader} ({error}). Install its package, or correct the name."
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, BaseReader)):
        raise ArticleError(f"{place.reader} is no reader of LlamaIndex.")
    secrets = {name: secret_in(variable) for name, variable in place.secrets}
    documents: Iterable[BaseNode] = kind(**json.loads(place.arguments), **secrets).load_data(**json.loads(place.load))
    return documents


def _file(place: LlamaReaderPlace, document: "BaseNode") -> RemoteFile:
    """Return a document as a file, without its token. What is not clear about its readers is its `problem`."""
    fields = dict(place.fields)
    known = {name: document.metadata.get(key) for name, key in fields.items()}
    written_id = known["id"] if "id" in fields else document.id_
    name = _name(str(written_id if written_id not in (None, "") else "")) + place.ending
    groups, problem = _groups(fields, known)
    collections: frozenset[str] = frozenset()
    try:
        collections = collection_names(_names(known.get("collections")))
    except (ValueError, ArticleError) as error:
        problem = problem or f"has collections in its metadata that are not understood: {error}"
    return RemoteFile(
        name,
        token="",
        url=_line(known.get("url")),
        title=_line(known.get("title")),
        published=_day(known.get("published")),
        published_from="stated",
        groups=groups,
        collections=collections,
        problem=problem,
    )


def _groups(fields: Mapping[str, str], known: Mapping[str, object]) -> tuple[Groups, str | None]:
    """Return who may read a document, and what is unclear about that. Where it should say so and does not, nobody may."""
    if "groups" not in fields:
        return None, None
    if known["groups"] is None:
        return frozenset(), f"has no {fields['groups']!r} in its metadata, which should say who may read it."
    try:
        return groups_of({"groups": _names(known["groups"])}), None
    except AccessUnclear as error:
        return frozenset(), f"({fields['groups']!r} in its metadata) {error}"


def _names(value: object) -> list[Any]:
    """Return the names in a value: a list, one as JSON, or one name. Commas separate nothing, as names may hold them."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _joined(one: RemoteFile, other: RemoteFile) -> RemoteFile:
    """Return two documents of one id as one file, for those who may read both."""
    groups, collections = narrowed(one.groups, other.groups), one.collections & other.collections
    return replace(one, groups=groups, collections=collections, problem=one.problem or other.problem)


def _written(place: LlamaReaderPlace, file: RemoteFile, text: str) -> RemoteFile:
    raw = text.encode(errors="replace")
    (place.folder / _digest(file.name)).write_bytes(raw)
    groups = None if file.groups is None else sorted(file.groups)
    said = [file.url, file.title, str(file.published), groups, sorted(file.collections)]
    token = _digest(json.dumps([hashlib.sha256(raw).hexdigest(), *said]))
    return replace(file, token=token, size=len(raw))


def _name(written: str) -> str:
    """Return an id as the path of a file. One that can be none is replaced by its hash."""
    parts = written.strip("/").split("/")
    usable = all(
        part.strip(".")
        and not part.startswith((".", "~$"))
        and part.isprintable()
        and len(part.encode()) <= _LONGEST_PART
        for part in parts
    )
    return "/".join(parts) if usable and len(written) <= 400 else _digest(written)[:32]


def _digest(written: str) -> str:
    return hashlib.sha256(written.encode(errors="surrogatepass")).hexdigest()


def _line(value: object) -> str | None:
    return " ".join(str(value).split())[:500] or None if isinstance(value, (str, int)) else None


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else day_of(value) if isinstance(value, str) else None
