"""`footnote mcp` as a process, with the official client and by hand."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from index.stores.ownership import own
from service.api.app import create_app
from service.opening import service_owner
from tests.cli_fixtures import (
    FOOTNOTE,
    HOW_MUCH_RAIN,
    PATIENCE,
    RAIN,
    environment,
    footnote_process,
)
from tests.http_server import address_of, serving_on
from tests.mcp_client import HANDSHAKE, PRESENT, call, found, message, words
from tests.service_fixtures import assistant_over, settings_for


def spoken(data_dir: Path, talk: Callable[[Client], Coroutine[Any, Any, Any]], *, mode: str = HANDSHAKE) -> Any:
    """Start `footnote mcp`, and return what comes of talking."""
    process = StdioServerParameters(command=str(FOOTNOTE), args=["mcp"], env=environment(data_dir), cwd=data_dir.parent)

    async def connect() -> Any:
        async with asyncio.timeout(PATIENCE), Client(stdio_client(process), mode=mode) as client:
            return await talk(client)

    return asyncio.run(connect())


async def asks_about_rain(client: Client) -> None:
    told: list[str | None] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    result = await client.call_tool("ask", {"question": HOW_MUCH_RAIN}, progress_callback=progress)
    answer: Any = result.structured_content
    [cited] = answer["citations"]
    assert cited["quote"] in RAIN
    part = await found(client, "get_article", article_id=cited["article_id"])
    assert part["text"][cited["start"] : cited["end"]] == cited["quote"]
    assert told[0] == "Searching the articles"
    assert len(told) >= 3


def test_an_editor_asks_and_other_commands_have_the_folder_in_between(weather_data: Path) -> None:
    async def talk(client: Client) -> None:
        await asks_about_rain(client)
        status = await asyncio.to_thread(footnote_process, weather_data, "status", "--json")
        assert status.json["articles"] == 2
        titled = await found(client, "list_articles", title="rain")
        assert [article["id"] for article in titled["articles"]] == ["rain"]

    spoken(weather_data, talk)


@contextmanager
def serving_here(data_dir: Path) -> Iterator[None]:
    """Own a data folder and serve it in this process, whose models are loaded."""
    settings = settings_for(data_dir)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        owner = service_owner(address_of(listening))
        with own(data_dir, owner), assistant_over(settings) as assistant:
            app = create_app(assistant, settings=settings, owner_token=owner.token)
            with serving_on(listening, app):
                yield


def test_a_service_that_has_the_folder_answers(weather_data: Path) -> None:
    async def talk(client: Client) -> None:
        await asks_about_rain(client)
        refused = await call(client, "ask", question="a" * 50_000)
        assert refused.is_error
        assert "50,000 characters" in words(refused)
        assert "There is no article" in words(await call(client, "get_article", article_id="snow"))
        titled = await found(client, "list_articles", title="rain", limit=1)
        assert (titled["total"], titled["next_after"]) == (1, None)

    with serving_here(weather_data):
        spoken(weather_data, talk, mode=PRESENT)


@pytest.mark.parametrize("ending", ["end of input", "signal"])
def test_standard_output_carries_the_protocol_alone_and_the_end_is_clean(tmp_path: Path, ending: str) -> None:
    with subprocess.Popen(
        [FOOTNOTE, "mcp"],
        env=environment(tmp_path / "data"),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        client = {"name": "test", "version": "1"}
        hello = message("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        process.stdin.write(f"{hello}\nno message\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "footnote"
        if ending == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.write(message("tools/call", name="ask", arguments={"question": HOW_MUCH_RAIN}) + "\n")
            process.stdin.flush()
            result = json.loads(process.stdout.readline())["result"]
            # Nothing is indexed, and the model that asked is told so.
            assert result["isError"]
            assert "footnote index" in result["content"][0]["text"]
            process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read() == ""
        assert "Traceback" not in process.stderr.read()
