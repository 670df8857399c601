"""Whether an answer that was given before may still be read: only by who may read all its articles today."""

from collections.abc import Iterable, Sequence

from index.catalog import Catalog
from index.errors import ArticleDeleted, ArticleUnknown, NotKept
from index.records import Access
from service.wire import AskResponse


def visible(responses: Sequence[AskResponse], catalog: Catalog, access: Access) -> list[AskResponse]:
    """Return those of these answers whose articles are all there and may be read."""
    readable = catalog.readable({article for response in responses for article in _articles(response)}, access)
    return [response for response in responses if _articles(response) <= readable]


def check_visible(response: AskResponse, catalog: Catalog, access: Access) -> None:
    """Raise ArticleDeleted where an article of this answer was deleted, NotKept where one may not be read."""
    missing = _articles(response) - catalog.readable(_articles(response), access)
    if not missing:
        return
    if all(_was_deleted(catalog, missing, access)):
        raise ArticleDeleted("An article that this answer cites was deleted, so the answer is no longer shown.")
    raise NotKept("This answer cites an article that you may not read any more, so the answer is no longer shown.")


def _articles(response: AskResponse) -> set[str]:
    cited = {citation.article_id for citation in response.citations}
    return cited | {near.article_id for near in response.nearest}


def _was_deleted(catalog: Catalog, article_ids: Iterable[str], access: Access) -> Iterable[bool]:
    for article_id in article_ids:
        try:
            catalog.article(article_id, access)
        except ArticleDeleted:
            yield True
        except ArticleUnknown:
            yield False
