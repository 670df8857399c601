"""What the command line prints of an answer: the short answer first, and what answers in bold in the quote."""

import io

import pytest
from rich.console import Console

from service import printing
from service.printing import print_answer
from service.wire import AskResponse

QUOTE = "The [red]flood[/red]\ncost €12 million."


def answer(**fields: object) -> AskResponse:
    start = QUOTE.index("€12 million")
    citation = {
        "number": 1,
        "article_id": "flood",
        "article_version": "sha256:0",
        "title": "Flood",
        "publisher": None,
        "published": None,
        "url": None,
        "passage_id": "p",
        "quote": QUOTE,
        "start": 100,
        "end": 100 + len(QUOTE),
        "page": None,
        "score": 0.5,
        "highlight": {"start": 100 + start, "end": 100 + start + len("€12 million")},
    }
    common: dict[str, object] = {
        "id": "ans_1",
        "conversation_id": None,
        "question": "What did the flood cost?",
        "completed_question": None,
        "status": "answered",
        "short_answer": "€12 million",
        "text": "It cost €12 million. [1]",
        "sentences": [],
        "citations": [citation],
        "disagreements": [],
        "nearest": [],
        "preferences": {},
        "answerer": "extractive",
        "confidence": 0.9,
        "degraded": None,
        "usage": None,
        "timings_ms": {"retrieve": 0, "answer": 0, "total": 0},
    }
    return AskResponse.model_validate(common | fields)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    out = io.StringIO()

    def console(**options: object) -> Console:
        return Console(file=out, force_terminal=True, color_system=None, width=100, highlight=False)

    monkeypatch.setattr(printing, "Console", console)
    return out


def test_the_short_answer_comes_first(printed: io.StringIO) -> None:
    print_answer(answer())
    lines = printed.getvalue().splitlines()
    assert "€12 million" in lines[0]
    assert "It cost €12 million. [1]" in lines[2]


def test_a_quote_keeps_its_words_whatever_they_look_like(printed: io.StringIO) -> None:
    print_answer(answer())
    assert "“The [red]flood[/red] cost €12 million.”" in printed.getvalue()


def test_a_quote_without_a_highlight_is_printed_as_it_is(printed: io.StringIO) -> None:
    bare = answer().citations[0].model_copy(update={"highlight": None})
    print_answer(answer(citations=[bare], short_answer=None))
    assert printed.getvalue().splitlines()[0] == "It cost €12 million. [1]"
    assert "“The [red]flood[/red] cost €12 million.”" in printed.getvalue()
