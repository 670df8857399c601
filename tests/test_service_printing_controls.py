"""Articles, titles, file names and questions that want to steer a terminal or a page: their control characters are shown."""

import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eval.reporting.pages import write_from
from eval.terminal import show_list
from index.control_characters import json_controls, visible_controls
from service.cli import printing
from service.schemas.api import SearchResponse
from service.schemas.maintenance import IndexReportWire
from tests.fake_assistant import INDEXED, STATUS, answer, answered, citation

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x1b[2J \x9b31m \u202egnp.exe\u2066 \r\x08\x7f\0 :x: [bold]\n$ rm"
OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HIT = {
    "passage_id": HOSTILE,
    "article_id": HOSTILE,
    "article_version": "v",
    "title": HOSTILE,
    "publisher": HOSTILE,
    "published": None,
    "url": None,
    "text": HOSTILE,
    "start": 0,
    "end": 1,
    "score": 1.0,
    "dense": 1.0,
    "lexical": 1.0,
}


def failed(report: IndexReportWire) -> IndexReportWire:
    fault = [{"path": HOSTILE, "error": HOSTILE}]
    return IndexReportWire.model_validate(
        report.model_dump() | {"skipped": [HOSTILE], "failed": fault, "warnings": fault, "rebuilt": HOSTILE}
    )


def print_everything() -> None:
    cited = citation(1, HOSTILE, title=HOSTILE, publisher=HOSTILE, quote=HOSTILE, end=2 + len(HOSTILE))
    said = answered(HOSTILE, citations=[cited], short_answer=HOSTILE, answerer=HOSTILE, degraded=HOSTILE)
    printing.print_answer(said)
    printing.print_answer(said, markdown={cited.article_id})
    printing.print_answer(answer(nearest=[{"article_id": HOSTILE, "title": HOSTILE}]))
    printing.print_hits(SearchResponse.model_validate({"question": HOSTILE, "hits": [HIT]}))
    printing.print_index_report(failed(INDEXED), dry_run=False)
    watched = {"path": HOSTILE, "last_sync": HOSTILE, "problems": [HOSTILE]}
    named = {"watching": [watched], "model": HOSTILE, "outdated": HOSTILE, "data_dir": HOSTILE}
    printing.print_status(type(STATUS).model_validate(STATUS.model_dump() | named))
    show_list("Rows", [HOSTILE])


def test_no_control_character_is_sent_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_everything()
    sent = "".join(capsys.readouterr())
    assert not OBEYED.search(sent)
    assert "\\x1b]0;owned\\x07\\x1b[31mred" in sent
    assert ":x:" in sent
    assert "[bold]" in sent


def test_footnote_s_own_colours_are(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "Console", lambda **given: Console(file=sys.stdout, force_terminal=True, **given))
    print_everything()
    sent = "".join(capsys.readouterr())
    assert "\x1b[1m" in sent
    assert not OBEYED.search(re.sub(r"\x1b\[[\d;]*m", "", sent))
    assert "\x1b[31mred" not in sent


def test_a_page_shows_them(tmp_path: Path) -> None:
    page = visible_controls(HOSTILE)
    assert not OBEYED.search(page)
    environment = sys.modules[write_from.__module__].__dict__["_environment"]()
    assert "\\x1b]0;owned" in environment.from_string("{{ title }}").render(title=HOSTILE)


@given(st.text())
def test_json_says_the_same(text: str) -> None:
    written = json_controls(json.dumps({"title": text}, ensure_ascii=False))
    assert json.loads(written) == {"title": text}
    assert not OBEYED.search(written)
