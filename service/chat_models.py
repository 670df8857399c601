"""Language models behind an address, as LlamaIndex LLMs. The writer of answers and the judge of evaluations use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    import httpx
    from llama_index.core.llms import LLM


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model of a server that speaks OpenAI's chat API.

    `context_tokens` is what it reads at most, `answer_tokens` what it may write. A `seed` makes servers that know it
    repeat themselves.
    """

    base_url: str
    name: str
    key: str
    timeout_seconds: float
    context_tokens: int
    answer_tokens: int
    temperature: float = 0.0
    seed: int | None = None


def key_of(secret: SecretStr | None) -> str:
    """Return the key itself. Servers that want none are sent a word: the client refuses to send nothing."""
    return secret.get_secret_value() if secret else "none"


def opened_model(model: ChatModel) -> "LLM":
    """Return a LlamaIndex LLM that tries once, and gives up on an answer after `timeout_seconds`."""
    from llama_index.llms.openai_like import OpenAILike

    llm: LLM = OpenAILike(
        model=model.name,
        api_base=model.base_url,
        api_key=model.key,
        # Both defaults are wrong for every server of today: a completion model with 3,900 tokens.
        is_chat_model=True,
        context_window=model.context_tokens,
        max_tokens=model.answer_tokens,
        temperature=model.temperature,
        additional_kwargs={} if model.seed is None else {"seed": model.seed},
        timeout=model.timeout_seconds,
        # The client would wait for up to a minute where a server asks it to, and try again after every timeout. Whoever
        # asked waits longer for that than a quoted answer is worth.
        max_retries=0,
        http_client=_bounded_client(model.timeout_seconds),
    )
    return llm


def _bounded_client(seconds: float) -> "httpx.Client":
    """Return an HTTP client that gives up on an answer after this long, however slowly it trickles in.

    httpx itself bounds only the silence between two bytes, and some servers send blanks to keep a connection open.
    """
    import httpx
    from openai import DefaultHttpxClient

    class Bounded(httpx.SyncByteStream):
        def __init__(self, response: httpx.Response) -> None:
            self._request, self._stream = response.request, response.stream

        def __iter__(self) -> Iterator[bytes]:
            assert isinstance(self._stream, httpx.SyncByteStream)
            for part in self._stream:
                if monotonic() > self._request.extensions["footnote_deadline"]:
                    raise httpx.ReadTimeout("The answer took too long.", request=self._request)
                yield part

        def close(self) -> None:
            assert isinstance(self._stream, httpx.SyncByteStream)
            self._stream.close()

    def start(request: httpx.Request) -> None:
        request.extensions["footnote_deadline"] = monotonic() + seconds

    def bound(response: httpx.Response) -> None:
        response.stream = Bounded(response)

    return DefaultHttpxClient(event_hooks={"request": [start], "response": [bound]})
