"""Answers as messages: within Slack's limits whatever they hold, and worded as on the page."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.pipeline import NOT_ANSWERED
from service.schemas.api import AskResponse, DisagreementWire, ValueWire
from service.slack.blocks import buttons
from service.slack.messages import Message, messages, notice
from tests.slack_fixtures import PUBLIC_URL, answered, citation, not_answered
from tests.slack_methods import check_blocks as slack_takes

HARD = st.text(alphabet=st.sampled_from("<&>*_:ab. 1"), min_size=1, max_size=400) | st.text(min_size=1, max_size=50)
SENTENCES = st.lists(HARD | st.builds(lambda word: word * 300, HARD), min_size=1, max_size=30)


def shown(given: Sequence[Message]) -> str:
    return "\n".join(str(message.blocks) for message in given)


def of(response: AskResponse) -> tuple[Message, ...]:
    return messages(response, public_url=PUBLIC_URL)


@given(SENTENCES, st.lists(HARD, max_size=30), HARD)
def test_slack_takes_every_message(sentences: list[str], quotes: list[str], words: str) -> None:
    cited = [citation(number, quote=quote * 20, title=quote * 5) for number, quote in enumerate(quotes, start=1)]
    values = [ValueWire(value=words * 3, citations=[1])] * 4
    response = answered(
        *sentences,
        citations=cited,
        short_answer=words * 8,
        completed_question=words * 8,
        degraded=words,
        disagreements=[DisagreementWire(about=words * 3, values=values)],
    )
    cut = messages(response, public_url=PUBLIC_URL, last=buttons("command:1", private=True, person=True))
    for message in cut:
        slack_takes([dict(block) for block in message.blocks])
        assert len(message.said) <= 12_000
        assert len(message.text) <= 4_000
    assert len([block for message in cut for block in message.tail if block["type"] == "context_actions"]) == 1
    assert cut[-1].tail[-1]["type"] == "actions"


def in_form(text: str, form: str) -> AskResponse:
    response = answered("Do this.", text, "Then rest.")
    said = [one.model_copy(update={"form": form}) if one.text == text else one for one in response.sentences]
    return response.model_copy(update={"sentences": said})


@given(st.text(alphabet="<&>`:ab. 1", min_size=1, max_size=3_000), st.sampled_from(["list", "code"]))
def test_slack_takes_lists_and_code(words: str, form: str) -> None:
    for message in of(in_form(f"{words}\n- {words}\n{words}", form)):
        slack_takes([dict(block) for block in message.blocks])
        assert len(message.said) <= 12_000


def test_a_list_keeps_its_lines() -> None:
    (message,) = of(in_form("Bring these:\n- a *card*\n2. a key", "list"))
    assert "\nBring these: \n- a \\*card\\* \n2. a key [1]\n" in message.said
    assert [line.rstrip() for line in message.body[0]["text"]["text"].splitlines()[1:4]] == [
        "Bring these:",
        "• a \u2060*\u2060card\u2060*\u2060",
        "2. a key [1]",
    ]


def test_code_is_shown_as_code_and_mentions_nobody() -> None:
    (message,) = of(in_form("stop <!channel>\n    echo `date` ```", "code"))
    assert "\n```\nstop &lt;!channel&gt;\n    echo `date` `\u2060`\u2060`\n```\n" in message.said
    assert "```\nstop &lt;!channel&gt;\n    echo" in message.body[0]["text"]["text"]


def test_sources_are_numbered_with_title_publisher_date_page_and_link() -> None:
    (message,) = of(answered("Fine.", citations=[citation(1, page=3), citation(2, url=None, publisher=None)]))
    sources = [block["text"]["text"] for block in message.tail if block["type"] == "section"]
    assert sources == [
        "*[1]* <https://daily.example.org/1|Amazon invests, part 1> · The Daily · 24 April 2026 · p. 3",
        "*[2]* <https://footnote.example.org/articles/news/amazon-2?version=sha256%3A0&amp;start=0&amp;end=47|"
        "Amazon invests, part 2> · 24 April 2026",
    ]
    quotes = [block["elements"][0]["text"] for block in message.tail if block["type"] == "context"]
    assert quotes[0] == "“Amazon will invest $5 billion in Anthropic now.”"


def test_a_disagreement_is_shown_with_who_says_what() -> None:
    values = [ValueWire(value="$8 billion", citations=[1]), ValueWire(value="over $4 billion", citations=[2, 3])]
    (message,) = of(answered("Fine.", disagreements=[DisagreementWire(about="the investment", values=values)]))
    assert "*Sources differ*: the investment\\n• $8 billion [1]\\n• over $4 billion [2] [3]" in shown([message])


def test_circumstances_are_shown_as_on_the_page() -> None:
    response = answered(
        "Fine.", short_answer="$5 billion", completed_question="How much for Anthropic?", degraded="Quoted."
    )
    text = shown(of(response))
    assert "*In short:* $5 billion" in text
    assert "Understood as: How much for Anthropic?" in text
    assert "Quoted." in text


def test_what_could_not_be_verified_is_said() -> None:
    response = answered("Certain.", "Doubtful.")
    doubtful = response.sentences[1].model_copy(update={"support": "unverified"})
    response = response.model_copy(update={"sentences": [response.sentences[0], doubtful], "answerer": "llama"})
    (message,) = of(response)
    assert message.said == "Certain. [1] Doubtful. [1] _(unverified)_"
    assert "Written by llama. 1 sentence could not be verified." in shown([message])


def test_a_refusal_lists_what_is_nearest() -> None:
    (message,) = of(not_answered("One", "Two"))
    assert message.said == NOT_ANSWERED
    assert "*Nearest passages*" in shown([message])
    assert "articles/near/1|Two" in shown([message])


def test_a_refusal_with_nothing_near_lists_nothing() -> None:
    assert "Nearest" not in shown(of(not_answered()))


@pytest.mark.parametrize("text", ["Plain.", "With <!channel> & *marks*"])
def test_a_notice_is_inert_too(text: str) -> None:
    message = notice(text)
    assert "<!" not in message.text + message.said + shown([message])


def test_a_sentence_is_never_cut_between_messages() -> None:
    sentences = [f"Sentence {number} {'goes on ' * 60}to its end." for number in range(40)]
    cut = of(answered(*sentences))
    assert len(cut) > 1
    assert all(sum(sentence in message.said for message in cut) == 1 for sentence in sentences)
    assert all(message.said.endswith("[1]") for message in cut if message.said)
