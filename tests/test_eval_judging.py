"""A judge behind a real HTTP server: its votes, what it fails at, and how far it agrees with itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.records import EvalQuestion, QuestionSet
from eval.results import read_results
from eval.run import Course, run
from eval.scoring.judging import Judge, Judgement, judge_from, judged
from index.errors import WrongUsage
from service.schemas.api import AskRequest, AskResponse
from service.settings import Settings
from tests.eval_client import QUESTIONS, QUOTE, RIGHT, FakeClient
from tests.llm_server import LlmServer, Received, Reply, free_port, llm_server

UNKNOWN = EvalQuestion("u", "How much?")


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with llm_server() as server:
        yield server


def settings_with(url: str, votes: int) -> Settings:
    return Settings.model_validate({"judge_base_url": url, "judge_model": "strict", "judge_votes": votes})


def judge_at(url: str, votes: int = 3) -> Judge:
    judge = judge_from(settings_with(url, votes))
    assert judge is not None
    return judge


def asks_for_points(received: Received) -> bool:
    return "reference" in str(received.body["messages"]).lower()


def answered(question: str = "How much?") -> AskResponse:
    return FakeClient().ask(AskRequest(question=question, include_hits=True))


def replies(correctness: list[str], faithfulness: list[str]) -> list[Reply]:
    return [Reply(text) for text in (*correctness, *faithfulness)]


def test_votes_are_shares_and_agreement_is_by_pairs(server: LlmServer) -> None:
    server.do(*replies(["4.0\nRight.", "5\nRight.", "2.5\nNo."], ["YES", "yes.", "Yes"]))
    found = judged(judge_at(server.url), RIGHT, answered())
    # Of the pairs of points one in three agrees, of those of faithfulness all three: four of six.
    expected = {"judged_correctness": 2 / 3, "judged_faithfulness": 1.0, "judge_agreement": 4 / 6}
    assert found.scores == pytest.approx(expected)
    assert found.failures == ()
    assert [asks_for_points(received) for received in server.requests] == [True] * 3 + [False] * 3
    points, support = server.requests[0], server.requests[3]
    assert "$5 billion" in str(points.body["messages"])
    assert QUOTE in str(support.body["messages"])
    assert [received.body["seed"] for received in server.requests] == [0, 1, 2, 0, 1, 2]
    assert {received.body["temperature"] for received in server.requests} == {0.7}


def test_one_vote_is_not_left_to_chance_and_agrees_with_nobody(server: LlmServer) -> None:
    server.do(*replies(["3\nPartly."], ["NO"]))
    found = judged(judge_at(server.url, votes=1), RIGHT, answered())
    assert found == Judgement({"judged_correctness": 0.0, "judged_faithfulness": 0.0})
    assert {received.body["temperature"] for received in server.requests} == {0.0}


def test_replies_that_say_nothing_are_counted_as_failures_and_not_as_votes(server: LlmServer) -> None:
    server.do(*replies(["Good answer!", "4\nRight.", "9\nSuperb."], ["", "Perhaps.", "YES"]))
    found = judged(judge_at(server.url), RIGHT, answered())
    assert found.scores == {"judged_correctness": 1.0, "judged_faithfulness": 1.0}  # one vote each
    assert len(found.failures) == 4
    assert found.failures[0] == "vote 1: ValueError: no score from 1 to 5 in the reply 'Good answer!'"
    assert "vote 2: ValueError: neither yes nor no in the reply 'Perhaps.'" in found.failures[3]


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("No. The passages were written yesterday and say nothing of it.", 0.0),
        ("No, though some would say yes.", 0.0),
        ("<think>The answer is yes... no</think> NO", 0.0),
        ("**NO** - yes would be wrong", 0.0),
        ("Yes, no doubt.", 1.0),
        ("<think>\nNo, or is it?\n</think>\n\n**YES**", 1.0),
        ("The answer is yes.", 1.0),
        ("Answer: no", 0.0),
        ("It was written yesterday.", None),
        ("One would say yes, another no.", None),
        ("<think>yes, yes, yes", None),
    ],
)
def test_a_judge_is_taken_at_its_first_word(server: LlmServer, reply: str, score: float | None) -> None:
    server.do(Reply(reply))
    found = judged(judge_at(server.url, votes=1), UNKNOWN, answered())
    assert found.scores.get("judged_faithfulness") == score
    assert len(found.failures) == (score is None)


def test_the_thoughts_of_a_judge_hide_no_points(server: LlmServer) -> None:
    server.do(*replies(["<think>\n2? No, better.\n</think>\n\n4.5\nRight."], ["YES"]))
    assert judged(judge_at(server.url, votes=1), RIGHT, answered()).scores["judged_correctness"] == 1.0


def test_a_judge_that_cannot_be_reached_gives_no_score() -> None:
    found = judged(judge_at(f"http://127.0.0.1:{free_port()}/v1"), RIGHT, answered())
    assert found.scores == {}
    assert len(found.failures) == 6
    assert "Connection" in found.failures[0]


def test_a_judge_is_asked_only_what_it_can_know(server: LlmServer) -> None:
    server.say("YES")
    assert judged(judge_at(server.url), UNKNOWN, answered()).scores == {
        "judged_faithfulness": 1.0,
        "judge_agreement": 1.0,
    }
    assert judged(judge_at(server.url), RIGHT, answered("refuse?")) == Judgement({"judged_correctness": 0.0})
    assert judged(judge_at(server.url), UNKNOWN, answered("refuse?")) == Judgement({})
    assert len(server.requests) == 3


def test_a_run_with_a_judge_reports_votes_and_failures(server: LlmServer, tmp_path: Path) -> None:
    server.do(*replies(["5\nRight.", "5\nRight."], ["YES", "?"]))
    judge = judge_at(server.url, votes=2)
    report = run(QuestionSet(QUESTIONS), FakeClient(), tmp_path, Course(judge=judge, workers=1))
    # Right; refused and ended in an error, so not correct.
    assert report["metrics"]["judged_correctness"]["mean"] == pytest.approx(1 / 3)
    assert report["metrics"]["judged_faithfulness"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert "1 replies of the judge strict could not be counted" in " ".join(report["notes"])
    (first, *_) = read_results(tmp_path)
    assert first.judge_failures == ("vote 2: ValueError: neither yes nor no in the reply '?'",)


@pytest.mark.parametrize("half", [{"judge_base_url": "http://127.0.0.1:1/v1"}, {"judge_model": "strict"}])
def test_half_a_judge_is_refused(half: dict[str, str]) -> None:
    with pytest.raises(WrongUsage, match="FOOTNOTE_JUDGE_BASE_URL and FOOTNOTE_JUDGE_MODEL"):
        judge_from(Settings.model_validate(half))


def test_nobody_judges_by_default() -> None:
    assert judge_from(Settings()) is None
