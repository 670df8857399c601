"""Requests that ask for an answer of another form than Footnote gives. They are refused, not answered without it."""

from collections.abc import Mapping

from service.api.problem_details import Refused
from service.openai.responses_wire import ResponsesRequest
from service.openai.wire import MODEL, ChatRequest


def check_model(model: str) -> None:
    """Raise Refused for a model that is not the one there is."""
    if model != MODEL:
        raise Refused(404, "model_not_found", f"There is no model {model[:80]!r} here. Use {MODEL!r}.")


def refuse_other_chats(chat: ChatRequest) -> None:
    """Refuse a chat completion of another form. Raises Refused."""
    check_model(chat.model)
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
    check_model(asked.model)
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
