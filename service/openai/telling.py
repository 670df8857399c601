"""An answer as text with annotations and sources, whole or after each event, for both of OpenAI's APIs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.links import source_address
from service.openai.text import Source, Told, tell, tell_disagreements, tell_nearest, tell_questions, tell_scans
from service.openai.wire import MODEL, SearchResult
from service.schemas.api import AskEvent, AskResponse, CitationWire, HitsEvent, SearchingEvent, SentenceEvent


@dataclass(frozen=True, slots=True)
class Manner:
    """How answers are told: `service` is the address of Footnote's own pages, `model` what was asked.

    `linked` writes markers as Markdown links; `source_events` tells Open WebUI of sources in its own way, in place of
    annotations, for it would list those a second time. `notices` say what of the chat was left out of account; the first
    answer of a chat tells them in its text, too, where `noticing`.
    """

    service: str
    model: str = MODEL
    linked: bool = False
    source_events: bool = False
    notices: tuple[str, ...] = ()
    noticing: bool = False


def told_whole(answer: AskResponse, manner: Manner) -> Told:
    """Return all that is said of an answer."""
    sources = sources_of(answer.citations, manner)
    told = Told()
    for sentence in answer.sentences:
        told = tell(told, sentence, sources, linked=manner.linked)
    return told_after(told, answer, sources, manner)


def told_after(told: Told, event: AskEvent, sources: Mapping[int, Source], manner: Manner) -> Told:
    """Return what is said once this event of a streamed answer came, `told` what was said before it."""
    match event:
        case HitsEvent() | SearchingEvent():
            return told
        case SentenceEvent():
            return tell(told, event.sentence, sources, linked=manner.linked)
        case AskResponse():
            if event.status != "answered" or not told.text:
                # At once: that no answer was found, with what comes nearest, or a reply to small talk.
                told = tell_nearest(Told().saying(event.text), event, service=manner.service)
                told = tell_questions(told, event.about.questions if event.about else [])
            else:
                told = tell_scans(tell_disagreements(told, event, sources, linked=manner.linked), event)
            return told.written("".join(f"\n\n{notice}" for notice in manner.notices) if manner.noticing else "")


def sources_of(citations: Iterable[CitationWire], manner: Manner) -> dict[int, Source]:
    """Return what each citation leads to, by its number."""
    return {
        citation.number: Source(source_address(citation, service=manner.service), citation) for citation in citations
    }


def search_results(sources: Iterable[Source]) -> list[SearchResult]:
    """Return the sources as search results."""
    return [
        SearchResult(
            title=source.citation.title,
            url=source.address,
            snippet=source.citation.quote,
            date=source.citation.published,
        )
        for source in sources
    ]
