"""Answers cut into messages that Slack takes: at the end of a sentence, and never between a source and its quote."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from service.schemas.api import AskResponse
from service.slack.blocks import LONGEST_TEXT, Block, Piece, below, pieces, section, source_line
from service.slack.text import markdown, mrkdwn

LONGEST_BODY = 9_000
"""Characters of one message's sentences. Slack takes 12,000 of Markdown in a message; markers and blocks come on top."""
_MOST_BLOCKS = 45  # Slack takes 50
_MOST_BELOW = 12_000
_LONGEST_PLAIN = 3_500


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `said` is what is streamed, in Markdown, and `body` the same as blocks; `tail` comes below either.

    `text` is mrkdwn: for notifications, and for when Slack does not take the blocks.
    """

    said: str
    body: tuple[Block, ...]
    tail: tuple[Block, ...]
    text: str

    @property
    def blocks(self) -> list[Block]:
        """The whole message as blocks."""
        return [*self.body, *self.tail]


def messages(response: AskResponse, *, public_url: str, last: Sequence[Block] = ()) -> tuple[Message, ...]:
    """Cut an answer into messages. `last` stands at the end of the last of them."""
    sources = [source_line(citation, public_url=public_url) for citation in response.citations]
    cut = [_of_pieces(group, sources) for group in _bodies(pieces(response))]
    groups = [*below(response, public_url=public_url), *((block,) for block in last)]
    *whole, open_message = cut
    for group in groups:
        if not _has_room(open_message, group):
            whole.append(open_message)
            open_message = Message("", (), (), "More sources")
        open_message = replace(open_message, tail=(*open_message.tail, *group))
    return (*whole, open_message)


def notice(text: str) -> Message:
    """Return a message of Footnote's own words."""
    return Message(markdown(text), (section(mrkdwn(text)),), (), mrkdwn(text))


def joined(so_far: str, more: str) -> str:
    """Append a sentence to what was streamed."""
    return f"{so_far} {more}" if so_far else more


def _of_pieces(group: Sequence[Piece], sources: Sequence[str]) -> Message:
    body = tuple(section(text.strip("\n")) for text in _sections(piece.mrkdwn for piece in group))
    words = " ".join(piece.mrkdwn for piece in group)
    text = "\n".join([words, *sources])
    return Message(
        " ".join(piece.markdown for piece in group),
        body,
        (),
        text if len(text) <= _LONGEST_PLAIN else words[:_LONGEST_PLAIN],
    )


def _bodies(said: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Group sentences into messages."""
    group: list[Piece] = []
    room = LONGEST_BODY
    for piece in said:
        length = max(len(piece.markdown), len(piece.mrkdwn)) + 1
        if group and length > room:
            yield group
            group, room = [], LONGEST_BODY
        group.append(piece)
        room -= length
    yield group


def _sections(texts: Iterable[str]) -> Iterator[str]:
    """Join sentences to as few texts as blocks can hold."""
    held = ""
    for text in texts:
        if held and len(held) + 1 + len(text) > LONGEST_TEXT:
            yield held
            held = ""
        held = joined(held, text)
    yield held


def _has_room(message: Message, group: Sequence[Block]) -> bool:
    below = [*message.tail, *group]
    return len(message.body) + len(below) <= _MOST_BLOCKS and sum(len(str(block)) for block in below) <= _MOST_BELOW
