"""What the articles lack: questions that were refused or rated down, grouped by meaning, with what is nearest today."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.models.embedding import Vectors
from index.records import Access, Filters
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.nearest import nearest_passages
from service.auth.askers import Asker
from service.history.store import HistoryStore
from service.schemas.api import NearestPassageWire
from service.schemas.conversion import nearest_wire
from service.schemas.gaps import Gap, GapsResponse
from service.schemas.history import ReviewRow

_MOST = 300
"""Questions that are grouped, the latest. Embedding them takes a few seconds."""

_LEAST_COSINE = 0.8
"""From this cosine on, a question joins a group.

All 120 pairs that ask the same in `eval/same_question` have it, and 82 of the 180 that ask for something near: who writes an
article wants to see both together (`python -m eval.same_question`).
"""

_SHOWN = 20  # groups
_WORDINGS = 10  # of a group
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of a history. Safe to use from many threads."""

    history: HistoryStore

    def found(self, asker: Asker) -> GapsResponse:
        """Return the largest groups of questions without a good answer, as far as an admin may read what they rest on.

        Raises ModelUnusable.
        """
        rows = self.history.without_good_answer(asker, limit=_MOST)
        questions = list(dict.fromkeys(_question(row) for row in rows))
        with self.history.live.pinned() as index:
            groups = grouped(questions, index.embedder.embed_questions(questions)) if questions else []
            asked = {question: [row for row in rows if _question(row) == question] for question in questions}
            gaps = [_gap([(question, asked[question]) for question in group]) for group in groups]
            largest = sorted(gaps, key=lambda gap: (-gap.asked, -gap.latest.timestamp()))[:_SHOWN]
            shown = [
                gap.model_copy(update={"nearest": _nearest(gap.questions[0], index, asker.access)}) for gap in largest
            ]
        return GapsResponse(gaps=shown, questions=len(rows), left_out=len(gaps) - len(shown))


def _question(row: ReviewRow) -> str:
    return row.answer.completed_question or row.answer.question


def grouped(questions: Sequence[str], vectors: Vectors, *, least: float = _LEAST_COSINE) -> list[list[str]]:
    """Put each question into the group whose first question is most like it, or into a new one.

    From the cosine `least` on, a question joins a group.
    """
    groups: list[list[int]] = []
    for at in range(len(questions)):
        likes = [float(vectors[at] @ vectors[group[0]]) for group in groups]
        best = max(range(len(groups)), key=lambda place: likes[place], default=None)
        if best is not None and likes[best] >= least:
            groups[best].append(at)
        else:
            groups.append([at])
    return [[questions[at] for at in group] for group in groups]


def _gap(group: Sequence[tuple[str, Sequence[ReviewRow]]]) -> Gap:
    most_first = sorted(group, key=lambda one: -len(one[1]))
    rows = [row for _, asked in group for row in asked]
    return Gap(
        questions=[question for question, _ in most_first][:_WORDINGS],
        asked=len(rows),
        refused=sum(row.answer.status == "no_answer" for row in rows),
        rated_down=sum(any(said.rating == "down" for said in row.feedback) for row in rows),
        latest=max(row.asked for row in rows),
        answer_ids=[row.answer.id for row in rows][:_WORDINGS],
    )


def _nearest(question: str, index: Index, access: Access) -> list[NearestPassageWire]:
    if not index.catalog.has_passages():
        return []
    found = retrieve(index, question, access=access, filters=Filters(), count=_NEAREST)
    return [nearest_wire(near) for near in nearest_passages(question, found.hits)]
