"""Front matter and the text after it, which stays untouched."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import AccessUnclear, ArticleError
from index.sources.frontmatter import split_front_matter
from index.sources.metadata import read_metadata


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
        ("---\nA rule at the start.\n", {}, "---\nA rule at the start.\n"),
        ("\n---\ntitle: A\n---\nText.", {"title": "A"}, "Text."),
        (" ---\ntitle: A\n---\nText.", {"title": "A"}, "Text."),
        ("\ufeff\n\ufeff---\ntitle: A\n---\nText.", {"title": "A"}, "Text."),
        ("<!-- by Ann -->\n---\ntitle: A\n---\nText.", {"title": "A"}, "Text."),
        ("---\ntitle: A\n...\nText.", {"title": "A"}, "Text."),
        ("---yaml\ntitle: A\n---\nText.", {"title": "A"}, "Text."),
        ("---  # fields\ntitle: A\n---\nText.", {"title": "A"}, "Text."),
        ('+++\ntitle = "A"\ngroups = ["b"]\n+++\nText.', {"title": "A", "groups": ["b"]}, "Text."),
        ('{"title": "A", "groups": []}\nText.', {"title": "A", "groups": []}, "Text."),
        ('{\n "title": "A"\n}\n\nText.', {"title": "A"}, "\nText."),
        (';;;\n"title": "A"\n;;;\nText.', {"title": "A"}, "Text."),
        (';;;\n{"title": "A"}\n;;;\nText.', {"title": "A"}, "Text."),
        ("\n---\n\nBetween two rules.\n\n---\nText.", {}, "\n---\n\nBetween two rules.\n\n---\nText."),
        ("{{ now }}\n\nText.", {}, "{{ now }}\n\nText."),
        ("Three groups: ours, theirs, nobody's.", {}, "Three groups: ours, theirs, nobody's."),
        ("Text.\n\ngroups: none of them.", {}, "Text.\n\ngroups: none of them."),
        ("--- title ---\nText.", {}, "--- title ---\nText."),
        *(
            (text, {}, text)
            for text in (
                "Write this.\n\nAs here:\n\n```\n---\ntitle: A\ngroups: [b]\n---\n```\n",
                "Text.\n\n---\n\ngroups: none of them.\n\n---\n",
                "Text.\n\n---\nWe have groups.\ngroups: none.\n---\n",
                "Call `f({groups: [b]})` first.\n",
            )
        ),
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


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("---\ntitle: a: b\n---\n", r"does not parse: mapping values are not allowed.*\(line 2 of the file\)"),
        ("---\nx: 1\n\ny: [a\n---\n", r"\(line \d+ of the file\)\. Correct it"),
        ("---\nx: 1\ntitle: 'a\n---\n", r"\(line \d+ of the file\)\. Correct it"),
        ("---\nx: 1\n\tb: 2\n---\n", r"\(line 3 of the file\)"),
        ("---\nx: !!python/object:os.system 1\n---\n", "does not parse: could not determine a constructor"),
        ("---\nx: *nothing\n---\n", "does not parse: found undefined alias"),
        ("---\nx: \x07\n---\n", "does not parse: unacceptable character"),
        ("---\njust prose\n---\nText.", r"write \*\*\* where a rule was meant"),
        ("---\n- a\n---\nText.", "not a list of `key: value`"),
        ("---\nx: " + "[" * 40_000 + "\n---\n", "nested more than 50 levels deep"),
        ("---\nx: " + "{" * 40_000 + "\n---\n", "nested more than 50 levels deep"),
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
    assert all(isinstance(key, str) for key in fields)


@pytest.mark.parametrize(
    "content",
    [
        "---\ntitle: A\ngroups: [b]\n\nText.",
        "---\ntitle: A\ngroups: [b]\n  ---\nText.",
        "---\ntitle: A\n\nText.",
        "# A comment\n---\ntitle: A\ngroups: [b]\n---\nText.",
        "// A comment\n\n---\ngroups: [b]\n---\nText.",
        "----\ngroups: [b]\n----\nText.",
        "***\ngroups: [b]\n***\nText.",
        "```yaml\ngroups: [b]\n```\nText.",
        "<!--\ngroups: [b]\n-->\nText.",
        "Title: A\nGroups: b\n\nText.",
        ":title: A\n:groups: b\n\nText.",
        "# Title\n\n**Groups:** b\n\nText.",
        "---\ntitle: A\n---\n---\ngroups: [b]\n---\nText.",
        "---\ntitle: A\n...\ngroups: [b]\n---\nText.",
        "---\ntitle: A\n---\n\ngroups: [b]\n\nText.",
        '+++\ntitle = "A"\ngroups = ["b"]\n\nText.',
        "+++\ntitle = A\ngroups = [b]\n+++\nText.",
        '{"title": "A", "groups": ["b"]\nText.',
        '{"title": "A", "groups": ["b"], "groups": []}\nText.',
        ";;;\ngroups: [b]\n;;;\nText.",
        "---\ngroups: [b]\ngroups: []\n---\nText.",
        "---\ndefaults: &d\n  groups: [b]\n<<: *d\ntitle: A\n---\nText.",
        "---\nx: &x {groups: [b]}\n!!merge <<: *x\n---\nText.",
        "---\ntitle: A\n" + "x: y\n" * 20_000 + "---\nText.",
        "--- {title: A, groups: [b]}\nText.",
        "{'kind': 'A', 'groups': ['b']}\nText.",
        '<!-- {"title": "A", "groups": ["b"]} -->\nText.',
        "---\x85title: A\x85groups: [b]\x85---\x85Text.",
        "---\u2028title: A\u2028groups: [b]\u2028---\u2028Text.",
        "A title\n\n---\ntitle: A\ngroups: [b]\n---\nText.",
        "A title\n---\ntitle: A\ngroups: [b]\n---\nText.",
        "import B from './b'\n\n---\ngroups:\n  - b\n\ntitle: A\n---\nText.",
        "Text, and what Pandoc reads at its end.\n\n---\ntitle: A\ngroups: [b]\n...\n",
        "---\nread_groups: [b]\n---\nText.",
        "---\nallowed-groups: [b]\n---\nText.",
    ],
)
def test_what_looks_like_front_matter_and_cannot_be_read_fails_the_file(content: str) -> None:
    with pytest.raises(AccessUnclear):
        read_metadata(split_front_matter(content)[0])


def test_keys_that_merge_and_aliases_are_refused_before_they_grow() -> None:
    layers = [f"a{n}: &a{n} {{ !!merge <<: [{', '.join([f'*a{n - 1}'] * 10)}] }}" for n in range(1, 9)]
    with pytest.raises(AccessUnclear, match="merges keys"):
        split_front_matter("\n".join(["---", "a0: &a0 {k: v}", *layers, "---", ""]))
    with pytest.raises(AccessUnclear, match="more than 50 aliases"):
        split_front_matter("---\na: &a b\nc: [" + "*a, " * 51 + "]\n---\n")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"sidebar": "x" * 60_000, "groups": ["board"]}) + "\n\nIt rained.",
        '{"a":' * 3_000 + "1" + "}" * 3_000 + ',\n"groups": ["board"]}\nIt rained.',
        "{\n" + "".join(f'"key {n}": {n},\n' for n in range(300)) + '"groups": ["board"],\n"x": }\n\nIt rained.',
    ],
    ids=["long", "deep", "broken below many keys"],
)
def test_an_object_that_cannot_be_read_and_names_groups_anywhere_fails_the_file(text: str) -> None:
    with pytest.raises(AccessUnclear, match="not JSON"):
        split_front_matter(text)


def test_a_text_that_begins_with_a_brace_may_speak_of_groups() -> None:
    text = '{% include head %}\n\nSend this:\n\n    {"name": "x", "groups": ["board"]}\n'
    assert split_front_matter(text) == ({}, text)
