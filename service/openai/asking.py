"""A request of either API to what it asks: a question with what was said before it, or a task of the client's own.

All of it depends on what people send, so it runs in a thread, and lengths are looked at before anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from index.errors import QuestionError
from service.answer.lengths import check_message_lengths, check_question_length
from service.api.problem_details import Refused
from service.api.problem_handlers import check_characters
from service.openai.refusing import scope_of
from service.openai.responses_wire import InputItem, ResponsesRequest
from service.openai.tasks import question_within, reply_to_task
from service.openai.text import without_markers
from service.openai.wire import ChatMessage, ChatRequest, ContentPart
from service.schemas.api import AskRequest, FiltersWire, MessageWire
from service.settings import Settings

_MOST_HISTORY = 100
_INSTRUCTIONS = ("system", "developer")
NOT_FOLLOWED = "Footnote quotes its articles and follows no system prompt: that of this chat was not used."
NOT_READ = "Pictures and files in earlier messages were not read."


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """A question, all texts of the chat, and what of it was left out of account, in words for the person."""

    request: AskRequest
    texts: tuple[str, ...]
    notices: tuple[str, ...] = ()
    first: bool = True
    """Whether nothing was answered in this chat before."""


@dataclass(frozen=True, slots=True)
class ClientTask:
    """What a chat client asks on its own, and the reply to it."""

    reply: str
    texts: tuple[str, ...]


def read_chat(chat: ChatRequest, settings: Settings) -> ChatQuestion | ClientTask:
    """Return what a chat asks, of the scope that its model names.

    Raises QuestionError where nobody asks, QuestionTooLong, and Refused for a picture and for a model that there is not.
    """
    return _read(chat.messages, scope_of(chat.model), settings)


def read_input(asked: ResponsesRequest, settings: Settings) -> ChatQuestion | ClientTask:
    """Return what the input of a response asks, instructions being a system prompt. Raises what `read_chat` raises."""
    told = [ChatMessage(role="system", content=asked.instructions)] if asked.instructions else []
    if isinstance(asked.input, str):
        said = [ChatMessage(role="user", content=asked.input)]
    else:
        said = [_message(item) for item in asked.input if item.type == "message"]
    return _read([*told, *said], scope_of(asked.model), settings)


def _message(item: InputItem) -> ChatMessage:
    if item.role is None:
        raise Refused(422, "request-invalid", "A message of `input` has no role. Give `user` or `assistant`.")
    parts = item.content
    return ChatMessage(role=item.role, content=[_part(part) for part in parts] if isinstance(parts, list) else parts)


def _part(part: ContentPart) -> ContentPart:
    if part.type in ("input_text", "output_text"):
        return ContentPart(type="text", text=part.text)
    if part.type == "refusal":
        return ContentPart(type="text", text=str((part.model_extra or {}).get("refusal") or ""))
    return part


def _read(messages: Sequence[ChatMessage], scope: str | None, settings: Settings) -> ChatQuestion | ClientTask:
    place = next((n for n in reversed(range(len(messages))) if messages[n].role == "user"), None)
    if place is None:
        raise QuestionError("No message has the role `user`, so there is no question. Send one.")
    asking = messages[place]
    before = [message for message in messages[:place] if message.role in ("user", "assistant")][-_MOST_HISTORY:]
    instructing = [message for message in messages if message.role in _INSTRUCTIONS]
    prompt, said, told = text_of(asking), [text_of(m) for m in before], [text_of(m) for m in instructing]
    _check(prompt, said, told, settings)
    _refuse_unread(asking)
    texts = (*told, *said, prompt)
    if (reply := reply_to_task(prompt, "\n".join(told))) is not None:
        return ClientTask(reply, texts)
    question = question_within(prompt)
    check_question_length(question, longest=settings.max_question_chars)
    if not question.strip():
        raise QuestionError("The last message of the user holds no text. Write a question.")
    history = [_history(message, text) for message, text in zip(before, said, strict=True)]
    return ChatQuestion(
        AskRequest(
            question=question,
            history=[message for message in history if message.text],
            filters=FiltersWire(scope=scope),
        ),
        texts,
        tuple(_notices(before, told)),
        first=not any(message.role == "assistant" for message in before),
    )


def text_of(message: ChatMessage) -> str:
    """Return the text of a message, whose content may be a string or parts."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text for part in message.content if part.type == "text" and part.text)


def _check(prompt: str, said: Sequence[str], told: Sequence[str], settings: Settings) -> None:
    if len(prompt) > settings.max_message_chars:
        check_question_length(prompt, longest=settings.max_question_chars)
    check_message_lengths(said, settings=settings)
    check_message_lengths(told, settings=settings)
    check_characters(prompt, *said, *told)


def _refuse_unread(asking: ChatMessage) -> None:
    """Refuse a question that comes with what is no text: without it, it may mean something else."""
    if unread := _unread(asking):
        raise Refused(
            400,
            "unsupported_content",
            f"Footnote reads text alone, and the last message holds {', '.join(unread)[:200]}. Ask without it.",
        )


def _unread(message: ChatMessage) -> list[str]:
    parts = message.content if isinstance(message.content, list) else []
    return list(dict.fromkeys(part.type for part in parts if part.type != "text"))


def _notices(before: Sequence[ChatMessage], told: Sequence[str]) -> list[str]:
    return [NOT_FOLLOWED] * any(text.strip() for text in told) + [NOT_READ] * any(map(_unread, before))


def _history(message: ChatMessage, text: str) -> MessageWire:
    if message.role == "user":
        return MessageWire(role="user", text=question_within(text))
    return MessageWire(role="assistant", text=without_markers(text))
