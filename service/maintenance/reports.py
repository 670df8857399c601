"""Converts the state of an index, and reports of indexing and checking, to the types of `service.schemas.maintenance`."""

from collections.abc import Sequence

from index.ingest.sync_report import Problem
from index.ingest.upkeep import CheckResult, UpdateResult
from index.ingest.workers import workers_named
from index.models.computation import computation
from index.records import EVERYTHING
from index.stores.chroma import ServerCollection
from index.stores.postgresql import database_url, shown
from index.stores.store import Index
from service.schemas.maintenance import (
    CheckResponse,
    FailedPath,
    IdsWire,
    IndexReportWire,
    StatusResponse,
    WatchWire,
)
from service.settings import Settings

_IDS_SHOWN = 20


def status_wire(index: Index, settings: Settings, *, answerer: str, watching: list[WatchWire]) -> StatusResponse:
    """Return the size and the state of an index. `answerer` is what words the answers."""
    return StatusResponse(
        articles=index.catalog.count(EVERYTHING),
        passages=index.catalog.count_passages(),
        model=index.embedder.name,
        fingerprint=index.catalog.fact("fingerprint") or index.fingerprint,
        last_sync=index.catalog.fact("last_sync"),
        data_dir=str(settings.data_dir.absolute()),
        database=shown(database_url(settings.database_url)) if settings.database_url else None,
        vectors=str(index.vectors.place.server) if isinstance(index.vectors.place, ServerCollection) else None,
        answerer=answerer,
        reader=index.reader.name if index.reader else None,
        reranker=index.reranker.name if index.reranker else None,
        outdated=index.outdated(),
        computation=str(computation(settings.precision)),
        ingest=workers_named(settings),
        watching=watching,
    )


def report_wire(updated: UpdateResult) -> IndexReportWire:
    """Convert the report of a run of indexing."""
    report = updated.report
    return IndexReportWire(
        added=report.added,
        updated=report.updated,
        renamed=report.renamed,
        unchanged=report.unchanged,
        deleted=report.deleted,
        skipped=list(report.skipped),
        failed=_paths(report.failed),
        warnings=_paths(report.warnings),
        articles=report.articles,
        passages=report.passages,
        seconds=report.seconds,
        rebuilt=updated.rebuilt,
    )


def check_wire(checked: CheckResult) -> CheckResponse:
    """Convert the differences between the three stores: all counts, and the first ids."""
    found = checked.differences
    return CheckResponse(
        agree=found.agree and checked.damage is None,
        passages=found.passages,
        damage=checked.damage,
        missing_vectors=_ids(found.missing_vectors),
        extra_vectors=_ids(found.extra_vectors),
        wrong_vectors=_ids(found.wrong_vectors),
        missing_words=_ids(found.missing_words),
        extra_words=_ids(found.extra_words),
        repair=checked.repair,
    )


def _ids(ids: Sequence[str]) -> IdsWire:
    return IdsWire(count=len(ids), ids=list(ids[:_IDS_SHOWN]))


def _paths(problems: Sequence[Problem]) -> list[FailedPath]:
    return [FailedPath(path=problem.path, error=problem.error) for problem in problems]
