"""The entries of `sources.toml`: what each kind may say, and the source that it stands for."""

import json
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, field_validator, model_validator

from index.errors import ArticleError
from index.sources.addresses import clean_address
from index.sources.places import (
    ConfluencePlace,
    Credentials,
    GitPlace,
    LlamaReaderPlace,
    NotionPlace,
    StoragePlace,
    UploadPlace,
)
from index.sources.source_types import Place, Source, WebSource
from index.sources.storage import PACKAGES
from service.sources.common_entry import CommonEntry, Folders, Options, Variable
from service.sources.forges import check_link, check_repository, is_remote, link_for


class FilesEntry(CommonEntry):
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


class WebEntry(CommonEntry):
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


class GitEntry(CommonEntry):
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


class StorageEntry(CommonEntry):
    """A folder or prefix in S3, by SFTP, by WebDAV, or in Azure's or Google's storage.

    `options` go to the library that reads it; `secrets` name the environment variables that hold further ones.
    """

    kind: Literal["storage"]
    options: Options = Field(default={})
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


class ReaderEntry(CommonEntry):
    """What a reader of LlamaIndex loads. `place` is the dotted name of its class.

    `arguments` go to its constructor, as do the `secrets`, named by environment variables; `load` goes to `load_data`.
    `fields` name the keys of a document's metadata that hold these of ours. `format` says how the text of documents is read.
    """

    kind: Literal["reader"]
    place: str = Field(max_length=500, pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$")
    arguments: Options = Field(default={})
    load: Options = Field(default={})
    secrets: dict[str, Variable] = Field(default={}, max_length=20)
    fields: dict[Literal["id", "title", "url", "published", "groups", "collections"], str] = Field(default={})
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


class _WikiEntry(CommonEntry):
    """A wiki. `readers` are our groups by the names that restrict its pages; `password_variable` names a token."""

    readers: Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=1_000)] = Field(
        default={}
    )
    password_variable: Variable

    @field_validator("place")
    @classmethod
    def _is_an_address(cls, place: str) -> str:
        parts = urlsplit(place)
        local = parts.hostname in ("127.0.0.1", "localhost")
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.scheme not in ("https", "http"):
            raise ValueError("write an address such as https://acme.atlassian.net/wiki, without user and password")
        if parts.scheme == "http" and not local:
            raise ValueError("write https: over http the token could be read on its way")
        return place.rstrip("/")


class ConfluenceEntry(_WikiEntry):
    """Spaces of a Confluence. `user` is who the token is of in the Cloud; Data Center needs the token alone."""

    kind: Literal["confluence"]
    spaces: Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field(min_length=1, max_length=1_000)]
    user: str | None = None

    @model_validator(mode="after")
    def _says_who_may_read(self) -> "ConfluenceEntry":
        if self.groups is None:
            raise ValueError("groups: say who may read what the spaces hold; Confluence does not tell")
        return self

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the spaces to read."""
        credentials = Credentials(self.user, self.password_variable)
        return ConfluencePlace(name, self.place, tuple(self.spaces), tuple(sorted(self.readers.items())), credentials)


class NotionEntry(_WikiEntry):
    """What is shared with an integration of Notion. `readers_property` names the property that says who may read a page."""

    kind: Literal["notion"]
    place: str = "https://api.notion.com"
    readers_property: str | None = None

    @model_validator(mode="after")
    def _says_who_may_read(self) -> "NotionEntry":
        if self.groups is None and self.readers_property is None:
            raise ValueError("groups: say who may read the pages, here or by readers_property; Notion does not tell")
        return self

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the pages to read."""
        credentials = Credentials(None, self.password_variable)
        readers = tuple(sorted(self.readers.items()))
        return NotionPlace(name, self.place, self.readers_property, readers, credentials)


class UploadsEntry(CommonEntry):
    """What was uploaded. No table of `sources.toml` says so: the source is there as soon as there is an upload."""

    kind: Literal["uploads"] = "uploads"
    place: str = "uploads"
    prune_limit: float = 1.0  # each file is deleted by a person

    def place_of(self, name: str, folders: Folders) -> Place:
        """Return the folder of the uploads."""
        return UploadPlace(name, folders.data / self.place)


UPLOADS = UploadsEntry()
AnyEntry = FilesEntry | WebEntry | GitEntry | StorageEntry | ReaderEntry | ConfluenceEntry | NotionEntry
SourceEntry = Annotated[AnyEntry, Field(discriminator="kind")]
_ENTRY: TypeAdapter[AnyEntry] = TypeAdapter(SourceEntry)


def read_entry(fields: object) -> SourceEntry:
    """Return an entry of `sources.toml`. Raises ValidationError."""
    return _ENTRY.validate_python(fields)
