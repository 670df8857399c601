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
from tests.slack_workspace import APP_TOKEN, BOT_TOKEN, WAIT, Call, SlackServer


@contextmanager
def slack_server() -> Iterator[SlackServer]:
    """Run the server on a free port of this machine."""
    server = SlackServer()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        app = web.Application(client_max_size=10_000_000)
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
        if server.refused_token or token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            raise Refused("token_revoked" if server.refused_token else "invalid_auth")
        return {"ok": True, **METHODS[method](server, arguments)}
    except Refused as refused:
        return {"ok": False, "error": str(refused)}


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
