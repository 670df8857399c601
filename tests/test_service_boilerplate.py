"""Lines that are no part of what an article says are told from its sentences."""

import pytest

from service.answer.boilerplate import is_boilerplate


@pytest.mark.parametrize(
    "line",
    [
        "Related:Canadian, German AI Startups Join Forces",
        "RELATED STORIES:",
        "Inquire to Join our Government Edition Newsletter",
        "Sign up for our newsletter",
        "Subscribe now",
        "4. Read more about reactors",
        "Source: https://example.org/a",
        "Photo: Ann Lee",
        "Share this article",
        "© 2026 The Paper",
    ],
)
def test_calls_links_and_credits_are_boilerplate(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "sentence",
    [
        "Related work is discussed below.",
        "Share prices fell on Monday.",
        "Technology companies sign up for reactors.",
        "Newsletter sales rose by 5 percent.",
        "Copyright law is older than that.",
        "Subscribe" + " and subscribe" * 20,
        "",
    ],
)
def test_sentences_are_none(sentence: str) -> None:
    assert not is_boilerplate(sentence)
