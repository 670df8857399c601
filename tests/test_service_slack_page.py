"""The page that shows the bot's messages is what the blocks are now."""

from tests.service_fixtures import ROOT
from tests.slack_page import page


def test_the_page_of_messages_is_up_to_date() -> None:
    """Made by `python -m tests.slack_page > docs/slack.html`: look at it when it changes."""
    assert (ROOT / "docs" / "slack.html").read_text(encoding="utf-8") == page()


def test_hostile_text_is_only_text() -> None:
    hostile = page().split("<h2>Hostile text</h2>")[1].split("<h2>")[0]
    assert "&lt;!channel&gt;" in hostile
    assert 'evil.example"' not in hostile
    assert hostile.count("<a ") == 1
