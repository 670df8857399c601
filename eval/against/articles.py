"""The articles that a question set is about, to find what another system's citations name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from eval.records import TextOf
from index.records import version_of


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """An article of the set."""

    id: str
    title: str
    text: str = field(repr=False)
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a citation points: `words` are the article's own from `start` to `end`. Empty where only the article is known."""

    article_id: str
    version: str
    title: str
    start: int = 0
    end: int = 0
    words: str = ""


class KnownArticles:
    """Articles by id, address and title. Their texts stay in memory."""

    def __init__(self, articles: Iterable[KnownArticle]) -> None:
        self._by_id: dict[str, KnownArticle] = {}
        self._by_address: dict[str, str] = {}
        self._by_title: dict[str, str | None] = {}
        for article in articles:
            self._by_id[article.id] = article
            if article.url:
                self._by_address[_address(article.url)] = article.id
            title = _folded(article.title)
            # A title that two articles have names neither.
            self._by_title[title] = None if title in self._by_title else article.id

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def text_of(self) -> TextOf:
        """Give the text of an article. There is one version of each."""

        def text_of(article_id: str, version: str | None) -> str | None:
            article = self._by_id.get(article_id)
            return article.text if article else None

        return text_of

    def place(
        self, *, article_id: str | None, url: str | None, title: str | None, text: str | None, start: int | None
    ) -> Place:
        """Return where a source points. One of no article of the set keeps the name that it came with.

        Its article is looked for by id, address, title, and at last by its words, in this order. White space may differ
        between a text and its article.
        """
        article = self._named(article_id, url, title) or self._holding(text)
        if article is None:
            return Place(article_id or url or title or "unknown", "", title or "")
        begins, ends = (_within(article.text, text, start) if text else None) or (0, 0)
        return Place(article.id, version_of(article.text), article.title, begins, ends, article.text[begins:ends])

    def _named(self, article_id: str | None, url: str | None, title: str | None) -> KnownArticle | None:
        names = (article_id, url and self._of_address(url), title and self._by_title.get(_folded(title)))
        return next((self._by_id[name] for name in names if name and name in self._by_id), None)

    def _of_address(self, url: str) -> str | None:
        """Return the article of an address, or of a page of Footnote's own: `/articles/<id>`."""
        known = self._by_address.get(_address(url))
        return known or unquote(_path(url).rpartition("/articles/")[2]) or None

    def _holding(self, text: str | None) -> KnownArticle | None:
        if not text or not text.strip():
            return None
        return next((article for article in self._by_id.values() if text in article.text), None)


def _within(text: str, quote: str, start: int | None) -> tuple[int, int] | None:
    """Return the offsets of a quote in a text, from white space to white space where that is all that differs."""
    if start is not None and text.startswith(quote, start):
        return start, start + len(quote)
    at = text.find(quote)
    if at >= 0:
        return at, at + len(quote)
    letters = [place for place, letter in enumerate(text) if not letter.isspace()]
    wanted = "".join(quote.split())
    at = "".join(text.split()).find(wanted) if wanted else -1
    return (letters[at], letters[at + len(wanted) - 1] + 1) if at >= 0 else None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _address(url: str) -> str:
    """Return an address without scheme, fragment and last slash: those differ where the page is the same."""
    return url.partition("#")[0].partition("://")[2].rstrip("/") or url
