"""The OpenAPI document against the service: no server error, and no answer that the document does not foretell."""

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseTextDeltaEvent
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    CheckFunction,
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from service.api.app import create_app
from service.auth.oidc import issuers_for
from service.auth.signing_in import signing_in_for
from service.auth.state import AuthState
from service.history.database import opened_database
from service.schemas.api import AskResponse, SentenceEvent
from service.schemas.usage import UsageResponse
from tests.fake_assistant import FakeAssistant
from tests.http_server import serving_app
from tests.service_fixtures import assistant_over, index_into, settings_for, write

TOKEN = "the-owner's-token"
OWNER = {"Authorization": f"Bearer {TOKEN}"}
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# These read whatever lies under a path that happens to be made up, or take long. Everyone else is turned away from them.
NOT_FOR_A_MADE_UP_OWNER = {"/api/index", "/api/rebuild", "/api/delete", "/api/backup", "/api/sources/forget"}
RAIN = "---\npublisher: The Herald\npublished: 2026-04-24\n---\n# Rain\n\nIt rained for 40 days. The Elbe rose by two metres."


@dataclass(frozen=True)
class Service:
    """A service that runs, and the document that it gives out."""

    url: str
    schema: schemathesis.BaseSchema


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over a real index of one article, which keeps what is asked."""
    place = tmp_path_factory.mktemp("openapi")
    nowhere = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "footnote"}
    chosen = settings_for(place / "data", stream_stall_seconds=60, **nowhere)
    with assistant_over(chosen, with_history=True) as assistant:
        index_into(assistant, write(place / "articles", {"rain.md": RAIN}))
        database = opened_database(place / "data")
        signing_in = signing_in_for(
            chosen, issuers_for(chosen), engine=database, address="http://127.0.0.1", record=lambda _: None
        )
        app = create_app(assistant, settings=chosen, owner_token=TOKEN, auth_state=AuthState(signing_in=signing_in))
        with serving_app(app) as url:
            document = requests.get(f"{url}/openapi.json", timeout=10).json()
            yield Service(url, schemathesis.openapi.from_dict(document))
        database.dispose()


def try_out(service: Service, mode: GenerationMode, *, examples: int, headers: dict[str, str]) -> set[int]:
    """Call every operation with generated requests, check each reply, and return the statuses that came."""
    seen: set[int] = set()
    for result in service.schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if headers == OWNER and operation.path in NOT_FOR_A_MADE_UP_OWNER:
            continue

        @settings(
            max_examples=examples,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            deadline=None,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: Case[Any]) -> None:
            response = case.call_and_validate(base_url=service.url, headers=headers, checks=CHECKS, timeout=30)
            seen.add(response.status_code)

        # Where any text will do, or nothing is sent, there is nothing to get wrong.
        with suppress(Unsatisfiable) if mode == GenerationMode.NEGATIVE else nullcontext():
            call()
    return seen


def test_examples_are_what_they_show() -> None:
    paths = create_app(FakeAssistant(), settings=settings_for(Path("unused"))).openapi()["paths"]
    asked = paths["/api/ask"]["post"]["responses"]["200"]["content"]
    answer = AskResponse.model_validate(asked["application/json"]["example"])
    first = answer.sentences[0]
    assert answer.text[first.start : first.end] == f"{first.text} [1]"
    events = dict(
        part.removeprefix("event: ").split("\ndata: ")
        for part in asked["text/event-stream"]["example"].split("\n\n")[:-1]
    )
    assert AskResponse.model_validate_json(events["answer"]) == answer
    assert SentenceEvent.model_validate_json(events["sentence"]).sentence == first
    usage = paths["/api/usage"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert UsageResponse.model_validate(usage).questions.answered == sum(day["answered"] for day in usage["per_day"])
    chat = paths["/v1/chat/completions"]["post"]["responses"]["200"]["content"]
    assert ChatCompletion.model_validate(chat["application/json"]["example"]).choices[0].message.content == answer.text
    chunk = chat["text/event-stream"]["example"].split("\n\n")[0].removeprefix("data: ")
    assert ChatCompletionChunk.model_validate_json(chunk).choices[0].delta.content == answer.text
    responses = paths["/v1/responses"]["post"]["responses"]["200"]["content"]
    assert Response.model_validate(responses["application/json"]["example"]).output_text == answer.text
    event = responses["text/event-stream"]["example"].split("\n")[1].removeprefix("data: ")
    assert ResponseTextDeltaEvent.model_validate_json(event).delta == answer.text


@pytest.mark.parametrize("headers", [{}, OWNER], ids=["anyone", "owner"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_foretold(service: Service, mode: GenerationMode, headers: dict[str, str]) -> None:
    # What is wrong is turned away at once, so that more of it can be tried.
    seen = try_out(service, mode, examples=3 if mode == GenerationMode.POSITIVE else 6, headers=headers)
    assert 422 in seen
    # Of six wrong requests for each route, none need be right by chance.
    assert 200 in seen or mode == GenerationMode.NEGATIVE


@pytest.mark.soak
@pytest.mark.parametrize("headers", [{}, OWNER], ids=["anyone", "owner"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_foretold_at_length(service: Service, mode: GenerationMode, headers: dict[str, str]) -> None:
    assert 200 in try_out(service, mode, examples=40, headers=headers)
