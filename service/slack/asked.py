"""Turns events, commands and buttons of Slack into questions. Most messages in a channel are none."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from service.slack.text import mentions, mentions_others, question_text

# A reply that was also sent to the channel, and a message with a file, were still written by a person.
_WRITTEN = {None, "thread_broadcast", "file_share"}


class _Asked(BaseModel):
    """`key` identifies a question. `turned_away`: the queue was full.

    `installation` is the workspace or organisation where the app is installed, if there may be several. `team` is that of
    `user`, which may be another workspace in a channel that they share.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    installation: str = ""
    team: str
    user: str
    channel: str
    text: str
    turned_away: bool = False


class InThread(_Asked):
    """A message to the bot, to be answered in its thread. `direct`: a direct message, which only the asker reads.

    `overheard`: it stands in a channel's thread in which the bot was asked before, and names nobody. So it may be a question
    to the bot, or what people say to each other. `joins`: the bot takes part in the thread from then on. `from_confidence`:
    the message began a thread and mentions nobody, and is answered from this confidence on.
    """

    kind: Literal["thread"] = "thread"
    ts: str
    thread: str
    direct: bool
    overheard: bool = False
    joins: bool = True
    from_confidence: float | None = None

    @property
    def unasked(self) -> bool:
        """Whether nobody asked the bot: it speaks only if it is sure."""
        return self.from_confidence is not None


class Command(_Asked):
    """`/ask`: only the asker sees the answer, which goes to `response_url` (good for half an hour)."""

    kind: Literal["command"] = "command"
    response_url: str


class Shared(_Asked):
    """A question of `/ask` whose asker wants the answer to be visible to the whole channel."""

    kind: Literal["shared"] = "shared"
    response_url: str


class ForPerson(_Asked):
    """A question that `user` wants a person to answer: it is asked again in `help_channel`, where `help_group` is mentioned.

    `asker` asked it in `channel`, in the message `ts` if others see that.
    """

    kind: Literal["person"] = "person"
    asker: str
    ts: str | None
    help_channel: str
    help_group: str | None
    response_url: str


Asked = Annotated[InThread | Command | Shared | ForPerson, Field(discriminator="kind")]
ASKED: TypeAdapter[InThread | Command | Shared | ForPerson] = TypeAdapter(Asked)


def thread_question(
    body: Mapping[str, Any],
    *,
    bot: str,
    installation: str,
    takes_part: Callable[[str, str], bool],
    from_confidence: Callable[[str], float | None],
) -> InThread | None:
    """Return the question in an event of Slack (`message` or `app_mention`), or None where the bot is not asked.

    `bot` is its user id in this installation. `takes_part(channel, thread)` says whether it has been asked in that thread
    before, `from_confidence(channel)` from which confidence on it answers questions there that mention nobody, if ever.
    """
    event = body["event"]
    if not _by_person(event) or event["user"] == bot:
        return None
    channel, ts = event["channel"], event["ts"]
    text = event.get("text") or ""
    thread = event.get("thread_ts") or ts
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    called = direct or mentions(text, bot)
    sure = None
    if not called:
        begins = thread == ts
        sure = from_confidence(channel) if begins and asks(text) else None
        if mentions_others(text) or (sure is None if begins else not takes_part(channel, thread)):
            return None
    return InThread(
        key=message_key(channel, ts, installation=installation),
        installation=installation,
        team=event.get("user_team") or event.get("team") or body.get("team_id") or "",
        user=event["user"],
        channel=channel,
        text=question_text(text, bot),
        ts=ts,
        thread=thread,
        direct=direct,
        overheard=not called,
        from_confidence=sure,
    )


def asks(text: str) -> bool:
    """Say whether a text ends with a question mark, of any script."""
    return bool(text.strip()) and "QUESTION MARK" in unicodedata.name(text.strip()[-1], "")


def command_question(body: Mapping[str, Any], *, installation: str) -> Command:
    """Return the question of a slash command."""
    return Command(
        key=f"command:{body['trigger_id']}",
        installation=installation,
        team=body["team_id"],
        user=body["user_id"],
        channel=body["channel_id"],
        text=" ".join(body.get("text", "").split()),
        response_url=body["response_url"],
    )


def shared_question(command: Command, *, response_url: str) -> Shared:
    """Return the question of a command, to be asked again for the whole channel. It can be shared once."""
    return Shared(
        key=f"shared:{command.key}",
        installation=command.installation,
        team=command.team,
        user=command.user,
        channel=command.channel,
        text=command.text,
        response_url=response_url,
    )


def question_for_person(
    asked: InThread | Command, *, user: str, help_channel: str, help_group: str | None, response_url: str
) -> ForPerson:
    """Return a question that a person should answer, as this user wants. It can be brought to them once."""
    return ForPerson(
        key=f"person:{asked.key}",
        installation=asked.installation,
        team=asked.team,
        user=user,
        channel=asked.channel,
        text=asked.text,
        asker=asked.user,
        ts=asked.ts if isinstance(asked, InThread) and not asked.direct else None,
        help_channel=help_channel,
        help_group=help_group,
        response_url=response_url,
    )


def message_key(channel: str, ts: str, *, installation: str = "") -> str:
    """Return an identifier of a message. A mention may arrive as two events with different ids."""
    return f"message:{installation}{':' if installation else ''}{channel}:{ts}"


def thread_of(asked: InThread | Command | Shared | ForPerson) -> str:
    """Return an identifier of the thread that a question is answered in. Others than `InThread` have one of their own."""
    return f"{asked.installation}:{asked.channel}:{asked.thread}" if isinstance(asked, InThread) else asked.key


def _by_person(event: Mapping[str, Any]) -> bool:
    return (
        event.get("subtype") in _WRITTEN
        and not event.get("bot_id")
        and not event.get("bot_profile")
        and not event.get("edited")
        and not event.get("hidden")
        and event.get("user", "USLACKBOT") != "USLACKBOT"
        and bool(event.get("channel") and event.get("ts"))
    )
