"""How makers put a model's answer on the wire, and what they call its parts: bytes as their own servers send them."""

import binascii
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Usage = tuple[int, int] | None
Thoughts = Sequence[str]
Calls = Sequence[str]
"""The arguments of calls of the tool `search`, as JSON; each is sent in two halves where the protocol sends pieces."""


def openai(
    pieces: Sequence[str],
    usage: Usage,
    *,
    finish: str = "stop",
    thoughts: Thoughts = (),
    cached: int | None = None,
    calls: Calls = (),
) -> Iterator[bytes]:
    """Server-sent events of OpenAI's chat completions, as llama.cpp, vLLM and OpenAI send them."""

    def event(**fields: object) -> bytes:
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"} | fields
        return f"data: {json.dumps(chunk)}\n\n".encode()

    def choice(delta: Mapping[str, object], reason: str | None = None) -> list[dict[str, object]]:
        return [{"index": 0, "delta": delta, "finish_reason": reason}]

    yield event(choices=choice({"role": "assistant", "content": ""}))
    for thought in thoughts:
        yield event(choices=choice({"content": None, "reasoning_content": thought}))
    for piece in pieces:
        yield event(choices=choice({"content": piece}))
    for number, call in enumerate(calls):
        named = {"index": number, "id": f"call_{number}abc", "type": "function"}
        yield event(choices=choice({"tool_calls": [named | {"function": {"name": "search", "arguments": ""}}]}))
        for half in _halves(call):
            yield event(choices=choice({"tool_calls": [{"index": number, "function": {"arguments": half}}]}))
    yield event(choices=choice({}, "tool_calls" if calls else finish))
    if usage:
        prompt, answer = usage
        counted = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
        kept = {} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}}
        yield event(choices=[], usage=counted | kept)
    yield b"data: [DONE]\n\n"


def responses(
    pieces: Sequence[str],
    usage: Usage,
    *,
    finish: str = "completed",
    thoughts: Thoughts = (),
    cached: int | None = None,
    calls: Calls = (),
) -> Iterator[bytes]:
    """Named server-sent events of OpenAI's responses API. `finish` is the last event: completed, incomplete or failed."""
    sent = 0

    def event(kind: str, **fields: object) -> bytes:
        nonlocal sent
        sent += 1
        told = {"type": kind, "sequence_number": sent - 1} | fields
        return f"event: {kind}\ndata: {json.dumps(told)}\n\n".encode()

    def response(status: str, **fields: object) -> dict[str, object]:
        base = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None, "tools": []}
        settled: dict[str, object] = {
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": True,
        }
        return base | settled | {"tool_choice": "auto", "output": [], "status": status, "usage": None} | fields

    yield event("response.created", response=response("in_progress"))
    yield event("response.in_progress", response=response("in_progress"))
    if thoughts:
        item = {"id": "rs_1", "type": "reasoning", "summary": []}
        yield event("response.output_item.added", output_index=0, item=item)
        for thought in filter(None, thoughts):
            place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
            yield event("response.reasoning_summary_text.delta", **place, delta=thought)
        yield event("response.output_item.done", output_index=0, item=item)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield event("response.output_item.added", output_index=1, item=message)
    place = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    for piece in pieces:
        yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
    text = {"type": "output_text", "text": "".join(pieces), "annotations": []}
    yield event("response.output_text.done", **place, text="".join(pieces), logprobs=[])
    for number, call in enumerate(calls):
        item = {"id": f"fc_{number}", "type": "function_call", "call_id": f"call_{number}abc", "name": "search"}
        place = {"item_id": f"fc_{number}", "output_index": 2 + number}
        begun = item | {"arguments": "", "status": "in_progress"}
        yield event("response.output_item.added", output_index=2 + number, item=begun)
        for half in _halves(call):
            yield event("response.function_call_arguments.delta", **place, delta=half)
        yield event("response.function_call_arguments.done", **place, arguments=call, name="search")
        whole_item = item | {"arguments": call, "status": "completed"}
        yield event("response.output_item.done", output_index=2 + number, item=whole_item)
    if finish == "failed":
        error = {"code": "server_error", "message": "scripted fault"}
        yield event("response.failed", response=response("failed", error=error))
        return
    whole = message | {"status": finish, "content": [text]}
    prompt, answer = usage or (0, 0)
    counted = {"input_tokens": prompt, "output_tokens": answer, "total_tokens": prompt + answer} | {
        "input_tokens_details": {"cached_tokens": cached or 0, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    why = {"incomplete_details": {"reason": "max_output_tokens"}} if finish == "incomplete" else {}
    yield event(f"response.{finish}", response=response(finish, output=[whole], usage=counted, **why))


def anthropic(
    pieces: Sequence[str],
    usage: Usage,
    *,
    finish: str = "end_turn",
    thoughts: Thoughts = (),
    cached: int | None = None,
    calls: Calls = (),
) -> Iterator[bytes]:
    """Named server-sent events of Anthropic's messages API."""
    prompt, answer = usage or (0, 0)

    def event(kind: str, **fields: object) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind} | fields)}\n\n".encode()

    message: dict[str, object] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
    }
    start = message | {"stop_sequence": None, "usage": {"input_tokens": prompt, "output_tokens": 1}}
    yield event("message_start", message=start)
    first = int(bool(thoughts))
    if thoughts:
        yield event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
        for thought in thoughts:
            yield event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": thought})
        yield event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "abc"})
        yield event("content_block_stop", index=0)
    yield event("content_block_start", index=first, content_block={"type": "text", "text": ""})
    yield event("ping")
    for piece in pieces:
        yield event("content_block_delta", index=first, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=first)
    for number, call in enumerate(calls, start=first + 1):
        use = {"type": "tool_use", "id": f"toolu_{number}", "name": "search", "input": {}}
        yield event("content_block_start", index=number, content_block=use)
        for half in _halves(call):
            yield event("content_block_delta", index=number, delta={"type": "input_json_delta", "partial_json": half})
        yield event("content_block_stop", index=number)
    stopped = {"stop_reason": "tool_use" if calls else finish, "stop_sequence": None}
    # Tokens of the cache are not among `input_tokens`.
    kept = {} if cached is None else {"cache_read_input_tokens": cached, "cache_creation_input_tokens": 0}
    read = prompt - (cached or 0)
    yield event("message_delta", delta=stopped, usage={"input_tokens": read, "output_tokens": answer} | kept)
    yield event("message_stop")


def ollama(
    pieces: Sequence[str],
    usage: Usage,
    *,
    finish: str = "stop",
    thoughts: Thoughts = (),
    cached: int | None = None,
    calls: Calls = (),
) -> Iterator[bytes]:
    """Lines of JSON, as Ollama's /api/chat sends them. It says nothing of its cache."""
    assert cached is None

    def line(text: str, **fields: object) -> bytes:
        told = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": text}}
        return json.dumps(told | fields).encode() + b"\n"

    for thought in thoughts:
        yield line("", message={"role": "assistant", "content": "", "thinking": thought}, done=False)
    for piece in pieces:
        yield line(piece, done=False)
    for call in calls:
        called = [{"function": {"name": "search", "arguments": json.loads(call)}}]
        yield line("", message={"role": "assistant", "content": "", "tool_calls": called}, done=False)
    counted = {"prompt_eval_count": usage[0], "eval_count": usage[1]} if usage else {}
    yield line("", done=True, done_reason=finish, **counted)


def bedrock(
    pieces: Sequence[str],
    usage: Usage,
    *,
    finish: str = "end_turn",
    thoughts: Thoughts = (),
    cached: int | None = None,
    calls: Calls = (),
) -> Iterator[bytes]:
    """Binary frames of AWS's event stream (application/vnd.amazon.eventstream), as Bedrock's ConverseStream sends them."""
    yield _frame("messageStart", {"role": "assistant"})
    first = int(bool(thoughts))
    for thought in thoughts:
        yield _frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": thought}}})
    if thoughts:
        signed = {"reasoningContent": {"signature": "abc"}}
        yield _frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": signed})
        yield _frame("contentBlockStop", {"contentBlockIndex": 0})
    for piece in pieces:
        yield _frame("contentBlockDelta", {"contentBlockIndex": first, "delta": {"text": piece}})
    yield _frame("contentBlockStop", {"contentBlockIndex": first})
    for number, call in enumerate(calls, start=first + 1):
        use = {"toolUse": {"toolUseId": f"tooluse_{number}", "name": "search"}}
        yield _frame("contentBlockStart", {"contentBlockIndex": number, "start": use})
        for half in _halves(call):
            yield _frame("contentBlockDelta", {"contentBlockIndex": number, "delta": {"toolUse": {"input": half}}})
        yield _frame("contentBlockStop", {"contentBlockIndex": number})
    yield _frame("messageStop", {"stopReason": "tool_use" if calls else finish})
    prompt, answer = usage or (0, 0)
    kept = {} if cached is None else {"cacheReadInputTokens": cached, "cacheWriteInputTokens": 0}
    counted = {"inputTokens": prompt - (cached or 0), "outputTokens": answer, "totalTokens": prompt + answer} | kept
    yield _frame("metadata", {"usage": counted, "metrics": {"latencyMs": 1}})


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def _frame(kind: str, payload: Mapping[str, Any]) -> bytes:
    """Return a frame: lengths and their checksum, headers, payload, and a checksum of it all."""
    names = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in names.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 12 + len(headers) + len(body) + 4, len(headers))
    frame = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + body
    return frame + struct.pack("!I", binascii.crc32(frame))
