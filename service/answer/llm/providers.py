"""Language models behind an address, as LlamaIndex LLMs. The writer of answers and the judge of evaluations use them.

Clients try once, wait at most `timeout_seconds` for the next byte; `service.answer.llm.streaming` limits time and retries.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from index.errors import WrongUsage
from index.extras import how_to_install
from service.answer.llm.bounds import BoundedSession, httpx_options
from service.answer.llm.connections import to_close
from service.answer.llm.prompt_caching import anthropic_stream, bedrock_stream

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

Provider = Literal["openai_like", "openai_responses", "anthropic", "bedrock", "ollama"]
ReasoningEffort = Literal["minimal", "low", "medium", "high"]
_OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model of a server that chats.

    `base_url` None is the address that the provider's client knows. `key` None is what that client finds by itself, as in
    the environment. `context_tokens` is what the model reads at most, `answer_tokens` what it may write. A `seed` makes
    servers that know it repeat themselves. `reasoning` is how long a model of `openai_responses` thinks; None for one that
    does not.
    """

    base_url: str | None
    name: str
    key: str | None
    timeout_seconds: float
    context_tokens: int
    answer_tokens: int
    temperature: float = 0.0
    seed: int | None = None
    provider: Provider = "openai_like"
    reasoning: ReasoningEffort | None = None


def key_of(secret: SecretStr | None) -> str | None:
    """Return the key itself."""
    return secret.get_secret_value() if secret else None


def opened_model(model: ChatModel) -> "LLM":
    """Return a LlamaIndex LLM that tries once, and gives up on an answer after `timeout_seconds`.

    Raises WrongUsage where the package for the provider is missing, or the provider lacks something that only the person who
    starts Footnote can give, such as a key.
    """
    try:
        return _OPENING[model.provider](model)
    except ImportError:
        raise WrongUsage(
            f"FOOTNOTE_LLM_PROVIDER={model.provider} needs a package that is not installed. "
            f"Install it with: {how_to_install(model.provider)}"
        ) from None


def _openai_like(model: ChatModel) -> "LLM":
    from llama_index.llms.openai_like import OpenAILike
    from openai import DefaultHttpxClient

    seed = {} if model.seed is None else {"seed": model.seed}
    llm: LLM = OpenAILike(
        model=model.name,
        api_base=model.base_url,
        # The client refuses to send no key.
        api_key=model.key or "none",
        # The defaults, a completion model with a context of 3,900 tokens, are wrong for current servers.
        is_chat_model=True,
        context_window=model.context_tokens,
        max_tokens=model.answer_tokens,
        temperature=model.temperature,
        # Sent with streams alone: without it, servers do not count their tokens.
        additional_kwargs={"stream_options": {"include_usage": True}} | seed,
        timeout=model.timeout_seconds,
        # The client would wait up to a minute if a server asks for it, and retry after every timeout.
        max_retries=0,
        http_client=DefaultHttpxClient(**httpx_options(model.timeout_seconds)),
    )
    return llm


def _openai_responses(model: ChatModel) -> "LLM":
    from llama_index.llms.openai import OpenAIResponses
    from openai import DefaultHttpxClient

    if model.base_url is None:
        _with_key(model, environment="OPENAI_API_KEY")
    # The key of the environment is OpenAI's, so no other server gets it.
    key = model.key or ("none" if model.base_url else os.environ["OPENAI_API_KEY"])
    thinks = model.reasoning is not None
    llm: LLM = OpenAIResponses(
        model=model.name,
        api_base=address_of("openai_responses", model.base_url),
        api_key=key,
        context_window=model.context_tokens,
        # Thoughts count, too, and are longer than the answer.
        max_output_tokens=model.context_tokens if thinks else model.answer_tokens,
        temperature=model.temperature,
        # With any, no temperature is sent: models that think refuse it.
        reasoning_options={"effort": model.reasoning} if thinks else None,
        additional_kwargs={"reasoning": {"effort": model.reasoning}} if thinks else {},
        # OpenAI must not store the answers.
        store=False,
        timeout=model.timeout_seconds,
        max_retries=0,
        http_client=DefaultHttpxClient(**httpx_options(model.timeout_seconds)),
    )
    return llm


def _anthropic(model: ChatModel) -> "LLM":
    from anthropic import DefaultHttpxClient
    from llama_index.llms.anthropic import Anthropic

    _with_key(model, environment="ANTHROPIC_API_KEY")
    llm: Any = _of_any_name(Anthropic, model, stream_chat=anthropic_stream(Anthropic))(
        model=model.name,
        base_url=model.base_url,
        api_key=model.key,
        max_tokens=model.answer_tokens,
        temperature=model.temperature,
        timeout=model.timeout_seconds,
        max_retries=0,
    )
    # LlamaIndex has no way to give it one.
    llm._client = llm._client.with_options(http_client=DefaultHttpxClient(**httpx_options(model.timeout_seconds)))
    opened: LLM = llm
    return opened


def _bedrock(model: ChatModel) -> "LLM":
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from llama_index.llms.bedrock_converse import BedrockConverse
    from llama_index.llms.bedrock_converse.utils import is_bedrock_prompt_caching_supported_model

    seconds = model.timeout_seconds
    try:
        llm: Any = _of_any_name(BedrockConverse, model, stream_chat=bedrock_stream(BedrockConverse))(
            model=model.name,
            # A model that cannot cache refuses a prompt with a mark.
            system_prompt_caching=is_bedrock_prompt_caching_supported_model(model.name),
            endpoint_url=model.base_url,
            max_tokens=model.answer_tokens,
            temperature=model.temperature,
            max_retries=1,
            botocore_config=Config(retries={"total_max_attempts": 1}, connect_timeout=seconds, read_timeout=seconds),
        )
    except BotoCoreError as error:
        raise WrongUsage(
            f"FOOTNOTE_LLM_PROVIDER=bedrock cannot be used: {error} It reads region and credentials as every AWS client "
            "does: from AWS_REGION or AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, a profile or a role."
        ) from None
    llm._client.meta.events.register("after-call.*.ConverseStream", _close_stream)
    llm._client._endpoint.http_session = BoundedSession(llm._client._endpoint.http_session, seconds)
    opened: LLM = llm
    return opened


def _close_stream(parsed: Mapping[str, Any], **_: object) -> None:
    if stream := parsed.get("stream"):
        to_close(stream)


def address_of(provider: Provider, base_url: str | None) -> str:
    """Return the address that a provider's client sends to, where `base_url` is what the settings say."""
    if base_url is not None:
        return base_url
    match provider:
        case "openai_responses":
            return _OPENAI
        case "anthropic":
            return os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
        case "bedrock":
            from botocore.session import get_session

            # Without keys of its own a client would look for some, also over the network.
            no_keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
            region = os.environ.get("AWS_REGION")
            client = get_session().create_client("bedrock-runtime", region_name=region, **no_keys)
            return str(client.meta.endpoint_url)
        case "ollama":
            return "http://127.0.0.1:11434"
        case "openai_like":
            raise WrongUsage("FOOTNOTE_LLM_PROVIDER=openai_like needs FOOTNOTE_LLM_BASE_URL.")


def _ollama(model: ChatModel) -> "LLM":
    from llama_index.llms.ollama import Ollama
    from ollama import Client

    base_url = address_of("ollama", model.base_url)
    headers = {"Authorization": f"Bearer {model.key}"} if model.key else {}
    seconds = model.timeout_seconds
    seed = {} if model.seed is None else {"seed": model.seed}
    llm: LLM = Ollama(
        model=model.name,
        base_url=base_url,
        context_window=model.context_tokens,
        temperature=model.temperature,
        client=Client(base_url, timeout=seconds, headers=headers, **httpx_options(seconds)),
        additional_kwargs={"num_predict": model.answer_tokens} | seed,
    )
    return llm


_OPENING: Mapping[Provider, Callable[[ChatModel], "LLM"]] = {
    "openai_like": _openai_like,
    "openai_responses": _openai_responses,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
    "ollama": _ollama,
}


def _with_key(model: ChatModel, *, environment: str) -> None:
    if not model.key and not os.environ.get(environment):
        raise WrongUsage(f"FOOTNOTE_LLM_PROVIDER={model.provider} needs a key. Set FOOTNOTE_LLM_API_KEY.")


def _of_any_name(client: type, model: ChatModel, **methods: Callable[..., Any]) -> type:
    """Return a LlamaIndex LLM with these methods that does not refuse models which came out after its own list of them."""
    from llama_index.core.llms import LLMMetadata

    told = LLMMetadata(
        context_window=model.context_tokens, num_output=model.answer_tokens, is_chat_model=True, model_name=model.name
    )
    return type(client.__name__, (client,), {"__module__": __name__, "metadata": property(lambda _: told), **methods})
