"""The page to label answers, in a real browser: by keyboard, blind to the system, and losing nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from eval.calibration.labels import key_of, read_labels
from eval.commands import app
from eval.records import CitedQuote, Result
from tests.eval_fixtures import hostile, run_in
from tests.page_browser import opened_file

CITED = CitedQuote(1, "a", hostile("title"), None, "It rained.", 4, 14, passage="Oh. It rained. So.", passage_start=0)
RESULTS = [
    Result(
        f"q{n}", f"Question {n}? {hostile('question')}", True, ("rain",), status="answered", text=f"It rained {n}. [1]",
        citations=(CITED,), answerer="secret-model", scores={"judged_correctness": 0.25},
    )
    for n in range(4)
]  # fmt: skip
REFUSED = Result("r", "Refused?", True, status="no_answer", text="None.")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    runs = [run_in(tmp_path / "secret-run", *RESULTS[:3], REFUSED), run_in(tmp_path / "other-run", *RESULTS[1:])]
    out = tmp_path / "label.html"
    ran = CliRunner().invoke(app, ["label", *map(str, runs), "--out", str(out)])
    assert (ran.exit_code, ran.stdout) == (
        0, f"4 answers to label in {out}. Open it in a browser, and save the labels at the end.\n",
    )  # fmt: skip
    return out


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    yield from opened_file(browser, file, width=360)


def saved(page: Page, to: Path) -> list[dict[str, object]]:
    with page.expect_download() as download:
        page.keyboard.press("s")
    download.value.save_as(to)
    return [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]


def test_the_page_names_no_system_and_no_verdict(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not any(word in text for word in ("secret", "other-run", "judged_correctness", "Refused?"))
    items = json.loads(text.partition('id="items">')[2].partition("</script>")[0])
    assert {name for item in items for name in item} == {"key", "question", "known", "text", "sources"}


def test_four_answers_take_eight_keys(page: Page, tmp_path: Path) -> None:
    expect(page.locator("output")).to_have_text("1 of 4, 0 done")
    for key in "ynuyynyy":
        page.keyboard.press(key)
    expect(page.locator("output")).to_have_text("4 of 4, 4 done")
    expect(page.locator(".saved")).to_contain_text("All are labelled")
    page.get_by_label("Your name").fill("Ann")
    page.locator("h1").click()
    lines = saved(page, tmp_path / "labels.jsonl")
    assert [(line["correct"], line["supported"], line["rater"]) for line in lines] == [
        (True, False, "Ann"), (None, True, "Ann"), (True, False, "Ann"), (True, True, "Ann"),
    ]  # fmt: skip
    assert {label.key for label in read_labels([tmp_path / "labels.jsonl"])} == {key_of(result) for result in RESULTS}


def test_nothing_is_lost_when_the_page_is_closed_and_opened_again(page: Page, file: Path, tmp_path: Path) -> None:
    for key in "yyn":
        page.keyboard.press(key)
    page.goto("about:blank")
    page.goto(file.as_uri())
    expect(page.locator("output")).to_have_text("2 of 4, 1 done")
    expect(page.locator("[data-aspect=correct] [data-say=no]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-aspect=correct] [data-say=yes]")).to_have_attribute("aria-pressed", "true")
    saved(page, tmp_path / "labels.jsonl")
    # In a browser that kept nothing, the file goes on.
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.goto(file.as_uri())
    expect(page.locator("output")).to_have_text("1 of 4, 0 done")
    page.get_by_label("Go on with a file").set_input_files(tmp_path / "labels.jsonl")
    expect(page.locator("output")).to_have_text("2 of 4, 1 done")


def test_the_mouse_does_it_too_and_it_can_be_read_by_all(page: Page) -> None:
    page.locator("[data-aspect=supported]").get_by_role("button", name="No").first.click()
    expect(page.locator("output")).to_have_text("1 of 4, 0 done")
    page.locator("[data-aspect=correct]").get_by_role("button", name="Yes").click()
    expect(page.locator("output")).to_have_text("1 of 4, 1 done")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert Axe().run(page).response["violations"] == []


def test_nothing_answered_is_nothing_to_label(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run", REFUSED)
    ran = CliRunner().invoke(app, ["label", str(run), "--out", str(tmp_path / "label.html")])
    assert (ran.exit_code, "nothing to label" in ran.stderr) == (2, True)
    assert not (tmp_path / "label.html").exists()
