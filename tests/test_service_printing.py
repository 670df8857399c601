"""What the command line shows: pages of PDFs, and one source for copies."""

from pathlib import Path

import pytest

from service.auth.askers import OWNER
from service.cli.markdown import without_marks
from service.cli.printing import print_answer
from service.schemas.api import AskRequest, AskResponse, HighlightWire, NearestPassageWire
from tests.fake_assistant import answered, citation
from tests.pdf_files import pdf_of
from tests.service_fixtures import assistant_over, index_into, settings_for, write

PAGES = [
    ["The harbour of Genoa", "The harbour is the oldest of the country, and has eleven piers of stone."],
    ["Workers of the harbour walked out on Monday, after talks about wages had failed."],
    ["The ministry paid seven million euros for the new lighthouse at the harbour's end."],
]
STRIKE = "Workers of the harbour walked out on Monday, after talks about wages had failed for the third time."


def asked(tmp_path: Path, folder: Path, question: str) -> AskResponse:
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, folder)
        return assistant.ask(AskRequest(question=question), OWNER)


def test_a_citation_of_a_pdf_names_its_page(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "harbour.pdf").write_bytes(pdf_of(PAGES, title="The harbour of Genoa"))
    response = asked(tmp_path, folder, "How much did the ministry pay for the new lighthouse?")
    assert response.status == "answered"
    assert [cited.page for cited in response.citations if "seven million euros" in cited.quote] == [3]
    print_answer(response)
    assert ", p. 3\n" in capsys.readouterr().out


def test_a_page_is_not_named_where_there_are_none(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"a.md": f"# The harbour\n\n{PAGES[2][0]}"})
    response = asked(tmp_path, folder, "How much did the ministry pay for the new lighthouse?")
    assert response.citations[0].page is None
    print_answer(response)
    assert ", p. " not in capsys.readouterr().out


def test_a_passage_that_comes_near_is_shown_without_marks(capsys: pytest.CaptureFixture[str]) -> None:
    quote = "The **fee** of [Berth 3](x) is *12* euros, see [[Fees|the list]]."
    near = NearestPassageWire(
        article_id="a",
        title="Fees",
        quote=quote,
        start=40,
        end=40 + len(quote),
        marks=[HighlightWire(start=46, end=49), HighlightWire(start=58, end=63)],
    )
    whole = answered("It rained.").model_copy(update={"status": "no_answer", "text": "None.", "nearest": [near]})
    print_answer(whole, markdown={"a"})
    assert "“The fee of Berth 3 is 12 euros, see the list.”" in capsys.readouterr().out
    print_answer(whole)
    assert "**fee** of [Berth 3](x)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        (
            "> [!NOTE]\n> Use **two** keys, see [the *guide*](https://a.example/x).",
            "Note: Use two keys, see the guide.",
        ),
        ("[[policy/Leave|Leave]] and [[Pay]] of H<sub>2</sub>O,<br>10<SUP>2</SUP>", "Leave and Pay of H_2O, 10^2"),
        (
            "## RateLimits\n- 5 % of `a*b*c`\n- 2 * 3 * 4 in snake_case_names",
            "RateLimits - 5 % of a*b*c - 2 * 3 * 4 in snake_case_names",
        ),
        (
            "Type `<sup>` in [x](javascript:alert(1)), <b>then</b>",
            "Type <sup> in [x](javascript:alert(1)), <b>then</b>",
        ),
    ],
)
def test_quotes_of_markdown_are_read_without_marks(quote: str, shown: str) -> None:
    assert without_marks(quote) == shown


def test_a_syndicated_article_is_cited_once(tmp_path: Path, folder: Path) -> None:
    more = (
        "The piers stood empty. Ships for Sardinia waited outside. The mayor asked both sides to meet again on Friday."
    )
    papers = ("Herald", "Post", "Times")
    copies = {f"{paper}.md": f"# Strike, says {paper}\n\n({paper}) {STRIKE} {more}" for paper in papers}
    other = "# Genoa stands still\n\nHarbour workers in Genoa stopped work on Monday because they want better wages."
    write(folder, {**copies, "own.md": other})
    response = asked(tmp_path, folder, "Why did the workers of the harbour walk out on Monday?")
    assert response.status == "answered"
    cited = {citation.article_id for citation in response.citations}
    assert len(cited & set(papers)) <= 1
    assert sum(STRIKE[:60] in citation.quote for citation in response.citations) == 1


def test_code_is_printed_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = "stop members\n    --all " + "x" * 200
    told = answered("Run this:", code, "Then rest.", citations=[citation(1), citation(2), citation(3)])
    said = [one.model_copy(update={"form": "code" if one.text == code else "prose"}) for one in told.sentences]
    print_answer(told.model_copy(update={"sentences": said}))
    assert (
        f"Run this: [1] \n    stop members\n        --all {'x' * 200} [2]\nThen rest. [3]\n" in capsys.readouterr().out
    )
