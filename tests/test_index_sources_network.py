"""Nothing that is fetched leads into a private network, whatever it is called, resolves to or redirects to."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.sources.fetching import Politeness, fetching
from index.sources.network import checked_addresses, is_public
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Failed, Limits
from tests.skipping import not_installed
from tests.web_server import Reply, WebServer, article_page, serving

PUBLIC_ONLY = Politeness(pause_seconds=0, timeout_seconds=2)

PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_told(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_what_it_leads_to(address: Any) -> None:
    number = int(address)
    wrapped = [
        f"::ffff:{address}",
        f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::",
    ]
    assert {is_public(one) for one in wrapped} == {is_public(str(address))}


HOSTS = [
    "127.0.0.1",
    "127.1",
    "0",
    "2130706433",
    "0x7f000001",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "169.254.169.254",
]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving() as web:
        web.replies["/"] = Reply(
            article_page("Rain", "It rained in Rome all day long, and nobody went out of the house.")
        )
        yield web


@pytest.mark.parametrize("host", HOSTS)
def test_this_machine_is_not_fetched_from_whatever_it_is_called(web: WebServer, host: str) -> None:
    port = web.address.rpartition(":")[2]
    (failed,) = read_articles(sources_from([f"http://{host}:{port}/"]), limits=Limits(), politeness=PUBLIC_ONLY)
    assert isinstance(failed, Failed)
    assert "which is not a public address. Set FOOTNOTE_FETCH_PRIVATE=true" in failed.error
    assert web.requests == []


def test_octal_is_no_address_at_all(web: WebServer) -> None:
    named = f"http://0177.0.0.1:{web.address.rpartition(':')[2]}/"
    (failed,) = read_articles(sources_from([named]), limits=Limits(), politeness=PUBLIC_ONLY)
    assert isinstance(failed, Failed)
    assert "has an address that cannot be fetched (Invalid IPv4 address: '0177.0.0.1')" in failed.error
    assert web.requests == []


Resolve = dict[str, list[list[str]]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """What names resolve to: the first list at first, then the next, the last one for ever. Others as always."""
    names: Resolve = {}
    resolve = socket.getaddrinfo

    def resolving(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in names:
            return resolve(host, port, *args, **kwargs)
        answers = names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    return names


def test_a_name_that_leads_to_this_machine_is_refused(web: WebServer, names: Resolve) -> None:
    names["news.example"] = [["127.0.0.1"]]
    port = web.address.rpartition(":")[2]
    with (
        fetching(PUBLIC_ONLY) as fetcher,
        pytest.raises(ArticleError, match=r"news\.example \(127\.0\.0\.1\), which is not"),
    ):
        fetcher.fetch(f"http://news.example:{port}/")
    assert web.requests == []


def test_one_private_address_among_public_ones_is_enough(names: Resolve) -> None:
    names["news.example"] = [["93.184.216.34", "10.0.0.7"]]
    with pytest.raises(ArticleError, match=r"10\.0\.0\.7"):
        checked_addresses("news.example", 80, private=False)


def test_a_connection_goes_to_the_address_that_was_checked(names: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves to something private as soon as it was checked gains nothing."""
    names["news.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    connected: list[Any] = []

    def connect(address: Any, *args: Any, **kwargs: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with fetching(PUBLIC_ONLY) as fetcher, pytest.raises(ArticleError, match="does not answer"):
        fetcher.fetch("http://news.example/")
    assert connected == [("93.184.216.34", 80)]


def test_a_redirect_into_the_network_is_refused(web: WebServer) -> None:
    """The first site may be fetched from here; the one that it redirects to may not."""
    with serving() as inner:
        inner.replies["/"] = Reply(b"secret")
        web.replies["/"] = Reply(status=302, headers={"Location": inner.address + "/"})
        with fetching(PUBLIC_ONLY) as fetcher:
            allowed = web.address.removeprefix("http://")
            original = fetcher.client._transport.handle_request

            def letting_the_first_in(request: Any) -> Any:
                fetcher.client._transport._private = request.url.netloc.decode() == allowed  # type: ignore[attr-defined]
                return original(request)

            fetcher.client._transport.handle_request = letting_the_first_in  # type: ignore[method-assign]
            with pytest.raises(ArticleError, match="which is not a public address"):
                fetcher.fetch(web.address + "/")
        assert web.paths == ["/"]
        assert inner.requests == []


def test_the_host_stays_in_the_header(web: WebServer, names: Resolve) -> None:
    names["news.example"] = [["127.0.0.1"]]
    port = web.address.rpartition(":")[2]
    with fetching(Politeness(private=True, pause_seconds=0)) as fetcher:
        fetched = fetcher.fetch(f"http://news.example:{port}/")
    assert b"It rained" in fetched.content
    assert fetched.address == f"http://news.example:{port}/"
    assert {headers["Host"] for _, headers in web.requests} == {f"news.example:{port}"}


def test_the_next_address_is_tried_where_the_first_is_dead(web: WebServer, names: Resolve) -> None:
    names["news.example"] = [["::1", "127.0.0.1"]]
    port = web.address.rpartition(":")[2]
    with fetching(Politeness(private=True, pause_seconds=0)) as fetcher:
        assert b"It rained" in fetcher.fetch(f"http://news.example:{port}/").content


def test_a_name_that_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    with pytest.raises(ArticleError, match=r"is at nowhere\.example, which has no address"):
        checked_addresses("nowhere.example", 80, private=False)


@pytest.mark.skipif(shutil.which("openssl") is None, reason=not_installed("openssl"))
def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(
    tmp_path: Path, names: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made_for = ["-subj", "/CN=news.example", "-addext", "subjectAltName=DNS:news.example"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([*command, *made_for], check=True, capture_output=True)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    trusted = partial(httpx.HTTPTransport, verify=ssl.create_default_context(cafile=str(certificate)))
    monkeypatch.setattr(httpx, "HTTPTransport", trusted)
    names |= {"news.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
    with serving(tls=served) as web, fetching(Politeness(private=True, pause_seconds=0, timeout_seconds=60)) as fetcher:
        web.replies["/"] = Reply(b"Hello.")
        port = web.address.rpartition(":")[2]
        assert fetcher.fetch(f"https://news.example:{port}/").content == b"Hello."
        with pytest.raises(ArticleError, match=r"certificate is not valid for 'other\.example'"):
            fetcher.fetch(f"https://other.example:{port}/")
