"""Questions to begin with, made from the articles that someone may read, each of which the articles were found to answer."""

from collections.abc import Callable, Iterator, Sequence
from weakref import WeakKeyDictionary

from index.errors import ArticleDeleted, ArticleUnknown
from index.ingest.blocks import blocks_of
from index.ingest.hidden import without_hidden
from index.ingest.segmentation import display_text
from index.records import Access, ArticleInfo
from index.stores.catalog import Catalog
from service.answer.models import Question
from service.answer.text.terms import terms

_QUESTIONS = 3
_ARTICLES = 6
# Each costs as much time as any question.
_TRIED = 8
_LOOKED_THROUGH = 20_000
_HEADINGS = 2  # of each article that are asked about
_FEWEST_TERMS = 2  # of what asks something by itself: "What is it?" does not
# A longer title is not named in a question about a part of its article.
_SHORT_TITLE, _LONGEST = 60, 120
_LONG = 100  # characters of a question
_LONGEST_HEADING = 100
# Sets of groups whose questions are remembered for one catalogue.
_MOST_REMEMBERED = 100

_Key = tuple[Access, tuple[tuple[str, str, str], ...]]
_found: WeakKeyDictionary[Catalog, dict[_Key, tuple[str, ...]]] = WeakKeyDictionary()


def example_questions(catalog: Catalog, access: Access, answers: Callable[[Question], bool]) -> tuple[str, ...]:
    """Return a few questions that the articles answer someone with this access. `answers` tries one.

    They are remembered for as long as the articles that they are made from may be read and stay as they are. What people
    ask is not.
    """
    articles = catalog.spread(access, _ARTICLES)
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
    made = [
        (text, info.id) for info in articles for text in _questions_of(info.title, _headings(catalog, info, access))
    ]
    made.sort(key=lambda one: len(one[0]) > _LONG)  # what is quickly read comes first
    found: dict[str, str] = {}
    left = _TRIED
    for text, article in made:
        if len(found) == _QUESTIONS or not left:
            break
        if article in found or text in found.values():
            continue
        left -= 1
        if answers(Question(text, access=access)):
            found[article] = text
    return tuple(found.values())


def _questions_of(title: str, headings: Sequence[str]) -> Iterator[str]:
    """Yield questions to try: what asks something by itself, then what is asked about parts, and about the whole."""
    title = " ".join(title.split())
    yield from [text for text in (title, *headings) if text.endswith("?") and len(terms(text)) >= _FEWEST_TERMS][:1]
    where = f"“{title}”" if len(title) <= _SHORT_TITLE else None
    # A heading that says nothing beyond the title is of no part.
    parts = [text for text in headings if not text.endswith("?") and set(terms(text)) - set(terms(title))]
    for part in parts[:_HEADINGS]:
        yield f"What does {where} say about “{part}”?" if where else f"What do the articles say about “{part}”?"
    yield f"What is “{title[:_LONGEST]}” about?"


def _headings(catalog: Catalog, info: ArticleInfo, access: Access) -> list[str]:
    """Return the headings of an article, without their numbers."""
    try:
        _, text = catalog.article(info.id, access)
    except (ArticleUnknown, ArticleDeleted):  # deleted meanwhile
        return []
    head = without_hidden(text[:_LOOKED_THROUGH], info.format)
    blocks = (block for block in blocks_of(head, info.format) if block.kind == "heading")
    found = (display_text(head[block.start : block.end], info.format).rstrip(":") for block in blocks)
    return [heading for heading in found if heading and len(heading) <= _LONGEST_HEADING]
