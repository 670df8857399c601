"""The entries of `sources.toml`: what each may say, and the source that it stands for."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from index.errors import ArticleError
from index.ingest.pruning import Pruning
from index.sources.addresses import clean_address, is_address
from index.sources.metadata import read_metadata
from index.sources.source_types import NamedSource, Place, Source, WebSource
from index.sources.taking import GroupRule, Groups, Taking, check_pattern

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_EVERY = re.compile(r"(\d{1,6})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHARE = re.compile(r"(\d{1,3})\s*%")
_SHORTEST = 10


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


Pattern = Annotated[str, AfterValidator(check_pattern)]
ReaderGroups = Annotated[Any, AfterValidator(_groups)]


class RuleEntry(BaseModel):
    """Who may read what matches a pattern."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    path: Pattern
    groups: ReaderGroups

    @model_validator(mode="after")
    def _is_positive(self) -> "RuleEntry":
        if self.path.startswith("!"):
            raise ValueError("a rule names what it is for, without !")
        return self


class SourceEntry(BaseModel):
    """One source, as `sources.toml` has it.

    `place` is a path or an address. `groups` of None means that the articles themselves say who may read them. `schedule` is
    the time between two syncs in seconds; None means that the source is synced by hand alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["files", "web"]
    place: str = Field(min_length=1)
    include: Annotated[list[Pattern], Field(max_length=1_000)] = []
    exclude: Annotated[list[Pattern], Field(max_length=1_000)] = []
    groups: ReaderGroups = None
    rules: Annotated[list[RuleEntry], Field(max_length=1_000)] = []
    schedule: Annotated[float | None, BeforeValidator(_every)] = 3_600.0
    prune: bool = True
    prune_limit: Annotated[float, BeforeValidator(_share)] = 0.2

    @model_validator(mode="before")
    @classmethod
    def _groups_of_none_are_left_out(cls, fields: Any) -> Any:
        """Refuse a null where groups belong: left out and null must never be confused."""
        if isinstance(fields, dict) and "groups" in fields and fields["groups"] is None:
            raise ValueError("groups must be a list of names")
        return fields

    @model_validator(mode="after")
    def _has_a_place_of_its_kind(self) -> "SourceEntry":
        if self.kind == "web":
            try:
                clean_address(self.place)
            except ArticleError as error:
                raise ValueError(f"place {error}") from None
        elif is_address(self.place):
            raise ValueError('place is an address: write kind = "web"')
        return self

    def source(self, name: str, *, folder: Path) -> NamedSource:
        """Return the source to read. A relative path counts from `folder`."""
        rules = tuple(GroupRule(rule.path, rule.groups) for rule in self.rules)
        return NamedSource(
            name, self._place(name, folder), Taking(tuple(self.include), tuple(self.exclude), self.groups, rules)
        )

    @property
    def pruning(self) -> Pruning:
        """How many of its articles a sync may delete."""
        return Pruning(self.prune, self.prune_limit)

    def _place(self, name: str, folder: Path) -> Place:
        if self.kind == "web":
            return WebSource(clean_address(self.place))
        path = folder / Path(self.place).expanduser()
        root = path.resolve() if path.is_dir() else Path(os.path.abspath(path))
        return Source(root, prefix=f"{name}/")
