"""Finds what readers of a text never see, such as comments. It stays in the text and is left out of sentences and passages.

Recognised are comments of HTML, Obsidian (`%% … %%`), MDX and Hugo (`{/* … */}`), Liquid (`{% comment %}`), Jinja (`{# … #}`)
and CriticMarkup (`{>> … <<}`), link definitions without a target (`[//]: # (…)`), and HTML that browsers do not show, such as
scripts and elements with `hidden` or `display: none`. In code, these are code. When in doubt, text is hidden: a comment that
is never closed hides the rest of the text, as in browsers.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from markdown_it import MarkdownIt

from index.records import Span, TextFormat
from index.sources.html_tree import is_unseen

PLACEHOLDER = "\ufffc"
"""Replaces each character of hidden text before blocks are parsed: neither a word nor white space."""

_OPENINGS = ("<!", "<?", "%%", "{/*", "{%", "{#", "{>>", "]: #", "]: <")
# After the marks of quotations and lists.
_STARTS_LINE = re.compile(r"^[ \t]*(?:(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))[ \t]*)*%%", re.MULTILINE)
_MARK = re.compile(
    r"""(?P<code>`+) | \\(?P<escaped>[!-/:-@\[-`{-~]) | (?P<html><!--) | (?P<obsidian>%%) | (?P<braces>\{/\*)
    | (?P<tag><(?P<name>[a-zA-Z][\w-]*)(?=[\s>/])[^<>]*>) | (?P<within>\{\#|\{>>) | (?P<across><\?|<!\[CDATA\[|<!(?=[a-zA-Z]))
    | (?P<liquid>\{%-?[ \t]*comment\b[^\n%]{0,200}%\})
    | ^[ ]{0,3}(?:>[ \t]?)*(?P<definition>\[[^\[\]\n]{1,200}\]:[ \t]*(?:\#|<\#?>)[ \t]+["'(])""",
    re.VERBOSE | re.MULTILINE,
)
_LIQUID_END = re.compile(r"\{%-?[ \t]*endcomment[ \t]*-?%\}")
_PARAGRAPH_END = re.compile(r"\n[ \t]*(?:\n|\Z)")
_TAG = re.compile(r"<[a-zA-Z][\w-]*(?=[\s>/])[^<>]*>")
# What a tag that hides holds.
_MAY_HIDE = re.compile(r"<(?:script|style|template)\b|\b(?:hidden|style)\b", re.IGNORECASE)
_CLOSING = {'"': '"', "'": "'", "(": ")"}
_ENDS = {"{#": "#}", "{>>": "<<}", "<?": "?>", "<![CDATA[": "]]>", "<!": ">"}
_CLOSINGS = ("-->", "%%", "*/}", *_CLOSING.values(), *_ENDS.values())


def hidden_spans(text: str, format: TextFormat) -> list[Span]:
    """Return the spans of what is hidden in a text, in order, without overlap. Takes linear time."""
    if not may_hide(text):
        return []
    if format == "text":
        return list(_closed_html_comments(text))
    return list(_Scan(text).spans())


def may_hide(text: str) -> bool:
    """Return whether a text may contain the start of something hidden."""
    return any(opening in text for opening in _OPENINGS) or any(map(_is_unseen, _TAG.finditer(text)))


def _is_unseen(tag: re.Match[str]) -> bool:
    return _MAY_HIDE.search(tag[0]) is not None and is_unseen(tag[0])


def masked(text: str, hidden: Sequence[Span]) -> str:
    """Return a text of the same length and lines, with a placeholder for each hidden character."""
    parts, end = [], 0
    for span in hidden:
        parts.append(text[end : span.start])
        parts.append(re.sub(r"[^\n]", PLACEHOLDER, text[span.start : span.end]))
        end = span.end
    return "".join([*parts, text[end:]])


def shown_parts(start: int, end: int, hidden: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a span that are not hidden."""
    for span in hidden[bisect_right(hidden, start, key=lambda span: span.end) :]:
        if span.start >= end:
            break
        if start < span.start:
            yield start, span.start
        start = max(start, span.end)
    if start < end:
        yield start, end


def without_hidden(text: str, format: TextFormat) -> str:
    """Return a text without its hidden parts."""
    hidden = hidden_spans(text, format)
    return "".join(text[start:end] for start, end in shown_parts(0, len(text), hidden)) if hidden else text


def _closed_html_comments(text: str) -> Iterator[Span]:
    """Yield HTML comments in plain text. It is not rendered, so only closed comments count."""
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield Span(start, end + 3)
        start = text.find("<!--", end + 3)


@dataclass(frozen=True)
class _Scan:
    """One pass over a Markdown text. Each lookup table is built once, so that it takes linear time."""

    text: str
    _known_ends: dict[str, dict[int, int]] = field(default_factory=dict)

    def spans(self) -> Iterator[Span]:
        at = 0
        while mark := _MARK.search(self.text, at):
            if code := _at(self._code, mark.start()):
                at = code.end
            elif mark["code"]:
                at = self._end_of_code(mark)
            elif (end := self._end_of_comment(mark)) is not None:
                yield Span(mark.start(), end)
                at = end
            else:
                at = mark.end()

    def _end_of_comment(self, mark: re.Match[str]) -> int | None:
        """Return the end of the comment that a mark opens, or None if it does not open one."""
        if mark["html"]:
            return self._end_of_html(mark.end())
        if mark["tag"]:
            return self._end_of_element(mark)
        if mark["obsidian"]:
            return self._end_of_obsidian(mark)
        if mark["braces"]:
            return self._after("*/}", mark.end())
        if mark["liquid"]:
            closing = _LIQUID_END.search(self.text, mark.end())
            return closing.end() if closing else len(self.text)
        if mark["across"]:
            return self._after(_ENDS[mark[0]], mark.end())
        within = _ENDS[mark[0]] if mark["within"] else _CLOSING[mark[0][-1]] if mark["definition"] else None
        end = self._after(within, mark.end()) if within else None
        return end if end and end <= self._paragraph_end(mark.end()) else None

    def _end_of_html(self, after: int) -> int:
        # For browsers and CommonMark, `<!-->` and `<!--->` are whole comments.
        for short in (">", "->"):
            if self.text.startswith(short, after):
                return after + len(short)
        return self._after("-->", after) or len(self.text)

    def _end_of_element(self, mark: re.Match[str]) -> int | None:
        """Return the end of an element that browsers do not show. One that is not closed ends with its paragraph."""
        if not _is_unseen(mark):
            return None
        return self._element_ends(mark["name"].lower()).get(mark.start()) or self._paragraph_end(mark.end())

    def _element_ends(self, name: str) -> dict[int, int]:
        """Return where the elements of this name end, by where they start."""
        if name not in self._known_ends:
            ends, open_at = self._known_ends.setdefault(name, {}), []
            for tag in re.finditer(rf"<(/?){re.escape(name)}(?=[\s>/])[^<>]*>", self.text, re.IGNORECASE):
                if not tag[1]:
                    open_at.append(tag.start())
                elif open_at:
                    ends[open_at.pop()] = tag.end()
        return self._known_ends[name]

    def _end_of_obsidian(self, mark: re.Match[str]) -> int | None:
        """Return its end. At the start or end of a line, it may span paragraphs. Within a line, `%` may be per cent."""
        start, after = mark.span()
        end = self._after("%%", after)
        if start in self._line_starts or self.text.startswith("\n", after):
            return end or len(self.text)
        return end if end and end <= self._paragraph_end(after) else None

    def _after(self, closing: str, at: int) -> int | None:
        """Return the offset after the next such closing mark."""
        places = self._closings[closing]
        found = bisect_left(places, at)
        return places[found] + len(closing) if found < len(places) else None

    def _end_of_code(self, mark: re.Match[str]) -> int:
        """Return the end of inline code, or of its opening marks if it is not closed in the same block."""
        places = self._ticks.get(len(mark["code"]), [])
        found = bisect_left(places, mark.end())
        block = _at(self._leaves, mark.start())
        if block and found < len(places) and places[found] < block.end:
            return places[found] + len(mark["code"])
        return mark.end()

    def _paragraph_end(self, at: int) -> int:
        found = bisect_left(self._paragraph_ends, at)
        return self._paragraph_ends[found] if found < len(self._paragraph_ends) else len(self.text)

    @cached_property
    def _closings(self) -> dict[str, list[int]]:
        return {mark: [found.start() for found in re.finditer(re.escape(mark), self.text)] for mark in _CLOSINGS}

    @cached_property
    def _ticks(self) -> dict[int, list[int]]:
        places: dict[int, list[int]] = {}
        for run in re.finditer("`+", self.text):
            places.setdefault(len(run[0]), []).append(run.start())
        return places

    @cached_property
    def _paragraph_ends(self) -> list[int]:
        return [found.start() for found in _PARAGRAPH_END.finditer(self.text)]

    @cached_property
    def _line_starts(self) -> set[int]:
        return {found.end() - 2 for found in _STARTS_LINE.finditer(self.text)}

    @cached_property
    def _code(self) -> list[Span]:
        return [span for type, span in self._blocks if type != "inline"]

    @cached_property
    def _leaves(self) -> list[Span]:
        # The cells of one row share its line.
        return list(dict.fromkeys(span for type, span in self._blocks if type == "inline"))

    @cached_property
    def _blocks(self) -> list[tuple[str, Span]]:
        starts = [0, *(found.end() for found in re.finditer("\n", self.text)), len(self.text)]
        tokens = [token for token in _block_parser().parse(self.text) if token.type in _LEAVES]
        lines = [(token.type, token.map) for token in tokens if token.map]
        return [(type, Span(starts[map[0]], starts[min(map[1], len(starts) - 1)])) for type, map in lines]


_LEAVES = frozenset({"inline", "fence", "code_block"})


def _at(spans: Sequence[Span], at: int) -> Span | None:
    """Return the span that contains an offset, of spans in order."""
    found = bisect_right(spans, at, key=lambda span: span.start) - 1
    return spans[found] if found >= 0 and at < spans[found].end else None


@cache
def _block_parser() -> MarkdownIt:
    # With HTML, as in rendering: a comment at the start of a line takes precedence over a fence inside it.
    return MarkdownIt("commonmark", {"html": True}).enable("table").disable("inline")
