"""Where Slack's requests come in over HTTP: events, commands and buttons, each signed (Bolt checks that)."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.slack.running import SlackBot

PATH = "/slack/events"


def slack_routes(bot: SlackBot) -> APIRouter:
    """Let Slack reach the bot at `/slack/events`."""
    router = APIRouter(include_in_schema=False)

    @router.post(PATH)
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
