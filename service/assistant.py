"""The assistant: everything that can be done with an open index, in the types of `service.schemas`.

HTTP, the command line, Slack and evaluation all use it.
"""

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import perf_counter

import structlog
from sqlalchemy.exc import DBAPIError

from index.errors import ArticleUnknown, FootnoteError, NotInHistory, OriginalMissing, QuestionError, SearchUnderWay
from index.ingest.pruning import Pruning
from index.ingest.run_control import OnProgress
from index.ingest.upkeep import check_stores, delete_articles, rebuild_all, update
from index.records import EVERYTHING, Access, Hit, Span
from index.stores.live import LiveIndex
from index.stores.store import Index
from service.answer.analysis import analyse, checked
from service.answer.citations import scan_of
from service.answer.example_questions import example_questions
from service.answer.lengths import check_lengths
from service.answer.llm.writer import Writer
from service.answer.models import Answer, Question
from service.answer.pipeline import EXTRACTIVE, answers_with, steps
from service.answer.retrieval.search import select_hits
from service.answer.small_talk import small_talk
from service.approving.store import Approvals, events_of
from service.auth.askers import OWNER, Asker
from service.conflicts import find_conflicts
from service.explaining import explained
from service.gaps import Gaps
from service.history.database import check_database
from service.history.feedback import ReviewFilter
from service.history.provenance import provenance_of
from service.history.store import HistoryStore, Through
from service.history.usage import UsageReports
from service.maintenance.backups import back_up
from service.maintenance.reports import check_wire, report_wire, status_wire
from service.maintenance.watch_status import WatchStatus
from service.monitoring.observers import Observer, Rated, observed
from service.quality.reports import QualityReports
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    AskResponse,
    CollectionsResponse,
    CollectionWire,
    PublishersResponse,
    PublisherWire,
    SearchRequest,
    SearchResponse,
)
from service.schemas.conflicts import ConflictsRequest, ConflictsResponse
from service.schemas.conversion import article_summary, collection_name, hit_wire, question_from, scan_wire, step_wire
from service.schemas.explaining import ExplainResponse
from service.schemas.gaps import GapsResponse
from service.schemas.history import (
    ConversationResponse,
    ConversationsResponse,
    FeedbackRequest,
    ReviewResponse,
    StaleResponse,
    StoredAnswerResponse,
)
from service.schemas.maintenance import (
    BackupResponse,
    CheckRequest,
    CheckResponse,
    IndexReportWire,
    RebuildResponse,
    StatusResponse,
)
from service.schemas.quality import QualityResponse
from service.schemas.usage import UsageResponse
from service.settings import Settings
from service.sources.local import LocalSources
from service.sources.originals import OriginalFile, original_file
from service.sources.origins import Origins
from service.sources.scopes import scope_filters, scopes_for
from service.sources.syncing import Sources
from service.sources.uploads import Uploads
from service.warming import answer_made_up_questions, load_models

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LocalAssistant:
    """An index that is open in this process. Safe to use from many threads; indexing is done one run at a time.

    A question is answered from one state of the index, even if the index is rebuilt in the meantime. `history` is None if
    nothing is stored, `usage_reports` is None if there is no audit record. `observers` are called after each question.
    """

    live: LiveIndex
    settings: Settings
    writer: Writer | None
    watch_status: WatchStatus = field(default_factory=WatchStatus)
    history: HistoryStore | None = None
    usage_reports: UsageReports | None = None
    observers: tuple[Observer, ...] = ()
    finding_conflicts: Lock = field(default_factory=Lock)

    @property
    def current_index(self) -> Index:
        """The index that answers new questions."""
        return self.live.current

    def ask(self, request: AskRequest, asker: Asker, *, through: Through = "api") -> AskResponse:
        """Answer a question. Raises what `ask_events` raises."""
        *_, last = self.ask_events(request, asker, through=through)
        assert isinstance(last, AskResponse)
        return last

    def ask_events(
        self, request: AskRequest, asker: Asker, *, through: Through = "api"
    ) -> Generator[AskEvent, None, None]:
        """Answer a question, yielding each sentence as it is finished. Store the answer, unless the owner asked.

        Raises what `service.answer.pipeline.steps` raises, and NotInHistory if the conversation is not one of the asker's.
        """
        events = self._answered(request, asker, through)
        return observed(events, self.observers, request=request, asker=asker, through=through)

    def _answered(self, request: AskRequest, asker: Asker, through: Through) -> Generator[AskEvent, None, None]:
        check_lengths(request.question, [message.text for message in request.history], settings=self.settings)
        question = self._question(request, asker.access)
        if request.conversation_id is not None:
            question = replace(question, history=self._required_history.messages(request.conversation_id, asker))
        with self.live.pinned() as index:
            reads_all = index.catalog.reads_all(asker.access)
            if approved := self._approved(question, index):
                yield from events_of(approved)
                named = approved.model_copy(update={"conversation_id": request.conversation_id})
                yield self._store(named, asker, index, through, ())
                return
            for step in steps(question, index=index, settings=self.settings, writer=self.writer):
                event = step_wire(step, reads_all=reads_all, include_hits=request.include_hits)
                if isinstance(event, AskResponse):
                    event = event.model_copy(update={"conversation_id": request.conversation_id})
                    shown = step.shown if isinstance(step, Answer) else ()
                    yield self._store(event, asker, index, through, shown)
                else:
                    yield event

    def _approved(self, question: Question, index: Index) -> AskResponse | None:
        """Return the approved answer to a question that stands alone and is asked of all articles, if there is one."""
        alone = Question(question.text, access=question.access)
        return (
            self.approvals.find(question.text, question.access, index) if self.history and question == alone else None
        )

    @property
    def approvals(self) -> Approvals:
        """The approved answers. Raises NotInHistory if nothing is stored."""
        return Approvals(self._required_history)

    def _question(self, request: AskRequest | SearchRequest, access: Access) -> Question:
        """Return the question of a request. Raises ScopeUnknown."""
        name = request.filters.scope
        if name is None:
            return question_from(request, access)
        return question_from(request, access, scope_filters(name, self.settings, self.live.current.catalog, access))

    def _store(
        self, response: AskResponse, asker: Asker, index: Index, through: Through, shown: Sequence[Hit]
    ) -> AskResponse:
        if self.history is None or (asker == OWNER and response.conversation_id is None):
            return response
        try:
            provenance = provenance_of(response, index, self.settings)
            return self.history.save(response, asker, provenance=provenance, through=through, shown=shown)
        except NotInHistory:  # the conversation was deleted in the meantime, and is not created again
            return response.model_copy(update={"conversation_id": None})
        except (FootnoteError, DBAPIError) as error:
            # An answer that cannot be stored is still an answer. Only the kind of error is logged: its text may quote it.
            log.error("answer not kept", answer=response.id, kind=type(error).__name__)
            return response

    def asks_nothing(self, text: str) -> bool:
        """Say whether a text is small talk, or nothing that could be asked. Raises ModelUnusable."""
        try:
            question = checked(text, longest=self.settings.max_question_chars)
        except QuestionError:
            return True
        with self.live.pinned() as index:
            return small_talk(index, question) is not None

    def questions_to_try(self, access: Access) -> tuple[str, ...]:
        """Return a few questions that the articles answer someone with this access. Raises IndexEmpty or IndexMismatch."""
        with self.live.pinned() as index:
            index.check()
            return example_questions(index.catalog, access, answers_with(index, self.settings))

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return how many tokens these texts have, by the tokenizer of the embedding model."""
        return sum(map(len, self.live.current.embedder.token_spans(texts)))

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        """Return only the hits of a question."""
        question = self._question(request, access)
        settings = self.settings
        analysis = analyse(
            question,
            longest=settings.max_question_chars,
            completed=None,
            time_preference=settings.time_preference,
        )
        text = analysis.text
        with self.live.pinned() as index:
            found = select_hits(index, text, analysis, count=request.limit)
            reads_all = index.catalog.reads_all(access)
        return SearchResponse(question=text, hits=[hit_wire(hit, reads_all=reads_all) for hit in found.hits])

    def explain(self, request: SearchRequest, access: Access) -> ExplainResponse:
        """Answer a question, and say why so. Raises what `service.answer.pipeline.steps` raises."""
        question = self._question(request, access)
        with self.live.pinned() as index:
            return explained(question, index=index, settings=self.settings, writer=self.writer, most_hits=request.limit)

    def articles(
        self, access: Access, *, after: str | None, limit: int, titled: str = "", collection: str | None = None
    ) -> ArticlesResponse:
        """Return one page of the articles that may be read, have these words in their titles, and are in a collection."""
        within = None if collection is None else collection_name(collection)
        with self.live.pinned() as index:
            page = index.catalog.articles(access, after=after, limit=limit + 1, titled=titled, collection=within)
            total = index.catalog.count(access, titled=titled, collection=within)
        return ArticlesResponse(
            articles=[article_summary(info) for info in page[:limit]],
            total=total,
            next_after=page[limit - 1].id if len(page) > limit else None,
        )

    def article(
        self, article_id: str, access: Access, version: str | None, stretch: Span | None = None
    ) -> ArticleResponse:
        """Return an article with its text, and where a scan has this stretch. Raises ArticleUnknown or ArticleDeleted."""
        with self.live.pinned() as index:
            info, text = index.catalog.article(article_id, access, version=version)
            shown = version or info.version
            scan = None
            if stretch and info.confidence is not None and shown == info.version:
                first, last = info.page_at(stretch.start) or 1, info.page_at(stretch.end) or 1
                scan = scan_of(index.catalog.recognised(article_id, first, last), stretch)
        summary = article_summary(info).model_dump() | {"version": shown}
        same = [article_summary(other) for other in self.current_index.catalog.same_text(info, access)]
        file = original_file(info, self.settings.data_dir)
        return ArticleResponse(
            **summary,
            text=text,
            current=shown == info.version,
            same_text=same,
            original=file and file.original.media_type,
            pages=list(info.pages) if shown == info.version else [],
            scan=scan and scan_wire(scan),
        )

    def original(self, article_id: str, access: Access, version: str | None) -> OriginalFile:
        """Return the file of an article. Raises ArticleUnknown or ArticleDeleted, and OriginalMissing if it is not here."""
        with self.live.pinned() as index:
            info, _ = index.catalog.article(article_id, access, version=version)
        file = original_file(info, self.settings.data_dir)
        if file is None or version not in (None, info.version):
            raise OriginalMissing(f"The file of this version of {article_id!r} is not kept. Its text is.")
        return file

    def check_readable(self, article_ids: Collection[str], access: Access) -> None:
        """Raise NotInHistory unless all of these articles exist and may be read."""
        with self.live.pinned() as index:
            readable = index.catalog.readable(article_ids, access)
        if not readable.issuperset(article_ids):
            raise NotInHistory("This answer shows an article that was deleted, or that you may not read any more.")

    def publishers(self, access: Access) -> PublishersResponse:
        """Return the publishers of the articles that may be read, and their first and last day."""
        with self.live.pinned() as index:
            counts, days = index.catalog.publishers(access), index.catalog.published_between(access)
        named = [PublisherWire(name=name, articles=count) for name, count in counts.items()]
        return PublishersResponse(publishers=named, earliest=days and days[0], latest=days and days[1])

    def collections(self, access: Access) -> CollectionsResponse:
        """Return the collections of the articles that may be read, and the scopes that hold one of these."""
        with self.live.pinned() as index:
            counts = index.catalog.collections(access)
            scopes = [scope.name for scope in scopes_for(self.settings, index.catalog, access)]
        named = [CollectionWire(name=name, articles=count) for name, count in counts.items()]
        return CollectionsResponse(collections=named, scopes=scopes)

    @property
    def _required_history(self) -> HistoryStore:
        """The history. Raises NotInHistory if nothing is stored."""
        if self.history is None:
            raise NotInHistory(
                "No questions and answers are kept here (FOOTNOTE_KEEP_DAYS=0), so there are no conversations."
            )
        return self.history

    def conversations(self, asker: Asker, *, after: str | None, limit: int) -> ConversationsResponse:
        """Return one page of the asker's conversations, latest first. This and the next eight raise NotInHistory."""
        return self._required_history.conversations(asker, after=after, limit=limit)

    def conversation(self, conversation_id: str, asker: Asker) -> ConversationResponse:
        """Return one of the asker's conversations with its answers."""
        return self._required_history.conversation(conversation_id, asker)

    def delete_conversation(self, conversation_id: str, asker: Asker) -> None:
        """Delete one of the asker's conversations. An admin may delete anyone's."""
        self._required_history.delete_conversation(conversation_id, asker)

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse:
        """Return a stored answer. Raises ArticleDeleted if an article that it cites was deleted."""
        return self._required_history.answer(answer_id, asker)

    def delete_answer(self, answer_id: str, asker: Asker) -> None:
        """Delete one of the asker's answers. An admin may delete anyone's."""
        self._required_history.delete_answer(answer_id, asker)

    def share(self, answer_id: str, asker: Asker, *, shared: bool) -> None:
        """Share one of the asker's answers with others who may read its articles, or stop sharing it."""
        self._required_history.share(answer_id, asker, shared=shared)

    def rate(self, request: FeedbackRequest, asker: Asker) -> None:
        """Store the asker's feedback on an answer. Also raises ArticleDeleted."""
        self._required_history.rate(request, asker)
        for observer in self.observers:
            observer(Rated(asker, request))

    def review(self, asker: Asker, review_filter: ReviewFilter, *, after: str | None, limit: int) -> ReviewResponse:
        """Return one page of everybody's questions and answers, for an admin."""
        return self._required_history.review(asker, review_filter, after=after, limit=limit)

    def stale(self, asker: Asker, *, after: str | None, limit: int) -> StaleResponse:
        """Return one page of everybody's answers whose quoted words have changed since, most read first, for an admin."""
        return self._required_history.stale(asker, after=after, limit=limit)

    def gaps(self, asker: Asker) -> GapsResponse:
        """Return what was asked, by anybody, and had no good answer, grouped by meaning, for an admin."""
        return Gaps(self._required_history).found(asker)

    def conflicts(self, request: ConflictsRequest, access: Access) -> ConflictsResponse:
        """Return where two articles that may be read give different values.

        Raises what `find_conflicts` raises, and SearchUnderWay.
        """
        if not self.finding_conflicts.acquire(blocking=False):
            raise SearchUnderWay("Another search for conflicts is under way here. Try again in a few seconds.")
        try:
            with self.live.pinned() as index:
                return find_conflicts(index, access, request)
        finally:
            self.finding_conflicts.release()

    def usage(self, asker: Asker, *, days: int) -> UsageResponse:
        """Return how much everybody asked, for an admin. Raises NotInHistory if there is no audit record."""
        if self.usage_reports is None:
            raise NotInHistory(
                "No record is kept of questions (FOOTNOTE_AUDIT_DAYS=0), so there is nothing to count. Set it to keep one."
            )
        return self.usage_reports.report(days, asker.access, today=datetime.now(UTC).date())

    def quality(self, *, days: int) -> QualityResponse:
        """Return how good the scored answers to everybody are, for an admin. Raises NotInHistory if nothing is stored."""
        reports = QualityReports(self._required_history.engine, self.settings.score_share)
        return reports.report(days, today=datetime.now(UTC).date())

    def status(self) -> StatusResponse:
        """Return the size and the state of the index."""
        with self.live.pinned() as index:
            answers_with = (self.settings.llm_model if self.writer else None) or EXTRACTIVE
            return status_wire(index, self.settings, answerer=answers_with, watching=self.watch_status.wire())

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        prune: bool,
        prune_limit: float,
        dry_run: bool,
        on_progress: OnProgress | None = None,
    ) -> IndexReportWire:
        """Make the index equal to these sources. Raises what `index.ingest.upkeep.update` raises."""
        pruning = Pruning(prune, prune_limit)
        return report_wire(update(self.live, paths, pruning=pruning, dry_run=dry_run, on_progress=on_progress))

    @property
    def sources(self) -> LocalSources:
        """The sources that `sources.toml` names."""
        return LocalSources(Sources(self.live, self.settings))

    @property
    def uploads(self) -> Uploads:
        """The uploaded files."""
        return Uploads(self.live, self.settings)

    @property
    def origins(self) -> Origins:
        """Where the articles come from."""
        return Origins(self.live, self.settings)

    def stop_indexing(self) -> None:
        """Stop indexing soon, and allow no further runs, because the service stops."""
        self.live.control.stop()

    def rebuild(self, *, on_progress: OnProgress | None = None) -> RebuildResponse:
        """Rebuild the index from the texts in its catalogue. Questions are answered meanwhile."""
        started = perf_counter()
        rebuild_all(self.live, on_progress=on_progress)
        with self.live.pinned() as index:
            articles, passages = index.catalog.count(EVERYTHING), index.catalog.count_passages()
        return RebuildResponse(articles=articles, passages=passages, seconds=round(perf_counter() - started, 3))

    def backup(self) -> BackupResponse:
        """Copy the index and the database into a new folder in the data folder. Questions are answered meanwhile."""
        return back_up(self.live, self.settings)

    def check(self, request: CheckRequest) -> CheckResponse:
        """Compare the three stores, and repair them if asked to. Check the databases for damage.

        Raises what `index.ingest.upkeep.check_stores` raises, and IndexDamaged.
        """
        check_database(self.settings.data_dir)
        return check_wire(check_stores(self.live, repairing=request.repair))

    def delete(self, article_ids: Sequence[str]) -> None:
        """Delete articles, with uploads of which nothing is left.

        If one does not exist, deletes none and raises ArticleUnknown.
        """
        if bad := next((article_id for article_id in article_ids if not article_id.isprintable()), None):
            raise ArticleUnknown(f"There is no article {bad!r}: no id holds such characters.")
        with self.live.pinned() as index:
            index.catalog.origins(article_ids)  # also raises ArticleUnknown
        self.uploads.forget_articles(article_ids)
        delete_articles(self.live, article_ids)

    def ready(self) -> None:
        """Load the models. Raises IndexEmpty, IndexMismatch, ModelUnusable or DataFolderUnusable if none can be asked."""
        if self.history:
            self.history.check()
        with self.live.pinned() as index:
            load_models(index, checks_sentences=self.writer is not None)

    def warm_up(self) -> float | None:
        """Answer a few made-up questions, so that the first person does not wait for what is loaded with the first answers.

        Return how many seconds the last of them took, or None if there are no articles. Raises what `ready` raises.
        """
        with self.live.pinned() as index:
            return answer_made_up_questions(index, self.settings)
