"""Receives Slack's requests over HTTP: events, commands and buttons, each signed (Bolt checks that)."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request
from fastapi.responses import Response
from slack_bolt.response import BoltResponse
from sqlalchemy import Engine

from service.auth.authentication import SLACK_EVENTS_PATH, SLACK_INSTALL_PATH, SLACK_REDIRECT_PATH
from service.auth.state import AuthState
from service.settings import Settings
from service.slack.bot import SlackAssistant
from service.slack.running import SlackBot, slack_bot
from service.slack.tokens import installs


@contextmanager
def answering_in_slack(
    assistant: SlackAssistant, settings: Settings, *, engine: Engine, public_url: str, auth_state: AuthState
) -> Iterator[APIRouter]:
    """Run the bot, and yield the routes by which Slack and those who install the app reach it over HTTP, if there are any."""
    with slack_bot(assistant, settings, engine=engine, public_url=public_url, auth_state=auth_state) as bot:
        router = APIRouter()
        if settings.slack_signing_secret:
            router.include_router(slack_routes(bot))
        if installs(settings):
            router.include_router(install_routes(bot))
        yield router


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
        return _sent(await bot.dispatch(body, request.headers))

    return router


def install_routes(bot: SlackBot) -> APIRouter:
    """Let browsers install the app."""
    router = APIRouter(include_in_schema=False)

    @router.get(SLACK_INSTALL_PATH)
    async def install(request: Request) -> Response:
        return _sent(await bot.install(request.url.query, request.headers, finish=False))

    @router.get(SLACK_REDIRECT_PATH)
    async def oauth_redirect(request: Request) -> Response:
        return _sent(await bot.install(request.url.query, request.headers, finish=True))

    return router


def _sent(response: BoltResponse | None) -> Response:
    if response is None:
        return Response("Not ready yet.", 503)
    return Response(response.body, response.status, response.first_headers())
