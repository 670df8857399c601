"""Answers as Slack's blocks: sentences, what sources differ on, numbered sources, buttons. Worded as on the page."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Any
from urllib.parse import quote as url_quote
from urllib.parse import urlencode

from service.answer.text.markup import ITEM_MARK
from service.marked_words import marked_quote
from service.schemas.api import (
    AboutWire,
    AskResponse,
    CitationWire,
    DisagreementWire,
    NearestPassageWire,
    SentenceWire,
)
from service.schemas.scan_note import scan_note
from service.slack.text import code, link, markdown, mrkdwn, safe_address, shortened
from service.slack.wording import DIFFER, HELP

FEEDBACK = "footnote_feedback"
SHARE = "footnote_share"
DISCARD = "footnote_discard"
PERSON = "footnote_person"
DOUBTS = "footnote_doubts"
LONGEST_TEXT = 3_000
"""Characters that Slack takes in one text of a block."""

# Escaping turns one character into five at most.
_LONGEST_PIECE = LONGEST_TEXT // 5 - 50

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a part of a long one, as it is streamed (standard Markdown), and as it stands in a block (mrkdwn)."""

    markdown: str
    mrkdwn: str


def sentence_pieces(sentence: SentenceWire) -> tuple[Piece, ...]:
    """Write a sentence with its markers, and say so where it could not be verified.

    A very long one comes in pieces that fit into a block, however many of its characters have to be escaped.
    """
    markers = "".join(f" [{number}]" for number in sentence.citations)
    doubt = "" if sentence.support == "verified" else " _(unverified)_"
    if sentence.form == "code":
        return (*map(_code_piece, _code_parts(sentence.text)), Piece(f"{markers.strip()}\n\n", f"{markers.strip()}\n"))
    if sentence.form in ("list", "quote"):
        before = "> " if sentence.form == "quote" else ""
        *first, last = (piece for line in sentence.text.split("\n") for piece in _line_pieces(line, before=before))
        return (*first, Piece(f"{last.markdown}{markers}{doubt}\n\n", f"{last.mrkdwn}{markers}{doubt}\n"))
    *first, last = _written(sentence.text)
    return (*first, Piece(last.markdown + markers + doubt, last.mrkdwn + markers + doubt))


def pieces(response: AskResponse) -> tuple[Piece, ...]:
    """Return what an answer says, sentence by sentence; or the words that there is no answer, or that reply to small talk."""
    if response.sentences:
        return tuple(piece for sentence in response.sentences for piece in sentence_pieces(sentence))
    return _written(response.text)


def _line_pieces(line: str, *, before: str) -> tuple[Piece, ...]:
    """Write a line of a list on a line of its own. The mark of its item is Footnote's, and what stands before it."""
    item = ITEM_MARK.match(line)
    mark = item[0] if item else ""
    first, *others = _written(line[len(mark) :])
    mark_in_block = mark.replace("- ", "• ")
    return (Piece(f"\n{before}{mark}{first.markdown}", f"\n{before}{mark_in_block}{first.mrkdwn}"), *others)


def _code_piece(lines: str) -> Piece:
    return Piece(f"\n{code(lines)}\n", f"\n{code(lines)}\n")


def _code_parts(text: str) -> Iterator[str]:
    """Cut code at the ends of its lines into parts that fit into a block."""
    part = ""
    for line in (piece for whole in text.split("\n") for piece in _cut(whole)):
        if part and len(part) + 1 + len(line) > _LONGEST_PIECE:
            yield part
            part = line
        else:
            part = f"{part}\n{line}" if part else line
    yield part


def _cut(line: str) -> Iterator[str]:
    yield from (line[at : at + _LONGEST_PIECE] for at in range(0, max(len(line), 1), _LONGEST_PIECE))


def _written(text: str) -> tuple[Piece, ...]:
    parts = wrap(text, _LONGEST_PIECE, break_on_hyphens=False) or [""]
    return tuple(Piece(markdown(part), mrkdwn(part)) for part in parts)


def below(response: AskResponse, *, public_url: str) -> list[tuple[Block, ...]]:
    """Return what stands below the sentences, in groups of blocks that belong together."""
    if response.status == "no_answer":
        nearest = [_near(near, public_url) for near in response.nearest]
        heading = [(section("*Nearest passages*"),)] if nearest else []
        return [*_circumstances(response), *heading, *nearest, (context("No answer found"), _feedback(response.id))]
    if response.about:
        return list(_about(response.about, public_url))
    short = [(section(f"*In short:* {fitted(response.short_answer)}"),)] if response.short_answer else []
    differences = [_difference(disagreement) for disagreement in response.disagreements]
    sources = [source(citation, public_url) for citation in response.citations]
    return [
        *short,
        *_circumstances(response),
        *differences,
        *sources,
        (context(_byline(response)), _feedback(response.id)),
    ]


def source_line(citation: CitationWire, *, public_url: str) -> str:
    """Return the number, title, publisher, date and page of a source, with its link, in mrkdwn."""
    address = safe_address(citation.url) or _page(public_url, citation.article_id, citation)
    published = citation.published and _long_date(citation.published)
    rest = [citation.publisher, published, f"p. {citation.page}" if citation.page else None, scan_note(citation)]
    title = link(address, shortened(citation.title, 300))
    return " · ".join([f"*[{citation.number}]* {title}", *(mrkdwn(shortened(part, 200)) for part in rest if part)])


def section(text: str) -> Block:
    """Return a block of mrkdwn in which Slack finds no links or names by itself."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def context(text: str) -> Block:
    """Return a block of small mrkdwn."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def buttons(key: str, *, private: bool, person: bool, doubtful: str | None = None) -> tuple[Block, ...]:
    """Return the block of what can be done with an answer, if anything. `key` is that of the question.

    A `private` one is seen by its asker alone, who can share or discard it. `person`: a person can be asked. `doubtful` is
    the id of an answer of which something is in doubt.
    """
    share = _button(SHARE, "Share with the channel", key) | {"style": "primary"}
    confirm = {
        "title": plain("Ask a person"),
        "text": plain("Your name and this question are shown to the people who help with questions."),
        "confirm": plain("Ask"),
        "deny": plain("Cancel"),
    }
    ask = _button(PERSON, "Ask a person", key) | {"confirm": confirm}
    doubts = [_button(DOUBTS, "What is in doubt?", doubtful)] if doubtful else []
    elements = [*([share, _button(DISCARD, "Discard", key)] if private else []), *doubts, *([ask] if person else [])]
    return ({"type": "actions", "elements": elements},) if elements else ()


def _button(action: str, words: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(words), "value": value}


def _feedback(answer_id: str) -> Block:
    up = {"text": plain("Good answer"), "accessibility_label": "This answer is good", "value": f"up {answer_id}"}
    down = {"text": plain("Bad answer"), "accessibility_label": "This answer is bad", "value": f"down {answer_id}"}
    element = {"type": "feedback_buttons", "action_id": FEEDBACK, "positive_button": up, "negative_button": down}
    return {"type": "context_actions", "elements": [element]}


def plain(text: str) -> Block:
    """Return a text object in which nothing is formatted."""
    return {"type": "plain_text", "text": text}


def _circumstances(response: AskResponse) -> Iterator[tuple[Block, ...]]:
    preferred = response.preferences
    if response.completed_question:
        yield (context(f"Understood as: {fitted(response.completed_question)}"),)
    if preferred.published_after:
        yield (context(f"Only articles published after {preferred.published_after.isoformat()}."),)
    if response.degraded:
        yield (context(fitted(response.degraded)),)


def _difference(disagreement: DisagreementWire) -> tuple[Block, ...]:
    about = f": {fitted(disagreement.about, 300)}" if disagreement.about else ""
    return (section("\n".join([f"*{DIFFER}*{about}", *value_rows(disagreement)])[:LONGEST_TEXT]),)


def value_rows(disagreement: DisagreementWire) -> list[str]:
    """Return what the sources say, one line of mrkdwn for each value."""
    return [
        f"• {fitted(value.value, 300)} " + " ".join(f"[{number}]" for number in value.citations)
        for value in disagreement.values
    ]


def source(citation: CitationWire, public_url: str) -> tuple[Block, ...]:
    """Return a source and its quote."""
    return (section(source_line(citation, public_url=public_url)), context(f"“{fitted(citation.quote, 2_900)}”"))


def _near(near: NearestPassageWire, public_url: str) -> tuple[Block, ...]:
    """Write a passage that comes near, with the words of the question in bold."""
    titled = section(f"• {link(_page(public_url, near.article_id, near), shortened(near.title, 300))}")
    if not near.quote:
        return (titled,)
    quote = marked_quote(near, written=mrkdwn, marked="*{}*".format)
    if len(quote) > LONGEST_TEXT - 10:  # escapes that make so much of so little are no words to mark
        quote = fitted(near.quote)
    return (titled, context(f"“{quote}”"))


def _about(about: AboutWire, public_url: str) -> Iterator[tuple[Block, ...]]:
    """Write what there is to ask about. A greeting has no buttons for feedback."""
    if about.examples:
        titles = [link(_page(public_url, named.article_id), shortened(named.title, 300)) for named in about.examples]
        yield (section("\n".join(["*Some of the articles*", *(f"• {title}" for title in titles)])),)
    if about.questions:
        questions = [f"• {fitted(question, 300)}" for question in about.questions]
        yield (section("\n".join(["*You could ask*", *questions])),)
    yield (context(mrkdwn(HELP)),)


def _byline(response: AskResponse) -> str:
    extractive = response.answerer == "extractive"
    by = "Quoted from the articles." if extractive else f"Written by {fitted(response.answerer, 200)}."
    if response.approved:
        by = f"Approved by {fitted(response.approved.by, 200)} on {response.approved.at:%Y-%m-%d}."
    unverified = sum(sentence.support == "unverified" for sentence in response.sentences)
    return by + (f" {unverified} sentence{'s' if unverified > 1 else ''} could not be verified." if unverified else "")


def fitted(text: str, room: int = 2_000, *, written: Callable[[str], str] = mrkdwn) -> str:
    """Write a text, cut until what is written has room: escapes make it longer. Slack takes no empty text."""
    longest = room
    while len(inert := written(shortened(text, longest))) > room:
        longest = longest * 4 // 5
    return inert or "…"


def _page(public_url: str, article_id: str, citation: CitationWire | NearestPassageWire | None = None) -> str:
    """Return the address of an article's own page here, as `web/common/links.js` writes it."""
    fragile = any(part in ("", ".", "..") for part in article_id.split("/"))
    query: dict[str, Any] = {}
    if citation and citation.start is not None:
        query = {"version": citation.article_version, "start": citation.start, "end": citation.end}
    path = url_quote(article_id, safe="" if fragile else "/")
    address = f"{public_url.rstrip('/')}/articles/{path}" + (f"?{urlencode(query)}" if query else "")
    return safe_address(address) or public_url


def _long_date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
