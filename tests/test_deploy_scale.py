"""Caddy in front of two nodes, with the configuration that ships, and a Chroma server behind a path of a proxy."""

import re
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import SecretStr

from index.errors import StoreUnavailable
from index.records import EVERYTHING
from index.stores.chroma import ChromaServer, ServerCollection
from index.stores.vectors import VectorStore
from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import database_in
from service.history.keys import add_key
from service.schemas.api import SearchRequest
from tests.fake_assistant import FakeAssistant
from tests.history_assistant import HEIGHT, TOWER
from tests.http_server import serving_app
from tests.servers import ChromaProcess
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_deploy_proxies import (
    DEPLOY,
    NAME,
    PROGRAMS,
    Command,
    behind,
    certificate,
    changed,
    request,
    run_caddy,
    run_nginx,
    skip_without,
)

ROOT = Path(__file__).parents[1]
TOKEN = "for-chroma"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def scale(folder: Path, upstreams: str, port: int) -> list[str]:
    site = changed(
        (DEPLOY / "Caddyfile.scale").read_text(),
        ("{$SITE:localhost} {\n", f"{NAME}:{port} {{\n{certificate(folder)}"),
        ("node1:8000 node2:8000", upstreams),
        ("@owned node1:8000", f"@owned {upstreams.split()[0]}"),
    )
    return run_caddy(folder, site)


def documented(language: str) -> str:
    """The configuration of a proxy in front of Chroma, from the documentation."""
    found = re.search(rf"```{language}\n(# Chroma.*?)```", OPERATIONS, re.DOTALL)
    assert found
    return changed(found[1], ("127.0.0.1:8001", "UPSTREAM"), ("TOKEN", TOKEN))


def chroma_behind_nginx(folder: Path, upstream: str, port: int) -> list[str]:
    location = documented("nginx").replace("UPSTREAM", upstream)
    keys = f"ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;"
    return run_nginx(folder, f"server {{ listen 127.0.0.1:{port} ssl; {keys}\n{location} }}")


def chroma_behind_caddy(folder: Path, upstream: str, port: int) -> list[str]:
    site = documented("caddyfile").replace("UPSTREAM", upstream)
    return run_caddy(folder, f"https://127.0.0.1:{port} {{\n{certificate(folder)}{site}}}\n")


def test_caddy_takes_the_file_that_ships(tmp_path: Path) -> None:
    skip_without("caddy")
    run_caddy(tmp_path, (DEPLOY / "Caddyfile.scale").read_text())
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", f"{tmp_path}/Caddyfile"]
    environment = {"PATH": PROGRAMS, "HOME": str(tmp_path), "SITE": NAME}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_two_nodes_behind_caddy_answer_and_one_goes_on_alone(tmp_path: Path) -> None:
    skip_without("caddy")
    settings = settings_for(tmp_path, public_url=f"https://{NAME}", api_keys_required=True, keep_days=0)
    nodes = [FakeAssistant(), FakeAssistant()]
    with ExitStack() as staying, ExitStack() as leaving:
        database = staying.enter_context(database_in(tmp_path / "data"))
        state = AuthState(token_lookups=(ApiKeys(database).asker,))
        apps = [create_app(node, settings=settings, auth_state=state) for node in nodes]
        urls = [stack.enter_context(serving_app(app)) for stack, app in zip((leaving, staying), apps, strict=True)]
        for url in urls:  # FastAPI builds an app at its first request, and two at once disturb each other's warnings
            assert httpx.get(f"{url}/healthz").status_code == 200
        http = staying.enter_context(behind(scale, tmp_path, " ".join(urls)))
        http.headers["Authorization"] = f"Bearer {add_key(database, 'boss', admin=True)}"

        def ask() -> int:
            return request(http, "POST", "/api/ask", json={"question": "Why?"}).status_code

        # Of the nodes with the fewest requests, Caddy takes one by chance.
        assert [ask() for _ in range(30)] == [200] * 30
        assert all("ask" in [call[0] for call in node.calls] for node in nodes)
        assert request(http, "GET", "/metrics").status_code == 404
        for _ in range(4):
            assert request(http, "POST", "/api/delete", json={"article_ids": ["a"]}).status_code == 204
        assert [[call[0] for call in node.calls].count("delete") for node in nodes] == [4, 0]
        leaving.close()
        assert [ask() for _ in range(8)] == [200] * 8


@pytest.mark.parametrize("proxy", [chroma_behind_nginx, chroma_behind_caddy], ids=["nginx", "caddy"])
def test_chroma_is_reached_behind_a_path_of_a_proxy_with_a_token(
    proxy: Command, chroma: ChromaProcess, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without(proxy.__name__.rpartition("_")[2])
    with behind(proxy, tmp_path, chroma.url.removeprefix("http://")) as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        url = f"{http.base_url}/chroma"
        settings = settings_for(place / "data", chroma_url=url, chroma_token=SecretStr(TOKEN))
        with assistant_over(settings) as assistant:
            assert index_into(assistant, write(place / "articles", {"tower.md": TOWER})).added == 1
            hits = assistant.search(SearchRequest(question=HEIGHT), EVERYTHING).hits
            assert hits[0].article_id == "tower"
        server = ChromaServer(url, {"Authorization": f"Bearer {TOKEN}"})
        with closing(VectorStore(ServerCollection(server, f"many-{proxy.__name__}"))) as store:
            many = np.eye(2_000, 384, dtype=np.float32)  # as many at once as the index writes: 4 MB
            store.add([str(number) for number in range(2_000)], many)
            assert store.count() == 2_000
        stranger = settings.model_copy(update={"chroma_token": SecretStr("wrong")})
        with pytest.raises(StoreUnavailable, match="401"), assistant_over(stranger):
            pass
