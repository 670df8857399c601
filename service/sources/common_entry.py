"""What each kind of entry of `sources.toml` may say, and how its values are written."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from index.collection_names import collection_names
from index.errors import ArticleError
from index.ingest.pruning import Pruning
from index.sources.metadata import read_metadata
from index.sources.taking import Groups, Rule, Taking, check_pattern

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_EVERY = re.compile(r"(\d{1,6})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHARE = re.compile(r"(\d{1,3})\s*%")
_SHORTEST = 10
_SECRET = re.compile(r"secret|password|token|passphrase|account_key|connection_string", re.IGNORECASE)


def _every(written: object) -> object:
    """Return the seconds of a time span such as `15m`; None for `never`."""
    if written == "never":
        return None
    match = _EVERY.fullmatch(written) if isinstance(written, str) else None
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if seconds < _SHORTEST:
        raise ValueError(f"write a time span such as 15m, 2h or 1d (at least {_SHORTEST}s), or never")
    return float(seconds)


def _share(written: object) -> object:
    match = _SHARE.fullmatch(written) if isinstance(written, str) else None
    if not match or int(match[1]) > 100:
        raise ValueError("write a percentage such as 20%")
    return int(match[1]) / 100


def _groups(written: object) -> Groups:
    try:
        return read_metadata({"groups": written}).groups
    except ArticleError as error:
        raise ValueError(str(error)) from None


def _collections(written: object) -> frozenset[str]:
    if not isinstance(written, list) or not all(isinstance(name, str) for name in written):
        raise ValueError('write a list of names, such as ["handbook"]')
    return collection_names(written)


Pattern = Annotated[str, AfterValidator(check_pattern)]
Collections = Annotated[Any, AfterValidator(_collections)]
ReaderGroups = Annotated[Any, AfterValidator(_groups)]


def _keeps_secrets_out(options: dict[str, Any]) -> dict[str, Any]:
    if secret := next((name for name in options if _SECRET.search(name)), None):
        raise ValueError(f"{secret} is a secret. Write the name of an environment variable into secrets")
    try:
        json.dumps(options)
    except TypeError as error:
        raise ValueError(f"dates cannot be used here; write them as text ({error})") from None
    return options


Options = Annotated[dict[str, Any], Field(max_length=100), AfterValidator(_keeps_secrets_out)]
Variable = Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]{0,200}$")]


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder of `sources.toml`, from which relative paths count, and the data folder, where copies are kept."""

    file: Path
    data: Path

    def absolute(self, place: str) -> Path:
        """Return a path as an absolute one. Raises OSError, RuntimeError or ValueError if it cannot be one."""
        path = self.file / Path(place).expanduser()
        return path.resolve() if path.is_dir() else Path(os.path.abspath(path))


class RuleEntry(BaseModel):
    """Who may read what matches a pattern, and in which collections it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    path: Pattern
    groups: ReaderGroups = None
    collections: Collections = frozenset()

    @model_validator(mode="after")
    def _is_usable(self) -> "RuleEntry":
        if self.path.startswith("!"):
            raise ValueError("a rule names what it is for, without !")
        if self.groups is None and not self.collections:
            raise ValueError("a rule names groups or collections")
        return self


class CommonEntry(BaseModel):
    """What each kind of source may say.

    `groups` of None means that the articles themselves say who may read them. `schedule` is the time between two syncs in
    seconds; None means that the source is synced by hand alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    place: str = Field(min_length=1)
    include: Annotated[list[Pattern], Field(max_length=1_000)] = []
    exclude: Annotated[list[Pattern], Field(max_length=1_000)] = []
    groups: ReaderGroups = None
    rules: Annotated[list[RuleEntry], Field(max_length=1_000)] = []
    collections: Collections = frozenset()
    schedule: Annotated[float | None, BeforeValidator(_every)] = 3_600.0
    prune: bool = True
    prune_limit: Annotated[float, BeforeValidator(_share)] = 0.2

    @property
    def taking(self) -> Taking:
        """What is taken of the place, who may read it, and its collections."""
        rules = tuple(Rule(rule.path, rule.groups, rule.collections) for rule in self.rules)
        return Taking(tuple(self.include), tuple(self.exclude), self.groups, rules, self.collections)

    @property
    def pruning(self) -> Pruning:
        """How many of its articles a sync may delete."""
        return Pruning(self.prune, self.prune_limit)
