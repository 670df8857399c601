"""The short answer above the quotes: whole, and never one step of several."""

from collections.abc import Iterator

import pytest

from service.answer.text.markup import without_half_marks
from service.answer.text.unbroken import unbroken
from service.assistant import LocalAssistant
from service.schemas.api import AskResponse
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

KETTLE = """\
# The kettle

## Help

The web page of the kettle works is https://kettleworks.example/help/stop_(old)?lang=en and nothing else. The settings of the
kettle are in `/etc/kettle/conf.d/10-main.conf` on its computer. The newest version of the kettle's software is 3.11.2-rc1
since Monday. The command that empties the kettle is `kettle drain --all --now` on its computer. The spare lid of the kettle
has the number BX-100/2 in the catalogue. The kettle costs 1,249.50 euros with its lid.

## Stopping

To stop the kettle in an emergency, do these things:

1. Press the red stop button.
2. Wait until the lamp is dark.
3. Open the drain.
4. Call the service desk.
5. Fill in the form.

## People

Who looks after the kettle:

- The kettle is cleaned by Ada Byron every Monday.
- The kettle is repaired by Grace Brewster since 2019.
- The kettle is booked by Mary Lister for guests.
"""


@pytest.fixture(scope="module")
def kettle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    folder = tmp_path_factory.mktemp("kettle")
    with assistant_over(settings_for(folder / "data")) as assistant:
        index_into(assistant, write(folder / "articles", {"kettle.md": KETTLE}))
        yield assistant


def highlights(response: AskResponse) -> list[str]:
    return [
        one.quote[one.highlight.start - one.start : one.highlight.end - one.start]
        for one in response.citations
        if one.highlight
    ]


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("What is the web page of the kettle works?", "https://kettleworks.example/help/stop_(old)?lang=en"),
        ("What is the newest version of the kettle's software?", "3.11.2-rc1"),
        ("What number has the spare lid of the kettle?", "BX-100/2"),
        ("How much does the kettle cost?", "1,249.50 euros"),
    ],
)
def test_a_short_answer_cuts_nothing_in_two(kettle: LocalAssistant, question: str, whole: str) -> None:
    response = ask(kettle, question)
    assert response.short_answer == whole
    assert whole in highlights(response)


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("Which command empties the kettle?", "`kettle drain --all --now`"),
        ("Where are the settings of the kettle?", "`/etc/kettle/conf.d/10-main.conf`"),
    ],
)
def test_code_is_marked_whole_in_a_quote(kettle: LocalAssistant, question: str, whole: str) -> None:
    [marked] = highlights(ask(kettle, question))
    assert whole in marked


@pytest.mark.parametrize(
    "question",
    ["How do I stop the kettle in an emergency?", "How can I stop the kettle?", "How do I turn off the kettle?"],
)
def test_of_several_steps_none_is_the_short_answer(kettle: LocalAssistant, question: str) -> None:
    response = ask(kettle, question)
    [steps] = [sentence.text for sentence in response.sentences if sentence.form == "list"]
    assert steps.count("\n") == 5
    assert response.short_answer is None


def test_a_value_of_one_item_may_be_the_short_answer(kettle: LocalAssistant) -> None:
    assert ask(kettle, "Who repairs the kettle?").short_answer == "Grace Brewster"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Mail first.aid@kettle-works.example, please.", ["first.aid@kettle-works.example"]),
        ("See <https://a.example/b_c>; or docs.example/x.", ["https://a.example/b_c", "docs.example/x"]),
        (r"It is C:\kettle\main.ini, or ~/.kettle, or .env.", [r"C:\kettle\main.ini", "~/.kettle", ".env"]),
        ("Use --no-cache, KETTLE_PORT and COVID-19.", ["--no-cache", "KETTLE_PORT", "COVID-19"]),
        ("Open 10:30-16:45, 24/7 or from 2026-04-24.", ["10:30-16:45", "24/7", "2026-04-24"]),
        ("The well-known firm's Paris-based “boss” left (in May).", []),
        ("It has **bold** and _slanted_ words. Then—it ends!", []),
    ],
)
def test_what_is_one_thing_is_told_from_words(text: str, whole: list[str]) -> None:
    assert list(dict.fromkeys(text[one.start : one.end] for one in unbroken(text))) == whole


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("**Paris.**", "Paris"),
        ("(see .env)", "see .env"),
        ("__init__.py`", "__init__.py"),
        ("https://kettle.example/a_(b)", "https://kettle.example/a_(b)"),
        ("_slanted", "slanted"),
    ],
)
def test_half_a_mark_goes_and_what_is_one_thing_stays(words: str, shown: str) -> None:
    assert without_half_marks(words) == shown
