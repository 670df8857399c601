"""What a site's robots.txt allows (RFC 9309: longest match, `*` and `$`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

# Longer waits than this are not meant for someone who reads a few pages.
_LONGEST_DELAY = 30.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of paths that may, or may not, be fetched."""

    allowed: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one agent. `delay` is how many seconds the site wants between two requests."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0

    def allows(self, address: str) -> bool:
        """Say whether an address may be fetched: the longest rule that matches decides, and of two alike the kinder."""
        parts = urlsplit(address)
        path = _escaped(parts.path or "/") + (f"?{_escaped(parts.query)}" if parts.query else "")
        matching = [rule for rule in self.rules if _matches(rule.pattern, path)]
        return max(matching, key=lambda rule: (len(rule.pattern), rule.allowed)).allowed if matching else True


EVERYTHING_ALLOWED = Robots()


def robots_from(text: str, *, agent: str) -> Robots:
    """Read the rules for an agent, named by its product, such as `footnote`; else those for `*`."""
    groups = list(_groups(text))
    own = [lines for agents, lines in groups if agent.lower() in agents]
    chosen = own or [lines for agents, lines in groups if "*" in agents]
    lines = [line for lines in chosen for line in lines]
    rules = tuple(
        Rule(key == "allow", _escaped(value)) for key, value in lines if key in {"allow", "disallow"} and value
    )
    delays = [float(value) for key, value in lines if key == "crawl-delay" and re.fullmatch(r"\d{1,6}(\.\d+)?", value)]
    return Robots(rules, min(max(delays, default=0.0), _LONGEST_DELAY))


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[str, str]]]]:
    """Yield the agents of each group, in lower case, with its lines as (key, value)."""
    agents: set[str] = set()
    lines: list[tuple[str, str]] = []
    for raw in text.lstrip("\ufeff").splitlines():
        key, colon, value = (part.strip() for part in raw.partition("#")[0].partition(":"))
        key = key.lower()
        if key == "user-agent" and colon:
            if lines:
                yield agents, lines
                agents, lines = set(), []
            agents.add(re.split(r"[/\s]", value.lower())[0])
        elif colon and agents and key in {"allow", "disallow", "crawl-delay"}:
            lines.append((key, value))
    if agents:
        yield agents, lines


def _escaped(path: str) -> str:
    """Return a path with every character escaped that may be, in one way, so that two spellings compare as the same."""
    return quote(unquote(path), safe="/*$?=&;,:@!'()+~-._%")


def _matches(pattern: str, path: str) -> bool:
    """Say whether a pattern matches the start of a path. Walks forward only: no pattern takes long."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, part in enumerate(rest):
        if anchored and number == len(rest) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at == len(path) if anchored else True
