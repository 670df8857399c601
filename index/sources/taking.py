"""What a named source takes of a place, and who may read it: patterns of paths as in a `.gitignore` file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pathspec import GitIgnoreSpec

Groups = frozenset[str] | None
"""Who may read: None means everyone, an empty set nobody."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The groups and collections of the articles whose paths match a pattern. Without `groups`, it says nothing of them."""

    pattern: str
    groups: frozenset[str] | None = None
    collections: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Taking:
    """What a source takes, by the path of each file in the source, and who may read it.

    With `include`, only paths that match it are taken; what matches `exclude` never is. `groups` may read the articles of the
    source, except where a rule matches: the last one that does and names groups counts. All articles are in `collections`,
    and in those of every rule that matches.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    groups: Groups = None
    rules: tuple[Rule, ...] = ()
    collections: frozenset[str] = frozenset()

    @property
    def restricts(self) -> bool:
        """Whether not everyone may read all that is taken."""
        return self.groups is not None or any(rule.groups is not None for rule in self.rules)

    def takes(self, name: str) -> bool:
        """Return whether a file with this path in the source is taken."""
        included = not self.include or _matches(self.include, name)
        return included and not (self.exclude and _matches(self.exclude, name))

    def rules_for(self, name: str) -> list[Rule]:
        """Return the rules that match a file with this path in the source, in their order."""
        return [rule for rule in self.rules if _matches((rule.pattern,), name)]

    def readers_of(self, name: str, stated: Groups) -> Groups:
        """Return who may read a file with this path that itself states these groups.

        A file can narrow down who may read it, and never widen it.
        """
        rules = [rule for rule in self.rules_for(name) if rule.groups is not None]
        return narrowed(rules[-1].groups if rules else self.groups, stated)

    def collections_of(self, name: str, stated: frozenset[str]) -> frozenset[str]:
        """Return the collections of a file with this path that itself states these."""
        return stated.union(self.collections, *(rule.collections for rule in self.rules_for(name)))


TAKES_ALL = Taking()


def narrowed(allowed: Groups, stated: Groups) -> Groups:
    """Return who may read what both allow."""
    if allowed is None or stated is None:
        return stated if allowed is None else allowed
    return allowed & stated


def check_pattern(pattern: str) -> str:
    """Return a pattern that can match something. Raises ValueError."""
    try:
        usable = any(part.include is not None for part in _spec((pattern,)).patterns)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} cannot be used: {error}") from None
    if not usable:
        raise ValueError(f"the pattern {pattern!r} matches nothing")
    return pattern


def _matches(patterns: Sequence[str], name: str) -> bool:
    return _spec(tuple(patterns)).match_file(name)


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
