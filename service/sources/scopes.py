"""Scopes: filters that `sources.toml` gives a name to. A question can be asked of a scope by its name."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from index.errors import ScopeUnknown, WrongUsage
from index.records import Access, Filters
from index.stores.catalog_reader import CatalogReader
from service.settings import Settings
from service.sources.common_entry import NAME, Collections
from service.sources.file import Unreadable, sources_file, tables_in, why_invalid

_MOST = 500
_TOO_MANY = f"there are more than {_MOST} scopes, and only the first {_MOST} count. Remove some."


class _ScopeEntry(BaseModel):
    """What a table `[scopes.NAME]` may say."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    collections: Collections = frozenset()
    publishers: Annotated[list[str], Field(max_length=100)] = []
    published_after: date | None = None
    published_before: date | None = None

    @model_validator(mode="after")
    def _narrows(self) -> "_ScopeEntry":
        if self.filters == Filters():
            raise ValueError("name collections, publishers, published_after or published_before")
        return self

    @property
    def filters(self) -> Filters:
        return Filters(
            self.published_after,
            self.published_before,
            tuple(self.publishers),
            collections=tuple(sorted(self.collections)),
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter with a name."""

    name: str
    filters: Filters


def read_scopes(settings: Settings) -> list[Scope | Unreadable]:
    """Return the scopes that `sources.toml` names, in its order. Raises WrongUsage if the file cannot be read.

    Each costs a query whenever the scopes are listed, so only the first ones count.
    """
    tables = list(tables_in(sources_file(settings), "scopes").items())
    beyond = [Unreadable(name, _TOO_MANY) for name, _ in tables[_MOST:]]
    return [_read(name, fields) for name, fields in tables[:_MOST]] + beyond


def scopes_for(settings: Settings, catalog: CatalogReader, access: Access) -> Iterator[Scope]:
    """Yield the scopes that hold an article which may be read: a name says what there is.

    A file that cannot be read has no scopes here; `/readyz` and `footnote sources status` report it.
    """
    with suppress(WrongUsage):
        for scope in read_scopes(settings):
            if isinstance(scope, Scope) and catalog.has_matching(access, scope.filters):
                yield scope


def scope_filters(name: str, settings: Settings, catalog: CatalogReader, access: Access) -> Filters:
    """Return the filters of one of the scopes of `scopes_for`. Raises ScopeUnknown if there is none of this name."""
    for scope in scopes_for(settings, catalog, access):
        if scope.name == name:
            return scope.filters
    raise ScopeUnknown(f"There is no scope {name[:80]!r}. `GET /api/collections` lists the scopes that there are.")


def _read(name: str, fields: object) -> Scope | Unreadable:
    if not NAME.fullmatch(name):
        return Unreadable(name, "a name has 1 to 64 lower-case letters, digits, dots, dashes and underscores.")
    try:
        return Scope(name, _ScopeEntry.model_validate(fields).filters)
    except ValidationError as error:
        return Unreadable(name, why_invalid(error))
