"""The store of conversations, answers and feedback. Every read checks in today's index what the reader may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from sqlalchemy import Engine, RowMapping
from sqlalchemy.exc import DBAPIError, IntegrityError

from index.errors import FootnoteError, NotInHistory
from index.records import Hit
from index.stores.live import LiveIndex
from service.answer.about import FRIENDLY_WORDS
from service.answer.models import Message
from service.auth.askers import Asker
from service.history import answers, citations, conversations, feedback
from service.history.database import checkpoint_log
from service.history.feedback import ReviewFilter
from service.history.paging import cursor
from service.history.visibility import (
    StoredAnswer,
    check_visible,
    rests_on_deleted,
    sources_json,
    sources_of,
    stale_citation,
    stored,
    visible,
)
from service.schemas.api import AboutWire, AskResponse
from service.schemas.history import (
    ConversationResponse,
    ConversationsResponse,
    ConversationSummary,
    FeedbackRequest,
    FeedbackWire,
    KeptAnswer,
    ReviewResponse,
    ReviewRow,
    StaleResponse,
    StaleRow,
    StoredAnswerResponse,
)

Through = Literal["api", "page", "openai", "slack", "mcp"]
"""The channel through which a question came."""

# Earlier answers that a follow-up question may refer to. More would fill a language model's prompt.
_LAST_TURNS = 4
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HistoryStore:
    """Conversations, answers and feedback, in an open database. Safe to use from many threads.

    Methods raise NotInHistory for what a person may not read, in the same words as if it did not exist. Only the owner of
    an answer learns that one of its articles may no longer be read.
    """

    engine: Engine
    live: LiveIndex

    def check(self) -> None:
        """Raise DataFolderUnusable if the database is no longer in the data folder, or IndexDamaged."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    def messages(self, conversation_id: str, asker: Asker) -> tuple[Message, ...]:
        """Return the last turns of a conversation, oldest first, without answers that may no longer be read."""
        with self.engine.connect() as connection:
            conversations.summary(connection, conversation_id, asker.id)
            rows = conversations.last_turns(connection, conversation_id, _LAST_TURNS)
        turns = self._visible([stored(row) for row in rows], asker)
        return tuple(message for turn in turns for message in _messages(turn.response))

    def save(
        self,
        response: AskResponse,
        asker: Asker,
        *,
        provenance: dict[str, Any],
        through: Through,
        shown: Sequence[Hit] = (),
    ) -> AskResponse:
        """Store an answer in its conversation, or in a new one. Return it with the conversation's id.

        `shown` are the passages that a language model was shown. Raises NotInHistory if the conversation was deleted in the
        meantime.
        """
        now = datetime.now(UTC)
        with self.live.pinned() as index:
            sources = sources_of(response, index.catalog, shown)
        completed = response.completed_question is not None
        with self.engine.begin() as connection:
            conversation_id = response.conversation_id
            if conversation_id is None:
                conversation_id = conversations.start(connection, asker.id, question=response.question, now=now)
            else:
                conversations.touch(connection, conversation_id, asker.id, now=now)
                if completed:
                    # The question was completed from these answers, and so from their articles.
                    before = conversations.last_turns(connection, conversation_id, _LAST_TURNS)
                    sources = sources.union(*(stored(row).sources for row in before))
            saved = response.model_copy(update={"conversation_id": conversation_id})
            given = without_corpus(saved).model_dump(mode="json", exclude={"hits"})
            made = {
                "settings": provenance,
                "through": through,
                "sources": sources_json(sources),
                "client_history": completed and response.conversation_id is None,
            }
            answers.add(connection, given, asker=asker.id, asked=now, made=made)
            citations.add(connection, saved.id, given["citations"])
        return saved

    def conversations(self, asker: Asker, *, after: str | None, limit: int) -> ConversationsResponse:
        """Return one page of the asker's conversations, latest first. Raises WrongUsage."""
        with self.engine.connect() as connection:
            total = conversations.count(connection, asker.id)
            rows = conversations.page(connection, asker.id, after=after, limit=limit + 1)
        next_after = cursor(rows[limit - 1]["updated"], rows[limit - 1]["id"]) if len(rows) > limit else None
        listed = [ConversationSummary(**_summary(row)) for row in rows[:limit]]
        return ConversationsResponse(conversations=listed, total=total, next_after=next_after)

    def conversation(self, conversation_id: str, asker: Asker) -> ConversationResponse:
        """Return one of the asker's conversations with its answers."""
        with self.engine.connect() as connection:
            row = conversations.summary(connection, conversation_id, asker.id)
            given = [stored(each) for each in conversations.answers_of(connection, conversation_id)]
        shown = [one.response for one in self._visible(given, asker)]
        self._count_reads([one.id for one in shown])
        withheld = len(given) - len(shown)
        return ConversationResponse(**_summary(row), answers=self._marked(shown, asker), withheld=withheld)

    def delete_conversation(self, conversation_id: str, asker: Asker) -> None:
        """Delete one of the asker's conversations. An admin may delete anyone's."""
        with self.engine.begin() as connection:
            conversations.remove(connection, conversation_id, None if asker.admin else asker.id)
        checkpoint_log(self.engine)

    def answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse:
        """Return the asker's answer or a shared one; an admin gets any. Raises ArticleDeleted if a cited article is gone."""
        with self.engine.connect() as connection:
            row = answers.get(connection, answer_id)
            rating = feedback.rating_of(connection, answer_id, asker.id)
        response = self._readable(row, asker)
        own = row["asker"] == asker.id
        if not own:
            response = response.model_copy(update={"conversation_id": None})
        self._count_reads([answer_id])
        fields = self._marked([response], asker)[0].model_dump()
        return StoredAnswerResponse.model_validate(
            fields | {"asked": row["asked"], "own": own, "shared": row["shared"], "rating": rating}
        )

    def delete_answer(self, answer_id: str, asker: Asker) -> None:
        """Delete one of the asker's answers. An admin may delete anyone's."""
        with self.engine.connect() as connection:
            _check_own(answers.get(connection, answer_id), asker)
        with self.engine.begin() as connection:
            answers.remove(connection, answer_id)
            conversations.remove_empty(connection)
        checkpoint_log(self.engine)

    def share(self, answer_id: str, asker: Asker, *, shared: bool) -> None:
        """Share one of the asker's answers with others who may read its articles, or stop sharing it."""
        with self.engine.connect() as connection:
            row = answers.get(connection, answer_id)
        if row["asker"] != asker.id:
            raise answers.not_found(answer_id)
        with self.engine.begin() as connection:
            answers.share(connection, answer_id, shared=shared)

    def rate(self, request: FeedbackRequest, asker: Asker) -> None:
        """Store the asker's feedback on an answer that they may read. Raises what `answer` raises."""
        with self.engine.connect() as connection:
            self._readable(answers.get(connection, request.answer_id), asker)
        said = {"rating": request.rating, "comment": request.comment, "given": datetime.now(UTC)}
        try:
            with self.engine.begin() as connection:
                feedback.rate(connection, request.answer_id, asker.id, said=said)
        except IntegrityError:  # deleted in between
            raise answers.not_found(request.answer_id) from None

    def review(self, asker: Asker, review_filter: ReviewFilter, *, after: str | None, limit: int) -> ReviewResponse:
        """Return one page of everybody's questions and answers, latest first. For admins. Raises WrongUsage."""
        with self.engine.connect() as connection:
            rows = feedback.answers_matching(connection, review_filter, after=after, limit=limit + 1)
            said = feedback.ratings_of(connection, (row["id"] for row in rows))
        next_after = cursor(rows[limit - 1]["asked"], rows[limit - 1]["id"]) if len(rows) > limit else None
        return ReviewResponse(rows=self._review_rows(rows[:limit], said, asker), next_after=next_after)

    def without_good_answer(self, asker: Asker, *, limit: int) -> list[ReviewRow]:
        """Return the latest questions, by anybody, that found nothing or whose answer was rated down. For admins."""
        with self.engine.connect() as connection:
            rows = feedback.without_good_answer(connection, limit=limit)
            said = feedback.ratings_of(connection, (row["id"] for row in rows))
        return self._review_rows(rows, said, asker)

    def _review_rows(
        self, rows: Sequence[RowMapping], said: Mapping[str, Sequence[RowMapping]], asker: Asker
    ) -> list[ReviewRow]:
        given = {row["id"]: row for row in rows}
        return [_review_row(answer, given[answer.id], said.get(answer.id, [])) for answer in self.shown(rows, asker)]

    def stale(self, asker: Asker, *, after: str | None, limit: int) -> StaleResponse:
        """Return one page of everybody's stale answers, most read first. For admins. Raises WrongUsage."""
        with self.engine.connect() as connection:
            rows = citations.stale_answers(connection, after=after, limit=limit + 1)
        given = list(rows[:limit])
        shown = {answer.id: answer for answer in self.shown(given, asker)}
        with self.live.pinned() as index:
            deleted = {
                row["id"]
                for row in given
                if row["id"] not in shown and rests_on_deleted(stored(row), index.catalog, asker.access)
            }
        listed = [_stale_row(row, shown.get(row["id"])) for row in given if row["id"] in shown.keys() | deleted]
        return StaleResponse(rows=listed, next_after=citations.cursor(given[-1]) if len(rows) > limit else None)

    def shown(self, rows: Sequence[RowMapping], asker: Asker) -> list[KeptAnswer]:
        """Return those of anybody's answers that this person may read, without what they may not."""
        given = {row["id"]: row for row in rows}
        visible = [one.response for one in self._visible([stored(row) for row in rows], asker)]
        return self._marked([_for_reader(answer, given[answer.id], asker) for answer in visible], asker)

    def _marked(self, shown: Sequence[AskResponse], asker: Asker) -> list[KeptAnswer]:
        """Return answers with what has changed of the words that they quote. Their reader may read all their articles."""
        with self.engine.connect() as connection:
            changed = citations.changed_of(connection, (answer.id for answer in shown))
        with self.live.pinned() as index:
            return [
                KeptAnswer(
                    **answer.model_dump(),
                    stale=[stale_citation(row, index.catalog, asker.access) for row in changed.get(answer.id, [])],
                )
                for answer in shown
            ]

    def _count_reads(self, answer_ids: Sequence[str]) -> None:
        try:
            with self.engine.begin() as connection:
                citations.count_reads(connection, answer_ids)
        except (FootnoteError, DBAPIError) as error:  # what cannot be counted can still be read
            log.error("reading an answer was not counted", kind=type(error).__name__)

    def _readable(self, row: RowMapping, asker: Asker) -> AskResponse:
        if not (row["shared"] or asker.admin or row["asker"] == asker.id):
            raise answers.not_found(row["id"])
        answer = stored(row)
        try:
            with self.live.pinned() as index:
                check_visible(answer, index.catalog, asker.access)
        except NotInHistory:
            if row["asker"] == asker.id:
                raise
            raise answers.not_found(row["id"]) from None
        return _for_reader(answer.response, row, asker)

    def _visible(self, given: Sequence[StoredAnswer], asker: Asker) -> list[StoredAnswer]:
        with self.live.pinned() as index:
            return visible(given, index.catalog, asker.access)


def without_corpus(reply: AskResponse) -> AskResponse:
    """Return a reply to small talk as it is kept: without what there was to ask about, for its reader, at that time.

    It counts and names articles that its reader may not read any more, or not all of those who read a shared answer.
    """
    if reply.about is None:
        return reply
    kind = reply.about.small_talk
    return reply.model_copy(update={"text": FRIENDLY_WORDS[kind], "about": AboutWire(small_talk=kind)})


def _check_own(row: RowMapping, asker: Asker) -> None:
    if not (asker.admin or row["asker"] == asker.id):
        raise answers.not_found(row["id"])


def _for_reader(answer: AskResponse, row: RowMapping, asker: Asker) -> AskResponse:
    """Return somebody else's answer without what rests on articles that its reader may not be allowed to read."""
    if row["asker"] == asker.id:
        return answer
    # Scores depend on the words of all articles. It is unknown which articles the history that a client sent came from.
    bare = [citation.model_copy(update={"score": None}) for citation in answer.citations]
    completed = None if row["client_history"] else answer.completed_question
    return answer.model_copy(update={"citations": bare, "completed_question": completed})


def _messages(turn: AskResponse) -> tuple[Message, Message]:
    said = " ".join(sentence.text for sentence in turn.sentences) or turn.text
    return Message("user", turn.completed_question or turn.question), Message("assistant", said)


def _summary(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in ConversationSummary.model_fields}


def _stale_row(row: RowMapping, answer: KeptAnswer | None) -> StaleRow:
    question = row["response"]["question"]
    columns = {name: row[name] for name in ("asker", "asked", "reads")}
    return StaleRow(answer_id=row["id"], question=question, answer=answer, since=row["stale_since"], **columns)


def _review_row(answer: KeptAnswer, row: RowMapping, said: Sequence[RowMapping]) -> ReviewRow:
    ratings = [FeedbackWire(**{name: one[name] for name in FeedbackWire.model_fields}) for one in said]
    columns = {name: row[name] for name in ("asker", "asked", "through", "settings")}
    return ReviewRow(answer=answer, feedback=ratings, **columns)
