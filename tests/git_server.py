"""A Git server on this machine for tests, over smart HTTP, and repositories to serve."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from dulwich import porcelain
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import make_wsgi_chain

Application = Callable[..., object]


@dataclass(frozen=True)
class Repository:
    """A repository with a work tree."""

    folder: Path

    def commit(self, files: dict[str, str | None], *, day: str) -> str:
        """Write these files (None: delete), commit them, and return the id of the commit."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        porcelain.add(self.folder, [str(self.folder / name) for name in files])
        when = int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp())
        made = porcelain.commit(
            self.folder,
            message="Change",
            author=b"Ann <ann@example.org>",
            committer=b"Ann <ann@example.org>",
            commit_timestamp=when,
            commit_timezone=0,
            author_timestamp=when,
            author_timezone=0,
        )
        return made.decode()


def new_repository(folder: Path) -> Repository:
    """Create a repository whose branch is main."""
    folder.mkdir(parents=True)
    with Repo.init(str(folder), default_branch=b"main"):
        pass
    return Repository(folder)


@contextmanager
def serving(repository: Repository, *, guard: Callable[[Application], Application] = lambda app: app) -> Iterator[str]:
    """Serve a repository on a free port, and yield its address. `guard` wraps the application."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    with Repo(str(repository.folder)) as opened:
        app = guard(make_wsgi_chain(DictBackend({"/docs.git": cast(BackendRepo, opened)})))
        server: WSGIServer = make_server("127.0.0.1", 0, app, handler_class=Quiet)  # type: ignore[arg-type]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/docs.git"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
