"""Damaged files of every type: each is read or fails with a plain word, none hangs, and none ends the run."""

import json
from collections import Counter
from pathlib import Path

import pytest

from index.ingest.segmentation import split_sentences
from index.records import version_of
from index.sources.files import read_file
from index.sources.source_types import Failed, Limits, Read, Source
from tests.fuzzing import damaged, damaged_archive, moments
from tests.test_index_sources_documents import docx, epub, pptx, xlsx
from tests.test_index_sources_feed_files import ATOM, CRANE, TIDE, rss

MARKDOWN = """---
title: Harbour
groups: [board, staff]
published: 2026-11-03
---
# Harbour

The crane lifts **40 tonnes**. See [the fees](fees.md) and ![plan](plan.png).

- Moor early.
  1. Pay first.

| Berth | Fee |
|---|---|
| A | 31 € |

<!-- not yet --> `code` %% hidden %%
"""
PAGE = """<!doctype html><html lang=en><head><meta charset=utf-8><title>Harbour</title><meta name=groups content=board>
</head><body>
<nav><a href=/>Home</a></nav><main><h1>Harbour</h1><p>The crane lifts 40 tonnes at noon.</p><ul><li>Moor early.</ul>
<table><tr><th>Berth<th>Fee<tr><td>A<td>31</table>
<details><summary>More</summary><p>Ring twice.</p></details></main></body></html>"""
TABLE = 'berth;fee\nA;31 €\nB;"two; three"\n'


def pdf() -> bytes:
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    canvas = Canvas(file)
    for page in range(2):
        canvas.drawString(72, 720, f"Page {page}: the crane lifts 40 tonnes at noon.")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def line(**fields: object) -> str:
    return json.dumps(fields) + "\n"


SEEDS = {
    ".md": MARKDOWN.encode(),
    ".txt": MARKDOWN.encode("utf-16"),
    ".html": PAGE.encode(),
    ".csv": TABLE.encode("cp1252"),
    ".jsonl": (line(text="The crane lifts.", groups=["board"]) + line(title="Tide", text="It is 4 metres.")).encode(),
    ".xml": rss(TIDE, CRANE).encode(),
    ".atom": ATOM.encode(),
    ".pdf": pdf(),
    ".docx": docx(),
    ".xlsx": xlsx(("A1", "Year"), ("B1", "Cost"), ("A2", 2026), ("B2", 5.5)),
    ".pptx": pptx(),
    ".epub": epub(),
}


@pytest.mark.soak
def test_no_damaged_file_hangs_or_ends_a_run(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for number, chance in enumerate(moments(seed=1)):
        ending = chance.choice(list(SEEDS))
        archive = ending in (".docx", ".xlsx", ".pptx", ".epub") and chance.random() < 0.8
        file = tmp_path / f"file{ending}"
        file.write_bytes((damaged_archive if archive else damaged)(SEEDS[ending], chance))
        for reading in read_file(file, Source(tmp_path), limits=Limits()):
            outcomes[type(reading).__name__] += 1
            if isinstance(reading, Failed):
                # Files of some kilobytes have seconds of processor time: one that needs more never ends.
                assert "takes more than" not in reading.error, (number, ending, reading.error)
                assert "Traceback" not in reading.error, (number, ending, reading.error)
            if isinstance(reading, Read):
                article = reading.article
                assert article.info.version == version_of(article.text)
                for span in split_sentences(article.text, article.info.format):
                    assert article.text[span.start : span.end].strip(), (number, ending)
    assert outcomes["Read"]
    assert outcomes["Failed"]
    print(sum(outcomes.values()), "readings:", dict(outcomes))
