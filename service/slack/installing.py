"""Installing the Slack app in a workspace or an organisation: Slack's OAuth flow, as Bolt does it.

Only workspaces and organisations that the settings name may install it. The state of an attempt is sealed, good for ten
minutes, and has to come back with the browser that began it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

import aiohttp
import structlog
from cryptography.fernet import InvalidToken, MultiFernet
from markupsafe import Markup
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth import OAuthStateUtils
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from service.auth.authentication import SLACK_INSTALL_PATH, SLACK_REDIRECT_PATH
from service.settings import Settings
from service.slack.bot import Bot
from service.slack.faults import SlackFault
from service.slack.installations import InstallationBook, place_of
from service.slack.manifest import SCOPES
from service.slack.text import shortened

_COOKIE = "__Host-footnote-slack-install"
_STATE_SECONDS = 600
_AGAIN = f"Begin again at {SLACK_INSTALL_PATH}."
_WHY = {
    "access_denied": "The installation was cancelled in Slack.",
    "invalid_browser": f"This browser did not begin this installation, or it took longer than ten minutes. {_AGAIN}",
    "invalid_state": f"The installation took longer than ten minutes. {_AGAIN}",
    "missing_code": f"Slack sent no code. {_AGAIN}",
    "invalid_code": f"Slack does not accept the code that it sent. The log of Footnote says why. {_AGAIN}",
}
_PAGE = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark">'
    "<title>{title}</title><h1>{title}</h1><p>{words}</p></html>"
)
log = structlog.get_logger(__name__)


class NotAllowed(BoltError):
    """A workspace or organisation that the settings do not name. The message is for the person who installs."""


class Installing:
    """The two pages of an installation. Methods take requests of browsers."""

    def __init__(self, settings: Settings, base: Bot, book: InstallationBook, *, public_url: str) -> None:
        assert settings.slack_client_secret
        self._flow = AsyncOAuthFlow(
            client=AsyncWebClient(
                base_url=base.calls.client.base_url, session=base.calls.client.session, retry_handlers=[]
            ),
            settings=AsyncOAuthSettings(
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret.get_secret_value(),
                scopes=SCOPES,
                user_scopes=[],
                redirect_uri=public_url.rstrip("/") + SLACK_REDIRECT_PATH,
                install_path=SLACK_INSTALL_PATH,
                redirect_uri_path=SLACK_REDIRECT_PATH,
                install_page_rendering_enabled=False,
                callback_options=AsyncCallbackOptions(success=_installed, failure=_failed),
                authorization_url=urljoin(settings.slack_api_url, "/oauth/v2/authorize"),
                installation_store=_Store(base, book, allowed=frozenset(settings.slack_workspaces)),
                state_store=_SealedStates(book.seal),
            ),
        )
        self._flow.settings.state_utils = _StateCookie(cookie_name=_COOKIE, expiration_seconds=_STATE_SECONDS)

    async def begin(self, request: AsyncBoltRequest) -> BoltResponse:
        """Send the browser to Slack."""
        return await self._flow.handle_installation(request)

    async def finish(self, request: AsyncBoltRequest) -> BoltResponse:
        """Take the browser that Slack sends back, and store the installation if all is well."""
        try:
            return await self._flow.handle_callback(request)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.error("Slack cannot be reached for an installation", kind=type(error).__name__)
            return _page(502, "Not installed", f"Slack could not be reached. {_AGAIN}")


class _Store(AsyncInstallationStore):
    """What Bolt stores installations with."""

    def __init__(self, base: Bot, book: InstallationBook, *, allowed: frozenset[str]) -> None:
        self._base = base
        self._book = book
        self._allowed = allowed

    async def async_save(self, installation: Installation) -> None:
        """Store the bot of an installation. Raises NotAllowed, when its token is revoked."""
        bot = installation.to_bot()
        place = place_of(bot)
        if place not in self._allowed or not bot.bot_token:
            log.warning("installation refused: FOOTNOTE_SLACK_WORKSPACES does not name it", installation=place)
            await self._revoke(bot.bot_token)
            raise NotAllowed(f"This Footnote is not for {place}. Those who run it name workspaces and organisations.")
        await self._base.noted(self._book.put, bot)
        log.info("installed in Slack", installation=place, by=installation.user_id)

    async def _revoke(self, token: str) -> None:
        client = self._base.calls.client
        own = AsyncWebClient(token, base_url=client.base_url, session=client.session, retry_handlers=[])
        with suppress(SlackFault):  # logged with the call; the token is not stored
            await replace(self._base.calls, client=own).call("auth.revoke")


class _SealedStates(AsyncOAuthStateStore):
    """States that need not be stored: nobody else can make one, and `_StateCookie` ties it to one browser."""

    _SAYS = b"installing"

    def __init__(self, seal: MultiFernet) -> None:
        self._seal = seal

    async def async_issue(self, *_: object, **__: object) -> str:
        return self._seal.encrypt(self._SAYS).decode()

    async def async_consume(self, state: str) -> bool:
        try:
            return self._seal.decrypt(state, ttl=_STATE_SECONDS) == self._SAYS
        except InvalidToken:
            return False


class _StateCookie(OAuthStateUtils):
    """The cookie of a state. It goes along only when a link is followed, which is how Slack sends the browser back."""

    def build_set_cookie_for_new_state(self, state: str) -> str:
        return f"{super().build_set_cookie_for_new_state(state)}; SameSite=Lax"


async def _installed(given: AsyncSuccessArgs) -> BoltResponse:
    installation = given.installation
    name = (installation.enterprise_name if installation.is_enterprise_install else installation.team_name) or "Slack"
    words = "Invite it into a channel with /invite, or write to it directly. You can close this page."
    if installation.is_enterprise_install:
        words = "Add it to workspaces in the settings of your organisation. You can close this page."
    return _page(200, f"Footnote is installed in {name}", words, given.settings.state_utils)


async def _failed(given: AsyncFailureArgs) -> BoltResponse:
    refused = isinstance(given.error, NotAllowed)
    words = (
        str(given.error) if refused else _WHY.get(given.reason, f"Slack says: {shortened(given.reason, 100)}. {_AGAIN}")
    )
    status = 403 if refused else given.suggested_status_code
    return _page(status, "Not installed", words, given.settings.state_utils)


def _page(status: int, title: str, words: str, cookie: OAuthStateUtils | None = None) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {"Content-Type": "text/html; charset=utf-8"}
    if cookie:
        headers["Set-Cookie"] = cookie.build_set_cookie_for_deletion()
    return BoltResponse(status=status, body=str(_PAGE.format(title=title, words=words)), headers=headers)
