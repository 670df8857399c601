"""What people can ask of an open index, in the shapes of `service.wire`. HTTP, the command line and evaluation share it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

from index.errors import ArticleUnknown
from index.live import LiveIndex
from index.pruning import Pruning
from index.records import EVERYTHING, Access
from index.store import Index
from index.sync import OnProgress
from index.upkeep import check_stores, delete_articles, rebuild_all, update
from service.answering import EXTRACTIVE, checked, steps
from service.askers import Asker
from service.generative import Writer
from service.reports import check_wire, report_wire
from service.selection import select_hits
from service.settings import Settings
from service.shaping import article_summary, hit_wire, question_from, step_wire
from service.watches import Watches
from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    AskResponse,
    CheckRequest,
    CheckResponse,
    IndexReportWire,
    RebuildResponse,
    SearchRequest,
    SearchResponse,
    StatusResponse,
)


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """An index that is open in this process. Safe to use from many threads; indexing is done one run at a time.

    A question, once begun, is answered from one state of the index, also when that is made again meanwhile.
    """

    live: LiveIndex
    settings: Settings
    writer: Writer | None
    watches: Watches = field(default_factory=Watches)

    @property
    def opened(self) -> Index:
        """The index that answers now."""
        return self.live.current

    def ask(self, request: AskRequest, asker: Asker) -> AskResponse:
        """Answer a question. Raises what `service.answering.answer` raises."""
        *_, last = self.ask_events(request, asker)
        assert isinstance(last, AskResponse)
        return last

    def ask_events(self, request: AskRequest, asker: Asker) -> Iterator[AskEvent]:
        """Answer a question, giving each sentence as it is finished. Raises what `service.answering.steps` raises."""
        question = question_from(request, asker.access)
        with self.live.pinned() as index:
            for step in steps(question, index=index, settings=self.settings, writer=self.writer):
                yield step_wire(step, include_hits=request.include_hits)

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        """Return the hits of a question alone."""
        question = question_from(request, access)
        text = checked(question.text, longest=self.settings.max_question_chars)
        with self.live.pinned() as index:
            asked = replace(question, text=text)
            found = select_hits(index, asked, settings=self.settings, count=request.limit)
        return SearchResponse(question=text, hits=[hit_wire(hit) for hit in found.hits])

    def articles(self, access: Access, *, after: str | None, limit: int) -> ArticlesResponse:
        """Return one page of the articles that may be read."""
        with self.live.pinned() as index:
            page = index.catalog.articles(access, after=after, limit=limit + 1)
            total = index.catalog.count(access)
        return ArticlesResponse(
            articles=[article_summary(info) for info in page[:limit]],
            total=total,
            next_after=page[limit - 1].id if len(page) > limit else None,
        )

    def article(self, article_id: str, access: Access, version: str | None) -> ArticleResponse:
        """Return an article with its text. Raises ArticleUnknown or ArticleDeleted."""
        with self.live.pinned() as index:
            info, text = index.catalog.article(article_id, access, version=version)
        shown = version or info.version
        summary = article_summary(info).model_dump() | {"version": shown}
        same = [article_summary(other) for other in self.opened.catalog.same_text(info, access)]
        return ArticleResponse(**summary, text=text, current=shown == info.version, same_text=same)

    def status(self) -> StatusResponse:
        """Return what is indexed."""
        with self.live.pinned() as index:
            return StatusResponse(
                articles=index.catalog.count(EVERYTHING),
                passages=index.catalog.count_passages(),
                model=index.embedder.name,
                fingerprint=index.catalog.fact("fingerprint") or index.fingerprint,
                last_sync=index.catalog.fact("last_sync"),
                data_dir=str(self.settings.data_dir.absolute()),
                answerer=(self.settings.llm_model or EXTRACTIVE) if self.writer else EXTRACTIVE,
                reader=index.reader.name if index.reader else None,
                outdated=index.outdated(),
                watching=self.watches.wire(),
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
        """Make the index equal to these sources. Raises what `index.upkeep.update` raises."""
        pruning = Pruning(prune, prune_limit)
        return report_wire(update(self.live, paths, pruning=pruning, dry_run=dry_run, on_progress=on_progress))

    def rebuild(self, *, on_progress: OnProgress | None = None) -> RebuildResponse:
        """Make the index again from the texts in its catalogue; questions are answered meanwhile."""
        started = perf_counter()
        rebuild_all(self.live, on_progress=on_progress)
        with self.live.pinned() as index:
            articles, passages = index.catalog.count(EVERYTHING), index.catalog.count_passages()
        return RebuildResponse(articles=articles, passages=passages, seconds=round(perf_counter() - started, 3))

    def check(self, request: CheckRequest) -> CheckResponse:
        """Compare the three stores, and mend them if told to. Raises what `index.upkeep.check_stores` raises."""
        return check_wire(check_stores(self.live, repairing=request.repair))

    def delete(self, article_ids: Sequence[str]) -> None:
        """Delete articles. Raises ArticleUnknown, and deletes none, if one is not there."""
        if bad := next((article_id for article_id in article_ids if not article_id.isprintable()), None):
            raise ArticleUnknown(f"There is no article {bad!r}: no id holds such characters.")
        delete_articles(self.live, article_ids)

    def ready(self) -> None:
        """Raise IndexEmpty, IndexMismatch or ModelUnusable while no question can be answered. Loads the models."""
        with self.live.pinned() as index:
            index.check()
            index.embedder.load()
            if index.reader:
                index.reader.load()
