"""Front matter and the text after it, which stays untouched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.sources.frontmatter import split_front_matter


@pytest.mark.parametrize(
    ("content", "fields", "text"),
    [
        ("---\ntitle: A\n---\nText.\n", {"title": "A"}, "Text.\n"),
        ("---\ntitle: A\n---\n\n\n  Text. \n\n", {"title": "A"}, "\n\n  Text. \n\n"),
        ("--- \ntitle: A\n---\t\nText.", {"title": "A"}, "Text."),
        ("---\n---\nText.", {}, "Text."),
        ("---\n# only a comment\n---\nText.", {}, "Text."),
        ("---\ntitle: A\n---", {"title": "A"}, ""),
        ("---\ntitle: A\n---\nText.\n---\nMore.\n---\n", {"title": "A"}, "Text.\n---\nMore.\n---\n"),
        ("---\na: 1\n----\nb: 2", {}, "---\na: 1\n----\nb: 2"),
        ("---\nA rule at the start.\n", {}, "---\nA rule at the start.\n"),
        ("\n---\ntitle: A\n---\nText.", {}, "\n---\ntitle: A\n---\nText."),
        (" ---\ntitle: A\n---\nText.", {}, " ---\ntitle: A\n---\nText."),
        ("--- title ---\nText.", {}, "--- title ---\nText."),
        ("", {}, ""),
        ("Text.", {}, "Text."),
    ],
)
def test_what_is_between_dashes_is_front_matter(content: str, fields: dict[str, object], text: str) -> None:
    assert split_front_matter(content) == (fields, text)


def test_values_are_kept_as_they_were_written() -> None:
    content = "---\nlanguage: no\ntitle: 1:30\npublished: 2024-13-45\nid: 007\nurl:\ngroups: [yes, 12]\n---\n"
    assert split_front_matter(content)[0] == {
        "language": "no",
        "title": "1:30",
        "published": "2024-13-45",
        "id": "007",
        "url": None,
        "groups": ["yes", "12"],
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("---\ntitle: a: b\n---\n", r"does not parse: mapping values are not allowed.*\(line 2 of the file\)"),
        ("---\nx: 1\n\ny: [a\n---\n", r"\(line \d+ of the file\)\. Mend it"),
        ("---\nx: 1\ntitle: 'a\n---\n", r"\(line \d+ of the file\)\. Mend it"),
        ("---\nx: 1\n\tb: 2\n---\n", r"\(line 3 of the file\)"),
        ("---\nx: !!python/object:os.system 1\n---\n", "does not parse: could not determine a constructor"),
        ("---\nx: *nothing\n---\n", "does not parse: found undefined alias"),
        ("---\nx: \x07\n---\n", "does not parse: unacceptable character"),
        ("---\njust prose\n---\nText.", "put an empty line before the dashes if they are meant as a rule"),
        ("---\n- a\n---\nText.", "not a list of `key: value`"),
        ("---\nx: " + "[" * 5_000 + "\n---\n", "does not parse"),
    ],
)
def test_what_does_not_parse_is_said_with_its_place_and_cure(content: str, message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        split_front_matter(content)


@given(st.text(alphabet=st.sampled_from("-a: \n[]{}'\"\t#&*!|>%@`0é😀")))
def test_whatever_a_file_holds_its_text_is_its_end_or_an_error_is_told(content: str) -> None:
    try:
        fields, text = split_front_matter(content)
    except ArticleError:
        fields, text = {}, ""
    assert content.endswith(text)
    assert text == content or content.startswith("---")
    assert all(isinstance(key, str) for key in fields)
