"""Receives Slack's requests over HTTP: events, commands and buttons, each signed (Bolt checks that)."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Engine

from service.auth.authentication import SLACK_EVENTS_PATH
from service.auth.state import AuthState
from service.settings import Settings
from service.slack.bot import SlackAssistant
from service.slack.running import SlackBot, slack_bot


@contextmanager
def answering_in_slack(
    assistant: SlackAssistant, settings: Settings, *, engine: Engine, public_url: str, auth_state: AuthState
) -> Iterator[APIRouter]:
    """Run the bot, and yield the route by which Slack reaches it over HTTP; with no signing secret there is none."""
    with slack_bot(assistant, settings, engine=engine, public_url=public_url, auth_state=auth_state) as bot:
        yield slack_routes(bot) if settings.slack_signing_secret else APIRouter()


def slack_routes(bot: SlackBot) -> APIRouter:
    """Let Slack reach the bot at `/slack/events`."""
    router = APIRouter(include_in_schema=False)

    @router.post(SLACK_EVENTS_PATH)
    async def slack_events(request: Request) -> Response:
        try:
            body = (await request.body()).decode()
            int(request.headers.get("x-slack-request-timestamp", ""))
        except ValueError:
            return Response("This is not a request of Slack.", 401)
        response = await bot.dispatch(body, request.headers)
        if response is None:
            return Response("Not ready yet.", 503)
        return Response(response.body, response.status, response.first_headers())

    return router
