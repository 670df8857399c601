"""Fields of front matter and of lines: what is understood, warned of, and refused."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import AccessUnclear, ArticleError
from index.sources.frontmatter import split_front_matter
from index.sources.metadata import day_of, found_metadata, likely_day, read_metadata

DAY = date(2026, 4, 24)


@pytest.mark.parametrize(
    "written",
    [
        "2026-04-24",
        '"2026-04-24"',
        "20260424",
        "2026-04-24 10:30:00",
        "2026-04-24T10:30:00Z",
        "2026-04-24T23:30:00-08:00",
        "2026-04-24T00:30:00+02:00",
        "2026-04-24 10:30:00.123",
        "2026-W17-5",
        "April 24, 2026",
        "24. April 2026",
    ],
)
def test_dates_are_the_day_that_was_written(written: str) -> None:
    fields, _ = split_front_matter(f"---\npublished: {written}\n---\n")
    metadata = read_metadata(fields)
    assert (metadata.published, metadata.warnings) == (DAY, ())


@pytest.mark.parametrize("value", [DAY, datetime(2026, 4, 24, 23, 59), datetime(2026, 4, 24, tzinfo=UTC)])
def test_dates_may_come_as_dates(value: object) -> None:
    assert read_metadata({"published": value}).published == DAY


@pytest.mark.parametrize(
    "value", ["04/05/2026", "2026", 2026, "24.04.2026", "2026-4-24", "2026-02-30", ["2026-04-24"], {}]
)
def test_what_is_no_date_is_a_warning_and_unknown(value: object) -> None:
    metadata = read_metadata({"published": value})
    assert metadata.published is None
    (warning,) = metadata.warnings
    assert "is not an ISO date such as 2026-04-21; the date stays unknown" in warning


@pytest.mark.parametrize(
    "written",
    [
        "Fri, 24 Apr 2026 23:30:00 -0500",
        "Fri, 24 Apr 2026 08:00:00 GMT",
        "24 Apr 2026 08:00 +0200",
        "2026-04-24T08:00:00.5Z",
    ],
)
def test_dates_of_feeds_are_understood(written: str) -> None:
    assert day_of(written) == DAY
    assert read_metadata({"published": written}).warnings == ()


@pytest.mark.parametrize("written", ["", "soon", "24 Apr", "32 Apr 2026 08:00:00", "Fri, 24 Foo 2026 08:00:00 GMT"])
def test_what_is_no_day_is_none(written: str) -> None:
    assert day_of(written) is None


@given(st.text(max_size=40))
def test_any_words_are_a_day_or_none(written: str) -> None:
    assert day_of(written) is None or isinstance(day_of(written), date)


def test_the_names_that_others_give_these_fields_are_understood() -> None:
    metadata = read_metadata({"date": "2026-04-24", "Author": "Ann"})
    assert (metadata.published, metadata.authors) == (DAY, ("Ann",))
    both = read_metadata({"published": "2026-04-24", "date": "2020-01-01", "authors": ["Ann"], "author": "Bob"})
    assert (both.published, both.authors) == (DAY, ("Ann",))
    assert read_metadata({"published": "", "date": "2026-04-24"}).published == DAY


def test_a_day_that_cannot_be_is_none() -> None:
    assert likely_day(DAY, today=DAY) == DAY
    assert likely_day(DAY + timedelta(days=1), today=DAY) == DAY + timedelta(days=1)
    assert likely_day(DAY + timedelta(days=2), today=DAY) is None
    assert likely_day(date(1449, 12, 31), today=DAY) is None
    assert likely_day(None, today=DAY) is None


def test_what_a_file_tells_of_itself_becomes_lines() -> None:
    found = found_metadata(title=" A\n\0title\ud800 ", authors=["Ann", " ", "Ann", "Bob\tB"], language="")
    assert (found.title, found.authors, found.language) == ("A title", ("Ann", "Bob B"), None)
    assert found.groups is None


@pytest.mark.parametrize("value", [None, "", " "])
def test_no_date_is_unknown_without_a_warning(value: object) -> None:
    assert read_metadata({"published": value}).warnings == ()


@pytest.mark.parametrize("value", [None, "", "staff", {"staff": 1}, 5, True, [5], [None], [""], [" "], [["a"]], "[a]"])
def test_malformed_groups_are_refused(value: object) -> None:
    with pytest.raises(ArticleError, match="has groups that are not a list of names"):
        read_metadata({"groups": value})


def test_groups_absent_is_everyone_and_empty_is_nobody() -> None:
    assert read_metadata({}).groups is None
    assert read_metadata({"groups": []}).groups == frozenset()
    assert read_metadata({"groups": [" staff ", "board", "staff"]}).groups == frozenset({"staff", "board"})


@pytest.mark.parametrize("key", ["id", "title", "url", "publisher", "language"])
def test_lines_are_one_line_of_text(key: str) -> None:
    assert getattr(read_metadata({key: "  a\n b\t c "}), key) == "a b c"
    assert getattr(read_metadata({key: 42}), key) == "42"
    assert getattr(read_metadata({key: " \n"}), key) is None


def test_an_id_is_never_guessed() -> None:
    with pytest.raises(ArticleError, match="has a id that is not text"):
        read_metadata({"id": ["a"]})


@pytest.mark.parametrize("key", ["title", "publisher", "language"])
@pytest.mark.parametrize(
    ("value", "read", "warned"),
    [(["en", "de"], "en", 1), (["en"], "en", 0), ({"name": "en"}, "en", 0), ({"other": "en"}, None, 1), ([], None, 0)],
)
def test_a_field_may_be_a_list_or_a_map(key: str, value: object, read: str | None, warned: int) -> None:
    metadata = read_metadata({key: value})
    assert (getattr(metadata, key), len(metadata.warnings)) == (read, warned)


def test_authors_are_one_name_or_a_list() -> None:
    assert read_metadata({"authors": "Ann  A"}).authors == ("Ann A",)
    assert read_metadata({"authors": ["Ann", "", None, " Bob\n"]}).authors == ("Ann", "Bob")
    assert read_metadata({"authors": None}).authors == ()


@pytest.mark.parametrize(
    ("value", "names", "warned"),
    [
        ({"name": "Ann", "url": "https://ann.example"}, ("Ann",), 0),
        ([{"name": "Ann"}, "Bob", {"Name": " Cid  C "}], ("Ann", "Bob", "Cid C"), 0),
        ([{"email": "ann@example.org"}, "Bob"], ("Bob",), 1),
        ([["Ann"]], ("Ann",), 0),
    ],
)
def test_authors_may_be_maps(value: object, names: tuple[str, ...], warned: int) -> None:
    metadata = read_metadata({"authors": value})
    assert (metadata.authors, len(metadata.warnings)) == (names, warned)


@pytest.mark.parametrize(
    "fields",
    [
        {"draft": "true"},
        {"Draft": True},
        {"draft": "perhaps"},
        {"published": "false"},
        {"published": False},
        {"publish": "no"},
        {"private": 1},
        {"unlisted": "yes"},
        {"status": "Draft"},
    ],
)
def test_drafts_are_not_published(fields: dict[str, object]) -> None:
    assert read_metadata(fields).unpublished


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"draft": "false"},
        {"draft": None},
        {"draft": False},
        {"published": "true"},
        {"published": "2026-04-24"},
        {"status": "final"},
    ],
)
def test_what_says_otherwise_or_nothing_is_published(fields: dict[str, object]) -> None:
    assert read_metadata(fields).unpublished is None
    assert read_metadata(fields).warnings == ()


def test_a_flag_is_no_day() -> None:
    assert read_metadata({"published": "true", "date": "2026-04-24"}).published == DAY


@pytest.mark.parametrize("key", ["authors", "published", "title", "groups", "other"])
def test_aliases_that_grow_without_bound_are_never_written_out(key: str) -> None:
    layers = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 6)]
    fields, _ = split_front_matter("\n".join(["---", "a0: &a0 [lol, lol]", *layers, f"{key}: *a5", "---", ""]))
    try:
        told = repr(read_metadata(fields))
    except ArticleError as error:
        told = str(error)
    assert 0 < len(told) < 1_000


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
KEYS = ["id", "title", "url", "publisher", "published", "authors", "language", "groups"]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_fields_are_understood_or_refused_with_a_cure(fields: dict[str, object]) -> None:
    try:
        metadata = read_metadata(fields)
    except ArticleError:
        metadata = read_metadata({"groups": []} if "groups" in fields else {})
    lines = [metadata.id, metadata.title, metadata.url, metadata.publisher, metadata.language, *metadata.authors]
    assert all(line is None or (line.encode() and line == " ".join(line.split())) for line in lines)
    assert ("groups" in fields) == (metadata.groups is not None)


def test_a_key_in_capitals_counts_so_that_no_article_is_opened_by_a_slip() -> None:
    assert read_metadata({"Groups": ["staff"], "TITLE": "Harbour"}).groups == frozenset({"staff"})
    with pytest.raises(ArticleError, match="a key twice"):
        read_metadata({"Groups": ["staff"], "groups": ["board"]})


@pytest.mark.parametrize(
    "fields",
    [
        {"group": ["board"]},
        {"Group": "board"},
        {"gruops": ["board"]},
        {"grous": ["board"]},
        {"params": {"groups": ["board"]}},
        {"params": [{"deep": {"Groups": ["board"]}}]},
        {"groups": ["board, staff"]},
        {"groups": "board, staff"},
        {"groups": {"read": ["board"]}},
        {"groups": [1, 2]},
    ],
)
def test_groups_in_another_place_or_form_fail_the_article(fields: dict[str, object]) -> None:
    with pytest.raises(AccessUnclear):
        read_metadata(fields)


@pytest.mark.parametrize("key", ["GROUPS", " groups ", "groups\u00a0", "gro\u200bups", "\ufeffgroups", "\uff47roups"])
def test_a_key_counts_however_it_is_written(key: str) -> None:
    assert read_metadata({key: ["board"]}).groups == frozenset({"board"})


@pytest.mark.parametrize(
    ("written", "collections"),
    [
        ("handbook", {"handbook"}),
        ("[Handbook, Leave  policies]", {"handbook", "leave policies"}),
        ("[HR, hr]", {"hr"}),
        ("[]", set()),
        ("", set()),
    ],
)
def test_collections_are_names_without_regard_to_capitals(written: str, collections: set[str]) -> None:
    fields, _ = split_front_matter(f"---\ntitle: A\ncollections: {written}\n---\n")
    assert read_metadata(fields).collections == collections


@pytest.mark.parametrize("written", ["{a: b}", "[a, {b: c}]", "'a, b'", "' '", "[a" + "b" * 64 + "]", '"a\\0b"'])
def test_collections_that_are_not_understood_fail_the_article(written: str) -> None:
    fields, _ = split_front_matter(f"---\ntitle: A\ncollections: {written}\n---\n")
    with pytest.raises(AccessUnclear, match="collection"):
        read_metadata(fields)
