"""The arguments of the tools. Flat, as many clients show them as a form, and models fill flat arguments best."""

from datetime import date
from typing import Annotated

from pydantic import Field

from service.schemas.api import ArticleSummary, AskRequest, FiltersWire, SearchRequest, Wire

LONGEST_PART = 100_000
_PART = 20_000

Question = Annotated[
    str,
    Field(description="The question, complete in itself: what was said before it is not known.", min_length=1),
]


class Filtered(Wire):
    question: Question
    published_after: date | None = Field(None, description="Only articles published on this day or later.")
    published_before: date | None = Field(None, description="Only articles published on this day or earlier.")
    publishers: list[str] = Field([], max_length=100, description="Only articles of these publishers.")
    article_ids: list[str] = Field([], max_length=1_000, description="Only these articles.")
    collections: list[str] = Field([], max_length=100, description="Only articles in one of these collections.")
    scope: str | None = Field(None, max_length=64, description="Only articles of the saved scope of this name.")

    def filters(self) -> FiltersWire:
        """Return the filters of the request, as the API has them."""
        return FiltersWire(
            published_after=self.published_after,
            published_before=self.published_before,
            publishers=self.publishers,
            article_ids=self.article_ids,
            collections=self.collections,
            scope=self.scope,
        )


class AskArguments(Filtered):
    def request(self) -> AskRequest:
        """Return the request that the API would get."""
        return AskRequest(question=self.question, filters=self.filters())


class SearchArguments(Filtered):
    limit: int = Field(10, ge=1, le=50, description="The most passages to return.")

    def request(self) -> SearchRequest:
        """Return the request that the API would get."""
        return SearchRequest(question=self.question, filters=self.filters(), limit=self.limit)


class GetArticleArguments(Wire):
    article_id: str = Field(
        description="The id of an article, from a citation, a search or list_articles.", max_length=512
    )
    version: str | None = Field(
        None, description="The version that a citation names. Default: the present one.", max_length=100
    )
    start: int = Field(0, ge=0, description="The character to begin at.")
    length: int = Field(_PART, ge=1, le=LONGEST_PART, description="The most characters to return.")


class ListArticlesArguments(Wire):
    title: str = Field("", max_length=200, description="Only articles with these words in their titles.")
    after: str | None = Field(None, description="`next_after` of the page before.", max_length=512)
    limit: int = Field(50, ge=1, le=100, description="The most articles to return.")


class ArticlePart(ArticleSummary):
    """A part of an article: the characters from `start` to `end` of `characters`.

    A quote of this version is `text[quote.start - start : quote.end - start]`.
    """

    text: str
    start: int
    end: int
    characters: int
    current: bool
