"""The window that shows what is in doubt about an answer: where its sources differ, and what could not be verified.

It is a window as Slack takes `alert` blocks in windows alone (https://docs.slack.dev/reference/block-kit/blocks/alert-block).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from service.auth.askers import Asker
from service.schemas.api import AskResponse, DisagreementWire
from service.slack.audience import person
from service.slack.blocks import LONGEST_TEXT, Block, context, fitted, plain, section, source, value_rows
from service.slack.bot import Bot
from service.slack.faults import SlackFault, TokenRefused, Unreachable
from service.slack.wording import DIFFER, MORE_DOUBTS, UNVERIFIED

_MOST_BLOCKS = 100  # that Slack takes in a window
_LONGEST_ABOUT = 180  # Slack takes 200 characters in an alert


def in_doubt(answer: AskResponse) -> bool:
    """Say whether there is anything to show of an answer that can be opened again."""
    unverified = any(sentence.support == "unverified" for sentence in answer.sentences)
    return answer.conversation_id is not None and (unverified or bool(answer.disagreements))


async def open_doubts(body: Mapping[str, Any], team: str, bot: Bot) -> None:
    """Show who pressed the button what is in doubt. Raises SlackFault, and NotInHistory if they may not read it now."""
    user, channel = body["user"]["id"], body["channel"]["id"]
    # As with a rating, Slack's signature vouches that this person saw the answer. What they read is asked now.
    asker = Asker(person(team, user), await bot.audience.of_reader(team, user, channel), admin=True)
    answer = await bot.noted(bot.assistant.stored_answer, body["actions"][0]["value"], asker)
    view = doubts_view(answer, public_url=bot.public_url)
    try:
        await bot.calls.call("views.open", trigger_id=body["trigger_id"], view=view)
    except (TokenRefused, Unreachable):
        raise
    except SlackFault:  # a Slack that knows no alerts
        view = {**view, "blocks": [_without_alert(block) for block in view["blocks"]]}
        await bot.calls.call("views.open", trigger_id=body["trigger_id"], view=view)


def doubts_view(answer: AskResponse, *, public_url: str) -> Mapping[str, Any]:
    """Build the window (https://docs.slack.dev/reference/views/modal-views)."""
    blocks = [*_blocks(answer, public_url)]
    if len(blocks) > _MOST_BLOCKS:
        blocks = [*blocks[: _MOST_BLOCKS - 1], context(MORE_DOUBTS)]
    return {"type": "modal", "title": plain("What is in doubt"), "close": plain("Close"), "blocks": blocks}


def _blocks(answer: AskResponse, public_url: str) -> Iterator[Block]:
    for disagreement in answer.disagreements:
        yield from _differing(disagreement, answer, public_url)
    unverified = [sentence for sentence in answer.sentences if sentence.support == "unverified"]
    if unverified:
        yield _alert(UNVERIFIED)
        yield from (section(f"• {fitted(sentence.text, LONGEST_TEXT - 10)}") for sentence in unverified)


def _differing(disagreement: DisagreementWire, answer: AskResponse, public_url: str) -> Iterator[Block]:
    about = f": {fitted(disagreement.about, _LONGEST_ABOUT)}" if disagreement.about else ""
    yield _alert(f"{DIFFER}{about}")
    yield section("\n".join(value_rows(disagreement))[:LONGEST_TEXT])
    cited = {number for value in disagreement.values for number in value.citations}
    for citation in answer.citations:
        if citation.number in cited:
            yield from source(citation, public_url)


def _alert(text: str) -> Block:
    return {**section(text), "type": "alert", "level": "warning"}


def _without_alert(block: Block) -> Block:
    return section(f"*{block['text']['text']}*") if block["type"] == "alert" else block
