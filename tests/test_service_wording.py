"""Names, codes and terms are read from the words of a text."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.text.names import codes_in, missing_names, name_others, named_in, names_in
from service.answer.text.terms import covered, distinctive, terms
from service.answer.verification.modifiers import replaced_modifiers


def test_rare_words_weigh_more_than_common_ones() -> None:
    weights = terms("Which chips does Anthropic use?")
    assert weights["anthrop"] > weights["chip"] > weights["use"]
    assert "which" not in weights


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("The tower of A is 120 m high.", "The tower of B is 120 m high.", True),
        ("Building A has a roof.", "Building B has a roof.", True),
        ("Rome has 40 parks.", "Pisa has 40 parks.", True),
        ("The pad of the QX-60 lasts 90 hours.", "The pad of the QX-40 lasts 90 hours.", True),
        ("It runs on Windows 10.", "It runs on Windows 11.", True),
        ("The pad of the QX-60 lasts 90 hours.", "The pad of the QX 60 lasts 90 hours.", False),
        ("Google said it will pay.", "Amazon said it will pay.", True),
        ("“Rome pays.”", '"Pisa pays."', True),
        ("The port of East Selby is old.", "The port of West Selby is old.", True),
        ("Amazon invests $5 billion.", "Amazon.com invests $5 billion.", False),
        ("Amazon.com of Seattle invests $5 billion.", "Amazon invests $5 billion.", False),
        ("Google's plan is known.", "Google has a plan.", False),
        ("AWS runs it.", "Amazon Web Services runs it.", False),
        ("The U.S. pays.", "The United States pay.", False),
        ("Dario Amodei leads it.", "Mr. Amodei leads it.", False),
        ("In 1998 Aldwick built a harbour.", "The town of Aldwick built a harbour in 1998.", False),
        ("On Monday Aldwick built a harbour.", "Aldwick built a harbour in April.", False),
        ("However, it rained.", "Then it rained.", False),
    ],
)
def test_sentences_about_others_are_told_apart(one: str, other: str, apart: bool) -> None:
    assert name_others(one, other) == name_others(other, one) == apart


def test_what_every_text_holds_tells_little() -> None:
    texts = ["Anthropic grew.", "Anthropic shrank.", "Anthropic took a risk."]
    weights = distinctive("What are the risks for Anthropic?", texts)
    assert weights["risk"] > weights["anthrop"]
    assert covered(weights, texts[2]) == 1.0
    assert 0.0 < covered(weights, texts[0]) < 0.5


@given(st.text(string.ascii_letters + " ?", max_size=80), st.text(max_size=80))
def test_coverage_is_a_share(question: str, text: str) -> None:
    assert 0.0 <= covered(terms(question), text) <= 1.0
    assert covered(terms(question), question) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("What did Google pay?", ("Google",)),
        ("Does GitHub work with Ann Kowalski?", ("GitHub", "Ann", "Kowalski")),
        ("What Is The Membership Fee Of Acme?", ()),
        ("WHAT IS THE FEE", ()),
        ("Is it open on Monday in May 2026?", ()),
    ],
)
def test_names_are_words_with_a_capital_inside_the_question(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("How long is part BX-100?", ("BX-100",)),
        ("Does PEP 669 follow ISO 27001?", ("PEP 669", "ISO 27001")),
        ("Press Ctrl+C in config.yaml of v3.1.2", ("Ctrl+C", "config.yaml", "v3.1.2")),
        ("What is new in Python 3.10?", ("Python 3.10",)),
        ("It has 5GW, is 18-year-old and opens at 9am on the 20th of the 1990s in May 2023.", ()),
        ("About 900 boats and 40 °C", ()),
    ],
)
def test_codes_tell_one_thing_from_another(text: str, codes: tuple[str, ...]) -> None:
    assert tuple(code.words for code in codes_in(text)) == codes


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("How does AWS gain?", "Amazon Web Services gains.", ()),
        ("How much did Google invest?", "Amazon invested $5 billion.", ("Google",)),
        ("How long is part CX-100?", "Part BX-100 is 3 m long.", ("CX-100",)),
        ("How long is part BX 100?", "Part BX-100 is 3 m long.", ()),
        ("What does PEP 9999 add?", "PEP 669 adds monitoring.", ("PEP 9999",)),
        ("What is in Python 3.1?", "Python 3.10 is out.", ("Python 3.1",)),
        ("What is Trainium 4?", "Trainium 2, 3 and 4 are chips.", ()),
        ("What is Trainium 13?", "Trainium 2 costs $13 billion.", ("Trainium 13",)),
    ],
)
def test_names_and_codes_that_a_text_does_not_hold(question: str, text: str, missing: tuple[str, ...]) -> None:
    assert missing_names(question, [text]) == missing
    assert set(missing) <= set(named_in(question))


@pytest.mark.parametrize(
    ("question", "sentence", "replaced"),
    [
        ("When is the south quay closed?", "The north quay is closed in May.", ("south",)),
        ("When is the north quay closed?", "The north quay is closed in May.", ()),
        ("When is the quay in the south closed?", "The north quay is closed in May.", ()),
        ("When is the sotuh quay closed?", "The north quay is closed in May.", ()),
        ("What is the yearly limit?", "The monthly limit is 30 euros.", ("yearly",)),
        ("What is the yearly limit?", "The annual limit is 30 euros.", ()),
        ("Who gets paid leave?", "Unpaid leave is for trainees.", ("paid",)),
        ("Has it a long or short cord?", "It has a long cord.", ()),
        ("What does the big red button do?", "The red button stops the crane.", ()),
    ],
)
def test_a_word_before_another_is_replaced_by_a_word_in_its_place(
    question: str, sentence: str, replaced: tuple[str, ...]
) -> None:
    assert replaced_modifiers(question, sentence, [sentence]) == replaced
    assert replaced_modifiers(question, sentence, [sentence, question]) == ()
