"""Results of tools as plain text, for clients and models that do not read structured results.

Words of articles stand on one line each and without control characters, so that none of them can look like a line of ours.
Some clients show it as Markdown: then there are no links in it but the addresses of sources.
"""

from collections.abc import Sequence
from datetime import date

from index.control_characters import visible_controls
from service.escaping import inert
from service.links import is_web_address
from service.mcp.arguments import ArticlePart
from service.mcp.resources import article_uri
from service.schemas.api import ArticlesResponse, AskResponse, CitationWire, DisagreementWire, SearchResponse
from service.schemas.scan_note import scan_note


def answer_text(answer: AskResponse) -> str:
    """Return an answer with its sources, or what is said in its place."""
    paragraphs = [_answer_words(answer)]
    if answer.status == "answered":
        paragraphs += [_disagreement(disagreement) for disagreement in answer.disagreements]
        if any(sentence.support == "unverified" for sentence in answer.sentences):
            paragraphs.append("Not every sentence could be verified against its sources: see `support`.")
        paragraphs.append("\n".join(["Sources:", *map(_source, answer.citations)]))
    nearest = [
        f"- {_one_line(near.title)}, {article_uri(near.article_id)}: “{_one_line(near.quote or '')}”"
        for near in answer.nearest
    ]
    if nearest:
        paragraphs.append("\n".join(["The passages that come nearest:", *nearest]))
    if answer.about and answer.about.questions:
        paragraphs.append("\n".join(["You could ask:", *(f"- {_one_line(text)}" for text in answer.about.questions)]))
    return "\n\n".join(paragraphs)


def _answer_words(answer: AskResponse) -> str:
    """Return the sentences with their markers; code, lists and quotes in paragraphs of their own."""
    paragraphs = [""]
    for sentence in answer.sentences:
        markers = _markers(sentence.citations)
        if sentence.form in ("list", "quote"):
            # A line that begins like this is none of ours.
            before = "> " if sentence.form == "quote" else "  "
            lines = "\n".join(f"{before}{_one_line(line)}" for line in sentence.text.split("\n"))
            paragraphs += [" ".join(filter(None, [lines, markers])), ""]
        elif sentence.form == "code":
            paragraphs += [_lines(sentence.text), markers]
        else:
            paragraphs[-1] = " ".join(filter(None, [paragraphs[-1], _one_line(sentence.text), markers]))
    return "\n\n".join(filter(None, paragraphs)) or _one_line(answer.text)


def search_text(found: SearchResponse) -> str:
    """Return the passages that were found, best first."""
    if not found.hits:
        return "No passage was found."
    passages = [
        f"{number}. {_named(hit.title, hit.publisher, hit.published)}, {_address(hit.url, hit.article_id)}\n"
        f"   “{_one_line(hit.text)}”"
        for number, hit in enumerate(found.hits, 1)
    ]
    return "\n".join(passages)


def article_text(part: ArticlePart) -> str:
    """Return a part of an article under a line that says what it is. Its own lines stay."""
    whole = f"Characters {part.start} to {part.end} of {part.characters}"
    return f"{_named(part.title, part.publisher, part.published)}. {whole}:\n\n{_lines(part.text)}"


def articles_text(page: ArticlesResponse) -> str:
    """Return a page of articles, one a line."""
    lines = [
        f"- {_named(article.title, article.publisher, article.published)}: {_one_line(article.id)}"
        for article in page.articles
    ]
    more = [] if page.next_after is None else [f"More: call again with after={_one_line(page.next_after)!r}."]
    return "\n".join([f"{page.total} articles.", *lines, *more])


def _disagreement(disagreement: DisagreementWire) -> str:
    values = [f"{_one_line(one.value)} {_markers(one.citations)}" for one in disagreement.values]
    return f"Sources differ: {'; '.join(values)}."


def _markers(numbers: Sequence[int]) -> str:
    return " ".join(f"[{number}]" for number in numbers)


def _source(citation: CitationWire) -> str:
    named = _named(citation.title, citation.publisher, citation.published)
    scan = f" ({note})" if (note := scan_note(citation)) else ""
    return f"[{citation.number}] {named}, {_address(citation.url, citation.article_id)}{scan}: “{_one_line(citation.quote)}”"


def _named(title: str, publisher: str | None, published: date | None) -> str:
    return _one_line(", ".join(filter(None, [title, publisher, str(published or "")])))


def _address(url: str | None, article_id: str) -> str:
    return url if url and is_web_address(url) else article_uri(article_id)


def _lines(text: str) -> str:
    """Return lines that stay as they are, each indented: what Markdown shows as it is, and no line of ours."""
    return "\n".join(f"    {line}" for line in visible_controls(text).split("\n"))


def _one_line(words: str) -> str:
    return visible_controls(inert(" ".join(words.split())), one_line=True)
