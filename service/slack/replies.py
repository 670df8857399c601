"""From a question in Slack to its one reply."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from index.errors import FootnoteError, NotInHistory, ServiceStopping
from service.auth.askers import Asker
from service.auth.fair_queue import Busy
from service.schemas.api import AskEvent, AskResponse, SearchingEvent, SentenceEvent
from service.slack.asked import Asked, Command, ForPerson, InThread, Shared
from service.slack.blocks import buttons, section, sentence_pieces
from service.slack.bot import Bot
from service.slack.doubts import in_doubt
from service.slack.faults import PlaceGone, SlackFault, Unreachable
from service.slack.messages import Message, messages, notice
from service.slack.posting import Reply, complete, posted
from service.slack.status import Working, clear, working_on
from service.slack.steps import Steps
from service.slack.text import link, mrkdwn, safe_address, shortened
from service.slack.wording import (
    BROUGHT,
    CANNOT_BRING,
    CANNOT_SHARE,
    HELP,
    PUT_OFF,
    SEARCHING,
    TOO_MANY,
    WANTED,
    told,
)

_HEADING = "footnote_shared"
# Slack takes five messages for a command; one is left for what the asker does with them.
_MOST_PRIVATE = 4
# Characters of what is searched for that a status shows.
_LONGEST_STATUS = 80
log = structlog.get_logger(__name__)


async def reply(asked: Asked, bot: Bot, *, begun_before: bool) -> None:
    """Give a question its reply, or finish one that was begun before.

    Raises SlackFault, and ServiceStopping when the asker was told that the reply comes later.
    """
    match asked:
        case InThread():
            await _reply_in_thread(asked, bot, begun_before=begun_before)
        case Command():
            try:
                own = _own_words(asked)
                await _send_privately(asked, [notice(own)] if own else await _answered(asked, bot), bot)
            except ServiceStopping:
                await put_off(asked, bot)
                raise
        case Shared() | ForPerson():
            await _share(asked, bot, begun_before=begun_before)


async def say(asked: Asked, words: str, bot: Bot) -> None:
    """Reply to a question in the bot's own words, in place of any part of an answer that was posted. Raises SlackFault."""
    match asked:
        case InThread() if asked.unasked:
            log.info("not said where nobody asked", key=asked.key)
        case InThread():
            earlier = await posted(asked, bot.calls, bot=bot.user)
            if not complete(earlier):
                await Reply(asked, bot.calls, bot=bot.user, earlier=earlier).finish([notice(words)])
        case _:
            await _send_privately(asked, [notice(words)], bot)


async def put_off(asked: Asked, bot: Bot, *, growing: Reply | None = None) -> None:
    """Tell the asker that the reply comes later."""
    if isinstance(asked, InThread) and asked.unasked:
        return
    try:
        if isinstance(asked, InThread):
            await (growing or Reply(asked, bot.calls, bot=bot.user)).put_off(PUT_OFF)
        else:
            await _send_privately(asked, [notice(PUT_OFF)], bot)
    except SlackFault as fault:
        log.warning("could not say that a reply comes later", key=asked.key, kind=fault.code)


async def say_directly(asked: Asked, words: str, bot: Bot) -> None:
    """Send a message that only the asker sees. Raises SlackFault."""
    if isinstance(asked, InThread) and asked.unasked:
        return
    opened = await bot.calls.call("conversations.open", users=asked.user)
    await bot.calls.call("chat.postMessage", channel=opened["channel"]["id"], text=mrkdwn(words))


async def _reply_in_thread(asked: InThread, bot: Bot, *, begun_before: bool) -> None:
    earlier = await posted(asked, bot.calls, bot=bot.user) if begun_before else []
    if complete(earlier):
        log.info("was answered already", key=asked.key)
        await clear(asked, bot.calls, reacted=True)
        return
    if asked.overheard and await bot.asks_nothing(asked.text):
        log.info("nothing was asked", key=asked.key)
        return
    growing = Reply(asked, bot.calls, bot=bot.user, earlier=earlier)
    if asked.unasked:
        await growing.finish(await _answered(asked, bot))
        return
    if own := _own_words(asked):
        await growing.finish([notice(own)])
        return
    steps = Steps()
    async with working_on(asked, bot.calls) as working:
        try:
            given = await _answered(asked, bot, growing=_Growing(growing, working, steps))
            await growing.finish(given, steps=steps.ended())
        except ServiceStopping:
            await put_off(asked, bot, growing=growing)
            raise


@dataclass(frozen=True, slots=True)
class _Growing:
    """A reply that people see grow, and what says how far it is."""

    reply: Reply
    working: Working
    steps: Steps


async def _answered(asked: InThread | Command, bot: Bot, *, growing: _Growing | None = None) -> Sequence[Message]:
    """Ask, and show steps, sentences and searches as they come where a reply grows. Returns what it has to be in the end.

    There is none where people seem to talk to each other and the articles say nothing to it.
    """
    response: AskResponse | None = None
    asker = await bot.audience.asker(asked)
    try:
        async for batch in bot.events(asked, asker):
            if growing:
                # What is said to others may get no reply at all: then no step of it is shown.
                await _show(batch, growing, with_steps=not (isinstance(asked, InThread) and asked.overheard))
            response = next((event for event in batch if isinstance(event, AskResponse)), response)
    except (SlackFault, ServiceStopping):
        raise
    except (FootnoteError, Busy) as error:
        log.warning("question not answered", key=asked.key, error=repr(error))
        return [] if isinstance(asked, InThread) and asked.unasked else [notice(told(error))]
    assert response is not None, "the last event is the answer"
    if isinstance(asked, InThread):
        if asked.from_confidence is not None and not _sure(response, asked.from_confidence):
            await _forget(response, asker, bot)
            return []
        await _remember_conversation(asked, response, bot)
        if asked.overheard and response.status == "no_answer" and not asked.text.endswith("?"):
            log.info("said to others, it seems, and not answered", key=asked.key)
            return []
    person = bot.help is not None and bot.help.channel != asked.channel and response.status != "about"
    doubtful = response.id if in_doubt(response) else None
    own = buttons(asked.key, private=isinstance(asked, Command), person=person, doubtful=doubtful)
    return messages(response, public_url=bot.public_url, last=own)


def _sure(response: AskResponse, least: float) -> bool:
    """Say whether an answer may be given where nobody asked for it."""
    verified = all(sentence.support == "verified" for sentence in response.sentences)
    return response.status == "answered" and response.confidence >= least and verified and not response.degraded


async def _forget(response: AskResponse, asker: Asker, bot: Bot) -> None:
    """Keep nothing of what people said to each other."""
    with suppress(NotInHistory):  # nothing is kept at all
        await bot.noted(bot.assistant.delete_answer, response.id, asker)


async def _show(batch: Sequence[AskEvent], growing: _Growing, *, with_steps: bool) -> None:
    for searching in (event for event in batch if isinstance(event, SearchingEvent)):
        await growing.working(SEARCHING.format(shortened(", ".join(searching.queries), _LONGEST_STATUS)))
    if with_steps:
        await growing.reply.show([chunk for event in batch for chunk in growing.steps.after(event)])
    sentences = [event.sentence for event in batch if isinstance(event, SentenceEvent)]
    words = " ".join(piece.markdown for sentence in sentences for piece in sentence_pieces(sentence))
    if words:
        await growing.reply.say(words)


async def _remember_conversation(asked: InThread, response: AskResponse, bot: Bot) -> None:
    conversation = response.conversation_id
    if not asked.joins:
        return
    await bot.noted(bot.remembered.take_part, asked.channel, asked.thread, conversation_id=conversation)


async def _send_privately(asked: Command | Shared | ForPerson, given: Sequence[Message], bot: Bot) -> None:
    for message in given[:_MOST_PRIVATE]:
        shown = {"text": message.text, "blocks": message.blocks}
        try:
            await bot.calls.respond(asked.response_url, response_type="ephemeral", replace_original=False, **shown)
        except Unreachable:
            raise
        except SlackFault:  # the address is good for half an hour and for five messages
            await bot.calls.call("chat.postEphemeral", channel=asked.channel, user=asked.user, **shown)


async def _share(asked: Shared | ForPerson, bot: Bot, *, begun_before: bool) -> None:
    """Ask a question again where everyone in a channel reads it, in a thread under it."""
    for_person = isinstance(asked, ForPerson)
    place = asked.help_channel if isinstance(asked, ForPerson) else asked.channel
    try:
        heading = await _heading(asked, place, bot, begun_before=begun_before)
    except PlaceGone:
        await _send_privately(asked, [notice(CANNOT_BRING if for_person else CANNOT_SHARE)], bot)
        return
    public = InThread(
        key=asked.key,
        team=asked.team,
        user=asked.user,
        channel=place,
        text=asked.text,
        ts=heading,
        thread=heading,
        direct=False,
        # People answer each other there.
        joins=not for_person,
    )
    if for_person:
        await _send_privately(asked, [_shown(BROUGHT.format(place))], bot)
    else:
        await bot.noted(bot.remembered.take_part, place, public.thread, conversation_id=None)
    await _reply_in_thread(public, bot, begun_before=begun_before)


async def _heading(asked: Shared | ForPerson, place: str, bot: Bot, *, begun_before: bool) -> str:
    """Return the `ts` of the message that asks the question in a channel; it is posted once."""
    if begun_before and (stands := await _standing_heading(asked, place, bot)):
        return stands
    metadata = {"event_type": _HEADING, "event_payload": {"question": asked.key}}
    text = await _heading_text(asked, bot)
    given = {"channel": place, "text": text, "metadata": metadata, "unfurl_links": False, "unfurl_media": False}
    try:
        made = await bot.calls.call("chat.postMessage", **given)
    except Unreachable:
        if stands := await _standing_heading(asked, place, bot):
            return stands
        raise
    ts: str = made["ts"]
    return ts


async def _heading_text(asked: Shared | ForPerson, bot: Bot) -> str:
    question = mrkdwn(shortened(asked.text, 2_000))
    if isinstance(asked, Shared):
        return f"<@{asked.user}> asked: {question}"
    of_another = f" what <@{asked.asker}> asked" if asked.asker != asked.user else ""
    mentioned = f"<!subteam^{asked.help_group}> " if asked.help_group else ""
    where = await _link(asked, bot)
    return mentioned + WANTED.format(asked.user, of_another, question) + (f" ({where})" if where else "")


async def _link(asked: ForPerson, bot: Bot) -> str | None:
    """Return a link to where a question was asked, if others than its asker see it there."""
    if asked.ts is None:
        return None
    try:
        found = await bot.calls.call("chat.getPermalink", channel=asked.channel, message_ts=asked.ts)
    except SlackFault:
        return None  # logged with the call; the question says enough
    address = safe_address(found.get("permalink"))
    return link(address, "where it was asked") if address else None


async def _standing_heading(asked: Shared | ForPerson, place: str, bot: Bot) -> str | None:
    page = await bot.calls.call("conversations.history", channel=place, include_all_metadata=True, limit=200)
    return next((message["ts"] for message in page["messages"] if _is_heading(message, asked.key)), None)


def _shown(text: str) -> Message:
    """Return a message of Footnote's own words that names a channel."""
    return Message("", (section(text),), (), text)


def _is_heading(message: Mapping[str, Any], key: str) -> bool:
    metadata = message.get("metadata") or {}
    return metadata.get("event_type") == _HEADING and metadata["event_payload"].get("question") == key


def _own_words(asked: Asked) -> str | None:
    if asked.turned_away:
        return TOO_MANY
    return None if asked.text else HELP
