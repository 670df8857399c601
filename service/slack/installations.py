"""Where the Slack app is installed: workspaces and organisations, each with the bot that Slack made there.

A bot's tokens are encrypted before they are stored (Fernet: AES-128-CBC and HMAC-SHA256), with a key that only the settings
have.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_sdk.oauth.installation_store import Bot as InstalledBot
from sqlalchemy import Engine, delete, select

from index.errors import WrongUsage
from service.history.database import insert_into
from service.history.schema import slack_installations
from service.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """A place where the app is installed. `id` is that of a workspace (`T…`) or of an organisation (`E…`)."""

    id: str
    name: str
    installed: datetime


@dataclass(frozen=True, slots=True)
class InstallationBook:
    """The stored installations. Safe to use from many threads."""

    engine: Engine
    seal: MultiFernet

    def put(self, bot: InstalledBot) -> None:
        """Store a bot and its tokens, in place of those before."""
        values = {
            "name": (bot.enterprise_name if bot.is_enterprise_install else bot.team_name) or "",
            "sealed": self.seal.encrypt(json.dumps(bot.to_dict(), default=datetime.isoformat).encode()).decode(),
            "installed": datetime.fromtimestamp(bot.installed_at, UTC),
        }
        with self.engine.begin() as connection:
            new = insert_into(connection, slack_installations).values(id=place_of(bot), **values)
            connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=values))

    def get(self, id: str) -> InstalledBot | None:
        """Return the bot of a workspace or an organisation, or None if the app is not installed there."""
        columns = slack_installations.c
        with self.engine.connect() as connection:
            sealed = connection.execute(select(columns.sealed).where(columns.id == id)).scalar()
        if sealed is None:
            return None
        try:
            return InstalledBot(**json.loads(self.seal.decrypt(sealed)))
        except InvalidToken:
            log.error(
                "no key opens the tokens of this installation: add the earlier key to FOOTNOTE_SLACK_TOKEN_KEYS, or install "
                "the app there again",
                installation=id,
            )
            return None

    def delete(self, id: str) -> None:
        """Delete the bot of a workspace or an organisation, with its tokens."""
        with self.engine.begin() as connection:
            connection.execute(delete(slack_installations).where(slack_installations.c.id == id))

    def seal_again(self) -> None:
        """Encrypt all tokens with the first key, so that the others are needed no more."""
        for installation in all_installations(self.engine):
            if bot := self.get(installation.id):
                self.put(bot)


def all_installations(engine: Engine) -> list[Installation]:
    """Return all installations, by id."""
    columns = slack_installations.c
    query = select(columns.id, columns.name, columns.installed).order_by(columns.id)
    with engine.connect() as connection:
        return [Installation(*row) for row in connection.execute(query)]


def place_of(bot: InstalledBot) -> str:
    """Return the id of the workspace, or, where it is installed for all of them, of the organisation."""
    return (bot.enterprise_id if bot.is_enterprise_install else bot.team_id) or ""


def seal_of(settings: Settings) -> MultiFernet:
    """Return what encrypts with the first of the keys in the settings, and decrypts with any. Raises WrongUsage."""
    keys = (settings.slack_token_keys.get_secret_value() if settings.slack_token_keys else "").split(",")
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys])
    except ValueError as error:
        raise WrongUsage(
            "FOOTNOTE_SLACK_TOKEN_KEYS has to be one or more keys from `footnote slack key`, separated by commas."
        ) from error
