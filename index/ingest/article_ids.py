"""Ids for articles that do not state one: unique for files of the same name in two folders, and the same in every run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.records import Article
from index.sources.entries import file_of, name_of
from index.sources.extraction import ENDINGS
from index.sources.files import LINES_ENDING, default_id_of, files_in
from index.sources.source_types import AnySource, NamedSource, Place, Source, printable

# At most this many names of parent folders are put before an id.
_DEEPEST = 3
_LONGEST_ID = 512


@dataclass(frozen=True, slots=True)
class Claim:
    """The file that an id belongs to in a run, and the source that the file is read from."""

    source: str
    path: str


def claims_of(sources: Sequence[AnySource]) -> dict[str, Claim]:
    """Return which file each default id belongs to, if several folders or files are indexed together.

    It is the one whose source comes first by name, so that ids do not depend on the order of the sources.
    """
    named = sorted({source.name: source for source in sources if isinstance(source, Source)}.items())
    if len(named) < 2:
        return {}
    claims: dict[str, Claim] = {}
    for name, source in named:
        for file in files_in(source.root, []):
            if file.suffix.lower() in {*ENDINGS, LINES_ENDING}:
                claims.setdefault(_default_name(file, source), Claim(name, printable(file)))
    return claims


def ids_for(article: Article, source: AnySource, *, claims: Mapping[str, Claim], before: Sequence[str]) -> list[str]:
    """Return the ids that an article may have, in the order in which to try them.

    An article that states its id has only that one. `before` are the ids that the article at this path had in the index: it
    keeps one of them if it may still have it. An article of a named source keeps the id that it had when its file was indexed
    by itself.
    """
    if isinstance(source, NamedSource):
        return _ids_in_named(article, source.place, before)
    if not isinstance(source, Source) or article.id != default_id(article.path, source):
        return [article.id]
    ids = [article.id, *longer_ids(article.id, article.path, source)]
    if kept := [one for one in ids if one in before]:
        return [*kept, *(one for one in ids if one not in kept)]
    claim = claims.get(article.id.partition("#")[0] if article.path != file_of(article.path) else article.id)
    mine = claim is None or claim.source >= source.name or claim.path == file_of(article.path)
    return ids if mine else ids[1:]


def _ids_in_named(article: Article, place: Place, before: Sequence[str]) -> list[str]:
    if not isinstance(place, Source) or article.id != default_id(article.path, place):
        return [article.id]
    plain = article.id.removeprefix(place.prefix)
    kept = [one for one in (plain, *longer_ids(plain, article.path, place)) if one in before]
    return [*kept, article.id]


def default_id(path: str, source: Source) -> str | None:
    """Return the id of an article that states none, from its path in a source. None if the path is not in the source."""
    file = Path(file_of(path))
    if file != source.root and source.root not in file.parents:
        return None
    return _default_name(file, source) + path[len(str(file)) :]


def longer_ids(plain: str, path: str, source: Source) -> Iterator[str]:
    """Yield the ids to use if the default id is taken: with the names of parent folders before it."""
    folder = source.root.parent if file_of(path) == source.name else source.root
    names = folder.parts[1:]
    for depth in range(1, min(len(names), _DEEPEST) + 1):
        longer = "/".join([*names[-depth:], plain])
        if len(longer) <= _LONGEST_ID and longer.isprintable():
            yield longer


def _default_name(file: Path, source: Source) -> str:
    return name_of(file, source) if file.suffix.lower() == LINES_ENDING else default_id_of(file, source)
