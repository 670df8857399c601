"""Decides whether a stored answer may still be read.

An answer shows words of articles as they were. So its reader must have been allowed to read them then, and must be allowed
today. If an article is opened to more people later, or another one takes its id, older answers stay closed to them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from index.errors import ArticleDeleted, ArticleUnknown, NotInHistory
from index.records import Access, Hit, Readers
from index.stores.catalog import Catalog
from service.schemas.api import AskResponse
from service.schemas.history import StaleCitation


@dataclass(frozen=True, slots=True)
class Source:
    """An article behind an answer, and who could read it when the answer was given. `groups` of None means everyone."""

    article_id: str
    groups: frozenset[str] | None
    collections: frozenset[str] = frozenset()

    @property
    def readers(self) -> Readers:
        return Readers(self.groups, self.collections)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given, with its sources."""

    response: AskResponse
    sources: frozenset[Source]


_SOURCES: TypeAdapter[frozenset[Source]] = TypeAdapter(frozenset[Source])


def stored(row: RowMapping) -> StoredAnswer:
    """Return an answer from its row (columns `response` and `sources`)."""
    return StoredAnswer(AskResponse.model_validate(row["response"]), _SOURCES.validate_python(row["sources"]))


def sources_of(response: AskResponse, catalog: Catalog, shown: Iterable[Hit] = ()) -> frozenset[Source]:
    """Return the sources of a new answer: the articles that it cites, and those that it shows as nearest.

    `shown` are the passages that a language model was shown. A sentence that could not be verified may come from any of them.
    """
    unverified = any(sentence.support == "unverified" for sentence in response.sentences)
    versions = {
        *((cited.article_id, cited.article_version) for cited in response.citations),
        *((near.article_id, near.article_version) for near in response.nearest),
        *((hit.passage.article.id, hit.passage.article.version) for hit in shown if unverified),
    }
    known = ((article, catalog.readers_of(article, version)) for article, version in versions)
    return frozenset(Source(article, readers.groups, readers.collections) for article, readers in known)


def sources_json(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """Return sources as they are stored."""
    rows = [
        {
            "article_id": one.article_id,
            "groups": None if one.groups is None else sorted(one.groups),
            "collections": sorted(one.collections),
        }
        for one in sources
    ]
    return sorted(rows, key=repr)


def visible(answers: Sequence[StoredAnswer], catalog: Catalog, access: Access) -> list[StoredAnswer]:
    """Return the answers whose articles all exist, may be read today, and could be read then."""
    readable = catalog.readable({source.article_id for answer in answers for source in answer.sources}, access)
    return [
        answer
        for answer in answers
        if all(source.article_id in readable and access.allows(source.readers) for source in answer.sources)
    ]


def rests_on_deleted(answer: StoredAnswer, catalog: Catalog, access: Access) -> bool:
    """Return whether an answer is not visible only because an article that it cites was deleted."""
    try:
        check_visible(answer, catalog, access)
    except ArticleDeleted:
        return True
    except NotInHistory:
        return False
    return False


def stale_citation(row: RowMapping, catalog: Catalog, access: Access) -> StaleCitation:
    """Return a citation whose words have changed (a row of `citations`), with the words that took their place.

    Those are left out if this person may not read the article, or if it has changed again and was not compared yet.
    """
    now = {}
    if row["now_start"] is not None:
        try:
            info, text = catalog.article(row["article_id"], access)
        except (ArticleDeleted, ArticleUnknown):
            info, text = None, ""
        if info and info.version == row["compared"]:
            start, end = row["now_start"], row["now_end"]
            now = {"quote": text[start:end], "start": start, "end": end}
    return StaleCitation(number=row["number"], since=row["changed"], article_version=row["compared"], **now)


def check_visible(answer: StoredAnswer, catalog: Catalog, access: Access) -> None:
    """Raise ArticleDeleted if an article of this answer was deleted, NotInHistory if one may not, or could not, be read."""
    if visible([answer], catalog, access):
        return
    named = {source.article_id for source in answer.sources}
    missing = named - catalog.readable(named, access)
    could = all(access.allows(source.readers) for source in answer.sources)
    if could and all(_was_deleted(catalog, missing, access)):
        raise ArticleDeleted("An article that this answer cites was deleted, so the answer is no longer shown.")
    raise NotInHistory(
        "This answer rests on an article that you may not read any more, or could not read then, so it is not shown."
    )


def _was_deleted(catalog: Catalog, article_ids: Iterable[str], access: Access) -> Iterable[bool]:
    for article_id in article_ids:
        try:
            catalog.article(article_id, access)
        except ArticleDeleted:
            yield True
        except ArticleUnknown:
            yield False
