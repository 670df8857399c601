"""Questions to begin with, made from the articles that someone may read, each of which the articles were found to answer."""

import re
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from index.errors import ArticleDeleted, ArticleUnknown
from index.ingest.segmentation import display_text
from index.records import Access, ArticleInfo
from index.stores.catalog import Catalog
from service.answer.models import Question

_QUESTIONS = 3
# Each costs as much time as any question.
_TRIED = 5
_LOOKED_THROUGH = 20_000
_LONGEST = 120
_ASKING_HEADING = re.compile(r"^#{1,6} +(\S.{6,100}\?)[ \t]*$", re.MULTILINE)
# Sets of groups whose questions are remembered for one catalogue.
_MOST_REMEMBERED = 100

_Key = tuple[Access, tuple[tuple[str, str, str], ...]]
_found: WeakKeyDictionary[Catalog, dict[_Key, tuple[str, ...]]] = WeakKeyDictionary()


def example_questions(catalog: Catalog, access: Access, answers: Callable[[Question], bool]) -> tuple[str, ...]:
    """Return a few questions that the articles answer someone with this access. `answers` tries one.

    They are remembered for as long as the articles that they are made from may be read and stay as they are. What people
    ask is not.
    """
    articles = catalog.spread(access, _TRIED)
    key = access, tuple((info.id, info.version, info.title) for info in articles)
    remembered = _found.setdefault(catalog, {})
    known = remembered.get(key)
    if known is None:
        known = _tried(catalog, articles, access, answers)
        while len(remembered) >= _MOST_REMEMBERED:
            remembered.pop(next(iter(remembered)), None)
        remembered[key] = known
    return known


def _tried(
    catalog: Catalog, articles: list[ArticleInfo], access: Access, answers: Callable[[Question], bool]
) -> tuple[str, ...]:
    found: list[str] = []
    for info in articles:
        if len(found) == _QUESTIONS:
            break
        text = _question_of(catalog, info, access)
        if text not in found and answers(Question(text, access=access)):
            found.append(text)
    return tuple(found)


def _question_of(catalog: Catalog, info: ArticleInfo, access: Access) -> str:
    """Return the first heading of an article that asks something, or else a question about its title."""
    heading = next(_asking_headings(catalog, info, access), None)
    return heading or f"What is said about “{' '.join(info.title.split())[:_LONGEST]}”?"


def _asking_headings(catalog: Catalog, info: ArticleInfo, access: Access) -> Iterator[str]:
    if info.format != "markdown":
        return
    try:
        _, text = catalog.article(info.id, access)
    except (ArticleUnknown, ArticleDeleted):  # deleted meanwhile
        return
    for heading in _ASKING_HEADING.finditer(text[:_LOOKED_THROUGH]):
        yield " ".join(display_text(heading[1], info.format).split())
