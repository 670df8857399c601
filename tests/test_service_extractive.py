"""Quoted answers read like answers, and every quote is exact."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from index.ingest.sync import sync
from index.records import EVERYTHING
from index.stores.store import Index
from service.answer.models import About, Answer, Citation, NoAnswer, Question, Sentence
from service.answer.pipeline import answer
from service.settings import Settings
from tests.service_fixtures import shipped_reader

SETTINGS = Settings(_env_file=None)

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


def reply(index: Index, question: str, as_of: date | None = None) -> Answer | NoAnswer | About:
    """Answer a question as people get it, and check every quote."""
    asked = Question(question, access=EVERYTHING, as_of=as_of)
    found = answer(asked, index=replace(index, reader=shipped_reader()), settings=SETTINGS)
    for citation in found.citations if isinstance(found, Answer) else ():
        _, text = index.catalog.article(citation.article_id, EVERYTHING)
        assert text[citation.start : citation.end] == citation.quote
        if (found_in := citation.highlight) is not None:
            assert citation.start <= found_in.start < found_in.end <= citation.end
    return found


def confidence(index: Index, question: str) -> float:
    found = reply(index, question)
    assert isinstance(found, Answer | NoAnswer)
    return found.confidence


def sentences(index: Index, question: str) -> list[Sentence]:
    found = reply(index, question)
    assert isinstance(found, Answer), question
    return list(found.sentences)


def cited(found: Answer, sentence: Sentence) -> list[Citation]:
    return [citation for citation in found.citations if citation.number in sentence.citations]


def test_a_sentence_that_leans_on_the_one_before_takes_it_along(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR)
    first = sentences(index, "How much did the new harbour cost?")[0]
    assert first.text == "The town of Aldwick built a new harbour in 1998. It cost 12 million dollars."


def test_the_sentence_before_is_found_across_the_end_of_a_passage(index: Index, folder: Path) -> None:
    filler = "The council met again and talked of roads and drains for hours. " * 60
    text = f"# Notes\n\n{filler}The lighthouse of Selby fell in the storm.\n\nIt was rebuilt for 3 million dollars. {filler}"
    indexed(index, folder, notes=text)
    found = reply(index, "How much did it cost to rebuild the lighthouse of Selby?")
    assert isinstance(found, Answer)
    assert found.sentences[0].text == "The lighthouse of Selby fell in the storm. It was rebuilt for 3 million dollars."
    quote = "The lighthouse of Selby fell in the storm.\n\nIt was rebuilt for 3 million dollars."
    assert found.citations[0].quote == quote


def test_a_heading_is_not_the_answer_where_a_sentence_is(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR)
    assert sentences(index, "the new harbour")[0].text.startswith("The town of Aldwick built a new harbour")


def test_what_two_articles_say_alike_is_said_once_and_cited_twice(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    found = reply(index, "When did Aldwick build a new harbour?")
    assert isinstance(found, Answer)
    first, *others = found.sentences
    assert {citation.article_id for citation in cited(found, first)} == {"harbour", "ferry"}
    assert not any("built a new harbour" in sentence.text for sentence in others)


def test_what_is_alike_but_of_another_is_no_support(index: Index, folder: Path) -> None:
    said = "# Hospitals\n\nThe hospital of {0} Aldwick has 120 beds and was opened in 1998 after a long quarrel.\n"
    indexed(index, folder, east=said.format("East"), west=said.format("West"))
    found = reply(index, "How many beds does the hospital of East Aldwick have?")
    assert isinstance(found, Answer)
    assert [citation.article_id for citation in cited(found, found.sentences[0])] == ["east"]


def test_the_person_asked_for_comes_first(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    assert sentences(index, "who runs the ferry?")[0].text == "Ann Lee has run the ferry of Aldwick since 2003."


def test_a_name_that_is_nowhere_lowers_confidence(index: Index, folder: Path) -> None:
    indexed(index, folder, ferry=FERRY)
    assert confidence(index, "Since when has Ann Lee run the ferry of Selby?") < confidence(
        index, "Since when has Ann Lee run the ferry of Aldwick?"
    )


def test_a_question_from_another_world_is_not_answered(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    assert confidence(index, "What is the boiling point of tungsten?") < 0.5


def test_another_figure_is_shown_also_from_an_article_about_something_else(index: Index, folder: Path) -> None:
    notes = {
        f"n{n}": f"# Note {n}\n\nThe new harbour of Aldwick cost 12 million dollars, says note {n}." for n in range(4)
    }
    gardens = "# Gardens\n\n" + "Roses grow in the gardens of Aldwick, and lilies too. " * 12
    indexed(index, folder, **notes, gardens=f"{gardens}The new harbour of Aldwick had cost 20 million dollars.")
    texts = [sentence.text for sentence in sentences(index, "How much did the new harbour of Aldwick cost?")]
    assert "12 million dollars" in texts[0]
    assert any("20 million dollars" in text for text in texts)


def test_a_question_with_two_parts_is_answered_in_two_parts(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    question = "How much did the new harbour of Aldwick cost, and who has run the ferry of Aldwick?"
    texts = [sentence.text for sentence in sentences(index, question)]
    assert "It cost 12 million dollars." in texts[0]
    assert "Ann Lee has run the ferry of Aldwick since 2003." in texts[1:]


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
    answered = sentences(index, "What is the capacity of the kettle?")
    assert "Item: Capacity; Value: 0.9 litres" in [sentence.text for sentence in answered]


def test_a_line_of_a_list_answers(index: Index, folder: Path) -> None:
    indexed(index, folder, manual=MANUAL)
    texts = [one.text for one in sentences(index, "When is the next inspection of the kettle?")]
    assert "Next inspection: 3 June 2027, in the workshop" in texts


def test_things_that_are_compared_are_told_of_one_after_the_other(index: Index, folder: Path) -> None:
    indexed(index, folder, harbour=HARBOUR, ferry=FERRY)
    found = reply(index, "Compare the new harbour of Aldwick with the ferry of Aldwick.")
    assert isinstance(found, Answer)
    assert {citation.article_id for citation in found.citations} == {"harbour", "ferry"}


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


def test_what_came_about_is_told_and_not_only_what_was_expected(index: Index, folder: Path) -> None:
    indexed(index, folder, expected=EXPECTED, decided=DECIDED)
    assert any("approved the purchase" in one.text for one in sentences(index, "Did the Commission approve the deal?"))


def test_a_value_of_a_sentence_that_is_quoted_with_the_one_before_is_compared(index: Index, tmp_path: Path) -> None:
    indexed(
        index,
        tmp_path,
        report="# Town report\n\nThe Harbour festival of Aldwick took place in July 2025. It drew 18,000 visitors.\n",
        news="# Aldwick news\n\nThe Harbour festival of Aldwick drew 14,500 visitors in July 2025.\n",
    )
    found = reply(index, "How many visitors did the Harbour festival of Aldwick draw?")
    assert isinstance(found, Answer)
    assert [{value.value for value in one.values} for one in found.disagreements] == [{"18,000", "14,500"}]
    assert found.short_answer is None


def test_a_short_line_that_several_articles_have_is_quoted_once(index: Index, tmp_path: Path) -> None:
    minutes = "# Meeting\n\n* Ability to have other names in EasyCLA.\n  * {}\n"
    indexed(
        index,
        tmp_path,
        may=minutes.format("No update from legal so far."),
        june=minutes.format("Robin will ask the lawyers."),
        july=minutes.format("Waiting for the vendor to reply."),
    )
    found = reply(index, "What is EasyCLA?")
    assert isinstance(found, Answer)
    assert found.text.count("Ability to have other names") == 1


def test_a_misspelt_name_is_understood(index: Index, tmp_path: Path) -> None:
    indexed(index, tmp_path, harbour=HARBOUR, ferry=FERRY)
    found = reply(index, "Who runs the ferry of Aldwikc?")
    assert isinstance(found, Answer)
    assert "Ann Lee" in found.text
