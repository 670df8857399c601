"""What people can ask of an open index, in the shapes of `service.wire`. HTTP, the command line and evaluation share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from index.errors import ArticleUnknown
from index.records import EVERYTHING, Access
from index.retrieval import retrieve
from index.store import Index
from index.sync import OnProgress, Pruning, SyncReport, delete, sync
from service.answering import EXTRACTIVE, answer, checked
from service.generative import Writer
from service.settings import Settings
from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    AskRequest,
    AskResponse,
    FailedPath,
    IndexReportWire,
    SearchRequest,
    SearchResponse,
    StatusResponse,
    answer_wire,
    article_summary,
    hit_wire,
    question_from,
)


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """An index that is open in this process. Safe to use from many threads; indexing is done one run at a time."""

    opened: Index
    settings: Settings
    writer: Writer | None
    indexing: Lock

    def ask(self, request: AskRequest, access: Access) -> AskResponse:
        """Answer a question. Raises what `service.answering.answer` raises."""
        question = question_from(request, access)
        result = answer(question, index=self.opened, settings=self.settings, writer=self.writer)
        return answer_wire(result, include_hits=request.include_hits)

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        """Return the hits of a question alone."""
        question = question_from(request, access)
        text = checked(question.text, longest=self.settings.max_question_chars)
        found = retrieve(self.opened, text, access=access, filters=question.filters, count=request.limit)
        return SearchResponse(question=text, hits=[hit_wire(hit) for hit in found.hits])

    def articles(self, access: Access, *, after: str | None, limit: int) -> ArticlesResponse:
        """Return one page of the articles that may be read."""
        page = self.opened.catalog.articles(access, after=after, limit=limit + 1)
        return ArticlesResponse(
            articles=[article_summary(info) for info in page[:limit]],
            total=self.opened.catalog.count(access),
            next_after=page[limit - 1].id if len(page) > limit else None,
        )

    def article(self, article_id: str, access: Access, version: str | None) -> ArticleResponse:
        """Return an article with its text. Raises ArticleUnknown or ArticleDeleted."""
        info, text = self.opened.catalog.article(article_id, access, version=version)
        shown = version or info.version
        summary = article_summary(info).model_dump() | {"version": shown}
        same = [article_summary(other) for other in self.opened.catalog.same_text(info, access)]
        return ArticleResponse(**summary, text=text, current=shown == info.version, same_text=same)

    def status(self) -> StatusResponse:
        """Return what is indexed."""
        catalog = self.opened.catalog
        return StatusResponse(
            articles=catalog.count(EVERYTHING),
            passages=catalog.count_passages(),
            model=self.opened.embedder.name,
            fingerprint=self.opened.catalog.fact("fingerprint") or self.opened.fingerprint,
            last_sync=catalog.fact("last_sync"),
            data_dir=str(self.settings.data_dir.absolute()),
            answerer=(self.settings.llm_model or EXTRACTIVE) if self.writer else EXTRACTIVE,
        )

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        prune: bool,
        prune_limit: float,
        dry_run: bool,
        on_progress: OnProgress | None = None,
    ) -> IndexReportWire:
        """Make the index equal to these sources. Raises what `index.sync.sync` raises."""
        with self.indexing:
            pruning = Pruning(prune, prune_limit)
            report = sync(self.opened, paths, pruning=pruning, dry_run=dry_run, on_progress=on_progress)
        return _report_wire(report)

    def delete(self, article_ids: Sequence[str]) -> None:
        """Delete articles. Raises ArticleUnknown, and deletes none, if one is not there."""
        if bad := next((article_id for article_id in article_ids if not article_id.isprintable()), None):
            raise ArticleUnknown(f"There is no article {bad!r}: no id holds such characters.")
        with self.indexing:
            delete(self.opened, article_ids)

    def ready(self) -> None:
        """Raise IndexEmpty, IndexMismatch or ModelUnusable while no question can be answered. Loads the model."""
        self.opened.check()
        self.opened.embedder.load()


def _report_wire(report: SyncReport) -> IndexReportWire:
    return IndexReportWire(
        added=report.added,
        updated=report.updated,
        renamed=report.renamed,
        unchanged=report.unchanged,
        deleted=report.deleted,
        skipped=list(report.skipped),
        failed=[FailedPath(path=problem.path, error=problem.error) for problem in report.failed],
        warnings=[FailedPath(path=problem.path, error=problem.error) for problem in report.warnings],
        articles=report.articles,
        passages=report.passages,
        seconds=report.seconds,
    )
