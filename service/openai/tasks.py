"""What chat clients send on their own: requests for titles, tags and follow-ups. They get a short answer, at no cost.

Open WebUI begins its prompts with `### Task:` and ends them with the conversation in `<chat_history>` (its default
templates, v0.6; https://docs.openwebui.com/reference/env-configuration#tasks). LibreChat and others ask for "a … title
for the conversation".
"""

import json
import re

_TASK = re.compile(r"\s*#+ *Task:")
_HISTORY = re.compile(r"<chat_history>(.*?)(</chat_history>|\Z)", re.DOTALL)
# Open WebUI wraps the question itself so, where the person added files of their own.
_QUESTION = re.compile(r"<user_query>\s*(.*?)\s*</user_query>", re.DOTALL)
_TITLE = re.compile(
    r"^\W*(please )?(generate|provide|write|create|suggest)\b[^.\n]{0,80}\btitle\b[^.\n]{0,60}\b(chat|conversation)\b",
    re.IGNORECASE | re.MULTILINE,
)
_SAID = re.compile(r"^\s*\W*(?:user|human)\W*:\s*(.+)", re.IGNORECASE | re.MULTILINE)
_NOTHING_TO_SAY = {"tags": ["General"], "follow_ups": [], "queries": [], "text": "", "prompt": ""}
_TITLE_WORDS = 6


def question_within(text: str) -> str:
    """Return the question that a client wrapped into a prompt of its own, or the text as it is."""
    wrapped = _QUESTION.search(text) if _TASK.match(text) else None
    return wrapped[1] if wrapped else text


def reply_to_task(text: str, instructions: str) -> str | None:
    """Return what a client's own request is answered with, or None where a person asks.

    `text` is the last message of the user, `instructions` what the client said as the system.
    """
    if _TASK.match(text) and _HISTORY.search(text):
        return _open_webui_reply(text)
    for asked in (text, instructions):
        if _TITLE.search(asked) and _SAID.search(f"{asked}\n{text}"):
            return _title(f"{asked}\n{text}")
    return None


def _open_webui_reply(prompt: str) -> str:
    history = _HISTORY.search(prompt)
    told = prompt[: history.start()] if history else prompt
    for key, value in _NOTHING_TO_SAY.items():
        if f'"{key}"' in told:
            return json.dumps({key: value})
    title = _title(history[1] if history else "")
    return json.dumps({"title": title}, ensure_ascii=False) if '"title"' in told else title


def _title(conversation: str) -> str:
    said = _SAID.search(conversation)
    words = said[1].split() if said else ["Conversation"]
    return " ".join(words[:_TITLE_WORDS]) + ("…" if len(words) > _TITLE_WORDS else "")
