"""All settings: those of the index, and those for answering and serving."""

import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator

from index.errors import WrongUsage
from service.auth.issuer_settings import OidcIssuer
from service.slack_settings import SlackSettings

_FILE = "FOOTNOTE_ENV_FILE"


class Settings(SlackSettings):
    """All settings. Every field is the environment variable `FOOTNOTE_<NAME>`, or a line of a file of settings."""

    sources_file: Path | None = Field(
        None,
        description="File that names the sources to keep in step (`footnote sources`). Default: `sources.toml` in the data "
        "folder.",
    )
    uploads_max_files: int = Field(10_000, ge=0, description="Most files that may be uploaded; `0` allows none.")
    uploads_max_bytes: int = Field(
        10_000_000_000, ge=0, description="Most bytes that all uploaded files may have together."
    )
    upload_seconds: float = Field(
        600.0, gt=0, description="Longest time that an upload may take to arrive; then its connection is closed."
    )
    public_url: str | None = Field(
        None,
        description="Address under which people reach the service; default: the address served on. Used for absolute links.",
    )
    stream_stall_seconds: float = Field(
        30.0, gt=0, description="A reader of a streamed answer who takes nothing for this long is dropped."
    )
    stream_resume_seconds: float = Field(
        60.0,
        ge=0,
        description="How long a streamed answer that asked for `resumable` goes on, and its events are kept, after its "
        "connection broke; `0`: it ends with its connection.",
    )
    openai_linked_markers: bool = Field(
        False,
        description="Whether markers in answers under `/v1` are Markdown links, for chat clients that show no annotations.",
    )
    open_webui_sources: bool = Field(
        False, description="Whether streamed chat completions name sources in Open WebUI's own way, not as annotations."
    )
    max_question_chars: int = Field(2_000, gt=0, description="Longest question that is accepted, in characters.")
    max_message_chars: int = Field(
        50_000, gt=0, description="Longest message before a question that is accepted, in characters."
    )
    max_history_chars: int = Field(
        200_000, gt=0, description="Longest conversation before a question that is accepted, all its messages together."
    )
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
            "Days that questions, answers, conversations and feedback are kept for; older ones are deleted, as are Slack "
            "threads in which nothing was asked since. `0` keeps none, and deletes what was kept before."
        ),
    )
    stale_webhook_url: str | None = Field(
        None,
        description="Address that is told of answers whose quoted words have changed since: a signed `POST` (Standard "
        "Webhooks) that names them. Must be public, unless `FOOTNOTE_FETCH_PRIVATE` is set. Default: nobody is told.",
    )
    stale_webhook_secret: SecretStr | None = Field(
        None, description="Secret that these messages are signed with; `whsec_` and base64, or any text."
    )
    llm_provider: Literal["none", "openai_like", "openai_responses", "anthropic", "bedrock", "ollama"] = Field(
        "none",
        description="Who writes answers: `none` quotes the articles; `openai_like` is any server that speaks OpenAI's chat "
        "completions, `openai_responses` OpenAI itself or any that speaks its responses API; the others need the extra of "
        "their name.",
    )
    llm_base_url: str | None = Field(
        None,
        description="Address of the language model's API, for example `http://127.0.0.1:11434/v1`. Must be given for "
        "`openai_like`; the others know their own.",
    )
    llm_model: str | None = Field(None, description="Name of the language model at that address.")
    llm_api_key: SecretStr | None = Field(
        None, description="Key for the language model's API, where it wants one. `bedrock` takes AWS's own settings."
    )
    llm_reasoning: Literal["minimal", "low", "medium", "high"] | None = Field(
        None,
        description="How long a model of `openai_responses` thinks before it answers; default: for models that do not. Give "
        "it for those that do: they refuse a temperature, and their thoughts count as tokens of the answer.",
    )
    llm_tools: bool | None = Field(
        None,
        description="Whether the language model asks for further searches with its provider's tool calls, and not in plain "
        "text. Default: `true` for `openai_responses`, `anthropic` and `bedrock`. A server that refuses them is asked in "
        "plain text.",
    )
    llm_self_check: bool = Field(
        False,
        description="Whether the language model is asked once more, when it has answered, which of its sentences are "
        "supported by what they cite (`self_check` of each). That may take as long as the answer, and cost as many tokens. "
        "`support` and what is shown do not depend on it.",
    )
    llm_quotes: bool = Field(
        True,
        description="Whether sentences of the articles are quoted below what a language model says: those that would be the "
        "answer without it, where it left something of them out.",
    )
    llm_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest wait for the whole of the language model's answer."
    )
    llm_first_token_seconds: float = Field(
        30.0, gt=0, description="Longest wait for the first word of it, all tries together."
    )
    llm_retries: int = Field(
        2, ge=0, le=10, description="Further tries where the model's server is overloaded or fails (429, 5xx)."
    )
    llm_passages: int = Field(
        3,
        ge=1,
        le=20,
        description="Passages that the language model is shown at first. Where they lack something, it searches for more.",
    )
    llm_context_tokens: int = Field(8_192, ge=1_024, description="Tokens that the language model reads at most.")
    llm_price_read: float | None = Field(
        None,
        ge=0,
        description="What a million tokens cost that the language model reads, in any currency: so evaluations say what they "
        "cost.",
    )
    llm_price_written: float | None = Field(
        None, ge=0, description="What a million tokens cost that it writes, in the same currency."
    )
    llm_fallback: bool = Field(
        True,
        description="Quote the articles where the language model fails, and say so. Off, the question ends in an error.",
    )
    unverified: Literal["flag", "drop"] = Field(
        "drop",
        description="What happens to a model's sentence that the articles do not support: left out, and the answer says "
        "so, or shown as `unverified`. Code that stands in no article is left out in either case.",
    )
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
    against_api_key: SecretStr | None = Field(
        None, description="Key for the other system that `footnote eval run --against` asks, where it wants one."
    )
    api_keys_required: bool | None = Field(
        None,
        description="Whether HTTP requests need a key; default: `false` on a loopback address, `true` on any other.",
    )
    oidc_issuer: str | None = Field(
        None,
        description="Address of an OpenID Connect issuer (provider): people sign in there, and its tokens are accepted in "
        "addition to keys; default: none.",
    )
    oidc_audience: str | None = Field(
        None,
        description="The audience that tokens of programs are for: Footnote's name there. Default: no token is accepted.",
    )
    oidc_client_id: str | None = Field(
        None, description="Footnote's client id at the issuer. With it, people sign in on the page."
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="Its secret; default: a public client, which PKCE alone protects."
    )
    oidc_scopes: str = Field(
        "openid profile email",
        description="Scopes to ask for when people sign in. Add `offline_access` or `groups` where the issuer wants them.",
    )
    oidc_groups_claim: str = Field("groups", description="The claim of a token that lists groups.")
    oidc_admin_group: str | None = Field(None, description="The group whose members are admins; default: nobody.")
    oidc_sign_out: bool = Field(
        False,
        description="Whether signing out of the page signs out at the issuer, too (RP-Initiated Logout). There, add the "
        "address of the page, with `/` at its end, to those that it may send people back to after signing out.",
    )
    oidc_issuers: list[OidcIssuer] = Field(
        [],
        description='Further issuers: JSON such as `[{"name": "acme", "title": "Acme", "issuer": "https://acme.example", '
        '"client_id": "footnote", "client_secret": "…"}]`. Each may also have `audience`, `scopes`, `groups_claim`, '
        "`admin_group` and `required_claims`.",
    )
    session_hours: float = Field(12.0, gt=0, description="Hours after which people have to sign in again.")
    session_check_seconds: float = Field(
        300.0,
        ge=0,
        description="Seconds after which the groups of a signed-in person are looked up again at the issuer.",
    )

    @field_validator("oidc_issuers")
    @classmethod
    def _named_issuers(cls, issuers: list[OidcIssuer]) -> list[OidcIssuer]:
        keys = [issuer.key for issuer in issuers]
        if not all(issuer.name for issuer in issuers) or len({*keys, "main"}) <= len(keys):
            raise ValueError("each issuer needs a name of its own, other than main")
        return issuers

    questions_per_minute: int | None = Field(
        None,
        ge=0,
        description="Questions that each key may ask in a minute; 0 is no limit. Default: 60 where keys are required.",
    )
    questions_per_minute_total: int | None = Field(
        None,
        ge=0,
        description="Questions that all together may ask in a minute; 0 is no limit. Default: 600 where keys are required.",
    )
    questions_at_once: int | None = Field(
        None,
        gt=0,
        description="Questions that are worked on at the same time. Default: one more than there are processor cores; with "
        "a language model, four for each core.",
    )
    questions_at_once_each: int | None = Field(
        None,
        gt=0,
        description="How many of these may be one person's (a key, a token's bearer, a user of Slack, or an address). "
        "Default: all but one.",
    )
    questions_waiting: int = Field(
        200,
        ge=0,
        description="Questions that may wait for those, half of them one person's. Another one is turned away.",
    )
    question_wait_seconds: float = Field(
        30.0,
        gt=0,
        description="A question that would wait for its turn longer than this, as estimated from recent questions, is told "
        "at once to come back later. One that waits is answered.",
    )
    question_seconds: float = Field(
        60.0,
        gt=0,
        description="Longest time that is worked on a question, once it has its turn. The time that a language model may "
        "take comes on top.",
    )
    stop_seconds: float = Field(
        20.0, ge=0, description="How long a service that is stopping goes on answering the questions that it has."
    )
    request_seconds: float = Field(
        30.0, gt=0, description="Longest time that a request may take to arrive; then its connection is closed."
    )

    score_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of the kept answers that are scored when their day is over: whether what they cite supports each "
        "sentence. Shown to admins with refusals, times and ratings. `0` scores none.",
    )
    metrics_open: bool = Field(
        False,
        description="Whether `/metrics` needs no admin's key. On a loopback address without keys it never does.",
    )
    log_format: Literal["text", "json"] = Field("text", description="How the service writes its log lines.")
    log_questions: bool = Field(
        False, description="Whether questions are written to the log, each with who asked it. For finding faults."
    )
    audit_days: int = Field(
        90,
        ge=0,
        description="Days for which it is kept who asked when and which articles were cited; 0 keeps nothing.",
    )


def load_settings() -> Settings:
    """Read the settings from the environment and from `settings_file`. Raises WrongUsage that names each invalid setting."""
    file = settings_file()
    _warn_of_unread(file)
    try:
        return Settings(_env_file=file)
    except ValidationError as error:
        wrong = "; ".join(f"FOOTNOTE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise WrongUsage(f"A setting cannot be used. {wrong}") from None
    except (OSError, UnicodeError) as error:
        raise WrongUsage(f"The file of settings {file} cannot be read ({error}).") from None


def settings_file() -> Path | None:
    """Return the settings file that the environment names, or the one in the data folder that the environment names.

    A `.env` in the current folder is not read: it may be from someone else, and could send the keys of the environment to any
    address. Raises WrongUsage if the named file does not exist.
    """
    if named := os.environ.get(_FILE):
        if not Path(named).is_file():
            raise WrongUsage(f"{_FILE} names {named}, and there is no such file.")
        return Path(named)
    data_dir = os.environ.get("FOOTNOTE_DATA_DIR")
    found = Path(data_dir) / ".env" if data_dir else None
    return found if found and found.is_file() else None


def _warn_of_unread(file: Path | None) -> None:
    here = Path(".env")
    if here.is_file() and not (file and file.samefile(here)):
        print(
            f"The file .env of this folder is not read. Set {_FILE}=.env if its settings are to count, or move it into the "
            "folder that FOOTNOTE_DATA_DIR names.",
            file=sys.stderr,
        )
