"""A small real server that speaks Slack's Web API, Socket Mode and signed HTTP events, with scripted faults.

It keeps messages as Slack does and refuses what Slack refuses: blocks that are too long, a change to a message that is
still streamed, an end to a stream that has ended, a reply in a thread that is not there.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web

from tests.slack_methods import METHODS, Refused
from tests.slack_workspace import APP_TOKEN, BOT, CLIENT_ID, CLIENT_SECRET, WAIT, Call, SlackServer


@contextmanager
def slack_server() -> Iterator[SlackServer]:
    """Run the server on a free port of this machine."""
    server = SlackServer()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/api/oauth.v2.access", partial(_access, server))
        app.router.add_post("/api/{method}", partial(_call, server))
        app.router.add_post("/respond/{id}", partial(_respond, server))
        app.router.add_get("/socket", partial(_socket, server))
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        server.url, server._loop = f"http://127.0.0.1:{port}/api/", asyncio.get_running_loop()
        started.set()
        await stop.wait()
        for socket in server.open_sockets():
            await socket.close()
        await runner.cleanup()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work, name="slack-server")
    thread.start()
    try:
        assert started.wait(WAIT), "the server did not start"
        yield server
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _call(server: SlackServer, request: web.Request) -> web.StreamResponse:
    method = request.match_info["method"]
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        arguments |= await request.json()
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    server = server.of_token(token) or server
    server.calls.append(Call(method, arguments, time.monotonic()))
    fault = server.faults[method].popleft() if server.faults[method] else server.always.get(method)
    if fault is None or fault.carried_out:
        data = _answer(server, method, arguments, request.headers.get("Authorization", ""))
        if fault is None:
            return web.json_response(data)
    assert fault is not None
    await asyncio.sleep(fault.silent)
    if fault.cut:
        assert request.transport
        request.transport.abort()
        return web.Response()
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    body = (
        {"ok": False, "error": fault.error or "ratelimited"} if fault.error or fault.retry_after is not None else None
    )
    if body is None:
        return web.Response(status=fault.status, text="<html>bad gateway</html>", content_type="text/html")
    return web.json_response(body, status=fault.status, headers=headers)


def _answer(server: SlackServer, method: str, arguments: dict[str, Any], authorization: str) -> dict[str, Any]:
    token = authorization.removeprefix("Bearer ") or arguments.get("token")
    try:
        if server.refused_token or token != (APP_TOKEN if method == "apps.connections.open" else server.token):
            raise Refused("token_revoked" if server.refused_token else "invalid_auth")
        return {"ok": True, **METHODS[method](server, arguments)}
    except Refused as refused:
        return {"ok": False, "error": str(refused)}


async def _access(server: SlackServer, request: web.Request) -> web.Response:
    """`oauth.v2.access`: a token for a code, or a new one for a refresh token, each of which is good once."""
    given = dict(await request.post())
    server.calls.append(Call("oauth.v2.access", given, time.monotonic()))
    if server.faults["oauth.v2.access"]:
        return web.json_response({"ok": False, "error": server.faults["oauth.v2.access"].popleft().error})
    if request.headers.get("Authorization") != aiohttp.encode_basic_auth(CLIENT_ID, CLIENT_SECRET):
        return web.json_response({"ok": False, "error": "bad_client_secret"})
    refresh = str(given.get("refresh_token", ""))
    code = refresh.removeprefix("xoxe-").partition("-")[0] if refresh else str(given.get("code"))
    place = server.others.get(code)
    if place is None or (refresh and refresh != f"xoxe-{code}-{place.rotated}"):
        return web.json_response({"ok": False, "error": "invalid_refresh_token" if refresh else "invalid_code"})
    if refresh:
        place.rotated += 1
        place.token = f"xoxb-{code}-{place.rotated}"
    lasting = {"refresh_token": f"xoxe-{code}-{place.rotated}", "expires_in": place.lasts} if place.lasts else {}
    team = None if place.team is None else {"id": place.team, "name": f"<b>{place.team}</b>"}
    enterprise = None if place.enterprise is None else {"id": place.enterprise, "name": "The organisation"}
    return web.json_response(
        {
            "ok": True,
            "access_token": place.token,
            "token_type": "bot",
            "scope": "chat:write",
            "bot_user_id": BOT,
            "app_id": "A0APP",
            "team": team,
            "enterprise": enterprise,
            "is_enterprise_install": place.team is None,
            "authed_user": {"id": "UANN"},
            **lasting,
        }
    )


async def _respond(server: SlackServer, request: web.Request) -> web.Response:
    server.private.append({"url": str(request.url), **await request.json()})
    fault = server.faults["response_url"].popleft() if server.faults["response_url"] else None
    if fault:
        server.private.pop()
        return web.Response(status=fault.status, text=fault.error or "")
    return web.Response(text="ok")


async def _socket(server: SlackServer, request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
    server.sockets.append(socket)
    async for message in socket:
        if message.type == aiohttp.WSMsgType.TEXT:
            response = json.loads(message.data)
            server.acknowledged[response["envelope_id"]] = time.monotonic()
            if response.get("payload"):
                server.private.append({"acknowledged": response["envelope_id"], **response["payload"]})
    return socket
