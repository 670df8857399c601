"""Words of articles, models and people in Slack: shown as they are, and doing nothing."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.slack.text import link, markdown, mentions, mrkdwn, question_text, safe_address, shortened

HOSTILE = [
    "<!channel> <!here> <!everyone> read this",
    "<@U012AB3CD> and <@W1|bob> look",
    "<#C012AB3CD|general>",
    "<!subteam^S1|@team> <!date^1|x>",
    "<https://evil.example/|your bank>",
    "[your bank](https://evil.example/)",
    "see https://evil.example, www.evil.example or mailto:a@evil.example",
    "*bold* _italic_ ~gone~ `code` ```block```",
    "> quoted\n# heading\n- item\n1. one",
    "&lt;!channel&gt; is already escaped",
    ":rotating_light: :+1:",
    "| a | b |\n|---|---|",
    "![x](https://evil.example/pixel.png)",
]
ANYTHING = st.text(alphabet=st.sampled_from("<>!@#&|*_~`[]()\\:/. \n1-+=^ab"), max_size=80) | st.sampled_from(HOSTILE)


@given(ANYTHING)
def test_nothing_in_a_text_is_a_mention_or_a_link(text: str) -> None:
    for written in (mrkdwn(text), markdown(text)):
        assert "<" not in written
        assert ">" not in written
        assert not re.search(r"[a-z]:/{2}", written)
        assert not re.search(r"(^|\W)www\.", written)
        assert "\n" not in written


@given(ANYTHING)
def test_what_is_seen_is_the_text(text: str) -> None:
    seen = html.unescape(mrkdwn(text)).replace("\u2060", "")
    assert seen == " ".join(text.split())


@given(ANYTHING)
def test_markdown_shows_the_text(text: str) -> None:
    unescaped = re.sub(r"\\([\\`*_~\[\]|])", r"\1", markdown(text))
    assert html.unescape(unescaped).replace("\u2060", "") == " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_has_no_formatting_left(text: str) -> None:
    assert not re.search(r"(^|\s)[*_~`][^\s\u2060]", mrkdwn(text))
    assert not re.search(r"(?<!\\)[*_~`\[\]|]", markdown(text))
    assert not re.search(r":[a-z_+1]+:", mrkdwn(text))


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://a.example/x?y=1&z=2", "https://a.example/x?y=1&amp;z=2"),
        ("https://a.example/a|b> <!channel>", "https://a.example/a%7Cb%3E%20%3C!channel%3E"),
        ("http://a.example", "http://a.example"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example", None),
        ("https://[", None),
        ("", None),
        (None, None),
        ("https://a.example/" + "x" * 3_000, None),
    ],
)
def test_only_addresses_of_the_web_are_linked(address: str | None, safe: str | None) -> None:
    assert safe_address(address) == safe


def test_a_link_cannot_be_ended_early() -> None:
    assert link("https://a.example", "x|y> <!channel>") == "<https://a.example|x¦y&gt; &lt;!channel&gt;>"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<@UBOT> How much?", "How much?"),
        ("<@UBOT|footnote>   How\nmuch? ", "How much?"),
        ("Is <https://a.example/?a=1&amp;b=2|a.example> right &amp; &lt;true&gt;?", "Is a.example right & <true>?"),
        ("In <#C1|general> ask <@U2|bob> or <!subteam^S1|@law> at <mailto:a@b.example|a@b.example>", None),
        ("<@UBOT>", ""),
    ],
)
def test_a_question_is_read_as_its_writer_sees_it(written: str, meant: str | None) -> None:
    expected = "In #general ask @bob or @law at a@b.example" if meant is None else meant
    assert question_text(written, "UBOT") == expected


def test_a_mention_is_of_the_bot_alone() -> None:
    assert mentions("hey <@UBOT>", "UBOT")
    assert mentions("hey <@UBOT|footnote>", "UBOT")
    assert not mentions("hey <@UBOTHER> &lt;@UBOT&gt;", "UBOT")


@given(ANYTHING, st.integers(1, 40))
def test_a_shortened_text_is_no_longer_than_it_may_be(text: str, longest: int) -> None:
    assert len(shortened(text, longest)) <= longest
