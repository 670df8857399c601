"""Footnote behind nginx and Caddy, run with the configuration that ships. Skipped where a proxy is not installed."""

import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key
from tests.fake_assistant import FakeAssistant, answered, citation, streamed
from tests.http_server import serving_app
from tests.llm_server import free_port
from tests.service_fixtures import settings_for
from tests.skipping import not_installed
from tests.test_service_streaming import PATIENCE, events_of

DEPLOY = Path(__file__).parents[1] / "deploy"
NAME = "footnote.example.com"
WHOLE = answered("It rained.", "Ferries stopped.", citations=[citation(1), citation(2, "ferries")])
STREAM = {"question": "Why?", "stream": True}
PROGRAMS = "/usr/local/bin:/usr/bin:/usr/sbin"
Command = Callable[[Path, str, int], list[str]]


@dataclass(frozen=True)
class Seen:
    """A request as it came to Footnote."""

    path: str
    headers: dict[str, str]


class Recording:
    """Passes requests on, and remembers them."""

    def __init__(self, app: ASGIApp, *, requests: list[Seen]) -> None:
        self.app = app
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.requests.append(Seen(scope["path"], headers))
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Place:
    """A service behind a proxy: `http` reaches it as people do, with the key of an admin."""

    http: httpx.Client
    assistant: FakeAssistant
    requests: list[Seen]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Change every one of these places of a configuration, which must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx(folder: Path, upstream: str, port: int) -> list[str]:
    return run_nginx(folder, nginx_site(folder, upstream, port))


def nginx_site(folder: Path, upstream: str, port: int) -> str:
    return changed(
        (DEPLOY / "nginx.conf").read_text(),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/footnote.example.com.pem", str(folder / "certificate.pem")),
        ("/etc/ssl/private/footnote.example.com.key", str(folder / "key.pem")),
        ("http://127.0.0.1:8000", upstream),
    )


def run_nginx(folder: Path, site: str) -> list[str]:
    """Write a configuration with this site, and return the command that runs it."""
    temporary = "".join(
        f"{name}_temp_path {folder};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = (
        f"daemon off; master_process off; pid {folder}/pid; events {{}}\nhttp {{ access_log off; {temporary} {site} }}"
    )
    (folder / "nginx.conf").write_text(around)
    return ["nginx", "-c", f"{folder}/nginx.conf", "-p", str(folder), "-e", f"{folder}/error.log"]


def caddy(folder: Path, upstream: str, port: int) -> list[str]:
    site = changed(
        (DEPLOY / "Caddyfile").read_text(),
        (f"\n{NAME} {{\n", f"\n{NAME}:{port} {{\n{certificate(folder)}"),
        ("127.0.0.1:8000 {", f"{upstream} {{"),
    )
    return run_caddy(folder, site)


def certificate(folder: Path) -> str:
    return f"\tbind 127.0.0.1\n\ttls {folder}/certificate.pem {folder}/key.pem\n"


def run_caddy(folder: Path, site: str) -> list[str]:
    """Write a configuration for the Caddy of this machine, and return the command that runs it."""
    version = subprocess.run(["caddy", "version"], check=True, capture_output=True, text=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < (2, 6, 4):  # that of Debian 12
        site = site.replace("request_buffers 2MB", "buffer_requests")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + site)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]


@pytest.fixture(scope="module", params=[nginx, caddy], ids=lambda command: str(command.__name__))
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    tmp_path = tmp_path_factory.mktemp("proxy")
    skip_without(request.param.__name__)
    database = opened_database(tmp_path / "data")
    key = add_key(database, "boss", admin=True)
    assistant = FakeAssistant()
    settings = settings_for(
        tmp_path, api_keys_required=True, public_url=f"https://{NAME}", metrics_open=True, keep_days=0
    )
    app = create_app(assistant, settings=settings, auth_state=AuthState(token_lookups=(ApiKeys(database).asker,)))
    requests: list[Seen] = []
    app.add_middleware(Recording, requests=requests)
    with serving_app(app) as upstream, behind(request.param, tmp_path, upstream) as http:
        http.headers["Authorization"] = f"Bearer {key}"
        yield Place(http, assistant, requests)
    database.dispose()


def skip_without(proxy: str) -> None:
    if shutil.which(proxy, path=PROGRAMS) is None:
        pytest.skip(not_installed(proxy))


@pytest.fixture
def place(running: Place) -> Place:
    """The service behind a proxy, asked nothing yet."""
    FakeAssistant.__init__(running.assistant)
    return running


@contextmanager
def behind(command: Command, folder: Path, upstream: str) -> Iterator[httpx.Client]:
    """Run a proxy in front of an address, and give a client that trusts its certificate."""
    certify(folder)
    port = free_port()
    trust = ssl.create_default_context(cafile=folder / "certificate.pem")
    log = (folder / "log").open("w")
    environment = {"PATH": PROGRAMS, "HOME": str(folder)}
    with (
        subprocess.Popen(command(folder, upstream, port), stdout=log, stderr=log, env=environment) as proxy,
        httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            headers={"Host": f"{NAME}"},
            verify=trust,
            timeout=PATIENCE,
            trust_env=False,
        ) as http,
        log,
    ):
        try:
            wait_for(http, lambda: proxy.poll() is None, folder / "log")
            yield http
        finally:
            proxy.terminate()
            proxy.wait(PATIENCE)


def wait_for(http: httpx.Client, alive: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            assert request(http, "GET", "/healthz").status_code < 500
            return
        except httpx.TransportError:
            assert alive(), log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def request(http: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    return http.request(method, path, extensions={"sni_hostname": NAME}, **more)


def certify(folder: Path) -> None:
    """Write a certificate for the name and for this machine, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    here = x509.IPAddress(IPv4Address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def test_each_sentence_comes_through_when_it_is_made(place: Place) -> None:
    go_on = threading.Event()
    hits, first, second, whole = streamed(WHOLE)
    place.assistant.steps = [hits, first, lambda: go_on.wait(PATIENCE), second, whole]
    with place.http.stream("POST", "/api/ask", json=STREAM, extensions={"sni_hostname": NAME}) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith("event: sentence"))
        assert not go_on.is_set()
        go_on.set()
        assert [line for line in lines if line.startswith("event:")] == ["event: sentence", "event: answer"]


def test_whoever_hangs_up_stops_the_work(place: Place) -> None:
    hits, first, second, whole = streamed(WHOLE)
    gone = threading.Event()
    slowly: list[Any] = [second, lambda: time.sleep(0.05)] * 500
    place.assistant.steps = [hits, first, lambda: gone.wait(PATIENCE), *slowly, whole]
    with place.http.stream("POST", "/api/ask", json=STREAM, extensions={"sni_hostname": NAME}) as response:
        assert next(line for line in response.iter_lines() if line.startswith("event: sentence"))
    gone.set()
    assert place.assistant.closed.wait(PATIENCE)
    assert place.assistant.made < len(place.assistant.steps)


def test_a_whole_answer_and_its_headers_come_through(place: Place) -> None:
    place.assistant.steps = [*streamed(WHOLE)]
    origin = {"Origin": f"https://{NAME}"}
    response = request(place.http, "POST", "/api/ask", json={"question": "Why?"}, headers=origin)
    assert response.json()["text"] == WHOLE.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    seen = place.requests[-1].headers
    assert seen["host"] == NAME
    assert seen["x-forwarded-proto"] == "https"
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


def test_a_page_of_another_site_may_not_ask(place: Place) -> None:
    response = request(place.http, "POST", "/api/ask", json=STREAM, headers={"Origin": "https://evil.example"})
    assert (response.status_code, response.json()["type"]) == (403, "/problems/foreign-origin")


def test_without_a_key_nothing_is_said(place: Place) -> None:
    request_without = place.http.build_request("GET", "/api/articles", extensions={"sni_hostname": NAME})
    del request_without.headers["Authorization"]
    response = place.http.send(request_without)
    assert (response.status_code, response.json()["type"]) == (401, "/problems/key-required")


def test_nobody_passes_for_another_address(place: Place) -> None:
    spoofed = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http", "X-Real-IP": "10.0.0.1"}
    assert request(place.http, "GET", "/api/articles", headers=spoofed).status_code == 200
    seen = place.requests[-1].headers
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "https")


@pytest.mark.parametrize("path", ["/metrics", "/metrics?all", "/%6detrics", "//metrics", "/./metrics", "/METRICS"])
def test_metrics_are_not_for_the_outside(place: Place, path: str) -> None:
    response = request(place.http, "GET", f"{str(place.http.base_url).rstrip('/')}{path}")
    assert response.status_code == 404
    assert "footnote_answers" not in response.text


def test_too_large_a_request_is_refused(place: Place) -> None:
    body = b'{"question": "' + b"x" * 1_000_000 + b'"}'
    response = request(place.http, "POST", "/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert place.assistant.called == ()


def test_a_request_of_slack_keeps_its_signature(place: Place) -> None:
    signed = {"X-Slack-Signature": "v0=abc", "X-Slack-Request-Timestamp": "1800000000"}
    request(place.http, "POST", "/slack/events", content="{ }", headers=signed)
    seen = place.requests[-1]
    assert (seen.path, seen.headers["content-length"]) == ("/slack/events", "3")
    assert signed.items() <= {name.title(): value for name, value in seen.headers.items()}.items()


def test_answers_that_come_at_once_come_whole(place: Place) -> None:
    for _ in range(200):
        response = request(place.http, "POST", "/api/ask", content="{ }", headers={"Content-Type": "application/json"})
        assert response.json()["type"] == "/problems/request-invalid"


def test_addresses_of_articles_with_odd_signs_come_through(place: Place) -> None:
    assert request(place.http, "GET", "/api/articles/reports/2026/Q1%20%231%3F.v2").status_code == 200
    assert place.assistant.called[:2] == ("article", "reports/2026/Q1 #1?.v2")


def test_a_long_stream_comes_through_whole(place: Place) -> None:
    long = answered("word " * 100_000)
    place.assistant.steps = [*streamed(long)]
    events = events_of(request(place.http, "POST", "/api/ask", json=STREAM).text)
    assert events[-1][0] == "answer"
    assert events[-1][1]["text"] == long.text
