"""Errors of Slack's API, by what can be done about them."""

from index.errors import FootnoteError


class SlackFault(FootnoteError):
    """A call to Slack failed. `code` is Slack's error code, or a kind of network error."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack's {method} failed: {code}")
        self.method = method
        self.code = code


class Unreachable(SlackFault):
    """A timeout, a lost connection or a 5xx: the call may have been carried out, or not."""


class TokenRefused(SlackFault):
    """Slack does not accept the token any more. A missing permission is an ordinary error."""


class PlaceGone(SlackFault):
    """The channel or the thread is gone, closed, or not open to the bot."""


class MessageGone(SlackFault):
    """The message to change is gone, or may not be changed any more; or it is no stream any more."""


class TooLarge(SlackFault):
    """Slack does not accept these blocks, or this many of them."""


_KINDS: dict[type[SlackFault], set[str]] = {
    Unreachable: {"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"},
    TokenRefused: {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    },
    PlaceGone: {
        "cannot_reply_to_message",
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
        "user_not_in_channel",
    },
    MessageGone: {
        "cant_update_message",
        "edit_window_closed",
        "message_not_found",
        "message_not_in_streaming_state",
        "message_not_owned_by_app",
        "streaming_state_conflict",
    },
    TooLarge: {
        "invalid_blocks",
        "invalid_blocks_format",
        "markdown_text_too_long",
        "msg_blocks_too_long",
        "msg_too_long",
        "too_many_blocks",
    },
}


def fault_of(method: str, code: str) -> SlackFault:
    """Return the fault that Slack's error code stands for."""
    kind = next((kind for kind, codes in _KINDS.items() if code in codes), SlackFault)
    return kind(method, code)
