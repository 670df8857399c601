"""robots.txt as RFC 9309 and the sites that write it mean it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.robots import robots_from

SITE = "https://example.com"


def allowed(text: str, path: str) -> bool:
    return robots_from(text, agent="footnote").allows(SITE + path)


CASES = [
    ("", "/a", True),
    ("User-agent: *\nDisallow: /", "/", False),
    ("User-agent: *\nDisallow:", "/a", True),
    ("User-agent: *\nDisallow: /a", "/abc", False),
    ("User-agent: *\nDisallow: /a/", "/a", True),
    ("User-agent: *\nDisallow: /\nAllow: /public/", "/public/x", True),
    ("User-agent: *\nAllow: /public/\nDisallow: /", "/private", False),
    ("User-agent: *\nAllow: /page\nDisallow: /page", "/page", True),
    ("User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", False),
    ("User-agent: *\nDisallow: /*?print", "/a/b?print=1", False),
    ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
    ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x=1", True),
    ("User-agent: *\nDisallow: /a$", "/a", False),
    ("User-agent: *\nDisallow: /a$", "/ab", True),
    ("User-agent: *\nDisallow: /a*a$", "/a", True),
    ("User-agent: *\nDisallow: /caf%C3%A9", "/caf%c3%a9/x", False),
    ("User-agent: *\nDisallow: /caf\u00e9", "/caf%C3%A9/x", False),
    ("User-agent: Footnote\nDisallow: /\n\nUser-agent: *\nDisallow:", "/a", False),
    ("User-agent: *\nDisallow: /\n\nUser-agent: footnote/2.0\nDisallow: /b", "/a", True),
    ("User-agent: other\nUser-agent: footnote\nDisallow: /", "/a", False),
    ("User-agent: other\nDisallow: /", "/a", True),
    ("User-agent: footnote\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: Footnote\nDisallow: /b", "/b", False),
    ("\ufeffUSER-AGENT : * # all\n disallow : /a # this\nSitemap: https://x/\n", "/a", False),
    ("Disallow: /\nUser-agent: *\nDisallow: /b", "/a", True),
]


@pytest.mark.parametrize(("text", "path", "expected"), CASES)
def test_rules(text: str, path: str, expected: bool) -> None:
    assert allowed(text, path) is expected


def test_the_delay_is_read_and_bounded() -> None:
    assert robots_from("User-agent: *\nCrawl-delay: 2.5", agent="footnote").delay == 2.5
    assert robots_from("User-agent: *\nCrawl-delay: 86400", agent="footnote").delay == 30
    assert robots_from("User-agent: *\nCrawl-delay: soon", agent="footnote").delay == 0


@given(st.text(max_size=200), st.text(max_size=40))
def test_anything_can_be_read(text: str, path: str) -> None:
    assert allowed(text, "/" + path) in {True, False}


def test_no_pattern_takes_long() -> None:
    assert allowed("User-agent: *\nDisallow: /" + "*a" * 5_000 + "b$", "/" + "a" * 100_000)
