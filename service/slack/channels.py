"""What was set for a channel with `/ask settings`, in the service's database."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from service.history.database import insert_into
from service.history.schema import slack_channels


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """The settings of one channel.

    `groups`: what everyone there may read; None is what `FOOTNOTE_SLACK_GROUPS` says. `scope`: where answers come from.
    `unmentioned`: the confidence from which questions that mention nobody are answered; None is never.
    """

    groups: tuple[str, ...] | None = None
    scope: str | None = None
    unmentioned: float | None = None


@dataclass(frozen=True, slots=True)
class ChannelBook:
    """The stored settings of the channels of one installation. Safe to use from many threads."""

    engine: Engine
    installation: str = ""

    def get(self, channel: str) -> ChannelSettings:
        """Return the settings of a channel."""
        columns = slack_channels.c
        here = columns.installation == self.installation, columns.channel == channel
        query = select(columns.groups, columns.scope, columns.unmentioned).where(*here)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return ChannelSettings()
        return ChannelSettings(None if row.groups is None else tuple(row.groups), row.scope, row.unmentioned)

    def put(self, channel: str, settings: ChannelSettings, *, by: str) -> None:
        """Store the settings of a channel, and who (an asker's id) set them."""
        groups = None if settings.groups is None else list(settings.groups)
        values = {
            "groups": groups,
            "scope": settings.scope,
            "unmentioned": settings.unmentioned,
            "changed_by": by,
            "changed": datetime.now(UTC),
        }
        with self.engine.begin() as connection:
            place = {"installation": self.installation, "channel": channel}
            new = insert_into(connection, slack_channels).values(**place, **values)
            connection.execute(new.on_conflict_do_update(index_elements=[*place], set_=values))
