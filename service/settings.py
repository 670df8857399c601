"""Settings of the service: those of the index and those for answering and serving."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationError

from index.errors import WrongUsage
from index.settings import IndexSettings


class Settings(IndexSettings):
    """All settings. Every field is the environment variable `FOOTNOTE_<NAME>`, or a line of `.env`."""

    public_url: str | None = Field(
        None,
        description="Address under which people reach the service; default: the address served on. Used for absolute links.",
    )
    max_question_chars: int = Field(2_000, gt=0, description="Longest question that is accepted, in characters.")
    refusals: bool = Field(
        True,
        description="Say that the corpus does not answer when evidence is weak. Off, the best sentences are always shown.",
    )
    time_preference: bool = Field(
        True,
        description="Prefer articles published when the question is about (`this week`, `in April`, `latest`). "
        "No source is hidden for its day.",
    )
    keep_days: int = Field(
        90,
        ge=0,
        description=(
            "Days that questions, answers, conversations and feedback are kept for; older ones are deleted. `0` keeps none, "
            "and deletes what was kept before."
        ),
    )
    llm_provider: Literal["none", "openai_like"] = Field(
        "none",
        description="Who writes answers: `none` quotes the articles; `openai_like` is any server that speaks OpenAI's API.",
    )
    llm_base_url: str | None = Field(
        None, description="Address of the language model's API, for example `http://127.0.0.1:11434/v1`."
    )
    llm_model: str | None = Field(None, description="Name of the language model at that address.")
    llm_api_key: SecretStr | None = Field(None, description="Key for the language model's API, where it wants one.")
    llm_timeout_seconds: float = Field(60.0, gt=0, description="Longest wait for the language model's answer.")
    llm_context_tokens: int = Field(8_192, ge=1_024, description="Tokens that the language model reads at most.")
    judge_base_url: str | None = Field(
        None,
        description="Address of an API like OpenAI's whose model judges answers in evaluations; default: nobody judges.",
    )
    judge_model: str | None = Field(None, description="Name of the model that judges, at that address.")
    judge_api_key: SecretStr | None = Field(None, description="Key for the judge's API, where it wants one.")
    judge_votes: int = Field(
        3,
        ge=1,
        le=25,
        description="How often the judge is asked about each answer. Reports say how far it agrees with itself.",
    )
    api_keys_required: bool | None = Field(
        None,
        description="Whether HTTP requests need a key; default: `false` on a loopback address, `true` on any other.",
    )


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`. Raises WrongUsage that names each one that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"FOOTNOTE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise WrongUsage(f"A setting cannot be used. {wrong}") from None
