"""The window of `/ask settings`: what is set for a channel, for those who may set it.

Nobody can open to a channel what they do not read themselves. Groups that somebody else opened to it stay open, and a scope
that one does not see stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from service.slack.blocks import Block, plain, section
from service.slack.channels import ChannelSettings
from service.slack.text import shortened

SETTINGS_VIEW = "footnote_settings"
_GROUPS, _SCOPE, _UNMENTIONED = "groups", "scope", "unmentioned"
_MOST_OPTIONS, _LONGEST_OPTION = 100, 75  # that Slack takes
_LOWEST = 0.5
NOT_A_CONFIDENCE = f"Give a number from {_LOWEST} to 1, or leave this empty."


class NotTaken(Exception):
    """What was entered cannot be used. `field` is the block that it stands in; the message says why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may set: groups that they read, and scopes that hold something for them."""

    groups: frozenset[str]
    scopes: Sequence[str]


def settings_view(channel: str, now: ChannelSettings, choices: Choices) -> Mapping[str, Any]:
    """Build the window (https://docs.slack.dev/reference/views/modal-views)."""
    groups = [_option(group) for group in _fitting(sorted(choices.groups))]
    open_now = [option for option in groups if option["value"] in (now.groups or ())]
    scopes = [_option(scope) for scope in _fitting(choices.scopes)]
    chosen = [option for option in scopes if option["value"] == now.scope]
    number = {"type": "number_input", "is_decimal_allowed": True, "min_value": str(_LOWEST), "max_value": "1"}
    known = {} if now.unmentioned is None else {"initial_value": str(now.unmentioned)}
    inputs = [
        _select(_GROUPS, "Groups whose articles everyone here may read", "multi_static_select", groups, open_now),
        _select(_SCOPE, "Answer from", "static_select", scopes, chosen[:1]),
        _input(
            _UNMENTIONED,
            "Answer questions that mention nobody, from this confidence on",
            number | known,
            hint="Empty: only when I am mentioned. 0.9 is careful. Below it, I stay silent.",
        ),
    ]
    return {
        "type": "modal",
        "callback_id": SETTINGS_VIEW,
        "private_metadata": channel,
        "title": plain("Settings"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": [section(f"What I do in <#{channel}>"), *filter(None, inputs)],
    }


def entered(view: Mapping[str, Any], now: ChannelSettings, choices: Choices) -> ChannelSettings:
    """Return the settings that a person entered. Raises NotTaken, also for what they may not choose."""
    values = {block: fields.get(block) or {} for block, fields in view["state"]["values"].items()}
    groups = {option["value"] for option in values.get(_GROUPS, {}).get("selected_options") or ()}
    if not groups <= choices.groups:
        raise NotTaken(_GROUPS, "You can only choose groups that you read yourself.")
    # A scope that was not among the entries shown stays, unless another is chosen.
    unchosen = None if now.scope in _fitting(choices.scopes) else now.scope
    scope = (values.get(_SCOPE, {}).get("selected_option") or {}).get("value", unchosen)
    if scope is not None and scope not in {*choices.scopes, now.scope}:
        raise NotTaken(_SCOPE, "There is no such scope any more.")
    of_others = set(now.groups or ()) - choices.groups
    unchanged = now.groups is None and not groups
    return ChannelSettings(
        groups=None if unchanged else tuple(sorted(groups | of_others)),
        scope=scope,
        unmentioned=_confidence(values.get(_UNMENTIONED, {}).get("value")),
    )


def _confidence(text: str | None) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise NotTaken(_UNMENTIONED, NOT_A_CONFIDENCE) from None
    if not (isfinite(number) and _LOWEST <= number <= 1):
        raise NotTaken(_UNMENTIONED, NOT_A_CONFIDENCE)
    return number


def _fitting(names: Sequence[str]) -> list[str]:
    return [name for name in names if len(name) <= _LONGEST_OPTION][:_MOST_OPTIONS]


def _select(block: str, label: str, kind: str, options: Sequence[Block], chosen: Sequence[Block]) -> Block | None:
    if not options:
        return None  # Slack takes no menu without entries
    several = kind == "multi_static_select"
    initial = {"initial_options": list(chosen)} if several else {"initial_option": chosen[0]} if chosen else {}
    element = {"type": kind, "options": list(options), **(initial if chosen else {})}
    return _input(block, label, element)


def _input(block: str, label: str, element: Mapping[str, Any], *, hint: str | None = None) -> Block:
    field = {"type": "input", "block_id": block, "optional": True, "label": plain(label)}
    return field | {"element": {"action_id": block, **element}} | ({"hint": plain(hint)} if hint else {})


def _option(value: str) -> Block:
    return {"text": plain(shortened(value, _LONGEST_OPTION)), "value": value}
