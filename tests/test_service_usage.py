"""How much is asked, counted from the audit record, against figures made by hand."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index.records import EVERYTHING, FOR_EVERYONE
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.auth.askers import Asker
from service.history.audit import Audit
from service.history.database import opened_database
from service.history.usage import UsageReports
from service.monitoring.observers import Abandoned, Asked, Ending, Failed, Rated
from service.schemas.api import AskResponse, NearestWire, Rating
from service.schemas.history import FeedbackRequest
from service.schemas.usage import ArticleUse, AskerUse, DayOfUse, Outcomes, UsageResponse
from tests.fake_assistant import answer, answered, citation
from tests.servers import BOTH, SettingsOf
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS

TODAY = date(2026, 4, 24)
NOON = datetime(2026, 4, 24, 12, tzinfo=UTC)
ANN, BO = Asker("key:ann", FOR_EVERYONE), Asker("key:bo", FOR_EVERYONE)
ARTICLES = {
    "moon.md": "# The moon\n\nIt is cheese, they said.\n",
    "rain.md": "# Rain\n\nIt rained.\n",
    "secret.md": "---\ngroups: [board]\ntitle: Nightjar\n---\nNobody knows.\n",
    "sun.md": "# Sun\n\nIt shone.\n",
}

BACKENDS = BOTH


@dataclass(frozen=True)
class Service:
    """An index with an empty record beside it."""

    assistant: LocalAssistant
    audit: Audit

    @property
    def usage(self) -> UsageReports:
        assert self.assistant.usage_reports
        return self.assistant.usage_reports

    def over(self, days: int = 7) -> UsageResponse:
        return self.usage.report(days, EVERYTHING, today=TODAY)

    def ask(
        self, ending: Ending, *, asker: Asker = ANN, days_ago: int = 0, seconds: float = 0.1, kept: bool = False
    ) -> None:
        if kept and isinstance(ending, AskResponse) and self.assistant.history:
            self.assistant.history.save(ending, asker, provenance={"degraded": ending.degraded}, through="api")
        self.audit.record(Asked(asker, "api", NOON - timedelta(days=days_ago), seconds, ending, "Why?"))


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    place = tmp_path_factory.mktemp("usage")
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        index_into(assistant, write(place / "articles", ARTICLES))
        yield assistant


@pytest.fixture
def service(indexed: LocalAssistant, tmp_path: Path, backend: SettingsOf) -> Iterator[Service]:
    assert indexed.history
    engine = opened_database(tmp_path, backend(tmp_path).get("database_url"))
    kept = replace(indexed.history, engine=engine)
    yield Service(replace(indexed, history=kept, usage_reports=UsageReports(engine, indexed.live)), Audit(engine))
    engine.dispose()


def given(name: str, *articles: str, degraded: str | None = None) -> AskResponse:
    """Return an answer that cites each of these articles twice."""
    numbered = enumerate([*articles, *articles], start=1)
    cited = [citation(number, article) for number, article in numbered]
    return answered("It is so.", citations=cited, id=f"ans_{name}", degraded=degraded)


def test_nothing_was_asked(service: Service) -> None:
    usage = service.over()
    assert (usage.first, usage.last) == (date(2026, 4, 18), TODAY)
    assert usage.questions == Outcomes()
    assert [day.day.day for day in usage.per_day] == [18, 19, 20, 21, 22, 23, 24]
    assert (usage.median_ms, usage.p95_ms, usage.most_cited, usage.askers) == (None, None, [], [])
    assert usage.not_cited_total == 4


def test_questions_are_counted_by_day_and_by_how_they_ended(service: Service) -> None:
    service.ask(given("a", "rain"))
    service.ask(given("b", "rain"), days_ago=2)
    service.ask(answer(), days_ago=2)
    service.ask(Failed("IndexEmpty"), days_ago=2)
    service.ask(Failed("LanguageModelFailed"), days_ago=2)
    service.ask(Abandoned(), days_ago=6)
    service.ask(answer(status="about"), days_ago=6)
    service.ask(given("c", "rain"), days_ago=7)
    usage = service.over(days=7)
    assert usage.questions == Outcomes(answered=2, no_answer=1, about=1, failed=2, abandoned=1)
    assert [day for day in usage.per_day if day != DayOfUse(day=day.day)] == [
        DayOfUse(day=date(2026, 4, 18), about=1, abandoned=1),
        DayOfUse(day=date(2026, 4, 22), answered=1, no_answer=1, failed=2),
        DayOfUse(day=TODAY, answered=1),
    ]
    assert service.over(days=8).questions.answered == 3
    assert service.over(days=1).questions == Outcomes(answered=1)


def test_times_are_those_of_answers_by_nearest_rank(service: Service) -> None:
    for number in range(1, 41):
        service.ask(answer(), seconds=number / 1000)
    service.ask(Failed("IndexEmpty"), seconds=100)
    service.ask(Abandoned(), seconds=100)
    usage = service.over()
    assert (usage.median_ms, usage.p95_ms) == (20, 38)


def test_articles_count_once_an_answer_and_those_nobody_cites_are_named(service: Service) -> None:
    service.ask(given("a", "rain", "secret"))
    service.ask(given("b", "rain"))
    service.ask(given("c", "deleted"))
    service.ask(given("d", "sun"), days_ago=30)
    usage = service.over()
    assert usage.most_cited == [
        ArticleUse(article_id="rain", title="Rain", answers=2),
        ArticleUse(article_id="secret", title="Nightjar", answers=1),
    ]
    assert usage.not_cited_total == 2
    assert usage.not_cited == [
        NearestWire(article_id="moon", title="The moon"),
        NearestWire(article_id="sun", title="Sun"),
    ]


def test_what_one_may_not_read_is_neither_named_nor_counted(service: Service) -> None:
    service.ask(given("a", "rain", "secret"))
    usage = service.usage.report(7, FOR_EVERYONE, today=TODAY)
    assert [use.article_id for use in usage.most_cited] == ["rain"]
    assert usage.not_cited_total == 2
    assert "secret" not in usage.model_dump_json()


def test_askers_come_by_how_much_they_ask(service: Service) -> None:
    service.ask(answer(), asker=BO)
    service.ask(answer(), asker=ANN)
    service.ask(Abandoned(), asker=BO)
    for number in range(12):
        service.ask(answer(), asker=Asker(f"key:z{number:02}", FOR_EVERYONE))
    usage = service.over()
    assert usage.askers_total == 14
    assert usage.askers[:3] == [
        AskerUse(asker="key:bo", questions=2),
        AskerUse(asker="key:ann", questions=1),
        AskerUse(asker="key:z00", questions=1),
    ]
    assert len(usage.askers) == 10


def test_the_last_rating_of_a_person_and_answer_counts(service: Service) -> None:
    def rate(asker: Asker, answer_id: str, rating: Rating) -> None:
        service.audit.record(Rated(asker, FeedbackRequest(answer_id=answer_id, rating=rating)))

    rate(ANN, "ans_1", "down")
    rate(ANN, "ans_1", "up")
    rate(ANN, "ans_1", "up")
    rate(BO, "ans_1", "down")
    rate(BO, "ans_2", "up")
    usage = service.usage.report(1, EVERYTHING, today=datetime.now(UTC).date())
    assert (usage.rated_up, usage.rated_down) == (2, 1)


def test_degraded_answers_are_counted_among_those_that_are_kept(service: Service) -> None:
    service.ask(given("a", "rain", degraded="The model did not answer."), kept=True)
    service.ask(given("b", "rain"), kept=True)
    service.ask(answer(id="ans_c", degraded="The model did not answer."), kept=True)
    service.ask(given("d", "rain", degraded="The model did not answer."))
    usage = service.over()
    assert (usage.questions.answered, usage.kept, usage.degraded) == (3, 3, 2)


def test_over_http_the_owner_gets_it_and_nobody_else(service: Service) -> None:
    app = create_app(service.assistant, settings=service.assistant.settings, owner_token="token")
    with closing(TestClient(app, base_url=ADDRESS)) as client:
        owner = {"Authorization": "Bearer token"}
        usage = UsageResponse.model_validate(client.get("/api/usage?days=90", headers=owner).json())
        assert usage.last - usage.first == timedelta(days=89)
        assert len(client.get("/api/usage", headers=owner).json()["per_day"]) == 30
        assert client.get("/api/usage?days=0", headers=owner).status_code == 422
        refused = client.get("/api/usage")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/admin-only")


def test_where_nothing_is_recorded_that_is_said(service: Service) -> None:
    app = create_app(
        replace(service.assistant, usage_reports=None), settings=service.assistant.settings, owner_token="token"
    )
    with closing(TestClient(app, base_url=ADDRESS)) as client:
        refused = client.get("/api/usage", headers={"Authorization": "Bearer token"})
    assert refused.status_code == 404
    assert "FOOTNOTE_AUDIT_DAYS=0" in refused.json()["detail"]
