"""What drafting gives: questions that are proposed, and those that were not good enough."""

from dataclasses import dataclass

from eval.scoring.answer_scores import holds_answer, normalise
from index.records import Article

_LONGEST_QUESTION, _LONGEST_ANSWER, _LONGEST_QUOTE = 300, 150, 600
# So many words of the quote in a row, and finding it is no test.
_COPIED_WORDS = 10


@dataclass(frozen=True, slots=True)
class Draft:
    """A question about one article that is proposed. `answer` stands in `quote`, and `quote` in the article."""

    article_id: str
    question: str
    answer: str
    quote: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something proposed about an article that is no use, and why."""

    article_id: str
    reason: str


def checked(draft: Draft, article: Article) -> Draft | Dropped:
    """Return the draft when it can be put before a person, else why it cannot."""
    reason = _fault(draft, article)
    return Dropped(article.id, reason) if reason else draft


def _fault(draft: Draft, article: Article) -> str | None:
    if not draft.question.endswith("?") or "\n" in draft.question or len(draft.question) > _LONGEST_QUESTION:
        return "it is not one question"
    if not draft.quote or draft.quote not in article.text:
        return "the quote is not in the article"
    if len(draft.quote) > _LONGEST_QUOTE or len(draft.answer) > _LONGEST_ANSWER:
        return "the quote or the answer is too long"
    if not normalise(draft.answer) or not holds_answer(draft.quote, draft.answer):
        return "the answer is not in the quote"
    if holds_answer(draft.question, draft.answer):
        return "the question gives its answer away"
    return "the question copies its quote" if _copies(draft.question, draft.quote) else None


def _copies(question: str, quote: str) -> bool:
    asked, said = normalise(question).split(), f" {normalise(quote)} "
    runs = (asked[start : start + _COPIED_WORDS] for start in range(len(asked) - _COPIED_WORDS + 1))
    return any(f" {' '.join(run)} " in said for run in runs)
