"""How long a question and what was said before it may be. Looked at before anything else is done with a text."""

from collections.abc import Sequence

from index.errors import QuestionTooLong
from service.answer.models import Message
from service.settings import Settings

# What a question may lean on: these many messages before it, and of each these many characters.
_RECENT = 10
_TOLD = 3_000


def check_lengths(question: str, said: Sequence[str] = (), *, settings: Settings) -> None:
    """Raise QuestionTooLong where a question, one of the messages before it, or all of them together are too long."""
    check_question_length(question, longest=settings.max_question_chars)
    check_message_lengths(said, settings=settings)


def recent(history: Sequence[Message]) -> tuple[Message, ...]:
    """Return the last messages, each on one line and no longer than is needed to tell what was spoken of."""
    return tuple(Message(message.role, " ".join(message.text[:_TOLD].split())) for message in history[-_RECENT:])


def check_question_length(question: str, *, longest: int) -> None:
    """Raise QuestionTooLong where a question has more characters than this. White space around it does not count."""
    if (length := len(question.strip())) > longest:
        raise QuestionTooLong(f"The question has {length:,} characters, over the limit of {longest:,}. Shorten it.")


def check_message_lengths(messages: Sequence[str], *, settings: Settings) -> None:
    """Raise QuestionTooLong where a message of a conversation, or all of them together, is too long."""
    longest, whole = settings.max_message_chars, settings.max_history_chars
    for number, text in enumerate(messages, start=1):
        if len(text) > longest:
            raise QuestionTooLong(
                f"Message {number} of the conversation has {len(text):,} characters, over the limit of {longest:,} "
                "(FOOTNOTE_MAX_MESSAGE_CHARS). Shorten it, or leave it out."
            )
    if (total := sum(map(len, messages))) > whole:
        raise QuestionTooLong(
            f"The conversation has {total:,} characters, over the limit of {whole:,} (FOOTNOTE_MAX_HISTORY_CHARS). "
            "Leave out its oldest messages."
        )
