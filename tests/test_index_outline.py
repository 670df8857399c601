"""Passages begin where parts of an article begin, and what stands above them goes with them."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from index.ingest.chunking import Cut, cut_passages
from index.ingest.cutting import embedded_texts
from index.ingest.outline import heading_of, path_of
from index.ingest.sync import sync
from index.models.embedding import Embedder
from index.records import EVERYTHING, Context, Filters, Hit
from index.retrieval import retrieve
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK

NewPlace = Callable[[], AbstractContextManager[Path]]
OpenedIn = Callable[..., AbstractContextManager[Index]]

BENEFITS = """\
# Benefits

Everyone is insured from the first day of work, also in their probation period. People choose a plan in their first week.

## Dental

### What is covered

The plan pays for all of these, up to the yearly limit of its member. You get back:

- 100 percent of cleaning and of other preventive care, twice in every year
- 75 percent of fillings, crowns and bridges, once the deductible is paid
- for children and for people in training:
  - 50 percent of braces, after a waiting time of one whole year
  - the first visit to an orthodontist, whatever its outcome may be

## Medical

### What is covered

Fees by plan, for a family of any size, paid at the end of each month:

| Plan | Monthly fee | Yearly deductible |
|---|---|---|
| Bronze | 40 euros | 900 euros |
| Silver | 85 euros | 450 euros |
| Gold | 140 euros | none at all |
"""

COVERED = "The plan pays for all of these, up to the yearly limit of its member. You get back:"
PEOPLE = "for children and for people in training:"


def cut(embedder: Embedder, text: str, limit: int) -> list[Cut]:
    return cut_passages(text, "markdown", token_spans=embedder.token_spans, max_tokens=limit)


def passage_with(cuts: list[Cut], text: str, words: str) -> Cut:
    (found,) = (one for one in cuts if words in text[one.start : one.end])
    return found


@pytest.mark.parametrize(
    ("words", "headings", "introductions"),
    [
        ("Everyone is insured", (), ()),
        ("You get back", ("Benefits", "Dental", "What is covered"), ()),
        ("75 percent", ("Benefits", "Dental", "What is covered"), (COVERED,)),
        ("the first visit", ("Benefits", "Dental", "What is covered"), (COVERED, PEOPLE)),
        ("Silver", ("Benefits", "Medical", "What is covered"), ("Plan | Monthly fee | Yearly deductible |",)),
    ],
)
def test_a_passage_knows_its_headings_its_list_and_its_table(
    embedder: Embedder, words: str, headings: tuple[str, ...], introductions: tuple[str, ...]
) -> None:
    found = passage_with(cut(embedder, BENEFITS, 24), BENEFITS, words)
    assert found.context == Context(headings, introductions)


def test_passages_begin_at_headings_and_what_they_hold_themselves_is_not_said_above_them(embedder: Embedder) -> None:
    rain = "It rained in Rome all day long. "
    text = f"# Weather\n\n{rain * 5}\n\n## Spring\n\n{rain * 6}\n\n## Autumn\n\n### Late\n\n{rain * 5}"
    cuts = cut(embedder, text, 60)
    assert [text[one.start : one.end].split("\n")[0] for one in cuts] == ["Weather", "Spring", "Autumn"]
    assert [one.context for one in cuts] == [Context(), Context(("Weather",)), Context(("Weather",))]


def test_no_passage_ends_with_a_heading_or_with_the_head_of_a_table(embedder: Embedder) -> None:
    for limit in (24, 40, 60, 90):
        ends = [
            BENEFITS[one.start : one.end].rsplit("\n", 1)[-1].strip("# |") for one in cut(embedder, BENEFITS, limit)
        ]
        assert not {"Dental", "Medical", "What is covered"}.intersection(ends), limit


def test_long_sections_are_cut_between_their_items(embedder: Embedder) -> None:
    long = "# Rules\n\n" + "".join(f"- In the town of number {n} it rained all day. It was wet.\n" for n in range(40))
    for one in cut(embedder, long, 100)[1:]:
        assert long[one.start : one.end].startswith("In the town")
        assert one.context.headings == ("Rules",)


def test_a_comment_in_a_heading_goes_with_no_passage(embedder: Embedder) -> None:
    text = "# Fees <!-- secret -->\n\n" + "It rained in Rome all day long. " * 40
    cuts = cut(embedder, text, 60)
    assert {one.context.headings for one in cuts[2:]} == {("Fees",)}


def test_a_title_that_is_a_heading_too_is_said_once() -> None:
    context = Context(("BENEFITS", "Dental"), ("You get:",))
    assert path_of("Benefits", context) == "Benefits > Dental"
    assert heading_of("Handbook", context) == "Handbook > BENEFITS > Dental\nYou get:"


@pytest.fixture(scope="module")
def indexed(new_place: NewPlace, opened_in: OpenedIn) -> Iterator[Index]:
    with new_place() as place, opened_in(place / "data", passage_tokens=24) as index:
        (place / "benefits.md").write_text(BENEFITS)
        other = {"id": "other", "title": "Weather", "text": "It rained heavily in Rome. The sun came out."}
        (place / "other.jsonl").write_text(json.dumps(other))
        assert sync(index, [place]).added == 2
        yield index


def best(index: Index, question: str) -> Hit:
    return retrieve(index, question, access=EVERYTHING, filters=Filters()).hits[0]


def test_a_row_and_an_item_are_found_by_what_stands_above_them(indexed: Index) -> None:
    row = best(indexed, "yearly deductible of the silver medical plan").passage
    assert "Silver | 85 euros" in row.text
    item = best(indexed, "dental coverage of fillings and crowns").passage
    assert "75 percent of fillings" in item.text
    for passage in (row, item):
        info, text = indexed.catalog.article("benefits", EVERYTHING)
        assert text[passage.start : passage.end] == passage.text
        assert passage.context.headings[0] == "Benefits"
        assert passage.article == info


def test_what_is_embedded_is_what_stands_above_and_the_words(indexed: Index) -> None:
    contents = (one for batch in indexed.catalog.contents(at_once=9) for one in batch)
    (prepared,) = (one for one in contents if one.article.id == "benefits")
    texts = embedded_texts(indexed, prepared.article)
    assert len(texts) == len(prepared.cuts or ())
    (row,) = (one for one in texts if "Silver" in one)
    assert row.startswith("Benefits > Medical > What is covered\nPlan | Monthly fee | Yearly deductible |\n")
