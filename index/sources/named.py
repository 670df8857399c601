"""Reads named sources: what their files say, and who may read it as the source has it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from index.sources.addresses import path_of
from index.sources.entries import file_of, path_in
from index.sources.places import remote_path
from index.sources.source_types import (
    Failed,
    NamedSource,
    Noted,
    Place,
    Read,
    ReadResult,
    Source,
    Unchanged,
    WebSource,
)
from index.sources.taking import Groups


def path_in_place(path: str, place: Place) -> str:
    """Return the path of an article's file in a place, as patterns match it. For an address, it is the path of that."""
    match place:
        case Source():
            return path_in(Path(file_of(path)), place)
        case WebSource():
            return path_of(path)
        case _:
            return file_of(path).removeprefix(remote_path(place.source, ""))


def readers_in(source: NamedSource, path: str, groups: Groups) -> Groups:
    """Return who of these groups may read an article of a source that the index has from a path, as the source is now."""
    try:
        return source.taking.readers_of(path_in_place(path, source.place), groups)
    except ValueError:  # it had another place then, so its rules cannot say
        return frozenset() if source.taking.restricts else groups


def as_named(readings: Iterable[ReadResult], source: NamedSource) -> Iterator[ReadResult]:
    """Yield the readings of a source's place as those of the source, with its collections and the readers that it allows.

    A rule that matched no article is told at the end: it may be misspelt, and leave open what it should restrict.
    """
    unmatched, any_article = list(source.taking.rules), False
    for reading in readings:
        if isinstance(reading, (Read, Unchanged)):
            any_article = True
            if unmatched:
                path = reading.article.path if isinstance(reading, Read) else reading.path
                matched = source.taking.rules_for(path_in_place(path, source.place))
                unmatched = [rule for rule in unmatched if rule not in matched]
        match reading:
            case Read():
                yield _restricted(reading, source)
            case Failed(path=path) if path == source.place.name:
                yield replace(reading, path=source.name, file=source.name, error=f"({path}) {reading.error}")
            case _:
                yield reading
    for rule in unmatched if any_article else ():
        yield Noted(source.name, f"the rule for {rule.pattern!r} matches no article, so it does nothing. Correct it.")


def _restricted(reading: Read, source: NamedSource) -> Read:
    info = reading.article.info
    path = path_in_place(reading.article.path, source.place)
    groups = source.taking.readers_of(path, info.groups)
    collections = source.taking.collections_of(path, info.collections)
    warnings = reading.warnings
    if info.groups and groups == frozenset():
        names = ", ".join(sorted(info.groups))
        warnings = (*warnings, f"is for {names}, none of which may read it here; now nobody may")
    article = replace(reading.article, info=replace(info, groups=groups, collections=collections))
    return Read(article, source, warnings)
