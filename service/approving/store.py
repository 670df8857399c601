"""Approves answers, and finds the approved answer to a question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.exc import DBAPIError

from index.errors import FootnoteError, WrongUsage
from index.records import Access, Filters
from index.settings import PACKAGED_MODEL
from index.stores.store import Index
from service.answer.text.same_question import asks_the_same
from service.approving.editing import edited
from service.auth.askers import Asker
from service.history import answers, approvals
from service.history.store import HistoryStore
from service.history.visibility import check_visible, stored, visible
from service.schemas.api import (
    ApprovalWire,
    AskResponse,
    CitationWire,
    HighlightWire,
    HitsEvent,
    SentenceEvent,
    TimingsWire,
)
from service.schemas.approving import ApprovedResponse, ApprovedRow, ApproveRequest
from service.schemas.history import KeptAnswer

_LEAST_COSINE = 0.92
"""Questions that ask the same by their words do so by their meaning from this cosine of the packaged model on.

Chosen on `eval/same_question/choose.jsonl` and tested on other questions (`python -m eval.same_question`).
"""
_MOST = 2_000  # approved answers that a question is compared with, the latest
_LISTED = 200
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approved answers of a history. Safe to use from many threads."""

    history: HistoryStore

    def approve(self, answer_id: str, request: ApproveRequest, asker: Asker) -> AskResponse:
        """Sign an answer that an admin may read: a copy of it, with their edits, which is theirs.

        Raises WrongUsage if it is no answer, its quotes have changed, or a sentence is not supported by its quotes.
        """
        with self.history.engine.connect() as connection:
            row = answers.get(connection, answer_id)
            if row["stale_since"] is not None:
                raise WrongUsage(
                    "Words that this answer quotes have changed since. Ask again, and approve the new answer."
                )
        answer = stored(row)
        if answer.response.status != "answered":
            raise WrongUsage("Only an answer can be approved. This question was refused, or was small talk.")
        if answer.response.completed_question is not None:
            raise WrongUsage("This question leans on what was said before it. Ask it in full, and approve that answer.")
        now = datetime.now(UTC)
        with self.history.live.pinned() as index:
            check_visible(answer, index.catalog, asker.access)
            signed = edited(answer.response, request.sentences, index, asker.access)
        changes = {
            "id": _new_id(),
            "conversation_id": None,
            # Scores depend on the words of all articles, also of those that others may not read.
            "citations": [citation.model_copy(update={"score": None}) for citation in signed.citations],
            "approved": ApprovalWire(by=asker.id, at=now),
        }
        saved = self.history.save(signed.model_copy(update=changes), asker, provenance=row["settings"], through="api")
        wordings = list(dict.fromkeys([saved.question, *request.wordings]))
        with self.history.engine.begin() as connection:
            approvals.add(connection, saved.id, wordings=wordings, by=asker.id, now=now)
        return saved

    def listed(self, asker: Asker) -> ApprovedResponse:
        """Return the latest approved answers whose articles an admin may read."""
        with self.history.engine.connect() as connection:
            rows = {row["answer_id"]: row for row in approvals.latest(connection, limit=_LISTED)}
        shown = self.history.shown(list(rows.values()), asker)
        return ApprovedResponse(rows=[_row(answer, rows[answer.id]) for answer in shown])

    def withdraw(self, answer_id: str) -> None:
        """Give an approved answer to nobody any more. The answer itself stays. Raises NotInHistory."""
        with self.history.engine.begin() as connection:
            approvals.remove(connection, answer_id)

    def find(self, question: str, access: Access, index: Index) -> AskResponse | None:
        """Return the approved answer to a question, as a new answer that quotes the articles of today.

        None if there is none, if this person may not read all that it cites, or if its quotes have changed, or may have: an
        article is newer than what it was compared with. Nothing that fails here keeps a question from its usual answer.
        """
        began = perf_counter()
        try:
            found = self._found(question, access, index)
        except (FootnoteError, DBAPIError) as error:
            log.error("approved answers could not be looked up", kind=type(error).__name__)
            return None
        taken = round(1000 * (perf_counter() - began), 2)
        return found and found.model_copy(update={"timings_ms": TimingsWire(retrieve=taken, answer=0.0, total=taken)})

    def _found(self, question: str, access: Access, index: Index) -> AskResponse | None:
        with self.history.engine.connect() as connection:
            known = approvals.wordings(connection, limit=_MOST)
        for answer_id, wordings in known:
            if any(_means_the_same(question, wording, index) for wording in wordings):
                given = self._given(answer_id, access, index)
                if given is not None:
                    return given.model_copy(update={"question": question})
        return None

    def _given(self, answer_id: str, access: Access, index: Index) -> AskResponse | None:
        with self.history.engine.connect() as connection:
            answer = stored(answers.get(connection, answer_id))
            quoted = {row["number"]: row for row in approvals.quoted(connection, answer_id)}
        if not visible([answer], index.catalog, access):
            return None
        cited = [_of_today(citation, quoted[citation.number], access, index) for citation in answer.response.citations]
        if not all(cited):
            return None
        with self.history.engine.begin() as connection:
            approvals.count_given(connection, answer_id)
        return answer.response.model_copy(update={"id": _new_id(), "conversation_id": None, "citations": cited})


def _new_id() -> str:
    return f"ans_{uuid4().hex}"


def _means_the_same(question: str, wording: str, index: Index) -> bool:
    if question == wording:
        return True
    if not asks_the_same(question, wording) or index.settings.embed_model != PACKAGED_MODEL:
        return False  # the threshold is that of the packaged model
    one, other = index.embedder.embed_questions([question, wording])
    return float(one @ other) >= _LEAST_COSINE


def _of_today(citation: CitationWire, quoted: RowMapping, access: Access, index: Index) -> CitationWire | None:
    """Return a citation in the current version of its article, or None if its words are not known to be unchanged there."""
    info, text = index.catalog.article(citation.article_id, access)
    if quoted["changed"] is not None or quoted["compared"] != info.version:
        return None
    if citation.article_version == info.version:
        return citation
    if quoted["now_start"] is None:
        return None
    start, end = quoted["now_start"], quoted["now_end"]
    moved = {
        "article_version": info.version,
        "title": info.title,
        "publisher": info.publisher,
        "published": info.published,
        "url": info.url,
        "quote": text[start:end],
        "start": start,
        "end": end,
        "page": info.page_at(start),
        "passage_id": _passage_at(citation.article_id, start, access, index),
        "scan": None,
        "highlight": _moved(citation, start) if text[start:end] == citation.quote else None,
    }
    return citation.model_copy(update=moved)


def _moved(citation: CitationWire, start: int) -> HighlightWire | None:
    by = start - citation.start
    old = citation.highlight
    return old and HighlightWire(start=old.start + by, end=old.end + by)


def _passage_at(article_id: str, start: int, access: Access, index: Index) -> str:
    only = Filters(article_ids=(article_id,))
    located = index.catalog.locations(index.catalog.passage_ids(access, only, limit=5_000), access, only)
    before = {passage_id: place.start for passage_id, place in located.items() if place.start <= start}
    return max(before, key=lambda one: before[one], default="")


def _row(answer: KeptAnswer, row: RowMapping) -> ApprovedRow:
    columns = {name: row[name] for name in ("wordings", "approved_by", "approved", "given")}
    return ApprovedRow(answer=answer, in_use=row["stale_since"] is None, **columns)


def events_of(approved: AskResponse) -> Iterator[HitsEvent | SentenceEvent]:
    """Yield the events of an approved answer that come before the whole of it."""
    yield HitsEvent(id=approved.id, hits=[])
    cited = {citation.number: citation for citation in approved.citations}
    for sentence in approved.sentences:
        new = [cited.pop(number) for number in sentence.citations if number in cited]
        yield SentenceEvent(sentence=sentence, citations=new)
