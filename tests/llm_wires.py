"""How four makers put a model's answer on the wire, and what they call its parts: bytes as their own servers send them."""

import binascii
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Usage = tuple[int, int] | None


def openai(pieces: Sequence[str], usage: Usage, *, finish: str = "stop") -> Iterator[bytes]:
    """Server-sent events of OpenAI's chat completions, as llama.cpp, vLLM and OpenAI send them."""

    def event(**fields: object) -> bytes:
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"} | fields
        return f"data: {json.dumps(chunk)}\n\n".encode()

    def choice(delta: Mapping[str, object], reason: str | None = None) -> list[dict[str, object]]:
        return [{"index": 0, "delta": delta, "finish_reason": reason}]

    yield event(choices=choice({"role": "assistant", "content": ""}))
    for piece in pieces:
        yield event(choices=choice({"content": piece}))
    yield event(choices=choice({}, finish))
    if usage:
        prompt, answer = usage
        counted = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
        yield event(choices=[], usage=counted)
    yield b"data: [DONE]\n\n"


def anthropic(pieces: Sequence[str], usage: Usage, *, finish: str = "end_turn") -> Iterator[bytes]:
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
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield event("ping")
    for piece in pieces:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    stopped = {"stop_reason": finish, "stop_sequence": None}
    yield event("message_delta", delta=stopped, usage={"output_tokens": answer})
    yield event("message_stop")


def ollama(pieces: Sequence[str], usage: Usage, *, finish: str = "stop") -> Iterator[bytes]:
    """Lines of JSON, as Ollama's /api/chat sends them."""

    def line(text: str, **fields: object) -> bytes:
        told = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": text}}
        return json.dumps(told | fields).encode() + b"\n"

    for piece in pieces:
        yield line(piece, done=False)
    counted = {"prompt_eval_count": usage[0], "eval_count": usage[1]} if usage else {}
    yield line("", done=True, done_reason=finish, **counted)


def bedrock(pieces: Sequence[str], usage: Usage, *, finish: str = "end_turn") -> Iterator[bytes]:
    """Binary frames of AWS's event stream (application/vnd.amazon.eventstream), as Bedrock's ConverseStream sends them."""
    yield _frame("messageStart", {"role": "assistant"})
    for piece in pieces:
        yield _frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
    yield _frame("contentBlockStop", {"contentBlockIndex": 0})
    yield _frame("messageStop", {"stopReason": finish})
    prompt, answer = usage or (0, 0)
    counted = {"inputTokens": prompt, "outputTokens": answer, "totalTokens": prompt + answer}
    yield _frame("metadata", {"usage": counted, "metrics": {"latencyMs": 1}})


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
