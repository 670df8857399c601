"""An answer as the text of a chat message, with its markers found again as annotations."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.openai.wire import Annotation, UrlCitation
from service.wire import AskResponse, CitationWire, SentenceWire

_MARKER = re.compile(r"\s?\[\d{1,3}\](\(<?https?://[^)\s]*\))?")


@dataclass(frozen=True, slots=True)
class Source:
    """What a marker leads to."""

    address: str
    citation: CitationWire


@dataclass(frozen=True, slots=True)
class Told:
    """What was said so far, and the annotations of its markers."""

    text: str = ""
    annotations: tuple[Annotation, ...] = ()


def tell(told: Told, sentence: SentenceWire, sources: Mapping[int, Source], *, linked: bool) -> Told:
    """Say one sentence more, with its markers: `[1]`, or as Markdown links where `linked`."""
    text = told.text + (" " if told.text else "") + sentence.text
    return _marked(Told(text, told.annotations), sentence.citations, sources, linked)


def tell_disagreements(told: Told, answer: AskResponse, sources: Mapping[int, Source], *, linked: bool) -> Told:
    """Say where the sources differ, a paragraph each: a client that shows only the text has no other place for it."""
    for disagreement in answer.disagreements:
        told = Told(f"{told.text}\n\nSources differ: ", told.annotations)
        for place, one in enumerate(disagreement.values):
            told = Told(told.text + ("; " if place else "") + one.value, told.annotations)
            told = _marked(told, one.citations, sources, linked)
        told = Told(told.text + ".", told.annotations)
    return told


def without_markers(text: str) -> str:
    """Take the markers out of an answer that comes back as history."""
    return _MARKER.sub("", text)


def _marked(told: Told, numbers: Sequence[int], sources: Mapping[int, Source], linked: bool) -> Told:
    text, annotations = told.text, list(told.annotations)
    for number in numbers:
        source = sources[number]
        marker = f"[{number}]({_in_markdown(source.address)})" if linked else f"[{number}]"
        start = len(text) + 1
        text += f" {marker}"
        cited = UrlCitation(
            start_index=start, end_index=start + len(marker), url=source.address, title=source.citation.title
        )
        annotations.append(Annotation(url_citation=cited))
    return Told(text, tuple(annotations))


def _in_markdown(address: str) -> str:
    return address.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")
