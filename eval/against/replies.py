"""What another system replies, and what of it is scored."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from eval.against.articles import KnownArticles, Place
from service.answer.llm.markers import lists_sources, numbers_in, words_of
from service.answer.llm.replies import kind_of
from service.answer.llm.sentences import CodeBlock, sentences, without_thoughts
from service.escaping import unescaped
from service.schemas.api import (
    AskRequest,
    AskResponse,
    CitationWire,
    HitWire,
    PreferencesWire,
    SentenceWire,
    TimingsWire,
    UsageWire,
)

MOST_CHARACTERS = 200_000
"""Longest answer that is read. Splitting it into sentences takes time."""

_MOST_SOURCES = 1_000
_TEXT = Annotated[str, Field(max_length=MOST_CHARACTERS)]

# How systems say that they have no answer, where they have no field for it.
REFUSES = re.compile(
    r"\bdo(?:es)?(?: not|n['’]t) (?:know|contain|mention|provide|say|specify|state|include|address|have)\b"
    r"|\bno (?:answer|information)\b|\bnone of the (?:sources|notes)\b"
    r"|\bnot (?:mentioned|specified|provided|stated) in\b|\bunable to (?:answer|find)\b",
    re.IGNORECASE,
)
# A line of a list of sources: "[1] Title, https://…", "[^1]: https://…", "1. https://…".
_LISTED = re.compile(r"[ \t]{0,8}(?:[-*] )?\[\^?(?P<number>\d{1,3})\]:?[ \t]+(?P<words>\S[^\n]{0,2000})")
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"”]+")


class Source(BaseModel):
    """Something that an answer rests on. Any of the fields is enough to find its article; `text` says where in it.

    `text` is the passage or the quote, `start` its offset in the article in code points, where the system knows it.
    """

    model_config = ConfigDict(extra="ignore")

    article_id: str | None = Field(None, validation_alias=AliasChoices("article_id", "id"), max_length=2_000)
    url: str | None = Field(None, max_length=10_000)
    title: str | None = Field(None, max_length=2_000)
    text: _TEXT | None = Field(None, validation_alias=AliasChoices("text", "quote", "snippet", "content"))
    start: int | None = Field(None, ge=0)


class Reply(BaseModel):
    """What a system replies to a question.

    `sources` are what the markers `[1]`, `[2]` of the answer name, in their order. `citations` are what it rests on; left
    out, they are the sources that a marker names. `hits` are all passages that were found, best first; left out, retrieval
    is not scored. `refused` says that there is no answer; left out, the first sentence decides.
    """

    model_config = ConfigDict(extra="ignore")

    answer: _TEXT = Field(validation_alias=AliasChoices("answer", "text"))
    refused: bool | None = None
    citations: list[Source] | None = Field(None, max_length=_MOST_SOURCES)
    sources: list[Source] = Field([], max_length=_MOST_SOURCES)
    hits: list[Source] | None = Field(None, max_length=_MOST_SOURCES)
    prompt_tokens: int | None = Field(None, ge=0)
    completion_tokens: int | None = Field(None, ge=0)


@dataclass(frozen=True, slots=True)
class Reading:
    """How replies are read: against these articles. An answer that holds one of `refusals` is a refusal."""

    articles: KnownArticles
    refusals: tuple[str, ...] = ()

    def response(self, request: AskRequest, reply: Reply, *, answerer: str, milliseconds: float) -> AskResponse:
        """Give a reply the shape that is scored.

        The text stays as it came, but for thoughts, escapes and bold print. Its sentences are without markers and Markdown,
        and were checked by nobody.
        """
        whole = unescaped("".join(without_thoughts([reply.answer])))
        text, listed = _without_list(whole)
        said = list(_sentences(text))
        first = said[0][0] if said else ""
        refused = reply.refused if reply.refused is not None else self._refuses(request.question, first, text)
        sources = reply.sources or listed
        marked = {number for _, numbers in said for number in numbers if number <= len(sources)}
        by_marker = {number: sources[number - 1] for number in sorted(marked)}
        cited = by_marker if reply.citations is None else dict(enumerate(reply.citations, 1))
        return AskResponse(
            id="ans_of_another",
            conversation_id=None,
            question=request.question,
            completed_question=None,
            status="no_answer" if refused else "answered",
            short_answer=None,
            text=whole.replace("**", ""),
            sentences=[] if refused else _sentence_wires(said, by_marker if reply.citations is None else {}),
            citations=[] if refused else self._citations(cited),
            disagreements=[],
            nearest=[],
            preferences=PreferencesWire(),
            answerer=answerer,
            confidence=0.0,
            degraded=None,
            usage=_usage(reply),
            timings_ms=TimingsWire(retrieve=0.0, answer=milliseconds, total=milliseconds),
            hits=None if reply.hits is None else [_hit(self._place(source), source) for source in reply.hits],
        )

    def _refuses(self, question: str, first: str, text: str) -> bool:
        folded = text.casefold()
        if not first or any(refusal.casefold() in folded for refusal in self.refusals):
            return True
        return kind_of(question, first) not in ("statement", "other language") or bool(REFUSES.search(first))

    def _citations(self, cited: Mapping[int, Source]) -> list[CitationWire]:
        return [_citation(number, self._place(source), source) for number, source in cited.items()]

    def _place(self, source: Source) -> Place:
        return self.articles.place(
            article_id=source.article_id, url=source.url, title=source.title, text=source.text, start=source.start
        )


def _without_list(text: str) -> tuple[str, list[Source]]:
    """Part an answer from the list of numbered sources at its end, if it has one."""
    lines = text.split("\n")
    begins = len(lines)
    listed: dict[int, Source] = {}
    for at in range(len(lines) - 1, -1, -1):
        found = _LISTED.fullmatch(lines[at].rstrip())
        if found:
            listed[int(found["number"])] = _listed(found["words"])
        elif lines[at].strip() and not lists_sources(lines[at]):
            break
        begins = at
    if not listed or sorted(listed) != list(range(1, len(listed) + 1)):
        return text, []
    return "\n".join(lines[:begins]), [listed[number] for number in sorted(listed)]


def _listed(words: str) -> Source:
    address = _ADDRESS.search(words)
    named = words[: address.start()] if address else words
    title = words_of(named).strip(" -–—:,|(") or None
    return Source(article_id=title, url=address[0].rstrip(".,;") if address else None, title=title)


def _sentences(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    for sentence in sentences([text]):
        if isinstance(sentence, CodeBlock):
            yield sentence.rstrip(), ()
        elif words := words_of(sentence):
            yield words, tuple(sorted(numbers_in(sentence, _MOST_SOURCES)))


def _sentence_wires(said: Sequence[tuple[str, tuple[int, ...]]], known: Collection[int]) -> list[SentenceWire]:
    wires, at = [], 0
    for words, marked in said:
        cited = [number for number in marked if number in known]
        wires.append(SentenceWire(text=words, start=at, end=at + len(words), citations=cited, support="unverified"))
        at += len(words) + 1
    return wires


def _citation(number: int, place: Place, source: Source) -> CitationWire:
    return CitationWire(
        number=number,
        article_id=place.article_id,
        article_version=place.version,
        title=source.title or place.title,
        publisher=None,
        published=None,
        url=source.url,
        passage_id=f"{place.article_id}:{place.start}",
        # What does not stand in the article is kept as it came: it counts as not exact.
        quote=place.words or source.text or "",
        start=place.start,
        end=place.end,
        page=None,
        score=None,
    )


def _hit(place: Place, source: Source) -> HitWire:
    return HitWire(
        passage_id=f"{place.article_id}:{place.start}",
        article_id=place.article_id,
        article_version=place.version,
        title=source.title or place.title,
        publisher=None,
        published=None,
        url=source.url,
        text=source.text or "",
        start=place.start,
        end=place.end,
        score=0.0,
        dense=0.0,
        lexical=None,
    )


def _usage(reply: Reply) -> UsageWire | None:
    if reply.prompt_tokens is None or reply.completion_tokens is None:
        return None
    return UsageWire(prompt_tokens=reply.prompt_tokens, completion_tokens=reply.completion_tokens)
