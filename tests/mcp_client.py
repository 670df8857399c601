"""The official client of the Model Context Protocol, for tests: one connection, and calls of tools."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

HANDSHAKE, PRESENT = "legacy", "auto"
"""The two ways in which clients connect: with a handshake, as up to 2025, or without."""
PATIENCE = 60.0


@asynccontextmanager
async def connected(url: str, *, key: str | None = None, mode: str = HANDSHAKE) -> AsyncIterator[Client]:
    """Connect to `/mcp` of a service."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=PATIENCE) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    """Call a tool."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    return result


async def found(client: Client, tool: str, **arguments: Any) -> Any:
    """Call a tool that must not fail, and return its structured result. The client checks it against the output schema."""
    result = await call(client, tool, **arguments)
    assert not result.is_error, words(result)
    assert words(result)
    return result.structured_content


def words(result: CallToolResult) -> str:
    """Return the text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def message(method: str, **params: Any) -> str:
    """Return one request of the protocol as it is sent."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
