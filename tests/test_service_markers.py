"""Marks of citation in the forms that models write, wherever they stand, and however a stream cuts them."""

import pytest

from service.answer.llm.markers import numbers_in, words_of
from service.answer.llm.searches import without_searches
from service.answer.llm.sentences import sentences, without_thoughts

FIVE = "Amazon invests $5 billion immediately."
TWENTY = "Amazon plans to add $20 billion later."
FORMS = [
    *(
        "[1]",
        "[^1]",
        "[Source 1]",
        "[citation:1]",
        "［1］",
        "【1†source】",
        "【1:0†file.md】",
        "<sup>1</sup>",
        "[1](http://a.b/c)",
    ),
    *(
        "(passage 1)",
        "(Source: passage 1)",
        "[[1]]",
        "{1}",
        "{{1}}",
        "[doc1]",
        "[ref. 1]",
        "[Passage 1, p. 4]",
        "\\[1\\]",
    ),
    *(
        "(see passages 1 and 2)",
        "(cf. passage 1)",
        "(Quelle 1)",
        "(出典1)",
        "[passage number=1]",
        "[1][2]",
        "[1–2]",
        "⟨1⟩",
    ),
    *(
        "[S1]",
        "[p1]",
        "[id: 1]",
        "[note 1]",
        "[S1, S2]",
        "<cite>1</cite>",
        "<ref>1</ref>",
        "[1†L1-L4]",
    ),
]
BEGINNINGS = [
    *("According to passage 1, ", "Passage 1 states that ", "As stated in [1], ", "[1] ", "From passage 1: "),
    *("In passage 1, ", "Based on source 1, ", "Per [1], "),
]


def read(text: str, cut: int) -> list[tuple[str, list[int]]]:
    """Return the words and numbers of each sentence of a stream in pieces of so many characters."""
    pieces = [text[at : at + cut] for at in range(0, len(text), cut)]
    found = sentences(without_searches(without_thoughts(pieces), []))
    return [(words_of(sentence), sorted(numbers_in(sentence, 2))) for sentence in found]


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 1_000])
@pytest.mark.parametrize("form", FORMS)
def test_a_mark_is_read_and_taken_off(form: str, cut: int) -> None:
    for text in (f"{FIVE[:-1]} {form}. {TWENTY}", f"{FIVE[:-1]}{form}. {TWENTY}", f"{FIVE} {form} {TWENTY}"):
        (words, numbers), after = read(text, cut)
        assert (words, numbers[0]) == (FIVE, 1)
        assert after == (TWENTY, [])


@pytest.mark.parametrize("cut", [1, 3, 1_000])
@pytest.mark.parametrize(("form", "named"), [("(1)", [1]), ("(1, 2)", [1, 2]), ("(#1; #2)", [1, 2]), ("(2,1)", [1, 2])])
def test_figures_in_round_brackets_are_marks_where_they_end_a_sentence(form: str, named: list[int], cut: int) -> None:
    assert read(f"{FIVE[:-1]} {form}. {TWENTY}", cut) == [(FIVE, named), (TWENTY, [])]
    assert numbers_in(f"The corners {form} and (3, 4) are cut off.", 2) == set()


@pytest.mark.parametrize("cut", [1, 3, 1_000])
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_sentence_that_begins_with_its_source(beginning: str, cut: int) -> None:
    assert read(f"{beginning}{FIVE} {TWENTY}", cut) == [(FIVE, [1]), (TWENTY, [])]


@pytest.mark.parametrize(
    "sentence",
    [
        "Press [F5] to reload the page.",
        "The limits follow [RFC 2119].",
        "CO<sub>2</sub> is stored below the sea.",
        "Call list[0] for the first one.",
        "In passage money 2 euros are included.",
        "The ship of 1 captain (and 2 mates) sails.",
    ],
)
def test_what_only_looks_like_a_mark_stays(sentence: str) -> None:
    assert numbers_in(sentence, 9) == set()
    for word in ("[F5]", "[RFC 2119]", "(and 2 mates)", "passage money 2"):
        assert (word in sentence) == (word in words_of(sentence))


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("According to passage 1, in 12 months prices rose.", "In 12 months prices rose."),
        ("According to passage 1, the 3 boats left.", "The 3 boats left."),
    ],
)
def test_figures_behind_a_mark_are_words(sentence: str, words: str) -> None:
    assert (words_of(sentence), numbers_in(sentence, 9)) == (words, {1})
