"""Questions about the neighbour of what the articles tell: another quay, another kind of leave."""

from pathlib import Path

import pytest

from index.stores.store import Index
from service.answer.models import Answer, NoAnswer
from tests.test_service_extractive import indexed, reply

QUAYS = "# Quays\n\nThe north quay is closed in May. The west quay was built in 1931 and cost 2 million euros.\n"
FERRY = "# Ferry timetable\n\nThe ferry to the island leaves every hour from the east quay. It takes forty minutes.\n"
LEAVE = "# Leave\n\nSick leave is paid for six weeks. Parental leave lasts up to sixteen weeks and is paid in full.\n"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When is the north quay closed?", "in May"),
        ("When was the west quay built?", "1931"),
        ("For how many weeks is sick leave paid?", "six weeks"),
        ("When is the south quay closed?", None),
        ("When was the east quay built?", None),
        ("How much did the south quay cost?", None),
    ],
)
def test_the_neighbour_of_what_is_told_is_not_answered(
    index: Index, folder: Path, question: str, answer: str | None
) -> None:
    indexed(index, folder, quays=QUAYS, ferry=FERRY, leave=LEAVE)
    found = reply(index, question)
    if answer is None:
        assert isinstance(found, NoAnswer)
    else:
        assert isinstance(found, Answer)
        assert answer in found.text
