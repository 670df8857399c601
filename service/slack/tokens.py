"""Which of the settings for Slack are there. Loads nothing of Slack's own code."""

from index.errors import WrongUsage
from service.settings import Settings


def wanted(settings: Settings) -> bool:
    """Say whether the settings ask for a bot. Raises WrongUsage where half of what it needs is missing."""
    if settings.slack_bot_token is None:
        if settings.slack_app_token or settings.slack_signing_secret:
            raise WrongUsage(
                "Slack needs FOOTNOTE_SLACK_BOT_TOKEN, too. Set it, or leave out the other Slack settings."
            )
        return False
    if not (settings.slack_app_token or settings.slack_signing_secret):
        raise WrongUsage(
            "FOOTNOTE_SLACK_BOT_TOKEN is set, but not how events come: set FOOTNOTE_SLACK_APP_TOKEN for Socket Mode, or "
            "FOOTNOTE_SLACK_SIGNING_SECRET for HTTP. `footnote slack manifest` makes an app that has them."
        )
    return True
