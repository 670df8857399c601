"""A text that arrives in pieces: where they are cut makes no difference to its sentences, markers and thoughts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.llm.markers import lists_sources, numbers_in, words_of
from service.answer.llm.sentences import item_mark, sentences, without_item_mark, without_thoughts

_WORDS = [
    "Amazon invests $5 billion now. ",
    "It had invested 5.3% before",
    "Dr. Smith of the U.S. said! ",
    "“Quoted.” ",
    "am 3. April 2026",
    "by 5. ",
    "approx. ",
    "z. B. ",
]
_MARKERS = [
    "[1]",
    "[1, 2]",
    " [",
    "1",
    "]",
    "【2】",
    "【3†source】",
    "[1-3] ",
    "[2024]",
    ". ",
    "?",
    " ",
    "\n",
    "\n\n",
    "亚马逊。",
]
_MARKS = ["- an item", "1. one ", "```python\n", "```\n", "`x[1]`", "**bold. More** ", "# Heading\n", "| a | b |\n"]
_PARTS = st.sampled_from([*_WORDS, *_MARKERS, *_MARKS, "<think>", "</think>", "<thi", "hm. "])


@given(st.lists(_PARTS, max_size=14), st.data())
def test_any_way_of_cutting_the_text_gives_the_same_sentences(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = list(sentences(without_thoughts([text])))
    assert list(sentences(without_thoughts(pieces))) == whole
    assert list(sentences(without_thoughts(text))) == whole


@given(st.lists(_PARTS.filter(lambda part: "think" not in part and "<" not in part), max_size=14))
def test_no_word_is_lost_or_said_twice(parts: list[str]) -> None:
    text = "".join(part for part in parts if "`" not in part)
    letters = "".join(character for character in text if character.isalpha())
    cut = "".join(sentences([text]))
    assert "".join(character for character in cut if character.isalpha()) == letters


@pytest.mark.parametrize(
    "text",
    [
        "Die Frist endet am 3. April 2026 [1]. |Danach gilt sie nicht [2].",
        "It has to be done by 5. May 2027 at the latest [1]. |Ms. Jones was paid approx. 3.5 million euros [2].",
        "Das gilt z. B. für Hunde, vgl. Art. 5 bzw. Nr. 7 [1]. |Katzen sind ausgenommen [2].",
    ],
)
def test_a_date_with_a_dot_and_an_abbreviation_end_no_sentence(text: str) -> None:
    assert [words_of(sentence) for sentence in sentences(text.replace("|", ""))] == [
        words_of(sentence) for sentence in text.split("|")
    ]


def test_a_sentence_comes_as_soon_as_the_next_has_begun() -> None:
    heard: list[str] = []

    def speaking() -> list[str]:
        return ["Amazon invests $5 billion", " now. ", "[1] ", "It had ", "invested before."]

    said = sentences(piece for piece in speaking() if heard.append(piece) is None)  # type: ignore[func-returns-value]
    assert next(said) == "Amazon invests $5 billion now [1]."
    assert heard == ["Amazon invests $5 billion", " now. ", "[1] ", "It had "]


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_items_of_a_list_keep_their_marks(size: int) -> None:
    text = "Do this:\n\n1. Review the plan.\n2. Pick a role. It must be open.\n3) Ask [1].\n\n* Wait.\n- Go on."
    said = list(sentences(text[at : at + size] for at in range(0, len(text), size)))
    assert [(item_mark(one), without_item_mark(one)) for one in said] == [
        ("", "Do this:"),
        ("1. ", "Review the plan."),
        ("2. ", "Pick a role."),
        ("", "It must be open."),
        ("3) ", "Ask [1]."),
        ("- ", "Wait."),
        ("- ", "Go on."),
    ]


def test_a_sentence_without_an_end_is_cut_at_last() -> None:
    said = sentences("word " for _ in range(10_000))
    assert len(next(said)) < 2_100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>Which one? [2]</think>It is five. [1]", ["It is five [1]."]),
        ("<THINK>a</THINK>It is five.", ["It is five."]),
        ("<think\n>a</think >It is five.", ["It is five."]),
        ("<thinking>It is six.</thinking>It is five.", ["It is five."]),
        ("<thought>It is six.</thought>It is five.", ["It is five."]),
        ("<reasoning>It is six.</reasoning>It is five.", ["It is five."]),
        ("[THINK]It is six.[/THINK]It is five.", ["It is five."]),
        ("It is five. <think>never closed. And on. ", ["It is five."]),
        ("<think>only thought", []),
        ("thought</think>It is five.", ["thoughtIt is five."]),
        ("5 < 6 and 7 <think of it.", ["5 < 6 and 7 <think of it."]),
    ],
)
def test_thoughts_are_left_out(text: str, said: list[str]) -> None:
    for cut in (1, 4, 1_000):
        pieces = [text[at : at + cut] for at in range(0, len(text), cut)]
        assert list(sentences(without_thoughts(pieces))) == said


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("So [1].", {1}),
        ("So [1][2] and [1, 4].", {1, 2, 4}),
        ("So [1-3] 【4】 【5†source】 [Passage 6].", {1, 2, 3, 4, 5, 6}),
        ("So [1–3]; [7;8].", {1, 2, 3, 7, 8}),
        ("In [2024] and [0] and [9] and [x] and (3) and so on (2019).", set()),
        ("So [^1].", {1}),
        ("So [Source 1] [citation:2] [[3]].", {1, 2, 3}),
        ("So (1).", {1}),
        ("So\uff3b1\uff3d [2](ferry.md).", {1, 2}),
        ("According to passage 1, so it is.", {1}),
        ("The array `a[1]` and ``b[2]`` but [3].", {3}),
        ("So [3-1] and [99999999999999999999999].", set()),
    ],
)
def test_which_passages_a_sentence_names(sentence: str, numbers: set[int]) -> None:
    assert numbers_in(sentence, 8) == numbers


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("It was **five** [1] [2] .", "It was five."),
        ("In the plan [2024] it was five 【1†a】.", "In the plan (2024) it was five."),
        ("See [the report](http://evil.example/?q=1) ![x](http://evil.example/x.png)", "See the report x"),
        ("Fi\u200bve \u202ebillion\U000e0041", "Five billion"),
        ("[1] 【2】", ""),
        ("…", ""),
        ("It was five [^1].", "It was five."),
        ("It was five [[1]] (2).", "It was five."),
        ("It was five [1](ferry.md).", "It was five."),
        ("According to passages 1 and 2, it was five.", "It was five."),
        ("It rose by five (2019).", "It rose by five (2019)."),
    ],
)
def test_the_words_of_a_sentence(sentence: str, words: str) -> None:
    assert words_of(sentence) == words


FERRY = "The ferry to the island leaves every hour from the east quay"
FERRY_BELOW = FERRY[0].lower() + FERRY[1:]
# All of these were written by models that were asked for [1].
MARKED = [
    *(
        f"{FERRY} {mark}."
        for mark in (
            "[1] [^1] [[1]] [1](ferry.md) [#1] [^1^] ^[1]^ {1} (1) (Passage 1) <sup>1</sup> <sup>[1]</sup> *[1]* **[1]** "
            "\\[1\\] \uff3b1\uff3d \u30101\u3011 \u30101†source\u3011 [1†L1-L3] \uff081\uff09 \u27e81\u27e9 [Doc1]"
        )
        .replace("(Passage 1)", "(Passage\xa01)")
        .split(" ")
    ),
    *(
        f"{FERRY} {mark}."
        for mark in (
            "[Source 1]",
            "[citation:1]",
            "[Passage 1]",
            "[passage number 1]",
            "[ref. 1]",
            "[Quelle 1]",
            "[1, p. 3]",
            "(source 1)",
            "(Source: passage 1)",
            "(see passage 1)",
            "(according to passage 1)",
            "<passage number=1>",
        )
    ),
    f"{FERRY}.[1]",
    f"{FERRY}. [1]",
    f"{FERRY}\xb9.",
    f"{FERRY}.\xb9",
    f"{FERRY}, according to passage 1.",
    f"{FERRY}, as stated in source [1].",
    f"[1] {FERRY}.",
    f"[1]: {FERRY}.",
    f"Passage 1: {FERRY}.",
    f"According to passage 1, {FERRY_BELOW}.",
    f"According to passage 1 {FERRY_BELOW}.",
    f"According to [1], {FERRY_BELOW}.",
    f"Based on source 1, {FERRY_BELOW}.",
    f"In passage 1, it is stated that {FERRY_BELOW}.",
    f"As passage 1 says, {FERRY_BELOW}.",
    f"Passage 1 says that {FERRY_BELOW}.",
    f"Passage [1] states that {FERRY_BELOW}.",
]
MARKED_TWICE = [
    "[1, 2]",
    "[1][2]",
    "[1-2]",
    "[1]\u2013[2]",
    "[1;2]",
    "[1/2]",
    "[1 and 2]",
    "[1 & 2]",
    "(passages 1 and 2)",
]


@pytest.mark.parametrize("text", MARKED)
def test_marks_of_citation_are_read_character_by_character(text: str) -> None:
    [found] = sentences(list(text))
    assert words_of(found) == f"{FERRY}."
    assert numbers_in(found, 8) == {1}


@pytest.mark.parametrize("marks", [*MARKED_TWICE, "[Passage 1, Passage 2]"])
def test_marks_of_two_passages_are_read_character_by_character(marks: str) -> None:
    [found] = sentences(list(f"{FERRY} {marks}."))
    assert words_of(found) == f"{FERRY}."
    assert numbers_in(found, 8) == {1, 2}


@pytest.mark.parametrize(
    "mark", ["(1)", "(source 1)", "[^1]", "[Source 1]", "[[1]]", "[1](ferry.md)", "\uff3b1\uff3d", "\xb9"]
)
def test_a_mark_behind_the_stop_is_no_sentence_of_its_own(mark: str) -> None:
    found = list(sentences(list(f"It leaves at nine. {mark}")))
    assert [words for sentence in found if (words := words_of(sentence))] == ["It leaves at nine."]


@pytest.mark.parametrize(
    "words",
    [
        "The area is 40 km\xb2.",
        "It is described in article 5.",
        "In 2019 it rose by five (2019).",
        "See section 2 for more.",
        "Step (1) comes first.",
        "In stage 1 it says nothing.",
        "Based on 3 reports, it rose.",
    ],
)
def test_what_only_looks_like_a_mark_stays(words: str) -> None:
    assert words_of(words) == words
    assert numbers_in(words, 8) == set()


@pytest.mark.parametrize(
    "mark", ["[^1]", "[Source 1]", "[citation:1]", "[[1]]", "[1](ferry.md)", "\uff3b1\uff3d", "(source 1)"]
)
def test_other_marks_behind_the_stop_may_come_in_pieces(mark: str) -> None:
    text = f"It leaves at nine. {mark} It returns at ten. {mark}"
    found = list(sentences(list(text)))
    assert [words_of(sentence) for sentence in found] == ["It leaves at nine.", "It returns at ten."]
    assert [numbers_in(sentence, 8) for sentence in found] == [{1}, {1}]


def test_a_list_of_sources_at_the_end_is_no_sentence() -> None:
    assert lists_sources("Sources:\n[1] ferry.md")
    assert lists_sources("**References**")
    assert not lists_sources("Sources say that it rained [1].")
