"""Several questions in one."""

import pytest

from service.answer.text.parts import parts_of


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who built it, and when was it opened?", ("Who built it?", "when was it opened?")),
        ("How high is the tower? When was it built?", ("How high is the tower?", "When was it built?")),
        ("Who built it?", ("Who built it?",)),
        ("What do we know and when?", ("What do we know and when?",)),
        ("Who buys bread and butter?", ("Who buys bread and butter?",)),
    ],
)
def test_a_question_may_have_parts(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts
