"""Which of the settings for Slack are there. Loads nothing of Slack's own code."""

from index.errors import WrongUsage
from service.settings import Settings


def wanted(settings: Settings) -> bool:
    """Say whether the settings ask for a bot. Raises WrongUsage where half of what it needs is missing."""
    if installs(settings):
        _check_installing(settings)
    elif settings.slack_bot_token is None:
        if settings.slack_app_token or settings.slack_signing_secret:
            raise WrongUsage(
                "Slack needs FOOTNOTE_SLACK_BOT_TOKEN, or FOOTNOTE_SLACK_CLIENT_ID, too. Set it, or leave out the other "
                "Slack settings."
            )
        return False
    if not (settings.slack_app_token or settings.slack_signing_secret):
        raise WrongUsage(
            "It is not set how events of Slack come: set FOOTNOTE_SLACK_APP_TOKEN for Socket Mode, or "
            "FOOTNOTE_SLACK_SIGNING_SECRET for HTTP. `footnote slack manifest` makes an app that has them."
        )
    return True


def installs(settings: Settings) -> bool:
    """Say whether workspaces install the app by themselves, so that no bot's token is in the settings."""
    return settings.slack_client_id is not None


def _check_installing(settings: Settings) -> None:
    if settings.slack_bot_token:
        raise WrongUsage(
            "FOOTNOTE_SLACK_BOT_TOKEN is the token of one workspace, and with FOOTNOTE_SLACK_CLIENT_ID each workspace gets "
            "its own. Leave out one of the two."
        )
    needed = {
        "FOOTNOTE_SLACK_CLIENT_SECRET": settings.slack_client_secret,
        "FOOTNOTE_SLACK_TOKEN_KEYS": settings.slack_token_keys,
        "FOOTNOTE_SLACK_WORKSPACES": settings.slack_workspaces,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise WrongUsage(f"FOOTNOTE_SLACK_CLIENT_ID is set, and needs {', '.join(missing)}, too.")
    if not (settings.public_url or "").startswith("https://"):
        raise WrongUsage(
            "Slack sends browsers back to an https address. Set FOOTNOTE_PUBLIC_URL to the one of this service."
        )
