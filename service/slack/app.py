"""The Bolt app: turns Slack's events into questions, and acknowledges them once the questions are stored."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from index.errors import FootnoteError
from index.records import EVERYTHING
from service.auth.askers import Asker
from service.auth.fair_queue import Busy
from service.schemas.history import FeedbackRequest
from service.slack.asked import Command, command_question, question_for_person, shared_question, thread_question
from service.slack.audience import person
from service.slack.blocks import DISCARD, DOUBTS, FEEDBACK, PERSON, SHARE
from service.slack.bot import Bot
from service.slack.doubts import open_doubts
from service.slack.faults import SlackFault
from service.slack.settings_view import SETTINGS_VIEW, Choices, NotTaken, entered, settings_view
from service.slack.text import mrkdwn, shortened
from service.slack.wording import (
    BROUGHT_BEFORE,
    GREETING,
    LOOKING,
    NOT_ALLOWED,
    NOT_HERE,
    NOT_INSTALLED,
    NOT_RATED,
    NOT_SHOWN,
    NOT_THERE,
    THANKS,
    TOO_MANY,
)
from service.slack.working import accept
from service.slack.workspaces import Bots

# Slack waits three seconds, and then tells who gave a command or pressed a button that it failed.
_PATIENCE_SECONDS = 2.0
_MOST_PROMPTS, _LONGEST_PROMPT = 4, 75  # of those that are suggested
Body = Mapping[str, Any]
Ack = Callable[..., Awaitable[Any]]
log = structlog.get_logger(__name__)


def bolt_app(bots: Bots, *, signing_secret: str | None) -> AsyncApp:
    """Build the app. Without a signing secret it must only be given what comes by Socket Mode."""
    client = bots.base.calls.client

    # Bolt would ask Slack by itself, and drop the event when it gets no answer. Listeners take `bot` from the context.
    async def authorize(
        context: AsyncBoltContext, enterprise_id: str | None, team_id: str | None
    ) -> AuthorizeResult | None:
        org_wide = bool(context.is_enterprise_install)
        bot = await bots.of_event(enterprise=enterprise_id, team=team_id, org_wide=org_wide)
        if bot is None:
            return None
        context["bot"] = bot
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_id=bot.bot_id,
            bot_user_id=bot.user,
            bot_token=bot.calls.client.token,
        )

    app = AsyncApp(
        name="footnote",
        client=AsyncWebClient(base_url=client.base_url, session=client.session, retry_handlers=[]),
        authorize=authorize,  # type: ignore[arg-type] # None is documented: the app is not installed there
        signing_secret=signing_secret or "",
        request_verification_enabled=signing_secret is not None,
        # An event is acknowledged when its listener is done, so not before the question is stored.
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
        user_facing_authorize_error_message=NOT_INSTALLED,
    )

    @app.event("app_uninstalled")
    @app.event("tokens_revoked")
    async def on_revoked(context: AsyncBoltContext) -> None:
        await bots.forget_revoked(enterprise=context.enterprise_id, team=context.team_id)

    @app.event("app_mention")
    @app.event("message")
    async def on_message(body: Body, bot: Bot) -> None:
        # However long it takes: what is not acknowledged comes again. What was acknowledged and not stored would be lost.
        await _take_on(body, bot)

    @app.event("app_home_opened")
    async def on_home_opened(body: Body, bot: Bot) -> None:
        event = body["event"]
        if event.get("tab") == "messages":
            # Slack drops prompts for an agent without a word when they name a thread.
            bot.soon(_suggest(bot, team=body["team_id"], user=event["user"], channel_id=event["channel"]))

    @app.event("app_context_changed")
    async def on_context_changed() -> None:
        """What else the person looks at does not matter to the articles. Our manifest does not ask Slack for it."""

    # Apps that were made before 2026-06-30 and have not migrated send these two in place of the one above.
    @app.event("assistant_thread_started")
    async def on_assistant_opened(body: Body, bot: Bot) -> None:
        thread = body["event"]["assistant_thread"]
        where = {"channel_id": thread["channel_id"], "thread_ts": thread["thread_ts"]}
        bot.soon(_suggest(bot, team=body["team_id"], user=thread["user_id"], **where))

    @app.event("assistant_thread_context_changed")
    async def on_assistant_context_changed() -> None:
        """Ignore this event: what a person looks at in Slack does not matter to an answer."""

    @app.command("/ask")
    async def on_command(body: Body, bot: Bot, ack: Ack) -> None:
        if body.get("text", "").strip().lower() == "settings":
            await ack()
            await _in_time(_open_settings(body, bot))
            return
        if bot.answering.full:
            await ack(mrkdwn(TOO_MANY))
            return
        await _in_time(accept(command_question(body, installation=bot.installation), bot))
        await ack(mrkdwn(LOOKING))

    @app.view(SETTINGS_VIEW)
    async def on_settings(body: Body, bot: Bot, ack: Ack) -> None:
        wrong = await _save_settings(body, bot)
        await (ack(response_action="errors", errors=wrong) if wrong else ack())

    @app.action(SHARE)
    async def on_share(body: Body, bot: Bot, ack: Ack) -> None:
        await _in_time(_share(body, bot))
        await ack()

    @app.action(DISCARD)
    async def on_discard(body: Body, bot: Bot, ack: Ack) -> None:
        bot.soon(_respond(body, bot, delete_original=True))
        await ack()

    @app.action(PERSON)
    async def on_person(body: Body, bot: Bot, ack: Ack) -> None:
        await _in_time(_bring(body, bot))
        await ack()

    @app.action(DOUBTS)
    async def on_doubts(body: Body, bot: Bot, ack: Ack) -> None:
        await ack()
        bot.soon(_show_doubts(body, bot))

    @app.action(FEEDBACK)
    async def on_feedback(body: Body, bot: Bot, ack: Ack) -> None:
        bot.soon(_rate(body, bot))
        await ack()

    return app


async def _in_time(work: Any) -> None:
    """Wait for something, but less than the time that Slack waits. After that it continues in the background."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait([task], timeout=_PATIENCE_SECONDS)
    if done:
        task.result()
        return
    log.warning("acknowledged before it was written down")
    task.add_done_callback(_log_failure)


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("event not taken on", error=repr(error))


async def _take_on(body: Body, bot: Bot) -> None:
    """Store a question, and that the bot takes part in its thread from now on."""
    asked = await bot.noted(
        thread_question,
        body,
        bot=bot.user,
        installation=bot.installation,
        takes_part=bot.remembered.takes_part,
        from_confidence=lambda channel: bot.channels.get(channel).unmentioned,
    )
    if asked is None:
        bot.counts.events.labels("not for the bot").inc()
        return
    await accept(asked, bot, event_id=body.get("event_id"))


async def _open_settings(body: Body, bot: Bot) -> None:
    channel, user = body["channel_id"], body["user_id"]
    if channel.startswith("D") or not await bot.audience.may_set(body["team_id"], user):
        words = NOT_HERE if channel.startswith("D") else NOT_ALLOWED
        await _respond(body, bot, text=mrkdwn(words), response_type="ephemeral")
        return
    now = await bot.noted(bot.channels.get, channel)
    view = settings_view(channel, now, await _choices(body["team_id"], user, bot))
    await _quietly(bot.calls.call("views.open", trigger_id=body["trigger_id"], view=view))


async def _save_settings(body: Body, bot: Bot) -> dict[str, str]:
    """Store what was entered. Return what is wrong with it, by field."""
    view, team, user = body["view"], _team(body), body["user"]["id"]
    channel = view["private_metadata"]
    now = await bot.noted(bot.channels.get, channel)
    try:
        if not await bot.audience.may_set(team, user):
            raise NotTaken("unmentioned", NOT_ALLOWED)
        settings = entered(view, now, await _choices(team, user, bot))
    except NotTaken as wrong:
        return {wrong.field: str(wrong)}
    await bot.noted(bot.channels.put, channel, settings, by=person(team, user))
    log.info("settings of a channel changed", channel=channel, by=person(team, user))
    return {}


def _team(body: Body) -> str:
    """Return the workspace of the person who pressed a button. In an organisation, `team` may be missing."""
    team = body.get("team")
    return str(team["id"] if team else body["user"]["team_id"])


async def _choices(team: str, user: str, bot: Bot) -> Choices:
    access = (await bot.audience.reader(team, user)).access
    scopes = (await bot.noted(bot.assistant.collections, access)).scopes
    return Choices(access.groups, scopes)


async def _share(body: Body, bot: Bot) -> None:
    command = await bot.noted(bot.remembered.question, body["actions"][0]["value"])
    if not isinstance(command, Command):
        bot.soon(_respond(body, bot, text=mrkdwn(NOT_THERE), replace_original=False))
        return
    await accept(shared_question(command, response_url=body["response_url"]), bot)
    bot.soon(_respond(body, bot, delete_original=True))


async def _bring(body: Body, bot: Bot) -> None:
    """Bring a question to people who help, once."""
    asked = await bot.noted(bot.remembered.question, body["actions"][0]["value"])
    words = NOT_THERE
    if asked and bot.help:
        brought = question_for_person(
            asked,
            user=body["user"]["id"],
            help_channel=bot.help.channel,
            help_group=bot.help.group,
            response_url=body["response_url"],
        )
        if await accept(brought, bot):
            return
        words = BROUGHT_BEFORE
    bot.soon(_respond(body, bot, text=mrkdwn(words), replace_original=False, response_type="ephemeral"))


async def _show_doubts(body: Body, bot: Bot) -> None:
    try:
        await _quietly(open_doubts(body, _team(body), bot))
    except FootnoteError as error:
        log.info("doubts not shown", error=repr(error))
        await _respond(body, bot, text=mrkdwn(NOT_SHOWN), replace_original=False, response_type="ephemeral")


async def _rate(body: Body, bot: Bot) -> None:
    rating, _, answer_id = body["actions"][0]["value"].partition(" ")
    channel, user = body["channel"]["id"], body["user"]["id"]
    # Slack's signature vouches that this person saw the answer: the button is nowhere else. In a channel the answer was
    # asked for by its thread, so the person rates as someone who may see what others asked.
    asker = Asker(person(_team(body), user), EVERYTHING, admin=True)
    try:
        request = FeedbackRequest.model_validate({"answer_id": answer_id, "rating": rating})
        await bot.noted(bot.assistant.rate, request, asker)
        words = THANKS
    except FootnoteError as error:
        log.info("answer not rated", answer=answer_id, error=repr(error))
        words = NOT_RATED
    container = body.get("container", {})
    await _quietly(
        bot.calls.call(
            "chat.postEphemeral",
            channel=channel,
            user=user,
            text=mrkdwn(words),
            thread_ts=container.get("thread_ts"),
        )
    )


async def _suggest(bot: Bot, *, team: str, user: str, **where: str) -> None:
    """Greet a person, and offer questions that the articles were found to answer for them."""
    try:
        questions = await bot.questions_to_try(await bot.audience.reader(team, user))
    except (FootnoteError, Busy) as error:
        log.info("no questions to suggest", error=repr(error))
        questions = ()
    # Slack sends the message of a prompt as the person's own: it must mention nobody.
    harmless = [question for question in questions if not {"<", ">"} & set(question)]
    prompts = [{"title": shortened(question, _LONGEST_PROMPT), "message": question} for question in harmless]
    prompts = [*prompts[: _MOST_PROMPTS - 1], {"title": "What can you do?", "message": "help"}]
    await _quietly(bot.calls.call("assistant.threads.setSuggestedPrompts", **where, title=GREETING, prompts=prompts))


async def _respond(body: Body, bot: Bot, **message: Any) -> None:
    await _quietly(bot.calls.respond(body["response_url"], **message))


async def _quietly(call: Awaitable[Any]) -> None:
    """Wait for a call whose result is not needed. Its errors are logged and counted where it is made."""
    try:
        await call
    except SlackFault:
        return
