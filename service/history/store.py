"""What is kept of asking, for whom, and for how long. Every read asks today's index what the reader may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Engine, RowMapping
from sqlalchemy.exc import IntegrityError

from index.errors import NotKept
from index.stores.live import LiveIndex
from service.answer.about import FRIENDLY_WORDS
from service.answer.models import Message
from service.auth.askers import Asker
from service.history import answers, conversations, feedback
from service.history.database import forget_log
from service.history.feedback import Wanted
from service.history.paging import mark
from service.history.visibility import StoredAnswer, check_visible, sources_json, sources_of, stored, visible
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
)

Through = Literal["api", "page", "openai", "slack"]
"""The way by which a question came."""

# As many as a follow-up can lean on; more would fill a language model's prompt.
_TURNS = 4


@dataclass(frozen=True, slots=True)
class HistoryStore:
    """Conversations, answers and feedback, in an open database. Safe to use from many threads.

    Whatever is not there for someone raises NotKept, in the same words whether it exists or not; only of one's own answers
    one learns that an article may not be read any more.
    """

    engine: Engine
    live: LiveIndex

    def check(self) -> None:
        """Raise DataFolderUnusable when the database is not in the data folder any more, and IndexDamaged."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    def history(self, conversation_id: str, asker: Asker) -> tuple[Message, ...]:
        """Return the last turns of a conversation, oldest first, without answers that may not be read any more."""
        with self.engine.connect() as connection:
            conversations.summary(connection, conversation_id, asker.id)
            rows = conversations.last_turns(connection, conversation_id, _TURNS)
        turns = self._visible([stored(row) for row in rows], asker)
        return tuple(message for turn in turns for message in _messages(turn.response))

    def keep(self, response: AskResponse, asker: Asker, *, made_with: dict[str, Any], through: Through) -> AskResponse:
        """Keep an answer under its conversation, or under a new one, and return it with the id of that.

        Raises NotKept where the conversation has been deleted meanwhile.
        """
        now = datetime.now(UTC)
        with self.live.pinned() as index:
            sources = sources_of(response, index.catalog)
        completed = response.completed_question is not None
        with self.engine.begin() as connection:
            conversation_id = response.conversation_id
            if conversation_id is None:
                conversation_id = conversations.start(connection, asker.id, question=response.question, now=now)
            else:
                conversations.touch(connection, conversation_id, asker.id, now=now)
                if completed:
                    # What its question was completed with came from these answers, and from their articles.
                    before = conversations.last_turns(connection, conversation_id, _TURNS)
                    sources = sources.union(*(stored(row).sources for row in before))
            kept = response.model_copy(update={"conversation_id": conversation_id})
            given = without_corpus(kept).model_dump(mode="json", exclude={"hits"})
            made = {
                "settings": made_with,
                "through": through,
                "sources": sources_json(sources),
                "client_history": completed and response.conversation_id is None,
            }
            answers.add(connection, given, asker=asker.id, asked=now, made=made)
        return kept

    def conversations(self, asker: Asker, *, after: str | None, limit: int) -> ConversationsResponse:
        """Return one page of someone's conversations, the latest first. Raises WrongUsage."""
        with self.engine.connect() as connection:
            total = conversations.count(connection, asker.id)
            rows = conversations.page(connection, asker.id, after=after, limit=limit + 1)
        next_after = mark(rows[limit - 1]["updated"], rows[limit - 1]["id"]) if len(rows) > limit else None
        listed = [ConversationSummary(**_summary(row)) for row in rows[:limit]]
        return ConversationsResponse(conversations=listed, total=total, next_after=next_after)

    def conversation(self, conversation_id: str, asker: Asker) -> ConversationResponse:
        """Return a conversation of theirs with its answers."""
        with self.engine.connect() as connection:
            row = conversations.summary(connection, conversation_id, asker.id)
            given = [stored(each) for each in conversations.answers_of(connection, conversation_id)]
        shown = self._visible(given, asker)
        withheld = len(given) - len(shown)
        return ConversationResponse(**_summary(row), answers=[one.response for one in shown], withheld=withheld)

    def delete_conversation(self, conversation_id: str, asker: Asker) -> None:
        """Delete a conversation of theirs, or of anyone's for an admin."""
        with self.engine.begin() as connection:
            conversations.remove(connection, conversation_id, None if asker.admin else asker.id)
        forget_log(self.engine)

    def answer(self, answer_id: str, asker: Asker) -> KeptAnswer:
        """Return an answer of theirs or a shared one; any for an admin. Raises ArticleDeleted where what it cites is gone."""
        with self.engine.connect() as connection:
            row = answers.one(connection, answer_id)
            rating = feedback.rating_of(connection, answer_id, asker.id)
        response = self._readable(row, asker)
        own = row["asker"] == asker.id
        if not own:
            # Its scores count the words of all articles: this reader may not be able to read as many.
            bare = [citation.model_copy(update={"score": None}) for citation in response.citations]
            response = response.model_copy(update={"conversation_id": None, "citations": bare})
        fields = response.model_dump()
        return KeptAnswer.model_validate(
            fields | {"asked": row["asked"], "own": own, "shared": row["shared"], "rating": rating}
        )

    def delete_answer(self, answer_id: str, asker: Asker) -> None:
        """Delete an answer of theirs, or of anyone's for an admin."""
        with self.engine.connect() as connection:
            _check_own(answers.one(connection, answer_id), asker)
        with self.engine.begin() as connection:
            answers.remove(connection, answer_id)
            conversations.remove_empty(connection)
        forget_log(self.engine)

    def share(self, answer_id: str, asker: Asker, *, shared: bool) -> None:
        """Let others who may read its articles read an answer of theirs, or no longer."""
        with self.engine.connect() as connection:
            row = answers.one(connection, answer_id)
        if row["asker"] != asker.id:
            raise answers.unknown(answer_id)
        with self.engine.begin() as connection:
            answers.share(connection, answer_id, shared=shared)

    def rate(self, request: FeedbackRequest, asker: Asker) -> None:
        """Note what someone says of an answer that they may read. Raises what `answer` raises."""
        with self.engine.connect() as connection:
            self._readable(answers.one(connection, request.answer_id), asker)
        said = {"rating": request.rating, "comment": request.comment, "given": datetime.now(UTC)}
        try:
            with self.engine.begin() as connection:
                feedback.rate(connection, request.answer_id, asker.id, said=said)
        except IntegrityError:  # deleted in between
            raise answers.unknown(request.answer_id) from None

    def review(self, asker: Asker, wanted: Wanted, *, after: str | None, limit: int) -> ReviewResponse:
        """Return one page of what was asked by anybody, the latest first. For admins. Raises WrongUsage."""
        with self.engine.connect() as connection:
            rows = feedback.asked(connection, wanted, after=after, limit=limit + 1)
            said = feedback.said_of(connection, (row["id"] for row in rows))
        next_after = mark(rows[limit - 1]["asked"], rows[limit - 1]["id"]) if len(rows) > limit else None
        given = {row["id"]: row for row in rows[:limit]}
        shown = [answer.response for answer in self._visible([stored(row) for row in given.values()], asker)]
        rows_shown = [(_for_reader(answer, given[answer.id], asker), given[answer.id]) for answer in shown]
        listed = [_review_row(answer, row, said.get(answer.id, [])) for answer, row in rows_shown]
        return ReviewResponse(rows=listed, next_after=next_after)

    def _readable(self, row: RowMapping, asker: Asker) -> AskResponse:
        if not (row["shared"] or asker.admin or row["asker"] == asker.id):
            raise answers.unknown(row["id"])
        answer = stored(row)
        try:
            with self.live.pinned() as index:
                check_visible(answer, index.catalog, asker.access)
        except NotKept:
            if row["asker"] == asker.id:
                raise
            raise answers.unknown(row["id"]) from None
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
        raise answers.unknown(row["id"])


def _for_reader(answer: AskResponse, row: RowMapping, asker: Asker) -> AskResponse:
    # Nobody knows from which articles the words came that a client sent along as history.
    hidden = row["client_history"] and row["asker"] != asker.id
    return answer.model_copy(update={"completed_question": None}) if hidden else answer


def _messages(turn: AskResponse) -> tuple[Message, Message]:
    said = " ".join(sentence.text for sentence in turn.sentences) or turn.text
    return Message("user", turn.completed_question or turn.question), Message("assistant", said)


def _summary(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in ConversationSummary.model_fields}


def _review_row(answer: AskResponse, row: RowMapping, said: Sequence[RowMapping]) -> ReviewRow:
    ratings = [FeedbackWire(**{name: one[name] for name in FeedbackWire.model_fields}) for one in said]
    columns = {name: row[name] for name in ("asker", "asked", "through", "settings")}
    return ReviewRow(answer=answer, feedback=ratings, **columns)
