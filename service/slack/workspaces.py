"""The bots of the service: one whose token is in the settings, or one for each workspace that has installed the app.

What an installation may use and read is told apart by its id. A name in the settings that has to be of one installation is
written with that id: `T012AB3CD/C045EF6GH`.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from time import time
from typing import Protocol, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot as InstalledBot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from service.settings import Settings
from service.slack.audience import Audience
from service.slack.bot import Bot, Help
from service.slack.calls import Calls
from service.slack.channels import ChannelBook, ChannelSettings
from service.slack.faults import TokenRefused
from service.slack.installations import InstallationBook, place_of

# Slack's tokens that rotate are good for 12 hours.
_MINUTES_BEFORE = 120
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Bots(Protocol):
    """The bots of the service."""

    @property
    def base(self) -> Bot:
        """What all of them share."""

    async def at(self, installation: str) -> Bot | None:
        """Return the bot of an installation, or None if there is none any more. Raises SlackFault."""

    async def of_event(self, *, enterprise: str | None, team: str | None, org_wide: bool) -> Bot | None:
        """Return the bot that an event of Slack is for, or None. `org_wide`: it is installed for a whole organisation."""

    async def forget_revoked(self, *, enterprise: str | None, team: str | None) -> None:
        """Delete the tokens of an installation if Slack takes them no more. Raises SlackFault."""


@dataclass(frozen=True, slots=True)
class OneBot:
    """The bot whose token is in the settings."""

    base: Bot

    async def at(self, installation: str) -> Bot | None:
        """As in `Bots`."""
        return None if installation else self.base

    async def of_event(self, *, enterprise: str | None, team: str | None, org_wide: bool) -> Bot | None:
        """As in `Bots`."""
        return self.base

    async def forget_revoked(self, *, enterprise: str | None, team: str | None) -> None:
        """As in `Bots`. Such a token is the operator's matter."""


class InstalledBots:
    """The bots of the workspaces and organisations that have installed the app, as far as they are `allowed` to.

    `made` builds one from what is stored of it, and its id.
    """

    def __init__(
        self,
        base: Bot,
        book: InstallationBook,
        rotator: AsyncTokenRotator,
        *,
        allowed: Sequence[str],
        made: Callable[[InstalledBot, str], Bot],
    ) -> None:
        self.base = base
        self._book = book
        self._rotator = rotator
        self._allowed = frozenset(allowed)
        self._made = made
        self._bots: dict[str, tuple[str, Bot]] = {}
        self._rotating = asyncio.Lock()

    async def at(self, installation: str) -> Bot | None:
        """As in `Bots`."""
        stored = await self._stored(installation) if installation in self._allowed else None
        if stored is None:
            return None
        known = self._bots.get(installation)
        if known is None or known[0] != stored.bot_token:
            known = self._bots[installation] = stored.bot_token, self._made(stored, installation)
        return known[1]

    async def of_event(self, *, enterprise: str | None, team: str | None, org_wide: bool) -> Bot | None:
        """As in `Bots`."""
        # A workspace may have installed the app by itself, although its organisation has, too.
        for installation in (enterprise,) if org_wide else (team, enterprise):
            if installation and (bot := await self.at(installation)):
                return bot
        return None

    async def forget_revoked(self, *, enterprise: str | None, team: str | None) -> None:
        """As in `Bots`. Slack is asked: the app may have been installed again before the event came."""
        for installation in filter(None, (team, enterprise)):
            stored = await self.base.noted(self._book.get, installation)
            if stored and await _refused(self._made(stored, installation).calls):
                await self.base.noted(self._book.delete, installation)
                self._bots.pop(installation, None)
                log.info("uninstalled in Slack", installation=installation)

    async def _stored(self, installation: str) -> InstalledBot | None:
        stored = await self.base.noted(self._book.get, installation)
        if stored is None or not _expires_soon(stored):
            return stored
        async with self._rotating:
            # Slack takes a refresh token once, and another question may have sent it meanwhile.
            stored = await self.base.noted(self._book.get, installation)
            return stored and await self._rotated(stored)

    async def _rotated(self, stored: InstalledBot) -> InstalledBot:
        try:
            rotated = await self._rotator.perform_bot_token_rotation(
                bot=stored, minutes_before_expiration=_MINUTES_BEFORE
            )
        except (SlackTokenRotationError, aiohttp.ClientError, TimeoutError) as error:
            log.error("a token of Slack was not renewed", installation=place_of(stored), reason=str(error)[:200])
            if (stored.bot_token_expires_at or 0) > time():
                return stored
            raise TokenRefused("oauth.v2.access", "token_expired") from error
        if rotated is None:
            return stored
        await self.base.noted(self._book.put, rotated)
        return rotated


async def installed_bots(base: Bot, book: InstallationBook, settings: Settings) -> InstalledBots:
    """Return the bots of those who installed the app, with their tokens encrypted by the newest key."""
    await base.noted(book.seal_again)
    client, secret = base.calls.client, settings.slack_client_secret
    assert settings.slack_client_id
    assert secret
    rotator = AsyncTokenRotator(
        client_id=settings.slack_client_id, client_secret=secret.get_secret_value(), client=client
    )

    def made(stored: InstalledBot, id: str) -> Bot:
        own = AsyncWebClient(stored.bot_token, base_url=client.base_url, session=client.session, retry_handlers=[])
        calls, channels = replace(base.calls, client=own), replace(base.channels, installation=id)
        return replace(
            base,
            user=stored.bot_user_id,
            bot_id=stored.bot_id,
            calls=calls,
            remembered=replace(base.remembered, installation=id),
            channels=channels,
            audience=audience_for(settings, calls, channels, base.books, org_wide=stored.is_enterprise_install),
            help=help_for(settings, id),
        )

    return InstalledBots(base, book, rotator, allowed=settings.slack_workspaces, made=made)


def audience_for(
    settings: Settings, calls: Calls, channels: ChannelBook, books: Executor, *, org_wide: bool = False
) -> Audience:
    """Return who reads what in the channels of one installation."""

    async def stored(channel: str) -> ChannelSettings:
        return await asyncio.get_running_loop().run_in_executor(books, channels.get, channel)

    here = channels.installation
    groups, admins = names_of(here, settings.slack_groups), names_of(here, dict.fromkeys(settings.slack_admins))
    return Audience(groups, calls, stored=stored, admins=list(admins), org_wide=org_wide)


def help_for(settings: Settings, installation: str) -> Help | None:
    """Return where questions of an installation are brought that a person should answer."""
    channel, group = (
        next(iter(names_of(installation, {name or "": None})), None)
        for name in (settings.slack_help_channel, settings.slack_help_group)
    )
    return Help(channel, group or None) if channel else None


def names_of(installation: str, names: Mapping[str, T]) -> Mapping[str, T]:
    """Return those of Slack's names in a setting that are of this installation, as Slack itself writes them."""
    return dict(_of(installation, names))


def _of(installation: str, names: Mapping[str, T]) -> Iterator[tuple[str, T]]:
    for name, value in names.items():
        place, _, own = name.rpartition("/")
        if place == installation:
            yield own, value


def _expires_soon(bot: InstalledBot) -> bool:
    return bot.bot_token_expires_at is not None and bot.bot_token_expires_at < time() + 60 * _MINUTES_BEFORE


async def _refused(calls: Calls) -> bool:
    try:
        await calls.call("auth.test")
    except TokenRefused:
        return True
    return False
