"""The app manifest that Slack makes the bot's app from (https://docs.slack.dev/reference/app-manifest).

It is of the agent kind, the only one for apps made since 2026-06-30. Apps of the older kind (`assistant_view`) keep working:
the bot still answers their events (https://docs.slack.dev/ai/migrating-to-agent-messaging).
"""

from collections.abc import Mapping
from typing import Any

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "im:write",
    "mpim:history",
    "reactions:write",
    "usergroups:read",
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)

UNINSTALLED = ("app_uninstalled", "tokens_revoked")


def manifest(*, events_url: str | None, redirect_url: str | None = None) -> Mapping[str, Any]:
    """Return the manifest: with Socket Mode, or, given the address of `/slack/events`, over HTTP.

    With the address of `/slack/oauth_redirect`, several workspaces or a whole organisation install the app.
    """
    several = redirect_url is not None
    url = {"request_url": events_url} if events_url else {}
    command = {
        "command": "/ask",
        "description": "Ask the articles; only you see the answer",
        "usage_hint": "your question, or settings",
        "should_escape": False,
        **({"url": events_url} if events_url else {}),
    }
    agent = {
        "agent_description": "Answers questions from the articles, with exact citations",
        "suggested_prompts": [{"title": "What can you do?", "message": "help"}],
    }
    return {
        "display_information": {
            "name": "Footnote",
            "description": "Answers questions from the articles, with exact citations",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": agent,
            "bot_user": {"display_name": "footnote", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {**({"redirect_urls": [redirect_url]} if several else {}), "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**url, "bot_events": [*EVENTS, *(UNINSTALLED if several else ())]},
            "interactivity": {"is_enabled": True, **url},
            "org_deploy_enabled": several,
            "socket_mode_enabled": events_url is None,
            "token_rotation_enabled": several,
        },
    }
