"""Builds the context above a passage: the headings of its section, and the introduction of its list or table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from index.ingest.blocks import Block
from index.ingest.hidden import shown_parts
from index.ingest.passage_bounds import Piece
from index.ingest.segmentation import display_text
from index.ingest.sentence_ends import sentence_spans
from index.records import Context, Span, TextFormat

# Characters of one heading or introduction, and the number of nested introductions.
_LONGEST, _MOST = 200, 4
# Characters of a paragraph that are searched for its last sentence.
_TAIL = 1_000


def path_of(title: str, context: Context) -> str:
    """Return an article's title and the headings above a passage on one line, without a heading that equals the title."""
    headings = (heading for heading in context.headings if heading.casefold() != title.casefold())
    return " > ".join(filter(None, [title, *headings]))


def heading_of(title: str, context: Context) -> str:
    """Return the text that is embedded and indexed above a passage: its path, and the introduction of its list or table."""
    return "\n".join([path_of(title, context), *context.introductions])


@dataclass(slots=True)
class Outline:
    """The headings and introductions of a text as people read them. Each is computed once for all passages below it."""

    text: str
    format: TextFormat
    hidden: Sequence[Span]
    _known: dict[Span, str] = field(default_factory=dict)

    def context(self, block: Block, first: Piece) -> Context:
        """Return the context above a passage that begins with this piece of this block."""
        headings = [self._words(span) for span in block.above.headings]
        introductions = [self._introduction(span) for span in block.above.introductions[-_MOST:]]
        return Context(tuple(filter(None, headings)), tuple(filter(None, introductions)))

    def _introduction(self, span: Span) -> str:
        """Return what introduces a list or table: of a long paragraph its last sentence."""
        words = self._words(Span(max(span.start, span.end - _TAIL), span.end), longest=_TAIL)
        return words if len(words) <= _LONGEST else _shortened(words[list(sentence_spans(words))[-1][0] :])

    def _words(self, span: Span, *, longest: int = _LONGEST) -> str:
        if span not in self._known:
            shown = shown_parts(span.start, min(span.end, span.start + _TAIL), self.hidden)
            self._known[span] = display_text("".join(self.text[start:end] for start, end in shown), self.format)
        return _shortened(self._known[span], longest)


def _shortened(words: str, longest: int = _LONGEST) -> str:
    return words if len(words) <= longest else words[:longest].rsplit(" ", 1)[0] + "…"
