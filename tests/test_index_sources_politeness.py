"""Sites are fetched from politely: robots, pauses, what a site asks for, and who asks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from index.errors import ArticleError
from index.sources.fetching import Fetcher, PageGone, Politeness, fetching
from index.sources.source_types import Failed
from tests.web_fixtures import FAST, RAIN, SNOW, errors, ids, read
from tests.web_server import Reply, WebServer, article_page, serving


def polite_fetcher(politeness: Politeness, waits: list[float]) -> Iterator[Fetcher]:
    with fetching(politeness) as fetcher:
        fetcher.wait = waits.append
        yield fetcher


def test_robots_are_honoured(web: WebServer) -> None:
    web.replies |= {
        "/robots.txt": Reply(
            b"User-agent: *\nDisallow: /private/\n\nUser-agent: Footnote\nDisallow: /*?print", "text/plain"
        ),
        "/rain": Reply(article_page("Rain", RAIN)),
        "/private/snow": Reply(article_page("Snow", SNOW)),
        "/rain?print=1": Reply(article_page("Rain", RAIN)),
    }
    readings = read(*(web.address + path for path in ("/rain", "/rain?print=1", "/private/snow")))
    assert ids(readings) == [web.address + "/rain", web.address + "/private/snow"]
    (error,) = errors(readings).values()
    assert error == f"may not be fetched: {web.address}/robots.txt disallows it. Ask the site's owner."
    assert [path for path, _ in web.requests].count("/robots.txt") == 1


def test_where_robots_cannot_be_had_nothing_is_fetched(web: WebServer) -> None:
    web.replies |= {"/robots.txt": Reply(status=503), "/rain": Reply(article_page("Rain", RAIN))}
    (failed,) = read(web.address + "/rain")
    assert isinstance(failed, Failed)
    assert "not known what the site allows" in failed.error
    assert web.paths == []


def test_a_redirect_asks_the_robots_of_its_site(web: WebServer) -> None:
    with serving() as other:
        web.replies["/a"] = Reply(status=302, headers={"Location": other.address + "/b"})
        other.replies |= {
            "/robots.txt": Reply(b"User-agent: *\nDisallow: /", "text/plain"),
            "/b": Reply(article_page("Rain", RAIN)),
        }
        (failed,) = read(web.address + "/a")
        assert isinstance(failed, Failed)
        assert "disallows it" in failed.error
        assert other.paths == []


def test_a_pause_is_kept_between_requests_to_a_site(web: WebServer) -> None:
    web.replies |= {
        "/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 7\n", "text/plain"),
        "/a": Reply(),
        "/b": Reply(),
    }
    waits: list[float] = []
    for fetcher in polite_fetcher(Politeness(private=True, pause_seconds=2), waits):
        fetcher.fetch(web.address + "/a")
        fetcher.fetch(web.address + "/b")
    assert [round(seconds) for seconds in waits] == [2, 7]


@pytest.mark.parametrize("written", ["3", None])
def test_retry_after_is_honoured_once(web: WebServer, written: str | None) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3.5), usegmt=True)
    busy = Reply(status=503, headers={"Retry-After": written or later})
    answers = iter([busy, Reply(article_page("Rain", RAIN)), busy, busy])
    web.replies["/rain"] = lambda: next(answers)
    waits: list[float] = []
    for fetcher in polite_fetcher(FAST, waits):
        assert RAIN.encode() in fetcher.fetch(web.address + "/rain").content
        assert len(waits) == 1
        assert 2 <= waits[0] <= 4
        with pytest.raises(ArticleError, match="answers 503"):
            fetcher.fetch(web.address + "/rain")
    assert len(web.paths) == 4


def test_a_site_that_wants_hours_is_left_alone(web: WebServer) -> None:
    web.replies["/a"] = Reply(status=429, headers={"Retry-After": "7200"})
    waits: list[float] = []
    for fetcher in polite_fetcher(FAST, waits):
        with pytest.raises(ArticleError, match="answers 429"):
            fetcher.fetch(web.address + "/a")
    assert (waits, web.paths) == ([], ["/a"])


def test_sites_are_told_who_asks(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    read(
        web.address + "/rain",
        politeness=Politeness(private=True, pause_seconds=0, user_agent="Footnote (me@example.org)"),
    )
    assert {headers["User-Agent"] for _, headers in web.requests} == {"Footnote (me@example.org)"}


def test_gone_is_told_from_broken(web: WebServer) -> None:
    web.replies["/broken"] = Reply(status=500)
    with fetching(FAST) as fetcher:
        with pytest.raises(PageGone):
            fetcher.fetch(web.address + "/gone")
        with pytest.raises(ArticleError) as caught:
            fetcher.fetch(web.address + "/broken")
    assert not isinstance(caught.value, PageGone)
