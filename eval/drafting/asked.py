"""What people asked, grouped by meaning, the most frequent first: drafts of questions that matter.

A service groups what it refused in the same way (`service.gaps`), only wider: who writes articles wants to see what is near.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from eval.drafting.draft_file import appending_rows, ids_in
from eval.from_feedback import Reviewing, everything_asked
from eval.scoring.answer_scores import normalise
from index.models.embedding import Vectors
from service.gaps import grouped
from service.schemas.history import ReviewRow

# Questions that are grouped, the latest: embedding them takes a minute, and grouping them some seconds.
_MOST = 2_000
_WORDINGS = 10

_LEAST_COSINE = 0.9
"""From this cosine on, two questions are taken to ask the same.

In `eval/same_question` 101 of 120 pairs that ask the same have it, and 35 of 180 that ask for something near. A reviewer sees
the other wordings.
"""

Embed = Callable[[Sequence[str]], Vectors]


def asked_into(out: Path, client: Reviewing, embed: Embed, *, count: int) -> int:
    """Add up to `count` of the most frequent questions to a `.jsonl` file, and return how many were added.

    Questions that the file has are passed over. Raises WrongUsage when it is no `.jsonl` file or cannot be used, and what
    `embed` raises.
    """
    known, added = ids_in(out), 0
    by_words: dict[str, list[ReviewRow]] = defaultdict(list)
    for row in islice(everything_asked(client), _MOST):
        by_words[normalise(_question(row))].append(row)
    questions = [_question(rows[0]) for rows in by_words.values()]
    groups = grouped(questions, embed(questions), least=_LEAST_COSINE) if questions else []
    rows_of = [[by_words[normalise(question)] for question in group] for group in groups]
    drafts = [_draft(rows) for rows in sorted(rows_of, key=lambda one: -sum(map(len, one)))]
    with appending_rows(out) as append:
        for draft in [draft for draft in drafts if draft["id"] not in known][:count]:
            append(draft)
            added += 1
    return added


def _question(row: ReviewRow) -> str:
    return row.answer.completed_question or row.answer.question


def _draft(wordings: Sequence[Sequence[ReviewRow]]) -> Mapping[str, Any]:
    """Return questions that ask the same as one draft, in the most frequent words, with the last answer to be checked."""
    first, *others = sorted(wordings, key=lambda rows: -len(rows))
    every = [row for rows in wordings for row in rows]
    good = [row for row in every if row.answer.status == "answered" and not _rated(row, "down")]
    last = max(good, key=lambda row: row.asked).answer if good else None
    cited = last.citations if last else []
    question = _question(first[0])
    return {
        "id": f"asked-{hashlib.sha256(normalise(question).encode()).hexdigest()[:12]}",
        "question": question,
        "answers": [last.short_answer] if last and last.short_answer else [],
        "relevant_ids": list(dict.fromkeys(citation.article_id for citation in cited)),
        "evidence": [{"article_id": citation.article_id, "quote": citation.quote} for citation in cited],
        "reviewed": False,
        "notes": {
            "asked": len(every),
            "refused": sum(row.answer.status == "no_answer" for row in every),
            "rated_down": sum(_rated(row, "down") for row in every),
            "other_wordings": [_question(rows[0]) for rows in others][:_WORDINGS],
        },
    }


def _rated(row: ReviewRow, rating: str) -> bool:
    return any(said.rating == rating for said in row.feedback)
