"""`/mcp` and `footnote mcp` as the TypeScript client of the Model Context Protocol reads them, which editors are built on."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli_fixtures import FOOTNOTE, HOW_MUCH_RAIN, PATIENCE, RAIN, environment
from tests.skipping import not_installed
from tests.test_service_mcp import TOWER, Place, place
from tests.test_service_mcp_stdio import serving_here

__all__ = ["place"]  # a fixture

CLIENT = Path(__file__).parent / "typescript_mcp.mjs"
SDK = CLIENT.parent.parent / "node_modules" / "@modelcontextprotocol" / "sdk"
pytestmark = pytest.mark.skipif(
    not shutil.which("node") or not SDK.is_dir(),
    reason=not_installed("Another client of the Model Context Protocol (Node.js with its TypeScript SDK)"),
)


def spoken(*arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Let the client connect, ask and read, and return what came."""
    done = subprocess.run(["node", CLIENT, *arguments], env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def check_exact(came: dict[str, Any]) -> None:
    assert {"ask", "search", "get_article", "list_articles"} <= set(came["tools"])
    answer, article = came["answer"]["structuredContent"], came["article"]["structuredContent"]
    cited = answer["citations"][0]
    assert answer["status"] == "answered"
    assert article["text"][cited["start"] : cited["end"]] == cited["quote"]
    assert answer["text"] in came["answer"]["content"][0]["text"]
    assert came["progress"][0] == "Searching the articles"
    assert came["contents"][0]["uri"] == came["resources"][0]["uri"]
    assert came["contents"][0]["text"]


def test_over_http_with_a_key(place: Place) -> None:
    check_exact(spoken(TOWER, "http", place.url, place.keys["alice"]))


def test_what_is_private_is_not_there_for_others(place: Place) -> None:
    alice, bob = (spoken(TOWER, "http", place.url, place.keys[name]) for name in ("alice", "bob"))
    assert {one["uri"] for one in bob["resources"]} < {one["uri"] for one in alice["resources"]}


def test_over_standard_input_and_output(weather_data: Path) -> None:
    with serving_here(weather_data):
        came = spoken(HOW_MUCH_RAIN, "stdio", str(FOOTNOTE), env=environment(weather_data))
    check_exact(came)
    assert came["answer"]["structuredContent"]["citations"][0]["quote"] in RAIN
