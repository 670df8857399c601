"""Sentences are exact stretches of the text, in order, and nothing but white space and marks is left out."""

from itertools import pairwise
from typing import Literal, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from index.ingest.blocks import blocks_of
from index.ingest.hidden import may_hide
from index.ingest.segmentation import display_text, first_line, split_sentences
from index.records import TextFormat

PIECES = """It rained.|It rained. |He said “Go!” |Was it so? |e.g. |Mr. Fox v. U.S. |$5.2 billion |...
|😀|𝔘𝔫𝔦 |日本語。|한국어 |e\u0301 |\n\n|\n \n|\t|  |\u00a0|\u2028|\x85|\x1c|\u200b
|# |## It rained.\n|Title\n====\n|- |* |1. |> |> > |**bold** |*it|_a_|[a](b) |[a]: b\n|![|`x` |```\n|~~~
|    code\n|| a | b |\n||---|---|\n|\\|<b>|<!-- |&amp; |---\n|***""".split("|")

# Articles hold no NUL and no carriage return.
ANYTHING = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
TEXTS = st.lists(st.sampled_from(PIECES) | ANYTHING, max_size=25).map("".join)
WITHOUT_COMMENTS = TEXTS.filter(lambda text: not may_hide(text))
FORMATS = st.sampled_from(get_args(TextFormat))


def texts_of(text: str, format: TextFormat) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text, format)]


@given(TEXTS, FORMATS)
@example("It rained.\n\nIt rained.\n\nIt rained. It rained.", "markdown")
@example("| a | b |\n|---|---|\n| It rained. | It rained. |\n", "markdown")
@example("[a]: b\n", "markdown")
def test_sentences_are_exact_in_order_and_never_overlap(text: str, format: TextFormat) -> None:
    end = 0
    for span in split_sentences(text, format):
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        end = span.end


@given(WITHOUT_COMMENTS)
def test_every_character_of_a_text_but_white_space_is_in_one_sentence(text: str) -> None:
    kept = [False] * len(text)
    for span in split_sentences(text, "text"):
        assert not any(kept[span.start : span.end])
        kept[span.start : span.end] = [True] * (span.end - span.start)
    assert [character for character, inside in zip(text, kept, strict=True) if not inside and character.strip()] == []


@given(WITHOUT_COMMENTS, FORMATS)
def test_a_text_with_words_has_sentences(text: str, format: TextFormat) -> None:
    assert bool(split_sentences(text, format)) == bool(text.strip())


@given(WITHOUT_COMMENTS)
def test_markdown_loses_no_words_outside_of_definitions(text: str) -> None:
    text = "".join(character for character in text if character not in "[]`~")
    assert "rained" not in text or any("rained" in words for words in texts_of(text, "markdown"))


@given(TEXTS, FORMATS)
def test_what_is_shown_is_one_line(text: str, format: TextFormat) -> None:
    shown = display_text(text, format)
    assert shown == " ".join(shown.split())


@given(WITHOUT_COMMENTS.filter(str.strip), FORMATS)
def test_a_title_is_one_short_line_and_never_empty(text: str, format: TextFormat) -> None:
    title = first_line(text, format)
    assert 0 < len(title) <= 120
    assert title == " ".join(title.split())


@given(TEXTS)
def test_plain_text_is_shown_without_loss(text: str) -> None:
    assert display_text(text, "text").split() == text.split()


def test_repeated_sentences_keep_their_own_places() -> None:
    text = "😀 It rained. It rained.\n\nIt rained. 😀"
    assert [(s.start, s.end) for s in split_sentences(text, "text")] == [(0, 12), (13, 23), (25, 35), (36, 37)]


@pytest.mark.parametrize("format", get_args(TextFormat))
def test_sentences_end_where_people_end_them(format: TextFormat) -> None:
    text = "Mr. Fox paid $5.2 billion to Acme Inc. on Jan. 5. “Why?” he asked. It's e.g. U.S. law! Done"
    assert texts_of(text, format) == [
        "Mr. Fox paid $5.2 billion to Acme Inc. on Jan. 5.",
        "“Why?” he asked.",
        "It's e.g. U.S. law!",
        "Done",
    ]


@pytest.mark.parametrize("format", get_args(TextFormat))
@pytest.mark.parametrize(
    "text",
    [
        "The contractor has to finish by 5. May 2027 at the latest.|Later work is not paid.",
        "Employees may take it on 3. Oct. or 4. Nov. 2025.|Ask first.",
        "The survey by Ms. Jones cost approx. 3.5 million euros.|It was late.",
        "See Fig. 3 and Sec. 4.2 for details.|Eq. 7 is wrong.",
        "Use no. 5 and nos. 7 to 9.|The dose is 3 tbsp. of oil.",
        "In 2019 we had 40 cars and 12 boats.|The rest is owned by the region.",
        "He said no.|Then we met in May.|The court agreed.",
        "It takes lenses up to 40 mm.|Change the pad after 5 min. of use.|The lamp weighs 3 kg.|Lift it.",
        "Die Frist endet am 3. April 2026.|Das Büro ist zu.",
        "Die Arbeit beginnt am 1. März und endet spätestens am 15. Dez. 2027.|Danach ist frei.",
        "Der Kran steht im 2. Stock.|Zur 3. Sitzung am 3. 4. 2026 kommen alle.|Er kommt am 5.|Danach geht er.",
        "Das gilt z. B. für Hunde, u. a. auch für Katzen.|Vögel sind ausgenommen.",
        "Siehe Abs. 2 und Art. 5 bzw. Nr. 7 der Ordnung.|Der Rest entfällt.",
        "Fristen er d. 3. april 2026.|Det gælder f.eks. hunde, bl.a. også katte.",
        "Voir p. ex. l'art. 5 et l'al. 2 du règlement.|Il est clair.",
        "El Sr. García y la Sra. López cuestan aprox. 30 euros.|Es caro.",
        "Il sig. Rossi e il dott. Verdi abitano qui.|Partono domani.",
        "Dhr. Jansen en mevr. de Vries wonen hier.|Dit geldt bijv. voor honden.",
        "Prof. Nowak mieszka przy ul. Długiej.|Dotyczy to np. psów.",
    ],
)
def test_dates_with_a_dot_and_abbreviations_end_no_sentence(text: str, format: TextFormat) -> None:
    sentences = text.split("|")
    assert texts_of(" ".join(sentences), format) == sentences


def test_text_that_was_wrapped_is_joined() -> None:
    wrapped = (
        "Amazon will invest five billion dollars in Anthropic right away and\n"
        "up to twenty billion more later. The companies have worked together\n"
        "since 2023. They said so on Monday.\n"
    )
    assert texts_of(wrapped, "text") == [
        "Amazon will invest five billion dollars in Anthropic right away and\nup to twenty billion more later.",
        "The companies have worked together\nsince 2023.",
        "They said so on Monday.",
    ]


def test_a_heading_stays_apart_from_wrapped_text() -> None:
    text = "What was said\nThe companies have worked together for years and\nyears. They will go on."
    assert texts_of(text, "text") == [
        "What was said",
        "The companies have worked together for years and\nyears.",
        "They will go on.",
    ]


def test_short_lines_and_long_paragraphs_stay_apart() -> None:
    menu = "Home\nNews\nSport"
    assert texts_of(menu, "text") == ["Home", "News", "Sport"]
    paragraphs = "It rained and rained " * 10 + "\n" + "It shone and shone " * 10
    assert len(texts_of(paragraphs, "text")) == 2


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("# A heading\nIt rained\nall day. It shone.", ["A heading", "It rained\nall day.", "It shone."]),
        ("Title\n=====\n\nText.", ["Title", "Text."]),
        ("- one\n- two\n  more\n\n1. three\n2) four", ["one", "two\n  more", "three", "four"]),
        ("> Quoted. Twice.\n> > Nested.", ["Quoted.", "Twice.", "Nested."]),
        ("| a | b |\n|---|---|\n| c | d |", ["a | b |", "c | d |"]),
        ("Before.\n```py\nx = 1\n\ny = 2\n```\nAfter.", ["Before.", "x = 1", "y = 2", "After."]),
        ("Before.\n```py\nx = 1\ny = 2\n", ["Before.", "x = 1", "y = 2"]),  # a fence that is never closed
        ("> ```\n> x = 1\n> y = 2\n\nAfter.", ["x = 1", "y = 2", "After."]),
        ("Text.\n\n    indented\n    code", ["Text.", "indented", "code"]),
        ("Above.\n\n---\n\nBelow.", ["Above.", "Below."]),
        ("**Bold. Words.** Plain. `Code.`", ["**Bold.", "Words.**", "Plain.", "`Code.`"]),
        ("<b>Raw</b> stays.", ["<b>Raw</b> stays."]),
        ("<div>\n<h2>Fees</h2><p>One. Two.</p>\n</div>", ["Fees", "One.", "Two."]),
        ("<table><tr>\n<td>a</td>\n<td>b</td>\n</tr></table>", ["a</td>\n<td>b"]),
        ("<style>\np { color: red }\n</style>\nText.", ["Text."]),
        ("At https://<host>.example.com only.", ["At https://<host>.example.com only."]),
        ("> > > ", ["> > >"]),
    ],
)
def test_markdown_blocks_never_run_into_each_other(text: str, sentences: list[str]) -> None:
    assert texts_of(text, "markdown") == sentences


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("It rained all day.", "sentence"),
        ("“It rained all day.”", "sentence"),
        ("**It rained all day.**", "sentence"),
        ("雨が 降った ね。", "sentence"),
        ("It rained all day", "fragment"),
        ("Read more.", "fragment"),
        ("Updated: 5:30 pm", "fragment"),
    ],
)
def test_what_reads_as_a_sentence_is_told_from_what_does_not(text: str, kind: str) -> None:
    assert [span.kind for span in split_sentences(text, "markdown")] == [kind]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## A *b* **c** `d` [e](f) ![g](h)", "A b c d e g"),
        ("- one\n- two", "one two"),
        ("> Quoted\n> > twice", "Quoted twice"),
        ("a  \nb\\\nc", "a b c"),
        ("5 * 3 * 2 _is_ 30 &amp; \\*more\\*", "5 * 3 * 2 is 30 & *more*"),
        ("<script>alert(1)</script>", "alert(1)"),
        ('A <span id="x">word</span>,<br/>and <kbd>Ctrl</kbd>+<kbd>C</kbd>', "A word, and Ctrl+C"),
        ("one</td>\n<td><b>two</b>", "one | two"),
        (
            "> [!NOTE]\n> Within 10<sup>2</sup> m<SUP>2</SUP>, the 5<sup>th</sup> CO<sub>2</sub>.",
            "Note: Within 10^2 m^2, the 5th CO2.",
        ),
        ("see [[Opening hours|the hours]], [[Crane]] and `a[[0]]`", "see the hours, Crane and a[[0]]"),
        ("`<td>` and \\<td> and <host>", "<td> and <td> and <host>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 234"),
        ("<https://example.com>", "https://example.com"),
        ("", ""),
    ],
)
def test_markup_is_taken_off_for_display(text: str, shown: str) -> None:
    assert display_text(text, "markdown") == shown


def test_text_is_shown_as_it_is_on_one_line() -> None:
    assert display_text(" # *a*\n\t[b](c) ", "text") == "# *a* [b](c)"


def test_a_heading_far_down_is_no_title() -> None:
    assert first_line("By Ann\n\n" + "It rained.\n\n" * 2_000 + "# Sources", "markdown") == "By Ann"


HOSTILE: dict[str, tuple[TextFormat, str]] = {
    "one line of 5 MB": ("text", "It rained again " * 312_500),
    "one line of 5 MB in Markdown": ("markdown", "It rained again " * 312_500),
    "one word of 5 MB": ("markdown", "x" * 5_000_000),
    "sentences of 1 MB": ("text", "It rained. " * 91_000),
    "sentence ends without spaces": ("text", "![" * 200_000),
    "abbreviations": ("text", " ".join(f"{'abcdefghij'[n % 10]}{n:x}qz. Zxqj" for n in range(100_000))),
    "days": ("text", "on 3. May " * 100_000),
    "quotation marks": ("text", "".join("`" * n + "a" for n in range(800))),
    "brackets": ("markdown", "[" * 200_000),
    "links": ("markdown", "[a](" * 20_000),
    "stars": ("markdown", "*a " * 20_000),
    "nested quotations": ("markdown", "> " * 100_000 + "a"),
    "nested lists": ("markdown", "- " * 100_000),
    "empty lines": ("markdown", "\n" * 200_000 + "a"),
    "rows": ("markdown", "|a" * 10_000 + "\n" + "|-" * 10_000 + "\n|b"),
}


@pytest.mark.parametrize(("format", "text"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_end_quickly(format: TextFormat, text: str) -> None:
    spans = split_sentences(text, format)
    assert first_line(text, format)
    assert spans
    assert all(before.end <= after.start for before, after in pairwise(spans))


@pytest.mark.parametrize(
    "unit", ["It rained in Rome. ", 'He said "no" (twice). ', "No end here ", "日本語です。", "😀 "]
)
def test_a_long_line_is_cut_like_a_short_one(unit: str) -> None:
    text = unit * 2_000
    found = texts_of(text, "text")
    if len(texts_of(unit * 3, "text")) == 3:
        assert found == [unit.strip()] * 2_000
    else:
        assert " ".join(found).split() == text.split()


def test_a_table_costs_no_more_than_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser adds the cells that rows lack: a head of a thousand columns over short rows made 65,000 of a few KB."""
    made = 0
    push = StateBlock.push

    def counted(self: StateBlock, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        nonlocal made
        made += 1
        return push(self, ttype, tag, nesting)

    monkeypatch.setattr(StateBlock, "push", counted)
    table = "|" + "a|" * 700 + "\n|" + "-|" * 700 + "\n" + "|b\n" * 90
    assert [block.kind for block in blocks_of(table, "markdown")] == ["row"] * 91
    assert made < 10 * 91
