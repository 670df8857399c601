"""The tools: what each is called, takes and returns, and what it does."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mcp_types import Tool, ToolAnnotations

from service.api.problem_handlers import check_characters
from service.mcp.arguments import (
    ArticlePart,
    AskArguments,
    GetArticleArguments,
    ListArticlesArguments,
    SearchArguments,
)
from service.mcp.corpus import Corpus
from service.mcp.text import answer_text, article_text, articles_text, search_text
from service.schemas.api import (
    ArticlesResponse,
    ArticleSummary,
    AskResponse,
    HitsEvent,
    SearchingEvent,
    SearchResponse,
    SentenceEvent,
    Wire,
)

Report = Callable[[str], Awaitable[None]]
"""Tells the caller, in a few words, how far a call has come."""

Arguments = TypeVar("Arguments", bound=Wire)
Result = TypeVar("Result", bound=Wire)


@dataclass(frozen=True, slots=True)
class ToolKind(Generic[Arguments, Result]):
    """One tool. `call` does it for one caller, `text` is its result in words."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    result: type[Result]
    call: Callable[[Corpus, Arguments, Report], Awaitable[Result]]
    text: Callable[[Result], str]

    def described(self) -> Tool:
        """Return the tool as clients list it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=self.result.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
        )

    async def run(self, corpus: Corpus, given: dict[str, Any], report: Report) -> tuple[str, dict[str, Any]]:
        """Do what the tool does, and return the result in words and as JSON. Raises ValidationError, and what `call` does."""
        result = await self.call(corpus, self.arguments.model_validate(given), report)
        return self.text(result), result.model_dump(mode="json")


async def _ask(corpus: Corpus, arguments: AskArguments, report: Report) -> AskResponse:
    await report("Searching the articles")
    sentences = 0
    async with aclosing(corpus.ask(arguments.request())) as events:
        async for event in events:
            match event:
                case HitsEvent():
                    await report(f"{len(event.hits)} passages were found and are being read")
                case SearchingEvent():
                    await report(f"Searching for {', '.join(event.queries)}")
                case SentenceEvent():
                    sentences += 1
                    await report(f"Sentence {sentences} is written and checked")
                case AskResponse():
                    return event
    raise AssertionError("an answer ends with the whole of it")


async def _search(corpus: Corpus, arguments: SearchArguments, report: Report) -> SearchResponse:
    return await corpus.search(arguments.request())


async def _get_article(corpus: Corpus, arguments: GetArticleArguments, report: Report) -> ArticlePart:
    check_characters(arguments.article_id, arguments.version or "")
    article = await corpus.article(arguments.article_id, arguments.version)
    start = min(arguments.start, len(article.text))
    end = min(start + arguments.length, len(article.text))
    return ArticlePart(
        **article.model_dump(include={*ArticleSummary.model_fields, "current"}),
        text=article.text[start:end],
        start=start,
        end=end,
        characters=len(article.text),
    )


async def _list_articles(corpus: Corpus, arguments: ListArticlesArguments, report: Report) -> ArticlesResponse:
    check_characters(arguments.title, arguments.after or "")
    return await corpus.articles(after=arguments.after, limit=arguments.limit, titled=arguments.title)


_TOOLS: tuple[ToolKind[Any, Any], ...] = (
    ToolKind(
        name="ask",
        title="Ask the articles",
        description=(
            "Answer a question from the articles, with exact citations, or say that they do not answer it. Each [1] is a "
            "citation: `quote` is the text of `article_version` of `article_id` from character `start` to `end`. Keep the "
            "markers and name the sources when you pass an answer on. If there is no answer, do not make one up."
        ),
        arguments=AskArguments,
        result=AskResponse,
        call=_ask,
        text=answer_text,
    ),
    ToolKind(
        name="search",
        title="Search the articles",
        description="Find the passages of the articles that fit a question best, without answering it.",
        arguments=SearchArguments,
        result=SearchResponse,
        call=_search,
        text=search_text,
    ),
    ToolKind(
        name="get_article",
        title="Read an article",
        description="Read the text of an article, in parts if it is long.",
        arguments=GetArticleArguments,
        result=ArticlePart,
        call=_get_article,
        text=article_text,
    ),
    ToolKind(
        name="list_articles",
        title="List the articles",
        description="List the articles that there are, page by page, or those with some words in their titles.",
        arguments=ListArticlesArguments,
        result=ArticlesResponse,
        call=_list_articles,
        text=articles_text,
    ),
)
TOOLS = {tool.name: tool for tool in _TOOLS}
