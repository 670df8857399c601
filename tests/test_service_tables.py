"""Rows of tables and pieces of code that answer: as people read them, with exact quotes."""

from dataclasses import replace
from pathlib import Path

import pytest

from index.ingest.segmentation import display_text
from index.records import EVERYTHING, Filters, TextFormat
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.evidence import Search, read_evidence
from service.answer.models import Answer, NoAnswer
from service.answer.tables import row_of, row_text
from tests.service_fixtures import shipped_reader
from tests.test_service_extractive import indexed, reply, sentences

RATES = """\
# Makerspace rates 2026

Prices are per hour and include material for tests.

| Machine | Member | Guest | Training needed |
|---------|-------:|------:|-----------------|
| Laser cutter | 4 € | 9 € | yes |
| 3D printer | free | 2,50 € | no |
| CNC mill | CHF 12 | CHF 20 | yes, two evenings |
| Sewing machine | free | on request | no |
"""
CRANE = """\
# Crane

The crane lifts boats out of the water.

Weight | Price
--- | ---
up to 2 tonnes | 90 euros
2 to 5 tonnes | 140 euros
over 5 tonnes | on request
"""
BACKUP = """\
# Backups of the member database

The database is dumped every night by a timer.

## How to restore a backup

Stop the service first, then run these commands on the server:

```bash
systemctl stop members
pg_restore --clean --dbname="${names[1]}" \\
    /var/backups/members-latest.dump

systemctl start members
```

After that, check the log for errors.
"""


@pytest.mark.parametrize(
    ("question", "row", "cell"),
    [
        ("How much does a guest pay for the laser cutter?", "Machine: Laser cutter; Member: 4 €; Guest: 9 €", "9 €"),
        ("What does the CNC mill cost for a member?", "Machine: CNC mill; Member: CHF 12; Guest: CHF 20", "CHF 12"),
        ("How much is the sewing machine for a guest?", "Machine: Sewing machine; Member: free", "on request"),
        ("What is the price for over 5 tonnes?", "Weight: over 5 tonnes; Price: on request", "on request"),
        ("What is the price for 2 to 5 tonnes?", "Weight: 2 to 5 tonnes; Price: 140 euros", "140 euros"),
    ],
)
def test_the_row_and_column_that_are_asked_for_answer(
    index: Index, folder: Path, question: str, row: str, cell: str
) -> None:
    indexed(index, folder, rates=RATES, crane=CRANE)
    found = reply(index, question)
    assert isinstance(found, Answer)
    assert [one.text.startswith(row) for one in found.sentences if ";" in one.text] == [True]
    assert "|" not in found.text
    (marked,) = [
        citation.quote[citation.highlight.start - citation.start : citation.highlight.end - citation.start]
        for citation in found.citations
        if citation.highlight and "|" in citation.quote
    ]
    assert marked == cell
    assert found.short_answer in (None, cell)


def test_bars_within_cells_and_empty_heads_stay_apart(index: Index, folder: Path) -> None:
    table = "| | Mon | Tue |\n|---|---|---|\n| `Sauna \\| steam` | closed | 10–18 |\n| Pool | 9–12 | |\n"
    indexed(index, folder, hours=f"# Opening hours of the sauna\n\n{table}")
    (row,) = [one.text for one in sentences(index, "What are the opening hours of the sauna on Tue?")]
    assert row == "Sauna | steam; Mon: closed; Tue: 10–18"


def test_only_the_rows_in_question_are_read(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its table is, and the head of that: each piece of text that is read costs the parser time."""
    head = "| City | Hotel limit |" + " x |" * 500
    rows = "\n".join(f"| Town{number} | NOK {1000 + number} |" for number in range(400))
    indexed(index, folder, limits=f"# Hotel limits\n\n{head}\n{'|---' * 502}|\n{rows}\n")
    read: list[str] = []

    def counted(text: str, format: TextFormat) -> str:
        read.append(text)
        return display_text(text, format)

    monkeypatch.setattr("service.answer.tables.display_text", counted)
    found = reply(index, "What is the hotel limit in Town23?")
    assert isinstance(found, Answer)
    assert "City: Town23; Hotel limit: NOK 1023" in found.text
    sentences_read = 8 * 30  # hits, and about as many rows as a passage holds
    assert len(read) < 2 * (8 * 502 + 2 * sentences_read)


HTML_HOURS = """\
# Opening hours of the sauna

<table>
  <tr><td></td>
   <th>Mon</th> <th>Tue</th>
  </tr>
  <tr>
   <td><strong>Sauna</strong>
   </td>
   <td>closed</td>
   <td>10–18
   </td>
  </tr>
  <tr><td>Pool</td><td>9–12</td><td></td></tr>
</table>
"""


def test_a_table_of_html_is_shown_as_one_of_markdown(index: Index, folder: Path) -> None:
    indexed(index, folder, hours=HTML_HOURS)
    found = reply(index, "What are the opening hours of the sauna on Tue?")
    assert isinstance(found, Answer)
    assert [one.text for one in found.sentences] == ["Sauna; Mon: closed; Tue: 10–18"]
    (cited,) = found.citations
    assert cited.quote in HTML_HOURS
    assert cited.quote.startswith("<strong>Sauna</strong>\n   </td>")


def test_cells_over_several_rows_are_given_no_heads(index: Index, folder: Path) -> None:
    indexed(index, folder, hours=HTML_HOURS.replace("<td><strong>Sauna", '<td rowspan="2"><strong>Sauna'))
    (hit,) = retrieve(index, "opening hours", access=EVERYTHING, filters=Filters()).hits
    evidence, *_ = read_evidence(replace(index, reader=shipped_reader()), [Search("opening hours", (hit,))])
    rows = [row_of(index, one) for one in evidence if "<td" in hit.passage.words_of(one.span)]
    assert sorted(row_text(row) for row in rows if row) == ["Pool; 9–12", "Sauna; closed; 10–18"]


def test_the_head_of_a_table_is_no_answer(index: Index, folder: Path) -> None:
    indexed(index, folder, rates=RATES)
    found = reply(index, "Which machine needs training?")
    assert isinstance(found, Answer | NoAnswer)
    assert "Training needed" not in [citation.quote for citation in getattr(found, "citations", ())]


@pytest.mark.parametrize(
    "head",
    [
        "| City <!-- not for guests --> | Hotel limit |\n|---|---|\n| Oslo | NOK 1900 |\n",
        "| City | %% not for guests %% | Hotel limit |\n|---|---|---|\n| Oslo | yes | NOK 1900 |\n",
        "| City | Hotel limit |\n|---|---|\n| Oslo <!-- not for guests --> | NOK 1900 |\n",
        "<!--\n\n| not for guests | b |\n|---|---|\n-->\n| Oslo | NOK 1900 |\n",
    ],
)
def test_comments_in_a_table_are_not_shown(index: Index, folder: Path, head: str) -> None:
    indexed(index, folder, limits=f"# Hotel limits\n\nThe hotel limits hold for a night.\n\n{head}")
    found = reply(index, "What is the hotel limit in Oslo? NOK 1900?")
    assert isinstance(found, Answer)
    assert "NOK 1900" in found.text
    assert "not for guests" not in repr(found)


def test_code_that_answers_keeps_its_lines(index: Index, folder: Path) -> None:
    indexed(index, folder, backup=BACKUP, crane=CRANE)
    found = reply(index, "How do I restore a backup of the member database?")
    assert isinstance(found, Answer)
    (code,) = [one for one in found.sentences if one.form == "code"]
    assert code.text == BACKUP.split("```bash\n")[1].split("\n```")[0]
    assert found.text[code.start : code.end].startswith("systemctl stop members\npg_restore")
    assert found.text[code.start - 1] == "\n"
    before = found.sentences[found.sentences.index(code) - 1]
    assert before.text == "Stop the service first, then run these commands on the server:"
