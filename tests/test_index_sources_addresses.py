"""One address for each page, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.sources.addresses import clean_address, is_address

CLEANED = {
    "HTTP://Example.COM:80/A": "http://example.com/A",
    "https://example.com:443": "https://example.com/",
    "https://example.com:8443/a": "https://example.com:8443/a",
    "https://example.com./a": "https://example.com/a",
    "https://example.com/a#b": "https://example.com/a",
    "https://example.com/a/./b/../c/": "https://example.com/a/c/",
    "https://example.com/../a": "https://example.com/a",
    "https://example.com/a/..": "https://example.com/",
    "https://example.com/a//b": "https://example.com/a//b",
    "https://example.com/a b": "https://example.com/a%20b",
    "https://example.com/\u00e4?q=\u00e4": "https://example.com/%C3%A4?q=%C3%A4",
    "https://example.com/%C3%A4": "https://example.com/%C3%A4",
    "https://ex\u00e4mple.com/": "https://xn--exmple-cua.com/",
    "https://example.com/?b=2&a=1": "https://example.com/?b=2&a=1",
    "https://example.com/?utm_source=x&id=7&fbclid=y": "https://example.com/?id=7",
    "https://example.com/?utm_source": "https://example.com/",
    "http://[::1]:80/a": "http://[::1]/a",
    "  https://example.com/a\n": "https://example.com/a",
}


@pytest.mark.parametrize(("written", "cleaned"), CLEANED.items())
def test_an_address_is_written_in_one_way(written: str, cleaned: str) -> None:
    assert clean_address(written) == cleaned


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("ftp://example.com/", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("example.com/a", "only http and https"),
        ("https:///a", "has no host"),
        ("https://", "has no host"),
        ("https://me:secret@example.com/", "Remove them"),
        ("https://me@example.com/", "Remove them"),
        ("https://example.com:99999/", "is not an address"),
        ("https://[::1/", "is not an address"),
        ("https://\u00e4..com/", "has an invalid host"),
    ],
)
def test_what_may_not_be_fetched_is_refused(written: str, message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        clean_address(written)


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ArticleError) as caught:
        clean_address("https://me:secret@example.com/")
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_cleaning_is_done_once_and_for_all(rest: str) -> None:
    try:
        cleaned = clean_address("https://example.com/" + rest)
    except ArticleError:
        return
    assert clean_address(cleaned) == cleaned
    assert cleaned.isascii()
    assert is_address(cleaned)


def test_paths_are_no_addresses() -> None:
    assert not any(map(is_address, ["a.md", "/http://", "http:/x", "mailto:a@b", "ftp://a"]))
    assert is_address("HTTPS://x")
