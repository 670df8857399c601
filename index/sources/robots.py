"""Parses a site's robots.txt (RFC 9309), with Protego."""

import re
from dataclasses import dataclass

from protego import Protego

# Longer waits than this are not meant for someone who reads a few pages.
_LONGEST_DELAY = 30.0
# RFC 9309, 2.2.1: a version behind the name of a product is no part of it. Some sites write one.
_VERSION = re.compile(r"^([ \t]*user-agent[ \t]*:[ \t]*[^/\s#]+)/\S*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one agent; None allows everything. `delay` is how many seconds the site wants between two requests."""

    rules: Protego | None = None
    agent: str = ""
    delay: float = 0.0

    def allows(self, address: str) -> bool:
        """Return whether an address may be fetched: the longest rule that matches decides, and of two alike the kinder."""
        return self.rules is None or self.rules.can_fetch(address, self.agent)


EVERYTHING_ALLOWED = Robots()


def robots_from(text: str, *, agent: str) -> Robots:
    """Read the rules for an agent, named by its product, such as `footnote`; else those for `*`."""
    rules = Protego.parse(_VERSION.sub(r"\1", text.removeprefix("\ufeff")))
    delay = rules.crawl_delay(agent) or 0.0
    return Robots(rules, agent, min(delay, _LONGEST_DELAY) if delay > 0 else 0.0)
