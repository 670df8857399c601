"""An answer from a scan says so wherever it is read, with how sure the reading is and where it stands on the page."""

from collections.abc import Iterator

import pytest

from index.records import EVERYTHING
from service.assistant import LocalAssistant
from service.cli.printing import print_answer
from service.mcp.text import answer_text
from service.openai.telling import Manner, told_whole
from service.openai.text import without_markers
from service.schemas.api import AskResponse
from service.slack.blocks import source_line
from tests.fake_assistant import citation
from tests.pdf_files import pdf_of
from tests.scan_files import pdf_of_pictures, scanned
from tests.service_fixtures import ask, assistant_over, index_into, settings_for

PAGES = [
    ["The harbour board met on Tuesday. Eleven members were present."],
    ["A night at the north quay of the harbour costs 18.50 euros."],
]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    folder = tmp_path_factory.mktemp("scans")
    (folder / "minutes.pdf").write_bytes(pdf_of_pictures(scanned(pdf_of(PAGES))))
    with assistant_over(settings_for(folder / "data")) as assistant:
        assert index_into(assistant, folder / "minutes.pdf").added == 1
        yield assistant


@pytest.fixture
def answer(assistant: LocalAssistant) -> AskResponse:
    return ask(assistant, "What does a night at the north quay cost?")


def test_a_citation_of_a_scan_names_its_lines_and_how_sure_they_are(
    assistant: LocalAssistant, answer: AskResponse
) -> None:
    [cited] = answer.citations
    assert cited.page == 2
    assert cited.scan is not None
    assert 0.9 < cited.scan.confidence <= 1
    [box] = cited.scan.boxes
    assert box.page == 2
    (left, top), (right, _), (_, bottom), _ = box.corners
    assert 0.05 < left < 0.15 < right < 0.8
    assert 0.03 < top < bottom < 0.1
    [article] = assistant.articles(EVERYTHING, after=None, limit=9).articles
    assert article.confidence is not None
    assert article.confidence > 0.9


def test_every_way_of_reading_says_that_it_is_a_scan(answer: AskResponse, capsys: pytest.CaptureFixture[str]) -> None:
    [cited] = answer.citations
    assert cited.scan is not None
    note = f"from a scan, read with {cited.scan.confidence:.0%} confidence"
    print_answer(answer)
    assert note in " ".join(capsys.readouterr().out.split())
    assert note in source_line(cited, public_url="http://127.0.0.1:8000")
    assert note in answer_text(answer)
    told = told_whole(answer, Manner("http://127.0.0.1:8000")).text
    assert told.endswith(f"\n\nSource 1 is {note}.")
    assert without_markers(told) == cited.quote


def test_what_is_read_poorly_is_doubted_and_what_is_text_is_not_spoken_of(answer: AskResponse) -> None:
    [cited] = answer.citations
    assert cited.scan is not None
    poor = cited.model_copy(update={"scan": cited.scan.model_copy(update={"confidence": 0.7})})
    assert "70% confidence, may be misread" in source_line(poor, public_url="http://127.0.0.1:8000")
    assert "scan" not in source_line(citation(1), public_url="http://127.0.0.1:8000")
