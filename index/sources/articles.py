"""Builds an article from the content of a file or address, and checks its text and id."""

import re
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from index.errors import ArticleError
from index.ingest.segmentation import first_line
from index.records import Article, ArticleInfo, DaySource, mean_confidence, version_of
from index.sources.addresses import is_address
from index.sources.days import day_in
from index.sources.metadata import Metadata, likely_day
from index.sources.source_types import Extracted, Limits, printable

_PAGED = re.compile(r"\.(?:pdf|png|jpe?g|tiff?)\Z", re.IGNORECASE)


def article_from(extracted: Extracted, *, default_id: str, path: Path | str, limits: Limits) -> Article:
    """Build an article from extracted content. Raises ArticleError if its text or id cannot be used."""
    _check_text(extracted.text, limits.text_bytes)
    metadata = extracted.metadata
    article_id = _checked_id(metadata.id or default_id)
    # A text of comments alone shows no line that could be its title.
    title = metadata.title or _title(extracted, article_id)
    # Lines of a file and web pages have no file name that someone chose.
    published, published_from = _day(metadata, title=title, name=path.stem if isinstance(path, Path) else "")
    info = ArticleInfo(
        id=article_id,
        version=version_of(extracted.text),
        title=title,
        format=extracted.format,
        url=metadata.url,
        publisher=metadata.publisher,
        published=published,
        authors=metadata.authors,
        language=metadata.language,
        groups=metadata.groups,
        pages=extracted.pages,
        published_from=published_from,
        collections=metadata.collections,
        confidence=mean_confidence(extracted.recognised),
        original=extracted.original,
    )
    return Article(info, extracted.text, printable(path), recognised=extracted.recognised)


def _day(metadata: Metadata, *, title: str, name: str) -> tuple[date | None, DaySource | None]:
    """Return the day of an article and where it comes from: never from its name or title where it states one itself."""
    if metadata.published:
        return metadata.published, "stated"
    if metadata.day_unclear:
        return None, None
    if day := likely_day(day_in(name), today=date.today()):
        return day, "name"
    # A first line that is a sentence is not a title: a day in it may be that of any event.
    is_title = metadata.title or not title.endswith((".", "!", "?", "…"))
    if is_title and (day := likely_day(day_in(title), today=date.today())):
        return day, "title"
    return None, None


def _title(extracted: Extracted, article_id: str) -> str:
    """Return a title where none is given: the first line, or for a table or a text with pages such as a PDF the file's name.

    The first line of a page is as often a letterhead, a running head or half a sentence, and that of a table is its head.
    """
    name = article_id.rpartition("/")[2]
    if extracted.text.startswith("|") and name:
        return unquote(name)
    if extracted.pages and extracted.format == "text" and name:
        return _PAGED.sub("", unquote(name))
    # A text of comments alone shows no line that could be its title.
    return first_line(extracted.text, extracted.format) or name


def too_long(size: int, limit: int) -> str:
    """Return the error for a text that is too long."""
    return f"is {size:,} bytes long, over the limit of {limit:,}. Split it, or raise FOOTNOTE_MAX_ARTICLE_BYTES."


def _check_text(text: str, max_bytes: int) -> None:
    if not text.strip():
        raise ArticleError("is empty. Write its text, or remove it.")
    if "\0" in text:
        raise ArticleError(f"is not text: character {text.index(chr(0))} is NUL. Remove it.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise ArticleError(f"contains half a surrogate pair at character {error.start}. Remove it.") from None
    if size > max_bytes:
        raise ArticleError(too_long(size, max_bytes))


def _checked_id(article_id: str) -> str:
    if len(article_id) > 512:
        raise ArticleError(f"has an id of {len(article_id)} characters, over the limit of 512. Shorten it.")
    # An address has an empty part after its scheme, and may end in one.
    fragile = {".", ".."} if is_address(article_id) else {"", ".", ".."}
    if not fragile.isdisjoint(article_id.split("/")):
        # Such an id could not be opened by its address, as browsers remove these parts.
        raise ArticleError(f"has the id {article_id!r}: no part between slashes may be empty, '.' or '..'.")
    if any(not character.isprintable() for character in article_id):
        # Also what a file name that is not UTF-8 becomes.
        raise ArticleError(f"has the id {article_id!r} with characters that cannot be printed. Rename it.")
    return article_id
