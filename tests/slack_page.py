"""Shows the bot's messages as a page that a person can look at: `python -m tests.slack_page > docs/slack.html`.

Drawn like Slack, roughly, from the blocks themselves; Slack's own formatting is read as little as the bot uses it.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape

from service.schemas.api import DisagreementWire, HighlightWire, ValueWire
from service.slack.blocks import Block, buttons
from service.slack.doubts import doubts_view
from service.slack.messages import Message, messages, notice
from service.slack.wording import FAILED, HELP, TOO_MANY
from tests.slack_fixtures import PUBLIC_URL, about, answered, citation, not_answered

STYLE = """
body { font: 15px/1.46 system-ui, sans-serif; max-width: 720px; margin: 2rem auto; padding: 0 1rem; color: #1d1c1d }
h2 { font-size: 13px; color: #616061; margin: 2rem 0 .5rem; border-top: 1px solid #ddd; padding-top: 1rem }
.message { border-left: 4px solid #ddd; padding-left: 1rem }
.context { font-size: 13px; color: #616061; margin: .1rem 0 .6rem }
.alert { border: 1px solid #e8b43c; border-radius: 6px; background: #fff8e6; padding: .4rem .7rem; margin: .5rem 0 }
.section { margin: .3rem 0; white-space: pre-line } a { color: #1264a3; text-decoration: none }
.quote { display: inline-block; border-left: 4px solid #ddd; padding-left: .5rem }
.button { border: 1px solid #bbb; border-radius: 4px; padding: .2rem .7rem; margin-right: .5rem; font-size: 13px }
.primary { background: #007a5a; color: #fff; border-color: #007a5a }
"""


def page() -> str:
    """Return the page: an answer, a refusal, hostile text, and the bot's own words."""
    shown = "\n".join(_example(title, given) for title, given in _examples())
    head = '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Footnote in Slack</title>'
    return f"{head}<style>{STYLE}</style></head><body><h1>Footnote in Slack</h1>\n{shown}\n</body></html>\n"


def _examples() -> Iterator[tuple[str, Sequence[Message]]]:
    values = [ValueWire(value="$5 billion", citations=[1]), ValueWire(value="over $4 billion", citations=[2])]
    whole = answered(
        "Amazon will invest $5 billion in Anthropic now.",
        "It may invest up to $20 billion more.",
        citations=[
            citation(1),
            citation(2, url=None, publisher="Agency", quote="Amazon invests over $4 billion.", page=3),
        ],
        short_answer="$5 billion",
        completed_question="How much will Amazon invest in Anthropic right away?",
        disagreements=[DisagreementWire(about="Amazon's investment", values=values)],
    )
    yield "An answer", messages(whole, public_url=PUBLIC_URL)
    yield (
        "An answer to /ask, seen by its asker alone",
        messages(whole, public_url=PUBLIC_URL, last=buttons("command:1", private=True, person=True)),
    )
    doubts = doubts_view(whole, public_url=PUBLIC_URL)
    yield f"The window “{doubts['title']['text']}”", [Message("", tuple(doubts["blocks"]), (), "")]
    said = answered("Amazon will invest billions more.", "“Amazon invests $5 billion now.”", answerer="parrot-7b")
    quoted_below = [said.sentences[0], said.sentences[1].model_copy(update={"form": "quote"})]
    written = said.model_copy(update={"sentences": quoted_below})
    yield "An answer by a language model, with a quote below", messages(written, public_url=PUBLIC_URL)
    refused = not_answered("Amazon invests in Anthropic", "Meta & the Hyperion data centre")
    quote = "Amazon will invest $5 billion in *Anthropic* <now>."
    found = {"article_version": "sha256:0", "passage_id": "p", "quote": quote, "start": 10, "end": 10 + len(quote)}
    marks = [HighlightWire(start=10, end=16), HighlightWire(start=44, end=53)]
    first, *rest = refused.nearest
    nearest = [first.model_copy(update={**found, "marks": marks}), *rest]
    yield "No answer", messages(refused.model_copy(update={"nearest": nearest}), public_url=PUBLIC_URL)
    greeted = about("Amazon invests in Anthropic", questions=["How much will Amazon invest?", "Who builds Hyperion?"])
    yield "Small talk", messages(greeted, public_url=PUBLIC_URL)
    hostile = "<!channel> <@U012AB3CD> *bold* `code` <https://evil.example|your bank> [x](https://evil.example) :tada:"
    quoted = [citation(1, quote=hostile, title=f"A title with {hostile}")]
    yield "Hostile text", messages(answered(hostile, citations=quoted), public_url=PUBLIC_URL)
    for title, text in {"Help": HELP, "Too many questions": TOO_MANY, "A failure": FAILED}.items():
        yield title, [notice(text)]


def _example(title: str, given: Sequence[Message]) -> str:
    blocks = "\n".join(_block(block) for message in given for block in message.blocks)
    return f'<h2>{escape(title)}</h2><div class="message">\n{blocks}\n</div>'


def _block(block: Block) -> str:
    match block["type"]:
        case "section":
            return f'<div class="section">{_mrkdwn(block["text"]["text"])}</div>'
        case "alert":
            return f'<div class="alert">{escape(block["text"]["text"])}</div>'
        case "context":
            small = "".join(_mrkdwn(element["text"]) for element in block["elements"])
            return f'<div class="context">{small}</div>'
        case "actions":
            return "".join(_button(one["text"]["text"], one.get("style", "")) for one in block["elements"])
        case "context_actions":
            (element,) = block["elements"]
            return _button("👍 " + element["positive_button"]["text"]["text"], "") + _button(
                "👎 " + element["negative_button"]["text"]["text"], ""
            )
        case other:
            raise AssertionError(f"the bot sends no {other} blocks")


def _button(text: str, style: str) -> str:
    return f'<span class="button {style}">{escape(text)}</span>'


def _mrkdwn(text: str) -> str:
    """Read mrkdwn as Slack does: links and bold by its marks, entities as characters; whatever else is there is text."""
    marked = re.sub(r"(?<![\w\u2060])\*([^\s*\u2060][^*\n]*?)\*(?![\w\u2060])", "\x01\\1\x02", text)
    parts = re.split(r"<([^<>]*)>", marked)
    shown = [escape(unescape(part)) if not number % 2 else _control(part) for number, part in enumerate(parts)]
    lines = re.sub(r"(?m)^&gt; (.*)$", r'<span class="quote">\1</span>', "".join(shown))
    return lines.replace("\x01", "<b>").replace("\x02", "</b>")


def _control(inside: str) -> str:
    address, _, words = inside.partition("|")
    if not address.startswith(("http://", "https://")):
        raise AssertionError(f"a live mention: {inside}")
    return f'<a href="{escape(unescape(address))}">{escape(unescape(words))}</a>'


if __name__ == "__main__":
    print(page(), end="")
