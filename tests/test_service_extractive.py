"""Quoted answers read like answers, and every quote is exact."""

from dataclasses import replace
from pathlib import Path

from index.ingest.sync import sync
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.citations import Draft
from service.answer.evidence import read_sentences
from service.answer.extractive import quoted, short_answer
from service.answer.refusal import confidence, measured

HARBOUR = """\
---
title: Harbour
---
## The new harbour

The town of Aldwick built a new harbour in 1998. It cost 12 million dollars. Fishing boats moved there within a year.

The old harbour is a museum now, and entry is free on Sundays.
"""
FERRY = """\
---
title: Ferry
---
Ann Lee has run the ferry of Aldwick since 2003. The ferry carries 300 passengers on a good day.

In 1998 the town of Aldwick built a new harbour.
"""


def indexed(index: Index, folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)
    assert sync(index, [folder]).failed == ()


def drafts(index: Index, question: str) -> list[Draft]:
    retrieved = retrieve(index, question, access=EVERYTHING, filters=Filters())
    found = quoted(index, question, read_sentences(index, question, retrieved))
    for stretch in (stretch for draft in found for stretch in draft.stretches):
        _, text = index.catalog.article(stretch.hit.passage.article.id, EVERYTHING)
        assert text[stretch.span.start : stretch.span.end] == stretch.words
    return found


def sure(index: Index, question: str) -> float:
    retrieved = retrieve(index, question, access=EVERYTHING, filters=Filters())
    return confidence(question, read_sentences(index, question, retrieved))


def test_a_sentence_that_leans_on_the_one_before_takes_it_along(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR)
    first = drafts(index, "How much did the new harbour cost?")[0]
    assert first.text == "The town of Aldwick built a new harbour in 1998. It cost 12 million dollars."
    assert first.stretches[0].words == first.text


def test_the_sentence_before_is_found_across_the_end_of_a_passage(index: Index, folder: Path) -> None:
    filler = "The council met again and talked of roads and drains for hours. " * 60
    text = f"# Notes\n\n{filler}The lighthouse of Selby fell in the storm.\n\nIt was rebuilt for 3 million dollars. {filler}"
    indexed(index, folder, notes=text)
    first = drafts(index, "How much did it cost to rebuild the lighthouse of Selby?")[0]
    assert first.text == "The lighthouse of Selby fell in the storm. It was rebuilt for 3 million dollars."
    assert (
        first.stretches[0].words
        == "The lighthouse of Selby fell in the storm.\n\nIt was rebuilt for 3 million dollars."
    )


def test_a_heading_is_not_the_answer_where_a_sentence_is(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR)
    assert drafts(index, "the new harbour")[0].text.startswith("The town of Aldwick built a new harbour")


def test_what_two_articles_say_alike_is_said_once_and_cited_twice(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    first, *others = drafts(index, "When did Aldwick build a new harbour?")
    assert {stretch.hit.passage.article.id for stretch in first.stretches} == {"harbour", "ferry"}
    assert not any("built a new harbour" in draft.text for draft in others)


def test_what_is_alike_but_of_another_is_no_support(index: Index, folder: Path) -> None:
    said = "# Hospitals\n\nThe hospital of {0} Aldwick has 120 beds and was opened in 1998 after a long quarrel.\n"
    indexed(index, folder, east=said.format("East"), west=said.format("West"))
    found = drafts(index, "How many beds does the hospital of East Aldwick have?")
    assert [stretch.hit.passage.article.id for stretch in found[0].stretches] == ["east"]


def test_the_person_asked_for_comes_first(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    assert drafts(index, "who runs the ferry?")[0].text == "Ann Lee has run the ferry of Aldwick since 2003."


def test_an_amount_that_no_sentence_holds_is_not_answered(index: Index, folder: Path) -> None:
    indexed(index, folder, ferry=FERRY)
    assert sure(index, "How much did the ferry of Aldwick cost?") == 0.0
    assert sure(index, "Who runs the ferry of Aldwick?") > 0.5


def test_a_name_that_is_nowhere_lowers_confidence(index: Index, folder: Path) -> None:
    indexed(index, folder, ferry=FERRY)
    assert sure(index, "Since when has Ann Lee run the ferry of Selby?") < sure(
        index, "Since when has Ann Lee run the ferry of Aldwick?"
    )


def test_a_question_from_another_world_is_not_answered(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    assert sure(index, "What is the boiling point of tungsten?") < 0.5


def test_another_figure_is_shown_also_from_an_article_about_something_else(index: Index, folder: Path) -> None:
    notes = {
        f"n{n}": f"# Note {n}\n\nThe new harbour of Aldwick cost 12 million dollars, says note {n}." for n in range(20)
    }
    gardens = "# Gardens\n\n" + "Roses grow in the gardens of Aldwick, and lilies too. " * 12
    indexed(index, folder, **notes, gardens=f"{gardens}The new harbour of Aldwick had cost 20 million dollars.")
    texts = [draft.text for draft in drafts(index, "How much did the new harbour of Aldwick cost?")]
    assert "12 million dollars" in texts[0]
    assert any("20 million dollars" in text for text in texts)


def test_a_question_with_two_parts_is_answered_in_two_parts(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    first, second = drafts(index, "How much did the new harbour of Aldwick cost, and who has run the ferry of Aldwick?")
    assert "It cost 12 million dollars." in first.text
    assert second.text == "Ann Lee has run the ferry of Aldwick since 2003."


def test_lines_that_are_no_part_of_the_article_are_not_quoted(index: Index, folder: Path) -> None:
    indexed(
        index, folder, ferry=f"{FERRY}\nRelated: Who runs the ferry of Aldwick at night\n\nSign up for ferry news.\n"
    )
    texts = " ".join(draft.text for draft in drafts(index, "Who runs the ferry of Aldwick?"))
    assert "Ann Lee" in texts
    assert "Related" not in texts
    assert "Sign up" not in texts


def test_an_overview_of_what_a_passage_tells_is_answered(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    assert sure(index, "What do the sources say about the ferry?") > 0.5
    assert sure(index, "What do the sources say about the glacier?") < 0.5


MANUAL = """\
---
title: The Kestrel kettle, owner's manual
---
# Kestrel kettle

Thank you for choosing this kettle. Read the manual first.

## Technical data

| Item | Value |
|---|---|
| Capacity | 0.9 litres |
| Weight | 1.3 kg |

## Care

Descale the kettle every four weeks. Never use vinegar, because it attacks the seal. Rinse it three times afterwards.

## Next steps

- Next inspection: 3 June 2027, in the workshop
"""


def test_a_row_of_a_table_answers_without_its_last_mark(index: Index, folder: Path) -> None:
    indexed(index, folder, manual=MANUAL)
    assert drafts(index, "What is the capacity of the kettle?")[0].text == "Capacity | 0.9 litres"


def test_a_line_of_a_list_answers(index: Index, folder: Path) -> None:
    indexed(index, folder, manual=MANUAL)
    assert drafts(index, "When is the next inspection?")[0].text == "Next inspection: 3 June 2027, in the workshop"


def test_a_summary_of_a_document_has_several_of_its_sentences_in_order(index: Index, folder: Path) -> None:
    indexed(index, folder, manual=MANUAL, ferry=FERRY)
    found = drafts(index, "Summarise the manual of the kettle")
    assert {draft.stretches[0].hit.passage.article.id for draft in found} == {"manual"}
    starts = [draft.stretches[0].span.start for draft in found]
    assert len(starts) > 2
    assert starts == sorted(starts)


def test_things_that_are_compared_are_told_of_one_after_the_other(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    found = drafts(index, "Compare the new harbour of Aldwick with the ferry of Aldwick.")
    assert {draft.stretches[0].hit.passage.article.id for draft in found} == {"harbour", "ferry"}


def test_of_the_values_of_two_times_that_in_question_comes_first(index: Index, folder: Path) -> None:
    said = "---\ntitle: Ferry fares\n---\nThe ferry of Aldwick costs {} crowns for a crossing.\n"
    indexed(index, folder, old=said.format(14), new=said.format(9))
    retrieved = retrieve(index, "What does the ferry of Aldwick cost?", access=EVERYTHING, filters=Filters())
    for time in ("old", "new"):
        hits = tuple(replace(hit, timely=hit.passage.article.id == time) for hit in retrieved.hits)
        evidence = read_sentences(index, "What does the ferry of Aldwick cost?", replace(retrieved, hits=hits))
        found = quoted(index, "What does the ferry of Aldwick cost?", evidence)
        assert [draft.stretches[0].hit.passage.article.id for draft in found] == [time]


def test_who_is_not_answered_in_short_by_what_names_nobody(index: Index, folder: Path) -> None:
    said = "---\ntitle: Mill\n---\nThe person who runs the mill of Selby is the miller. The mill is old."
    indexed(index, folder, mill=said, ferry=FERRY)
    asked = ("Who runs the mill of Selby?", "Who runs the ferry of Aldwick?")
    found = [read_sentences(index, one, retrieve(index, one, access=EVERYTHING, filters=Filters())) for one in asked]
    assert [short_answer(one, e, sure=False) for one, e in zip(asked, found, strict=True)] == [None, "Ann Lee"]


def test_what_a_sentence_announces_comes_with_it(index: Index, folder: Path) -> None:
    told = "The keeper draws three lessons. Lamps fail. Oil runs out. And nobody reads the book. Boats still come."
    indexed(index, folder, light=f"---\ntitle: Lighthouse of Selby\n---\n{told}", ferry=FERRY)
    first = drafts(index, "Which lessons does the keeper of the lighthouse draw?")[0]
    assert first.text == "The keeper draws three lessons. Lamps fail. Oil runs out. And nobody reads the book."
    assert first.stretches[0].words == first.text


EXPECTED = """\
---
title: Bluefin to buy rival Corvo for 2.3 billion dollars
publisher: Daily Ledger
published: 2026-06-02
---
Bluefin Logistics has agreed to buy its rival Corvo Freight for 2.3 billion dollars in cash and shares, the companies
said on Monday. The deal would create the third-largest haulier in Europe, with 21,000 employees and 9,400 lorries.

Bluefin's chief executive, Sara Lindqvist, will lead the combined company. Corvo's founder, Paolo Grassi, will leave
once the deal is done. The companies expect to save 150 million dollars a year by 2029, mostly by closing depots that
overlap.

The deal needs the approval of the European Commission, which is expected to decide by the end of November. Trade
unions said that up to 1,800 jobs were at risk. Bluefin declined to comment on job cuts.

Shares in Corvo rose 18 percent. Those of Bluefin fell 4 percent.
"""
DECIDED = """\
---
title: Commission clears Bluefin's purchase of Corvo with conditions
publisher: Brussels Wire
published: 2026-11-06
---
The European Commission on Thursday approved the purchase of Corvo Freight by Bluefin Logistics, provided that the
companies sell 14 depots in Germany and Poland. The approval came three weeks earlier than expected.

The price, first given as 2.3 billion dollars, has come down to 2.1 billion after Corvo reported weak results in
September. The deal is to close on 15 December.

Sara Lindqvist said that the company would cut 1,200 jobs, most of them in administration. Unions had feared 1,800.

Buyers for the depots include Hansen Group and the Polish state railway.
"""


def test_what_came_about_answers_before_what_was_expected(index: Index, folder: Path) -> None:
    indexed(index, folder, expected=EXPECTED, decided=DECIDED)
    assert "approved the purchase" in drafts(index, "Did the Commission approve the deal?")[0].text


def test_a_name_alone_is_no_short_answer_to_whether(index: Index, folder: Path) -> None:
    indexed(index, folder, expected=EXPECTED)
    asked = ("Did the Commission approve the deal?", "Who has to approve the deal?")
    found = [read_sentences(index, one, retrieve(index, one, access=EVERYTHING, filters=Filters())) for one in asked]
    short = [short_answer(one, e, sure=False) for one, e in zip(asked, found, strict=True)]
    assert short[0] is None
    assert "Commission" in (short[1] or "")


def test_names_in_the_sentence_before_count_as_named(index: Index, folder: Path) -> None:
    told = "---\ntitle: Orders\n---\nThe shipyard has a customer, Valka. It has ordered 12 red boats."
    indexed(index, folder, orders=told)
    for name, missing in (("Valka", 0.0), ("Torvik", 1.0)):
        question = f"How many boats has {name} ordered?"
        evidence = read_sentences(
            index, question, retrieve(index, question, access=EVERYTHING, filters=Filters(), count=1)
        )
        of_orders = [one for one in evidence if one.text.startswith("It has")]
        assert measured(question, of_orders)["names_missing"] == missing
