"""What the tests of syncing share: articles written, reports counted, texts read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from index.ingest.pruning import Pruning
from index.ingest.sync_report import SyncReport
from index.records import EVERYTHING, Access
from index.stores.store import Index

PRUNE_ALL = Pruning(enabled=True, limit=1.0)
PRUNE = Pruning(enabled=True)
STAFF = Access(groups=frozenset({"staff"}))


class Contents(Protocol):
    @property
    def agree(self) -> bool: ...
    @property
    def catalog(self) -> list[str]: ...


ContentsOf = Callable[[Index], Contents]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def lines(*articles: dict[str, object]) -> str:
    return "\n".join(json.dumps(article) for article in articles)


def counts(report: SyncReport) -> dict[str, int]:
    names = ("added", "updated", "renamed", "unchanged", "deleted")
    return {name: getattr(report, name) for name in names if getattr(report, name)} | (
        {"failed": len(report.failed)} if report.failed else {}
    )


def text_of(index: Index, article_id: str, access: Access = EVERYTHING, version: str | None = None) -> str:
    return index.catalog.article(article_id, access, version=version)[1]


def ids(index: Index) -> list[str]:
    return sorted(index.catalog.entries())
