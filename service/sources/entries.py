"""The entries of `sources.toml`: what each may say, and the source that it stands for."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)

from index.collection_names import collection_names
from index.errors import ArticleError
from index.ingest.pruning import Pruning
from index.sources.addresses import clean_address
from index.sources.metadata import read_metadata
from index.sources.source_types import (
    Credentials,
    GitPlace,
    LlamaReaderPlace,
    Place,
    Source,
    StoragePlace,
    UploadPlace,
    WebSource,
)
from index.sources.storage import PACKAGES
from index.sources.taking import Groups, Rule, Taking, check_pattern
from service.sources.forges import check_link, check_repository, is_remote, link_for

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


class _CommonEntry(BaseModel):
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


class FilesEntry(_CommonEntry):
    """A file or folder."""

    kind: Literal["files"]

    @field_validator("place")
    @classmethod
    def _is_a_path(cls, place: str) -> str:
        if "://" in place:
            raise ValueError('it is an address: write kind = "web" or "git"')
        return place

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the file or folder to read."""
        return Source(folders.absolute(self.place), prefix=f"{name}/")


class WebEntry(_CommonEntry):
    """A page, a feed or a sitemap."""

    kind: Literal["web"]

    @field_validator("place")
    @classmethod
    def _is_an_address(cls, place: str) -> str:
        try:
            return clean_address(place)
        except ArticleError as error:
            raise ValueError(str(error)) from None

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the address to read."""
        return WebSource(self.place)


class GitEntry(_CommonEntry):
    """A branch of a Git repository: an address, or a folder of this machine.

    `forge` or `link` say how files are linked to, where that cannot be told by the address. `password_variable` names the
    environment variable that holds the password or token of `user`.
    """

    kind: Literal["git"]
    branch: Annotated[str, Field(pattern=r"^[^-\x00-\x20~^:?*\[\\][^\x00-\x20~^:?*\[\\]{0,250}$")] | None = None
    forge: Literal["github", "gitlab", "gitea", "bitbucket"] | None = None
    link: str | None = None
    user: str | None = None
    password_variable: Variable | None = None

    @field_validator("place")
    @classmethod
    def _is_a_repository(cls, place: str) -> str:
        return check_repository(place)

    @field_validator("link")
    @classmethod
    def _names_file_and_commit(cls, link: str | None) -> str | None:
        return link and check_link(link)

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the branch to read."""
        remote = is_remote(self.place)
        return GitPlace(
            source=name,
            repository=self.place if remote else str(folders.absolute(self.place)),
            branch=self.branch,
            copy=folders.data / "git" / name if remote else None,
            link=self.link or link_for(self.place, self.forge),
            credentials=Credentials(self.user, self.password_variable),
        )


class StorageEntry(_CommonEntry):
    """A folder or prefix in S3, by SFTP, by WebDAV, or in Azure's or Google's storage.

    `options` go to the library that reads it; `secrets` name the environment variables that hold further ones.
    """

    kind: Literal["storage"]
    options: Options = {}
    secrets: dict[str, Variable] = Field(default={}, max_length=20)
    link: str | None = None

    @field_validator("place")
    @classmethod
    def _is_storage(cls, place: str) -> str:
        scheme, _, rest = place.partition("://")
        if scheme not in PACKAGES or not rest or "::" in place:
            raise ValueError(f"write an address with one of {', '.join(PACKAGES)}")
        if urlsplit(place).password is not None:
            raise ValueError("leave the password out of the address; write it into secrets, by an environment variable")
        return place.rstrip("/")

    @field_validator("link")
    @classmethod
    def _names_the_file(cls, link: str | None) -> str | None:
        return link and check_link(link)

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the storage to read."""
        options, secrets = json.dumps(self.options, sort_keys=True), tuple(sorted(self.secrets.items()))
        return StoragePlace(name, self.place, options, secrets, self.link)


class ReaderEntry(_CommonEntry):
    """What a reader of LlamaIndex loads. `place` is the dotted name of its class.

    `arguments` go to its constructor, as do the `secrets`, named by environment variables; `load` goes to `load_data`.
    `fields` name the keys of a document's metadata that hold these of ours. `format` says how the text of documents is read.
    """

    kind: Literal["reader"]
    place: str = Field(max_length=500, pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$")
    arguments: Options = {}
    load: Options = {}
    secrets: dict[str, Variable] = Field(default={}, max_length=20)
    fields: dict[Literal["id", "title", "url", "published", "groups", "collections"], str] = {}
    format: Literal["markdown", "text", "html"] = "markdown"

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return what the reader loads."""
        return LlamaReaderPlace(
            source=name,
            reader=self.place,
            folder=folders.data / "readers" / name,
            arguments=json.dumps(self.arguments, sort_keys=True),
            load=json.dumps(self.load, sort_keys=True),
            secrets=tuple(sorted(self.secrets.items())),
            fields=tuple(sorted((str(ours), theirs) for ours, theirs in self.fields.items())),
            ending={"markdown": ".md", "text": ".txt", "html": ".html"}[self.format],
        )


class UploadsEntry(_CommonEntry):
    """What was uploaded. No table of `sources.toml` says so: the source is there as soon as there is an upload."""

    kind: Literal["uploads"] = "uploads"
    place: str = "uploads"
    prune_limit: float = 1.0  # each file is deleted by a person

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the folder of the uploads."""
        return UploadPlace(name, folders.data / self.place)


UPLOADS = UploadsEntry()
AnyEntry = FilesEntry | WebEntry | GitEntry | StorageEntry | ReaderEntry
SourceEntry = Annotated[AnyEntry, Field(discriminator="kind")]
_ENTRY: TypeAdapter[AnyEntry] = TypeAdapter(SourceEntry)


def read_entry(fields: object) -> SourceEntry:
    """Return an entry of `sources.toml`. Raises ValidationError."""
    return _ENTRY.validate_python(fields)
