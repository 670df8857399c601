"""A service that is told to stop, or killed: what is asked is answered to its end, and the folder can be used again."""

import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from index.ownership import owner_of
from tests.cli_fixtures import HOW_MUCH_RAIN, Run, serving


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_stop_ends_cleanly(weather_data: Path, ending: signal.Signals) -> None:
    with serving(weather_data) as service:
        assert owner_of(weather_data) is not None
        # At once, while the model is still being loaded.
        assert service.stop(ending) == 0
    assert owner_of(weather_data) is None
    assert service.log.read_text() == ""
    with pytest.raises(httpx.ConnectError), service.http() as http:
        http.get("/healthz")


def test_a_question_is_answered_to_its_end_when_the_service_is_told_to_stop(weather_data: Path) -> None:
    with serving(weather_data) as service, service.http() as http:
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(http.post("/api/ask", json={"question": HOW_MUCH_RAIN}))

        http.get("/healthz")  # the connection is there
        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.5)  # it waits for the model by now, which takes seconds to load
        assert service.stop() == 0
        thread.join()
    assert [answer.status_code for answer in answers] == [200]
    assert answers[0].json()["citations"]


def test_a_killed_service_leaves_a_folder_that_can_be_used(weather_data: Path, footnote: Run) -> None:
    with serving(weather_data) as service:
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    left = owner_of(weather_data)
    assert left is not None
    assert left.pid == service.process.pid
    assert footnote("status", "--json", data_dir=weather_data).json["articles"] == 2
    assert owner_of(weather_data) is None
    assert footnote("ask", HOW_MUCH_RAIN, "--json", data_dir=weather_data).json["status"] == "answered"
