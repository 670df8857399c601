"""What chat clients send on their own: requests for titles, tags and follow-ups. They get a short answer, at no cost.

Open WebUI begins its prompts with `### Task:` and ends them with the conversation in `<chat_history>` (its default
templates, v0.6; https://docs.openwebui.com/reference/env-configuration#tasks). LibreChat and others ask for "a … title
for the conversation".

Whole prompts are read here, so everything takes time that is linear in their length: tags are found, not matched, and
patterns look at one line at a time.
"""

import json
import re

# Open WebUI wraps the question itself so, where the person added files of their own.
_QUESTION, _QUESTION_END = "<user_query>", "</user_query>"
_HISTORY, _HISTORY_END = "<chat_history>", "</chat_history>"
_TITLE = re.compile(
    r"\W*+(please )?(generate|provide|write|create|suggest)\b[^.]{0,80}\btitle\b[^.]{0,60}\b(chat|conversation)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\W*+(?:user|human)[^\w:]*+:", re.IGNORECASE)
_NOTHING_TO_SAY = {"tags": ["General"], "follow_ups": [], "queries": [], "text": "", "prompt": ""}
_TITLE_WORDS = 6


def question_within(text: str) -> str:
    """Return the question that a client wrapped into a prompt of its own, or the text as it is.

    The last one in the prompt is the person's: what stands before it may be the text of a file.
    """
    if not _is_task(text):
        return text
    before, wrapped, _ = text.rpartition(_QUESTION_END)
    _, begun, question = before.rpartition(_QUESTION)
    return question.strip() if wrapped and begun else text


def reply_to_task(text: str, instructions: str) -> str | None:
    """Return what a client's own request is answered with, or None where a person asks.

    `text` is the last message of the user, `instructions` what the client said as the system.
    """
    if _is_task(text) and _HISTORY in text:
        return _open_webui_reply(text)
    for asked in (text, instructions):
        if any(map(_TITLE.match, asked.splitlines())) and (said := _first_said(f"{asked}\n{text}")):
            return _title(said)
    return None


def _is_task(text: str) -> bool:
    head = text.lstrip()
    return head.startswith("#") and head.lstrip("#").lstrip(" ").startswith("Task:")


def _open_webui_reply(prompt: str) -> str:
    told, _, history = prompt.partition(_HISTORY)
    for key, value in _NOTHING_TO_SAY.items():
        if f'"{key}"' in told:
            return json.dumps({key: value})
    title = _title(_first_said(history.partition(_HISTORY_END)[0]) or "Conversation")
    return json.dumps({"title": title}, ensure_ascii=False) if '"title"' in told else title


def _first_said(conversation: str) -> str:
    """Return the line in which a person first says something, "" where none does."""
    lines = iter(conversation.splitlines())
    for line in lines:
        if speaker := _SPEAKER.match(line):
            return line[speaker.end() :].strip() or next(filter(None, map(str.strip, lines)), "")
    return ""


def _title(said: str) -> str:
    words = said.split(maxsplit=_TITLE_WORDS)
    return " ".join(words[:_TITLE_WORDS]) + ("…" if len(words) > _TITLE_WORDS else "")
