"""Converts text to and from Slack's formats.

Words of articles, models and people are shown as they are and do nothing: no mention, no link, no formatting. Slack's two
ways of writing text need different escapes: `mrkdwn` in blocks, standard Markdown (`markdown_text`) in streams
(https://docs.slack.dev/messaging/formatting-message-text).
"""

import html
import re
from urllib.parse import quote, urlsplit

from service.escaping import JOINER, unlinked

_MARK = re.compile(r"[*_~`]+")
_FENCE = re.compile("(?<=`)(?=`)")
_EMOJI = re.compile(r":(?=[a-z0-9_+'-]+:)", re.IGNORECASE)
_MARKDOWN_MARK = re.compile(r"[\\`*_~\[\]|]")
_STARTS_BLOCK = re.compile(r"^(?=[^\S\n]*([#>+=-]|&gt;|\d+[.)]))", re.MULTILINE)
_ADDRESSED = re.compile(r"<(?:@|!subteam\^|!(?:here|channel|everyone)\b)")
_CONTROL = re.compile(r"<([^<>]*)>")


def mrkdwn(text: str) -> str:
    """Return text as it has to be written in a `mrkdwn` object so that it is shown as it is, on one line."""
    inert = _MARK.sub(rf"{JOINER}\g<0>{JOINER}", _inert(text))
    return _STARTS_BLOCK.sub(JOINER, inert)


def markdown(text: str) -> str:
    """Return text as it has to be written in standard Markdown so that it is shown as it is, on one line."""
    return _STARTS_BLOCK.sub(JOINER, _MARKDOWN_MARK.sub(r"\\\g<0>", _inert(text)))


def code(text: str) -> str:
    """Return lines of code as they have to be written in either way so that they are shown as they are, as code."""
    return f"```\n{html.escape(_FENCE.sub(JOINER, text), quote=False)}\n```"


def _inert(text: str) -> str:
    one_line = " ".join(text.split())
    inert = _EMOJI.sub(f":{JOINER}", unlinked(one_line))
    return html.escape(inert, quote=False)


def link(address: str, words: str) -> str:
    """Return a `mrkdwn` link. `address` is one that `safe_address` let through."""
    return f"<{address}|{mrkdwn(words).replace('|', '¦')}>"


def safe_address(address: str | None) -> str | None:
    """Return an address that people may be sent to, in characters that cannot end a link early; None for any other."""
    if not address:
        return None
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or len(address) > 2_000:
        return None
    return html.escape(quote(parts.geturl(), safe="%/:?#[]@!$&'()*+,;=~"), quote=False)


def question_text(text: str, bot: str) -> str:
    """Return what a person wrote to the bot (a user id), as they see it, without the bot's name."""
    named = text.replace(f"<@{bot}>", " ")
    named = re.sub(rf"<@{re.escape(bot)}\|[^<>]*>", " ", named)
    return " ".join(html.unescape(_CONTROL.sub(_as_seen, named)).split())


def mentions(text: str, bot: str) -> bool:
    """Say whether a message names the bot."""
    return f"<@{bot}>" in text or f"<@{bot}|" in text


def mentions_others(text: str) -> bool:
    """Say whether a message names a person, a user group or all of a channel."""
    return bool(_ADDRESSED.search(text))


def _as_seen(control: re.Match[str]) -> str:
    target, _, label = control[1].partition("|")
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("@"):
        return f"@{label}" if label else " "
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    return label or target.removeprefix("mailto:")


def shortened(text: str, longest: int) -> str:
    """Cut a text at a word, with an ellipsis, if it is longer."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"
