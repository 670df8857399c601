"""What a request leaves behind: its id, its line in the log, its count; and who may read the counts."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.api.app import create_app
from service.auth.state import AuthState
from service.history.database import database_in
from service.monitoring.logs import set_up
from service.monitoring.metrics import Metrics, measuring_loop_delay
from tests.fake_assistant import FakeAssistant
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS, OWNER, TOKEN, problem

QUESTION = {"question": "What did they say about Project Nightjar?"}


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """The lines of the log as JSON, as a function."""
    set_up("json")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.reset_defaults()


def serve(auth_state: AuthState | None = None, *, host: str = "127.0.0.1", **settings: Any) -> TestClient:
    wanted = settings_for(Path("unused"), **settings)
    app = create_app(FakeAssistant(), settings=wanted, host=host, owner_token=TOKEN, auth_state=auth_state)
    return TestClient(app, base_url=ADDRESS)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return each value by its name and the values of its labels, in the order of these labels' names."""
    families = text_string_to_metric_families(text)
    return {
        (s.name, *(value for _, value in sorted(s.labels.items()))): s.value
        for family in families
        for s in family.samples
    }


def test_every_reply_carries_an_id_of_its_own() -> None:
    client = serve()
    paths = ["/", "/static/app.js", "/healthz", "/api/articles", "/nothing", "/api/status"]
    ids = [client.get(path).headers["x-request-id"] for path in paths] + [
        client.post("/api/ask", content=b"{").headers["x-request-id"],
        client.get("/", headers={"Via": "a proxy"}).headers["x-request-id"],
    ]
    assert all(re.fullmatch("[0-9a-f]{32}", request_id) for request_id in ids)
    assert len(set(ids)) == len(ids)


def test_the_id_that_a_proxy_gave_is_kept_if_it_can_be_one() -> None:
    client = serve()
    given = "01J8ZC3T-4.5_a"
    assert client.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"] == given
    for bad in ("short", "a" * 65, "with space in it", 'x"; rm -rf'):
        assert client.get("/healthz", headers={"X-Request-Id": bad}).headers["x-request-id"] != bad


def test_every_route_is_counted_under_its_path_in_the_documentation() -> None:
    client = serve()
    paths = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            client.request(method, path)
    counted = {key[1] for key in samples(client.get("/metrics").text) if key[0] == "footnote_requests_total"}
    assert {route.replace(":path}", "}") for route in counted} == {*paths, "other"}, "other is /openapi.json"


def test_a_request_is_one_line_with_its_id_and_without_the_question(lines: Any) -> None:
    client = serve()
    request_id = client.post("/api/ask", json=QUESTION).headers["x-request-id"]
    client.get("/api/articles/secret%20plans?version=sha256:1")
    asked, read = lines()
    assert asked["seconds"] >= 0
    kept = {name: asked[name] for name in ("request", "event", "method", "route", "status", "level")}
    assert kept == {
        "request": request_id,
        "event": "request",
        "method": "POST",
        "route": "/api/ask",
        "status": 200,
        "level": "info",
    }
    assert read["route"] == "/api/articles/{article_id:path}"
    assert "Nightjar" not in json.dumps([asked, read])
    assert "secret" not in json.dumps([asked, read])


def test_what_is_logged_for_a_request_carries_its_id(lines: Any) -> None:
    assistant = FakeAssistant()
    assistant.error = RuntimeError("a fault")
    client = TestClient(create_app(assistant, settings=settings_for(Path("unused"))), base_url=ADDRESS)
    first, second = (client.post("/api/ask", json=QUESTION).headers["x-request-id"] for _ in range(2))
    assert [(line["event"], line["request"]) for line in lines()] == [
        ("unexpected error", first),
        ("request", first),
        ("unexpected error", second),
        ("request", second),
    ]


def test_an_unexpected_fault_of_a_database_shows_no_values(lines: Any, tmp_path: Path) -> None:
    assistant = FakeAssistant()
    with database_in(tmp_path) as engine, engine.connect() as connection, pytest.raises(DBAPIError) as fault:
        connection.execute(text("SELECT :question FROM nowhere"), QUESTION)
    assistant.error = fault.value
    client = TestClient(create_app(assistant, settings=settings_for(Path("unused"))), base_url=ADDRESS)
    assert client.post("/api/ask", json=QUESTION).status_code == 500
    logged = json.dumps(lines())
    assert "nowhere" in logged
    assert "Nightjar" not in logged


def test_health_metrics_and_files_of_the_page_leave_no_line(lines: Any) -> None:
    client = serve()
    for path in ("/healthz", "/readyz", "/metrics", "/static/app.js", "/nothing"):
        client.get(path)
    assert lines() == []


def test_a_request_that_is_turned_away_leaves_its_status_and_path(lines: Any) -> None:
    client = serve(api_keys_required=True)
    client.get("/api/articles?publisher=Nightjar")
    client.get(f"/a%0Aforged%20line{'x' * 500}")
    client.post("/api/ask", content=b"x" * 1_000_001, headers=OWNER)
    serve().get("/readyz", headers={"Via": "a proxy"})
    told = lines()
    assert [(line["event"], line["method"], line["status"], line["path"][:24]) for line in told] == [
        ("request", "GET", 401, "/api/articles"),
        ("request", "GET", 401, "/a%0Aforged%20linexxxxxx"),
        ("request", "POST", 413, "/api/ask"),
        ("request", "GET", 403, "/readyz"),
    ]
    assert all(len(line["path"]) < 250 and len(line["request"]) == 32 for line in told)
    assert "Nightjar" not in json.dumps(told)


def test_requests_are_counted_by_route_and_status() -> None:
    client = serve()
    for path in ("/api/articles/a", "/api/articles/b/c", "/nothing", "/else", "/api/articles?limit=0"):
        client.get(path)
    client.post("/api/ask", json=QUESTION)
    reply = client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=")
    counted = {key[1:]: value for key, value in samples(reply.text).items() if key[0] == "footnote_requests_total"}
    assert counted == {
        ("/api/articles/{article_id:path}", "200"): 2,
        ("other", "404"): 2,
        ("/api/articles", "422"): 1,
        ("/api/ask", "200"): 1,
    }


def test_head_is_counted_and_logged_under_its_route(lines: Any) -> None:
    client = serve()
    assert client.head("/api/articles").status_code == 200
    assert ("footnote_requests_total", "/api/articles", "200") in samples(client.get("/metrics").text)
    assert [(line["method"], line["route"]) for line in lines()] == [("HEAD", "/api/articles")]


def test_metrics_know_the_size_of_the_index_and_the_process() -> None:
    seen = samples(serve().get("/metrics").text)
    assert (seen[("footnote_index_articles",)], seen[("footnote_index_passages",)]) == (1, 2)
    assert seen[("process_resident_memory_bytes",)] > 1_000_000


def test_metrics_of_two_services_in_one_process_are_apart() -> None:
    one, other = serve(), serve()
    one.get("/api/articles")
    assert ("footnote_requests_total", "/api/articles", "200") not in samples(other.get("/metrics").text)


def test_metrics_are_for_admins_where_others_can_come() -> None:
    for client in (serve(api_keys_required=True), serve(host="0.0.0.0")):
        problem(client.get("/metrics"), 401, "key-required")
        assert client.get("/metrics", headers=OWNER).status_code == 200
    client = serve(host="0.0.0.0", api_keys_required=False)
    problem(client.get("/metrics"), 403, "admin-only")
    assert client.get("/metrics", headers=OWNER).status_code == 200


def test_a_setting_opens_metrics_and_nothing_else() -> None:
    client = serve(api_keys_required=True, metrics_open=True)
    assert client.get("/metrics").status_code == 200
    problem(client.get("/api/status"), 401, "key-required")
    problem(client.get("/metrics/more"), 401, "key-required")


def test_the_delay_of_the_event_loop_is_measured() -> None:
    metrics = Metrics()

    async def stand_still() -> None:
        async with measuring_loop_delay(metrics):
            await anyio.sleep(0.15)
            time.sleep(0.3)  # as a fault would
            await anyio.sleep(0.15)

    anyio.run(stand_still)
    buckets = {
        sample.labels["le"]: sample.value
        for sample in next(iter(metrics.loop_delay.collect())).samples
        if sample.name.endswith("_bucket")
    }
    assert buckets["+Inf"] >= 2
    assert buckets["0.1"] < buckets["+Inf"]
