"""Says in a thread, once for each answer, that words which the answer quotes have changed since."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError

from index.errors import FootnoteError
from service.history.schema import answers, slack_threads
from service.slack.bot import Bot
from service.slack.faults import SlackFault
from service.slack.text import mrkdwn
from service.slack.wording import STALE
from service.slack.workspaces import Bots

_LOOK_SECONDS = 30.0
# Slack takes about one message a second in a channel. An article that many answers quote must not hold up replies.
_PAUSE_SECONDS = 1.5
_LONGEST_QUESTION = 200
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """A note that is due: where, and on the answer to which question."""

    installation: str
    channel: str
    thread: str
    question: str


async def post_stale_notes(bots: Bots, engine: Engine) -> None:
    """Post notes on stale answers as they become due, until cancelled."""
    while True:
        try:
            while note := await bots.base.noted(take_due_note, engine):
                if bot := await bots.at(note.installation):
                    await _post(note, bot)
                await asyncio.sleep(_PAUSE_SECONDS)
        except (FootnoteError, DBAPIError) as error:
            log.error("stale answers could not be looked up", kind=type(error).__name__)
        await asyncio.sleep(_LOOK_SECONDS)


def take_due_note(engine: Engine) -> Note | None:
    """Return a note that is due, if there is one. It is stored that it was taken, so it is never due again."""
    thread = slack_threads.c
    due = (
        select(answers.c.id)
        .join(slack_threads, thread.conversation_id == answers.c.conversation_id)
        .where(answers.c.through == "slack", answers.c.stale_since.is_not(None), answers.c.stale_noted.is_(False))
        .order_by(answers.c.stale_since, answers.c.id)
        .limit(1)
        .with_for_update(of=answers, skip_locked=True)  # in PostgreSQL: another node may be taking the same
        .scalar_subquery()
    )
    # One statement finds and takes it: SQLite refuses to write after a read that another write has overtaken.
    taken = update(answers).where(answers.c.id == due).values(stale_noted=True)
    with engine.begin() as connection:
        row = connection.execute(taken.returning(answers.c.response, answers.c.conversation_id)).first()
        if row is None:
            return None
        place = select(thread.installation, thread.channel, thread.thread)
        where = connection.execute(place.where(thread.conversation_id == row.conversation_id)).first()
    return Note(*where, row.response["question"]) if where else None


async def _post(note: Note, bot: Bot) -> None:
    question = " ".join(note.question.split())
    shown = question if len(question) <= _LONGEST_QUESTION else f"{question[:_LONGEST_QUESTION]}…"
    text = mrkdwn(STALE.format(shown))
    try:
        await bot.calls.call("chat.postMessage", channel=note.channel, thread_ts=note.thread, text=text)
    except SlackFault as fault:
        log.warning("a note on a stale answer was not posted", kind=fault.code)
