"""An answer as the text of a chat message, with its markers found again as annotations.

Chat clients render it as Markdown. All words in it are escaped: what they show as a link is a marker of Footnote's own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.answer.text.markup import ITEM_MARK
from service.escaping import markdown_escaped, unescaped
from service.links import source_address
from service.marked_words import marked_quote
from service.openai.wire import Annotation, UrlCitation
from service.schemas.api import AskResponse, CitationWire, SentenceWire
from service.schemas.scan_note import scan_note

# The address of a linked marker holds none of these signs: `in_markdown` writes them in another way.
_MARKER = re.compile(r"\s?\[\d{1,3}\](?:\(<?https?://[^()\[\]\s]*+\))?")
_NEAREST = "\n\nThe passages that come nearest:"
_SCANNED = re.compile(r"\n\nSource \d{1,3} is from a scan, ")
_IN_MARKDOWN = {ord(sign): f"%{ord(sign):02X}" for sign in '()<>[]\\`"*'}


@dataclass(frozen=True, slots=True)
class Source:
    """What a marker leads to."""

    address: str
    citation: CitationWire


@dataclass(frozen=True, slots=True)
class Told:
    """What was said so far, in Markdown, and the annotations of its markers. `in_prose`: more prose goes on in its line."""

    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    in_prose: bool = False

    def saying(self, words: str) -> "Told":
        """Add words of an article or a model."""
        begins = not self.text or self.text.endswith("\n")
        return self.written(markdown_escaped(words, begins=begins))

    def written(self, markdown: str) -> "Told":
        """Add Markdown of our own."""
        return replace(self, text=self.text + markdown)

    def sentence(self, sentence: SentenceWire) -> "Told":
        """Add a sentence without its markers: in the line of other prose, or in lines of its own."""
        prose = sentence.form == "prose"
        gap = "" if not self.text or self.text.endswith("\n") else " " if self.in_prose and prose else "\n\n"
        told = replace(self, text=self.text + gap, in_prose=prose)
        if prose:
            return told.saying(sentence.text)
        if sentence.form == "code":
            return told.written(fenced(sentence.text))
        return list_told(told, sentence.text, before="> " if sentence.form == "quote" else "")


def tell(told: Told, sentence: SentenceWire, sources: Mapping[int, Source], *, linked: bool) -> Told:
    """Say one sentence more, with its markers: `[1]`, or as Markdown links where `linked`."""
    return _marked(told.sentence(sentence), sentence.citations, sources, linked)


def fenced(code: str) -> str:
    """Return code as Markdown: between fences that are longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}\n{code}\n{fence}\n"


def list_told(told: Told, text: str, *, before: str = "") -> Told:
    """Say a list, a line each. The marks of its items are our own, and what stands `before` each line."""
    for at, line in enumerate(text.split("\n")):
        item = ITEM_MARK.match(line)
        told = told.written(("\n" if at else "") + before + (item[0] if item else ""))
        # What stands behind the mark of an item could be a heading, a quotation or another list.
        told = told.written(markdown_escaped(line[item.end() if item else 0 :], begins=True))
    return told


def tell_disagreements(told: Told, answer: AskResponse, sources: Mapping[int, Source], *, linked: bool) -> Told:
    """Say where the sources differ, a paragraph each: a client that shows only the text has no other place for it."""
    for disagreement in answer.disagreements:
        told = told.written("\n\nSources differ: ")
        for place, one in enumerate(disagreement.values):
            said = told.written("; " if place else "").saying(one.value)
            told = _marked(said, one.citations, sources, linked)
        told = told.written(".")
    return told


def tell_scans(told: Told, answer: AskResponse) -> Told:
    """Say which sources were read in pictures, and how sure that was."""
    notes = [f"Source {one.number} is {note}." for one in answer.citations if (note := scan_note(one))]
    return told.written("\n\n" + " ".join(notes)) if notes else told


def tell_nearest(told: Told, answer: AskResponse, *, service: str) -> Told:
    """Say which passages come nearest to a question for which no answer was found, its words in bold, an item each.

    `service` is the address of Footnote's own pages.
    """
    shown = [near for near in answer.nearest if near.quote]
    if not shown:
        return told
    told = told.written(f"{_NEAREST}\n")
    for near in shown:
        address = in_markdown(source_address(near, service=service))
        quote = marked_quote(near, written=_escaped, marked="**{}**".format)
        told = told.written(f"\n- [{_escaped(near.title)}]({address}): “{quote}”")
    return told


def tell_questions(told: Told, questions: Sequence[str]) -> Told:
    """Say what could be asked, an item each."""
    items = "".join(f"\n- {_escaped(question)}" for question in questions)
    return told.written(f"\n\nYou could ask:\n{items}") if items else told


def _escaped(words: str) -> str:
    return markdown_escaped(words, begins=False)


def without_markers(text: str) -> str:
    """Return an answer that comes back as history as it was said: without markers, escapes and what was said of sources."""
    return unescaped(_MARKER.sub("", _SCANNED.split(text.partition(_NEAREST)[0], maxsplit=1)[0]))


def _marked(told: Told, numbers: Sequence[int], sources: Mapping[int, Source], linked: bool) -> Told:
    text, annotations = told.text, list(told.annotations)
    for number in numbers:
        source = sources[number]
        marker = f"[{number}]({in_markdown(source.address)})" if linked else f"[{number}]"
        text += "" if text.endswith("\n") else " "
        start = len(text)
        text += marker
        cited = UrlCitation(
            start_index=start, end_index=start + len(marker), url=source.address, title=source.citation.title
        )
        annotations.append(Annotation(url_citation=cited))
    return replace(told, text=text, annotations=tuple(annotations))


def in_markdown(address: str) -> str:
    return address.translate(_IN_MARKDOWN)
