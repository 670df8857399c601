"""Damaged requests to every route: each gets a reply, and none is an error of the server."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.api.app import create_app
from tests.fuzzing import HARD, damaged, moments
from tests.http_server import serving_app
from tests.service_fixtures import assistant_over, index_into, settings_for, write

TOKEN = "the-owner's-token"
# What would read, write or delete whatever lies under a made-up path.
NOT_TRIED = {"/api/index", "/api/rebuild", "/api/backup", "/api/delete"}
BODIES: list[dict[str, Any]] = [
    {
        "question": "How much did it rain?",
        "history": [{"role": "user", "text": "Hello"}],
        "filters": {"publishers": ["x"]},
    },
    {"question": "How much did it rain?", "stream": True, "as_of": "2026-04-24", "conversation_id": "conv_x"},
    {
        "model": "footnote",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Rain?"}],
    },
    {
        "model": "footnote",
        "stream": True,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Rain?"}]}],
    },
    {"answer_id": "ans_x", "rating": "up", "comment": "Thanks"},
    {"shared": True, "limit": 3},
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The address of a service over one article, and its operations."""
    place = tmp_path_factory.mktemp("fuzz")
    chosen = settings_for(place / "data")
    with assistant_over(chosen, with_history=True) as assistant:
        index_into(assistant, write(place / "articles", {"rain.md": "# Rain\n\nIt rained for 40 days. The Elbe rose."}))
        app = create_app(assistant, settings=chosen, owner_token=TOKEN)
        with serving_app(app) as url:
            paths = httpx.get(f"{url}/openapi.json").json()["paths"]
            yield url, [(path, way) for path, ways in paths.items() if path not in NOT_TRIED for way in ways]


@pytest.mark.soak
def test_no_damaged_request_is_an_error_of_the_server(service: tuple[str, list[tuple[str, str]]]) -> None:
    url, operations = service
    seen: Counter[int] = Counter()
    with httpx.Client(base_url=url, timeout=120) as http:
        for number, chance in enumerate(moments(seed=1)):
            path, way = chance.choice(operations)
            hard = chance.choice(HARD) * chance.choice([1, 50, 400])
            part = "".join(f"%{byte:02x}" for byte in hard.encode("utf-8", "replace")[:1_500])
            body = json.dumps(chance.choice(BODIES) | ({"question": hard} if chance.random() < 0.2 else {})).encode()
            headers = {
                "Content-Type": chance.choice(["application/json", "application/json", "text/plain", "a/b;charset=x"])
            }
            if chance.random() < 0.5:
                headers["Authorization"] = f"Bearer {TOKEN}" if chance.random() < 0.5 else "Bearer \x7f"
            reply = http.request(
                way,
                path.replace("{", "").replace("}", "") if chance.random() < 0.3 else _filled(path, part),
                params={"limit": chance.choice(["1", "-1", "x"]), "version": part[:40]}
                if chance.random() < 0.3
                else None,
                content=damaged(body, chance) if chance.random() < 0.8 else body,
                headers=headers,
            )
            seen[reply.status_code] += 1
            # 503: the fuzzer may ask more than one person's share at once.
            assert reply.status_code < 500 or reply.status_code == 503, (
                number,
                way,
                path,
                reply.status_code,
                reply.text,
            )
            assert "Traceback" not in reply.text, (number, way, path)
        assert http.get("/healthz").status_code == 200
    assert seen[200]
    assert seen[422]
    print(sum(seen.values()), "requests:", dict(seen))


def _filled(path: str, part: str) -> str:
    before, brace, rest = path.partition("{")
    return before + part + rest.partition("}")[2] if brace else path
