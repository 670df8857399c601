"""Everything that is read off a question, once, before anything is searched for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.errors import QuestionError
from service.answer.lengths import check_question_length
from service.answer.models import Message, Question
from service.answer.text.parts import compared, parts_of
from service.answer.text.terms import is_function_word
from service.answer.text.when import AskedOn, When, when_asked

# A year outside of these is a slip of the keys, and days cannot be counted from the ends of the calendar.
_EARLIEST, _LATEST = date(1900, 1, 1), date(2999, 12, 31)
# What is asked after more turns than this is understood without the first of them.
_TURNS = 2
# Characters of the turns before that are searched for together with a follow-up.
_LONGEST_BEFORE = 300
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class QuestionAnalysis:
    """A question as it was understood.

    `asked` are the asker's words. `question` carries them in full where a language model completed them (`completed`), and
    `with_history` with what was asked before: that is only searched with, and never shown. `parts` are the
    questions in this one, or the things that it compares; none where it asks one thing. `when` is the time that it is
    about, counted from `as_of`.
    """

    question: Question
    asked: str
    completed: str | None
    with_history: str | None
    parts: tuple[str, ...]
    when: When | None
    as_of: date

    @property
    def text(self) -> str:
        return self.question.text

    @property
    def searches(self) -> tuple[str, ...]:
        """What is searched for and read with: the question, the same with its history, and its parts. None comes twice."""
        return tuple(dict.fromkeys([self.text, *filter(None, [self.with_history]), *self.parts]))


def analyse(question: Question, *, longest: int, completed: str | None, time_preference: bool) -> QuestionAnalysis:
    """Read everything off a question. `completed` is the question in full, by a language model. Raises QuestionError."""
    asked = checked(question.text, longest=longest)
    text = completed or asked
    parts = compared(text) or parts_of(text)
    before = _asked_before(question.history)
    as_of = min(max(question.as_of or date.today(), _EARLIEST), _LATEST)
    return QuestionAnalysis(
        question=replace(question, text=text),
        asked=question.text.strip(),
        completed=completed,
        with_history=f"{before} {asked}" if before else None,
        parts=parts if len(parts) > 1 else (),
        when=_when(question, text, as_of) if time_preference else None,
        as_of=as_of,
    )


def _when(question: Question, text: str, as_of: date) -> When | None:
    return when_asked(text, as_of) or (AskedOn() if question.as_of else None)


def checked(question: str, *, longest: int) -> str:
    """Return a question on one line. Raises QuestionError when nobody could answer it."""
    check_question_length(question, longest=longest)
    text = " ".join(question.split())
    if not text:
        raise QuestionError("The question is empty. Write one.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise QuestionError("The question holds characters that are not text. Remove them.")
    if not _WORD.search(text):
        raise QuestionError("The question holds no words. Write some.")
    return text


def _asked_before(history: Sequence[Message]) -> str | None:
    """Return the telling words of what was asked in the last turns, the latest last, as far as there is room for them.

    Without "How much", for a follow-up asks something else: "And by when?".
    """
    asked = [message.text for message in history if message.role == "user"][-_TURNS:]
    words = [word for text in asked for word in text.split() if not is_function_word(word.strip(".,;:!?"))]
    return " ".join(words)[-_LONGEST_BEFORE:] or None
