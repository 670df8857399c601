"""What a reply may use: in a channel what every member may read, in private what the asker may read.

Which channels and user groups may read what is a setting. Whatever is not in it, and whatever cannot be looked up, reads
what is for everyone.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

import structlog

from index.records import FOR_EVERYONE, Access
from service.auth.askers import Asker
from service.slack.asked import Command, InThread
from service.slack.calls import Calls
from service.slack.channels import ChannelSettings
from service.slack.faults import SlackFault

_USER_GROUP = re.compile("S[A-Z0-9]+")
# How long at most a person who has left a user group keeps its access.
_KNOWN_SECONDS = 60.0
log = structlog.get_logger(__name__)


class Audience:
    """The groups of channels and user groups. `groups` maps their Slack ids to groups of the service.

    `stored` gives what was set for a channel, which goes before that. `admins` are people and user groups who may set it.
    `org_wide`: the bot is installed for an organisation, so that Slack has to be told whose user group is meant.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]],
        calls: Calls,
        *,
        stored: Callable[[str], Awaitable[ChannelSettings]],
        admins: Sequence[str] = (),
        org_wide: bool = False,
    ) -> None:
        self._groups = groups
        self._calls = calls
        self._stored = stored
        self._admins = admins
        self._org_wide = org_wide
        self._members: dict[tuple[str | None, str], tuple[float, frozenset[str]]] = {}

    async def asker(self, asked: InThread | Command) -> Asker:
        """Say who asks, and with what access. A thread of a channel has many askers, so it counts as one itself."""
        if isinstance(asked, InThread) and not asked.direct:
            access = await self.of_channel(asked.channel)
            return Asker(f"slack:{asked.team}:{asked.channel}:{asked.thread}", access)
        return await self.reader(asked.team, asked.user)

    async def reader(self, team: str, user: str) -> Asker:
        """Say who a person is where nobody else reads, and with what access."""
        return Asker(person(team, user), await self.of_person(team, user))

    async def of_channel(self, channel: str) -> Access:
        """Return what everyone in a channel may read."""
        stored = (await self._stored(channel)).groups
        return _access(self._groups.get(channel, ()) if stored is None else stored)

    async def of_reader(self, team: str, user: str, channel: str) -> Access:
        """Return what a person may read of what was said in a channel: what they read there, and what they read alone."""
        here, alone = await self.of_channel(channel), await self.of_person(team, user)
        return Access(here.groups | alone.groups)

    async def may_set(self, team: str, user: str) -> bool:
        """Say whether a person of a workspace may change the settings of channels."""
        groups = [name for name in self._admins if _USER_GROUP.fullmatch(name)]
        return user in self._admins or any([user in await self._members_of(team, group) for group in groups])

    async def of_person(self, team: str, user: str) -> Access:
        """Return what a person may read, by the user groups that they are in."""
        mapped = [group for group in self._groups if _USER_GROUP.fullmatch(group)]
        member_of = [group for group in mapped if user in await self._members_of(team, group)]
        return _access([name for group in member_of for name in self._groups[group]])

    async def _members_of(self, team: str, group: str) -> frozenset[str]:
        of_team = team if self._org_wide else None
        known = self._members.get((of_team, group))
        if known and monotonic() - known[0] < _KNOWN_SECONDS:
            return known[1]
        try:
            found = await self._calls.call("usergroups.users.list", usergroup=group, team_id=of_team)
        except SlackFault as fault:
            log.warning("user group not known, counted as empty", group=group, kind=fault.code)
            return frozenset()
        members = frozenset(found["users"])
        self._members[of_team, group] = (monotonic(), members)
        return members


def person(team: str, user: str) -> str:
    """Return the id of a person who asks."""
    return f"slack:{team}:{user}"


def _access(groups: Sequence[str]) -> Access:
    return Access(frozenset(groups)) if groups else FOR_EVERYONE
