"""Quotes of Markdown as people read them in a terminal: what is said stays, the marks around it go.

The quote in JSON is the exact one. Control characters are left as they are, for the caller that prints the words to escape.
"""

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

# At the start of a line: marks of quotations and headings. Those of lists say where an item begins, and stay.
_LINE_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+)?", re.MULTILINE)
_CALLOUT = re.compile(r"^[ \t]*(?:>[ \t]?)*\[!([A-Za-z]{1,20})\][-+]?", re.MULTILINE)
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]|\n]{1,300}))?\]\]")
# A power must not become a digit more of its base: 10<sup>2</sup> is no 102.
_RAISED = {"<sup>": "^", "<sub>": "_"}
_TAG = re.compile(r"</?su[bp]>|<br ?/?>", re.IGNORECASE)
_LONGEST = 10_000  # characters; what is longer is shown as it is, as its marks would take too long to read
_WORDS = frozenset({"text", "text_special", "code_inline", "image"})


def without_marks(quote: str) -> str:
    """Return a quote of Markdown on one line, without marks of emphasis, links, headings and callouts."""
    if len(quote) > _LONGEST:
        return " ".join(quote.split())
    named = _CALLOUT.sub(lambda callout: f"{callout[1].capitalize()}:", quote)
    linked = _WIKI_LINK.sub(lambda link: link[2] or link[1], _LINE_MARKS.sub("", named))
    plain = "".join(_words(token.children or ()) for token in _markdown().parseInline(linked))
    return " ".join(plain.split())


def _words(tokens: Sequence[Token]) -> str:
    # Tags within code are words, and so are all others than these few: what is not shown could not be checked.
    return "".join(_without_tags(token) if token.type in _WORDS else _between(token) for token in tokens)


def _without_tags(token: Token) -> str:
    return token.content if token.type == "code_inline" else _TAG.sub(_said, token.content)


def _said(tag: re.Match[str]) -> str:
    return " " if tag[0].lower().startswith("<br") else _RAISED.get(tag[0].lower(), "")


def _between(token: Token) -> str:
    return " " if token.type in ("softbreak", "hardbreak") else ""


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})
