"""Requests that ask for an answer of another form than Footnote gives. They are refused, not answered without it."""

from collections.abc import Mapping

from service.api.problem_details import Refused
from service.openai.responses_wire import ResponsesRequest
from service.openai.wire import MODEL, ChatRequest

_LONGEST_SCOPE = 64


def scope_of(model: str) -> str | None:
    """Return the scope that a model stands for, None for all articles. Raises Refused for a model of another name."""
    name, slash, scope = model.partition("/")
    if name != MODEL or (slash and not 0 < len(scope) <= _LONGEST_SCOPE):
        what = f"Use {MODEL!r}, or {MODEL + '/'!r} and the name of a scope."
        raise Refused(404, "model_not_found", f"There is no model {model[:80]!r} here. {what}")
    return scope or None


def refuse_other_chats(chat: ChatRequest) -> None:
    """Refuse a chat completion of another form. Raises Refused."""
    extra = chat.model_extra or {}
    _refuse(
        {
            "n": chat.n not in (None, 1),
            "response_format": _is_other_format(extra.get("response_format")),
            "tool_choice": _forces_a_tool(extra),
            "function_call": isinstance(extra.get("function_call"), dict),
            "logprobs": bool(extra.get("logprobs")),
            "audio": bool(extra.get("audio")),
        }
    )


def refuse_other_responses(asked: ResponsesRequest) -> None:
    """Refuse a response of another form, or one that goes on from what OpenAI would have kept. Raises Refused."""
    extra = asked.model_extra or {}
    kept = {name: bool(extra.get(name)) for name in ("previous_response_id", "conversation", "prompt")}
    items = [] if isinstance(asked.input, str) else asked.input
    kept["item_reference"] = any(item.type == "item_reference" for item in items)
    if named := [name for name, is_used in kept.items() if is_used]:
        detail = (
            f"Footnote keeps nothing to follow {', '.join(named)}. Leave it out, and send what was said as `input`."
        )
        raise Refused(400, "unsupported_parameter", detail)
    text, include = extra.get("text"), extra.get("include")
    _refuse(
        {
            "text.format": isinstance(text, dict) and _is_other_format(text.get("format")),
            "tool_choice": _forces_a_tool(extra),
            "top_logprobs": bool(extra.get("top_logprobs")),
            "include": isinstance(include, list) and "message.output_text.logprobs" in include,
            "background": bool(extra.get("background")),
        }
    )


def _is_other_format(form: object) -> bool:
    return isinstance(form, dict) and form.get("type") not in (None, "text")


def _forces_a_tool(extra: Mapping[str, object]) -> bool:
    return isinstance(extra.get("tool_choice"), dict) or extra.get("tool_choice") == "required"


def _refuse(forms: Mapping[str, bool]) -> None:
    if named := [name for name, is_asked_for in forms.items() if is_asked_for]:
        detail = f"Footnote gives one answer in text, so it cannot follow {', '.join(named)}. Leave it out."
        raise Refused(400, "unsupported_parameter", detail)
