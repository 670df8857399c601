"""Articles as resources: their addresses, their list, their text."""

from urllib.parse import quote, unquote

from mcp import MCPError
from mcp_types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from index.control_characters import visible_controls
from service.api.problem_handlers import check_characters
from service.mcp.corpus import Corpus
from service.schemas.api import ArticleSummary

_PREFIX = "footnote://article/"
_PAGE = 100
# More than any id takes: it has 512 characters at most, and each becomes up to twelve.
_LONGEST_URI = 8_000
_MIME_TYPES = {"markdown": "text/markdown", "text": "text/plain"}
TEMPLATE = ResourceTemplate(
    name="article",
    title="Article",
    uri_template=f"{_PREFIX}{{id}}",
    description="The text of an article, by its id. Its characters are those that the offsets of citations count.",
)


def article_uri(article_id: str) -> str:
    """Return the address of an article as a resource."""
    return _PREFIX + quote(article_id, safe="", errors="replace")


async def listed(corpus: Corpus, cursor: str | None) -> ListResourcesResult:
    """Return one page of the articles. `cursor` is the id that the page before ended with."""
    check_characters(cursor or "")
    page = await corpus.articles(after=cursor, limit=_PAGE)
    return ListResourcesResult(resources=[_resource(article) for article in page.articles], next_cursor=page.next_after)


def templates() -> ListResourceTemplatesResult:
    """Return the one template there is."""
    return ListResourceTemplatesResult(resource_templates=[TEMPLATE])


async def read(corpus: Corpus, uri: str) -> ReadResourceResult:
    """Return the text of an article. Raises MCPError for an address that is none of an article, and ArticleUnknown."""
    if not uri.startswith(_PREFIX) or len(uri) > _LONGEST_URI:
        raise MCPError(INVALID_PARAMS, f"There is no resource {uri[:200]!r}. Resources are {_PREFIX}ID.")
    article_id = unquote(uri.removeprefix(_PREFIX))
    check_characters(article_id)
    article = await corpus.article(article_id)
    contents = TextResourceContents(uri=uri, mime_type=_MIME_TYPES[article.format], text=article.text)
    return ReadResourceResult(contents=[contents])


def _resource(article: ArticleSummary) -> Resource:
    title = visible_controls(article.title, one_line=True)
    said = [article.publisher, str(article.published or "")]
    return Resource(
        uri=article_uri(article.id),
        name=visible_controls(article.id, one_line=True),
        title=title,
        description=visible_controls(", ".join(filter(None, said)), one_line=True) or None,
        mime_type=_MIME_TYPES[article.format],
    )
