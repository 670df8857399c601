"""Git repositories as places: the files at a branch, by dulwich. The extra `git` installs it.

Of a remote repository a bare copy is kept, to which each sync fetches what is new. A folder is read where it is.
"""

import os
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING
from urllib.parse import quote

from index.errors import ArticleError
from index.extras import how_to_install
from index.sources.places import GitPlace, RemoteFile
from index.sources.source_types import Limits
from index.sources.worker import lower

if TYPE_CHECKING:
    from dulwich.objects import Commit, ObjectID
    from dulwich.refs import Ref
    from dulwich.repo import Repo

# A file that was not changed in so many commits gets the link to the newest one, and no day.
_MOST_COMMITS = 200_000


def list_repository(place: GitPlace, limits: Limits) -> list[RemoteFile]:
    """Fetch what is new, and return the files at the branch. Runs in the reading process. Raises ArticleError."""
    if find_spec("dulwich") is None:
        raise ArticleError(f"Git repositories are read by the extra `git`. Install it: {how_to_install('git')}")
    repository, head = _fetched(place, place.copy, limits) if place.copy else _opened(place)
    with repository:
        tree = _commit(repository, head).tree
        return [
            RemoteFile(entry.path.decode(errors="replace"), entry.sha.decode(), at=head.decode())
            for entry in repository.object_store.iter_tree_contents(tree)
            if S_ISREG(entry.mode)
        ]


def fetch_from_repository(
    place: GitPlace, files: Sequence[RemoteFile], folder: Path, limits: Limits
) -> list[RemoteFile | str]:
    """Write these files into a folder. Return each with its link and the day of its last commit, or why it cannot be read."""
    with _repository(place) as repository:
        return [_written(place, repository, file, folder, limits) for file in files]


def _written(place: GitPlace, repository: "Repo", file: RemoteFile, folder: Path, limits: Limits) -> RemoteFile | str:
    from dulwich.objects import ObjectID

    content = repository.object_store.get_raw(ObjectID(file.token.encode()))[1]
    if len(content) > limits.file_bytes:
        return f"it is {len(content):,} bytes long, over the limit of {limits.file_bytes:,}"
    target = folder / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    commit, day = _history(place, file.at).last_change(file.name.encode())
    link = place.link and place.link.format(commit=commit.decode(), path=quote(file.name))
    return replace(file, url=link, published=day)


class _History:
    """The commits of a branch, newest first, read only as far back as is needed."""

    def __init__(self, place: GitPlace, head: str) -> None:
        from dulwich.objects import ObjectID

        self._repository, self._head = _repository(place), ObjectID(head.encode())
        self._found: dict[bytes, tuple[bytes, date]] = {}
        self._commits = self._changes()

    def last_change(self, path: bytes) -> tuple[bytes, date | None]:
        """Return the last commit that changed a file, and its day where it was made."""
        while path not in self._found:
            changed = next(self._commits, None)
            if changed is None:
                return self._head, None
            commit, paths = changed
            offset = timedelta(seconds=commit.commit_timezone)
            day = (datetime.fromtimestamp(commit.commit_time, UTC) + offset).date()
            for one in paths:
                self._found.setdefault(one, (commit.id, day))
        return self._found[path]

    def _changes(self) -> "Iterator[tuple[Commit, list[bytes]]]":
        for entry in self._repository.get_walker(include=[self._head], max_entries=_MOST_COMMITS):
            # Of a merge only what differs from each of its parents was changed by it.
            changes = [one[0] if isinstance(one, list) else one for one in entry.changes()]
            yield entry.commit, [one.new.path for one in changes if one and one.new and one.new.path]


@lru_cache(maxsize=1)
def _history(place: GitPlace, head: str) -> _History:
    return _History(place, head)


def _repository(place: GitPlace) -> "Repo":
    from dulwich.repo import Repo

    return Repo(os.fspath(place.copy or place.repository))


def _opened(place: GitPlace) -> "tuple[Repo, ObjectID]":
    repository = _repository(place)
    name = _ref(place)
    if name not in repository.refs:
        raise _no_branch(place)
    return repository, repository.refs[name]


def _ref(place: GitPlace) -> "Ref":
    from dulwich.refs import Ref

    return Ref(f"refs/heads/{place.branch}".encode() if place.branch else b"HEAD")


def _no_branch(place: GitPlace) -> ArticleError:
    return ArticleError(f"it has no branch {place.branch!r}. Correct it." if place.branch else "it has no commit yet.")


def _fetched(place: GitPlace, copy: Path, limits: Limits) -> "tuple[Repo, ObjectID]":
    from dulwich.client import get_transport_and_path
    from dulwich.refs import Ref
    from dulwich.repo import Repo

    # Nothing that a server sends makes a file larger than this.
    lower(resource.RLIMIT_FSIZE, limits.source_bytes)
    copy.mkdir(parents=True, exist_ok=True)
    repository = Repo(os.fspath(copy)) if (copy / "HEAD").exists() else Repo.init_bare(os.fspath(copy))
    given = place.credentials
    client, path = get_transport_and_path(place.repository, username=given.user, password=given.secret(), quiet=True)
    name = _ref(place)

    def wanted(refs: "Mapping[Ref, ObjectID]", depth: int | None = None) -> "list[ObjectID]":
        return [refs[name]] if name in refs and refs[name] not in repository.object_store else []

    refs = client.fetch(path.encode(), repository, determine_wants=wanted).refs
    head = refs.get(name)
    if head is None:
        raise _no_branch(place)
    repository.refs[Ref(b"refs/heads/synced")] = head
    return repository, head


def _commit(repository: "Repo", head: "ObjectID") -> "Commit":
    from dulwich.objects import Commit

    found = repository[head]
    assert isinstance(found, Commit)
    return found
