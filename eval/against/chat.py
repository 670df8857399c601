"""Any endpoint that speaks OpenAI's chat completions, with citations in any of the usual places.

Annotations are OpenAI's (`url_citation`, https://platform.openai.com/docs/api-reference/chat), `citations` and
`search_results` Perplexity's (https://docs.perplexity.ai), `context.citations` Azure's "on your data".
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from eval.against.replies import Reading, Reply, Source
from eval.errors import ReplyUnreadable, SystemUnusable
from service.answer.llm.bounds import httpx_options
from service.answer.llm.markers import numbers_in
from service.schemas.api import AskRequest, AskResponse

if TYPE_CHECKING:
    from openai import OpenAI

_RETRIES = 3
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ChatSystem:
    """A model behind an address. Safe to use from several threads."""

    client: "OpenAI"
    url: str
    model: str
    reading: Reading

    def ask(self, request: AskRequest) -> AskResponse:
        """Ask a question, with what was said before it as earlier messages.

        Raises ReplyUnreadable where the reply is no answer, SystemUnusable where no other question would fare better.
        """
        began = time.perf_counter()
        reply = read_completion(self._completion(request))
        milliseconds = 1000 * (time.perf_counter() - began)
        return self.reading.response(request, reply, answerer=self.model, milliseconds=milliseconds)

    def _completion(self, request: AskRequest) -> Any:
        import httpx
        import openai

        said = [{"role": turn.role, "content": turn.text} for turn in request.history]
        messages: Any = [*said, {"role": "user", "content": request.question}]
        try:
            raw = self.client.chat.completions.with_raw_response.create(model=self.model, messages=messages)
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise SystemUnusable(f"{self.url} refuses the questions: {_shortened(error)}") from error
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, httpx.ConnectError):
                raise SystemUnusable(f"{self.url} cannot be reached any more: {error.__cause__}") from error
            raise
        try:
            return json.loads(raw.content)
        except (ValueError, RecursionError) as error:
            raise ReplyUnreadable(f"The reply is not JSON: {_shortened(raw.text)}") from error


@contextmanager
def open_chat(
    url: str, *, model: str | None, key: str | None, timeout_seconds: float, reading: Reading
) -> Iterator[ChatSystem]:
    """Open the system at an address such as `http://127.0.0.1:8000/v1`.

    Without `model`, the only one that the address lists. Raises SystemUnusable when it cannot be reached or has several.
    """
    from openai import DefaultHttpxClient, OpenAI

    with OpenAI(
        base_url=url,
        # Servers that want no key are sent a word: the client refuses to send nothing.
        api_key=key or "none",
        timeout=timeout_seconds,
        max_retries=_RETRIES,
        http_client=DefaultHttpxClient(**httpx_options(timeout_seconds)),
    ) as client:
        yield ChatSystem(client, url, model or _only_model(client, url), reading)


def read_completion(body: Any) -> Reply:
    """Read a chat completion. Raises ReplyUnreadable when it is none, or holds no text."""
    try:
        message = body["choices"][0]["message"]
        text = _text(message.get("content")) or _text(message.get("refusal"))
        listed = [_source(one) for one in _listed(body, message)]
        annotated = [_source(one.get("url_citation", one)) for one in message.get("annotations") or ()]
        usage = body.get("usage") or {}
        reply = Reply(
            answer=text,
            refused=True if message.get("refusal") or body.get("status") == "no_answer" else None,
            sources=listed or annotated,
            prompt_tokens=usage.get("prompt_tokens"),
            completion_tokens=usage.get("completion_tokens"),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValidationError) as error:
        raise ReplyUnreadable(f"The reply is no chat completion: {_shortened(json.dumps(body))}") from error
    if not text.strip():
        raise ReplyUnreadable("The reply holds no text.")
    if not reply.sources or numbers_in(text, len(reply.sources)):
        return reply
    # Without markers, what is listed is what the answer rests on.
    return reply.model_copy(update={"citations": annotated or listed})


def _listed(body: Mapping[str, Any], message: Mapping[str, Any]) -> Sequence[Any]:
    context = message.get("context") or {}
    found: Sequence[Any] = body.get("search_results") or body.get("citations") or context.get("citations") or ()
    return found


def _source(listed: Any) -> Source:
    if isinstance(listed, str):
        return Source(url=listed)
    return Source.model_validate({name: value for name, value in listed.items() if name not in ("id", "start")})


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") in ("text", "output_text"))
    return content or ""


def _only_model(client: "OpenAI", url: str) -> str:
    import openai

    try:
        names = [model.id for model in client.models.list()]
    except (openai.OpenAIError, ValueError, AttributeError) as error:
        raise SystemUnusable(f"{url}/models cannot be read: {_shortened(error)}. Name a model with --model.") from error
    if len(names) != 1:
        raise SystemUnusable(f"{url} has {len(names)} models ({', '.join(names[:10])}). Name one with --model.")
    return names[0]


def _shortened(words: object) -> str:
    return str(words)[:_SHOWN]
