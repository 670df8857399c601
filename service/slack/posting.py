"""One reply in a thread: streamed while it grows, changed in place when the stream dies, posted when neither works.

Every finished message carries, as metadata, which question it answers and which part of the reply it is. So after a crash or
a timeout, the next process can look at the thread and see what is there already.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from service.slack.asked import InThread
from service.slack.calls import Calls
from service.slack.faults import MessageGone, PlaceGone, SlackFault, TokenRefused, TooLarge, Unreachable
from service.slack.messages import LONGEST_BODY, Message, joined
from service.slack.steps import Chunk

REPLY = "footnote_reply"
_ATTEMPTS = 3
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of a reply that stands in the thread. `part` 0 is a stream that was never ended; parts count from 1."""

    ts: str
    part: int
    parts: int


async def posted(asked: InThread, calls: Calls, *, bot: str) -> list[Posted]:
    """Look in the thread for what there is of the reply to a question, oldest first. Raises SlackFault."""
    found = [_posted(message, asked.key) async for message in _after(asked, calls) if message.get("user") == bot]
    return [message for message in found if message]


def complete(found: Sequence[Posted]) -> bool:
    """Say whether all parts of a reply are there."""
    numbers = {message.part for message in found}
    return any(message.parts and numbers >= set(range(1, message.parts + 1)) for message in found)


class Reply:
    """A reply to one question. `earlier` are the messages that a process before this one left of it."""

    def __init__(self, asked: InThread, calls: Calls, *, bot: str, earlier: Sequence[Posted] = ()) -> None:
        self._asked = asked
        self._calls = calls
        self._bot = bot
        self._places = [message.ts for message in earlier]
        self._open = next((message.ts for message in earlier if not message.part), None)
        self._streamed = ""
        self._may_stream = not earlier  # whether more can be streamed
        self._sound = not earlier  # whether Slack has exactly what was streamed
        self._shows_steps = True  # whether Slack takes task cards

    async def show(self, steps: Sequence[Chunk]) -> None:
        """Show what is being done, above what the reply says. Where Slack does not take that, the reply goes without.

        Raises TokenRefused or PlaceGone, for then there is no reply at all.
        """
        if not (steps and self._may_stream and self._shows_steps):
            return
        try:
            await self._stream(steps)
        except (TokenRefused, PlaceGone):
            raise
        except SlackFault as fault:
            self._shows_steps = False
            log.info("steps not shown", key=self._asked.key, kind=fault.code)
            if isinstance(fault, Unreachable):
                await self._stop_streaming()

    async def say(self, words: str) -> None:
        """Stream what the reply begins with, in Markdown. When Slack does not take it, `finish` shows it nevertheless.

        Raises TokenRefused or PlaceGone, for then there is no reply at all.
        """
        grown = joined(self._streamed, words)
        if not self._may_stream or len(grown) > LONGEST_BODY:
            self._may_stream = False
            return
        try:
            await self._stream([_text(grown[len(self._streamed) :])])
        except (TokenRefused, PlaceGone):
            raise
        except SlackFault as fault:
            log.info("stream ended early", key=self._asked.key, kind=fault.code)
            self._may_stream = self._sound = False
            if isinstance(fault, Unreachable):
                await self._stop_streaming()
        else:
            self._streamed = grown

    async def _stop_streaming(self) -> None:
        """Stream no more, as nobody knows what Slack has of it."""
        self._may_stream = self._sound = False
        if not self._places:
            await self._adopt()

    async def finish(self, messages: Sequence[Message], *, steps: Sequence[Chunk] = ()) -> None:
        """Make the reply these messages, whatever is posted already. `steps` end what `show` began. Raises SlackFault."""
        for number, message in enumerate(messages):
            metadata = self._metadata(number + 1, len(messages))
            if number == 0 and self._open and await self._stopped(message, metadata, steps):
                continue
            await self._write(number, message, metadata)
        for surplus in self._places[len(messages) :]:
            await self._delete(surplus)

    async def put_off(self, words: str) -> None:
        """Say that the reply comes later. It will replace this message. Raises SlackFault."""
        if not self._open:
            await self._calls.call(
                "chat.postMessage", channel=self._asked.channel, thread_ts=self._asked.thread, text=words
            )
            return
        await self._stream([_text(f"\n\n{words}")])
        await self._calls.call("chat.stopStream", channel=self._asked.channel, ts=self._open)

    async def _stream(self, chunks: Sequence[Chunk]) -> None:
        asked = self._asked
        if self._open:
            await self._calls.call("chat.appendStream", channel=asked.channel, ts=self._open, chunks=chunks)
            return
        begun = await self._calls.call(
            "chat.startStream",
            channel=asked.channel,
            thread_ts=asked.thread,
            recipient_team_id=asked.team or None,
            recipient_user_id=asked.user,
            chunks=chunks,
            task_display_mode="plan",
        )
        self._open = begun["ts"]
        self._places = [self._open]

    async def _stopped(self, message: Message, metadata: Mapping[str, Any], steps: Sequence[Chunk]) -> bool:
        """End the stream with the rest of a message, or say that it has to be written in another way."""
        if not (self._sound and message.said.startswith(self._streamed)):
            return False
        rest = message.said[len(self._streamed) :]
        chunks = [*(steps if self._shows_steps else ()), *([_text(rest)] if rest else ())]
        try:
            await self._calls.call(
                "chat.stopStream",
                channel=self._asked.channel,
                ts=self._open,
                chunks=chunks or None,
                blocks=list(message.tail),
                metadata=metadata,
            )
        except (TokenRefused, PlaceGone):
            raise
        except SlackFault as fault:
            log.info("stream not ended as planned", key=self._asked.key, kind=fault.code)
            return False
        return True

    async def _write(self, number: int, message: Message, metadata: Mapping[str, Any]) -> None:
        """Change the message that stands in this place, or post it."""
        if number < len(self._places):
            place = self._places[number]
            if place == self._open:
                with suppress(SlackFault):  # it may have ended; while it runs, it cannot be changed
                    await self._calls.call("chat.stopStream", channel=self._asked.channel, ts=place)
            try:
                await self._sent("chat.update", message, ts=place, metadata=metadata)
            except (MessageGone, TooLarge):
                await self._delete(place)
            else:
                return
        await self._post(message, metadata)

    async def _post(self, message: Message, metadata: Mapping[str, Any]) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._sent("chat.postMessage", message, thread_ts=self._asked.thread, metadata=metadata)
            except Unreachable:
                # It may have been posted: look before posting it again.
                if await self._stands(metadata["event_payload"]["part"]):
                    return
                if attempt == _ATTEMPTS:
                    raise
            else:
                return

    async def _sent(self, method: str, message: Message, **where: Any) -> None:
        """Send a message with its blocks, or as plain text where Slack does not take these."""
        given = {"channel": self._asked.channel, "text": message.text, **where}
        quiet = {"unfurl_links": False, "unfurl_media": False} if method == "chat.postMessage" else {}
        try:
            await self._calls.call(method, blocks=message.blocks, **given, **quiet)
        except TooLarge:
            await self._calls.call(method, blocks=[], **given, **quiet)

    async def _stands(self, part: int) -> bool:
        found = await posted(self._asked, self._calls, bot=self._bot)
        return any(message.part == part for message in found)

    async def _adopt(self) -> None:
        """Take over a stream that began although its call failed."""
        with suppress(Unreachable):
            found = await posted(self._asked, self._calls, bot=self._bot)
            self._places = [message.ts for message in found if not message.part][:1]
            self._open = next(iter(self._places), None)

    async def _delete(self, ts: str) -> None:
        with suppress(SlackFault):  # it may be gone already; the call is logged
            await self._calls.call("chat.delete", channel=self._asked.channel, ts=ts)

    def _metadata(self, part: int, parts: int) -> dict[str, Any]:
        return {"event_type": REPLY, "event_payload": {"question": self._asked.key, "part": part, "parts": parts}}


def _text(words: str) -> Chunk:
    return {"type": "markdown_text", "text": words}


async def _after(asked: InThread, calls: Calls) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the messages of a thread that came after the question, with their metadata."""
    cursor = None
    while True:
        page = await calls.call(
            "conversations.replies",
            channel=asked.channel,
            ts=asked.thread,
            oldest=asked.ts,
            include_all_metadata=True,
            limit=200,
            cursor=cursor,
        )
        for message in page["messages"]:
            if float(message["ts"]) > float(asked.ts):
                yield message
        cursor = page.get("response_metadata", {}).get("next_cursor")
        if not cursor:
            return


def _posted(message: Mapping[str, Any], key: str) -> Posted | None:
    metadata = message.get("metadata") or {}
    if not metadata:
        # Only a stream that was never ended carries none. Questions of one thread are answered one after the other, so it
        # belongs to the one that was being answered.
        return Posted(message["ts"], 0, 0)
    payload = metadata.get("event_payload", {})
    if metadata.get("event_type") != REPLY or payload.get("question") != key:
        return None
    return Posted(message["ts"], int(payload["part"]), int(payload["parts"]))
