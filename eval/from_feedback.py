"""Rated answers to candidate questions: proposed in the evaluation format, and asked only once a person has read them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from eval.drafting.draft_file import appending_rows, ids_in
from index.errors import WrongUsage
from service.history.feedback import ReviewFilter
from service.schemas.api import Rating
from service.schemas.history import FeedbackWire, ReviewResponse, ReviewRow

_PAGE = 200


class Reviewing(Protocol):
    """Whoever can be asked what was asked."""

    def review(self, review_filter: ReviewFilter, *, after: str | None = None, limit: int = 100) -> ReviewResponse: ...


def candidates_into(out: Path, client: Reviewing, *, rating: Rating | None = None, since: date | None = None) -> int:
    """Add a row for each rated answer to a `.jsonl` file that has none for it yet, and return how many.

    `rating`: only answers with this rating; `since`: only those asked from that day on, in UTC. Raises WrongUsage
    when the file is no `.jsonl` file or cannot be used.
    """
    known, added = ids_in(out), 0
    with appending_rows(out) as append:
        for row in _rated(client, rating, since):
            candidate = candidate_from(row)
            if candidate["id"] not in known:
                append(candidate)
                added += 1
    return added


def read_rating(rating: str | None) -> Rating | None:
    """Return the rating that was named. Raises WrongUsage where there is no such one."""
    if rating == "up":
        return "up"
    if rating in ("down", None):
        return "down" if rating else None
    raise WrongUsage(f"--rating is up or down, not {rating!r}.")


def candidate_from(row: ReviewRow) -> dict[str, object]:
    """Return a rated answer as a row of a question set.

    What an answer that was only rated up says is taken for right, to be checked. Of one that was rated down only the
    question is kept; what is wrong with it stands in `notes`, for whoever writes down the right answer.
    """
    answer = row.answer
    good = {one.rating for one in row.feedback} == {"up"}
    answered = answer.status == "answered"
    cited = answer.citations if good else []
    known: dict[str, object] = {"answerable": answered, "kind": "fact" if answered else "unanswerable"} if good else {}
    return {
        "id": f"feedback-{answer.id}",
        "question": answer.completed_question or answer.question,
        "answers": [answer.short_answer] if good and answer.short_answer else [],
        **known,
        "relevant_ids": list(dict.fromkeys(citation.article_id for citation in cited)),
        "evidence": [{"article_id": citation.article_id, "quote": citation.quote} for citation in cited],
        "reviewed": False,
        "notes": _notes(row),
    }


def _notes(row: ReviewRow) -> dict[str, object]:
    return {
        "asked": row.asked.isoformat(timespec="seconds"),
        "as_asked": row.answer.question,
        "status": row.answer.status,
        "answer": row.answer.text,
        "feedback": [_said(one) for one in row.feedback],
        "made_with": row.settings,
    }


def _said(feedback: FeedbackWire) -> dict[str, str | None]:
    # Who said it does not matter for the question, and a question set may be passed on.
    return {"rating": feedback.rating, "comment": feedback.comment}


def everything_asked(client: Reviewing) -> Iterator[ReviewRow]:
    """Yield what was asked and is kept, without small talk, the latest first."""
    return (row for row in _since(client, None, None) if row.answer.status != "about")


def _rated(client: Reviewing, rating: Rating | None, since: date | None) -> Iterator[ReviewRow]:
    return (row for row in _since(client, rating, since) if row.feedback)


def _since(client: Reviewing, rating: Rating | None, since: date | None) -> Iterator[ReviewRow]:
    first = datetime.combine(since, datetime.min.time(), UTC) if since else datetime.min.replace(tzinfo=UTC)
    after: str | None = None
    while True:
        page = client.review(ReviewFilter(rating), after=after, limit=_PAGE)
        recent = [row for row in page.rows if row.asked >= first]
        yield from recent
        if page.next_after is None or len(recent) < len(page.rows):
            return
        after = page.next_after
