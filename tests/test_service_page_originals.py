"""A citation of a PDF or a scan opens the file itself, at its page, with the quoted words marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from index.records import EVERYTHING
from index.sources.originals import ORIGINALS_FOLDER
from service.assistant import LocalAssistant
from tests.page_browser import findings, fits, opened, screenshot, serving
from tests.pdf_files import pdf_of, with_coded_picture, with_scripts, with_table
from tests.scan_files import image_of, pdf_of_pictures, scanned
from tests.service_fixtures import assistant_over, index_into, settings_for

RULES = [
    ["The harbour board met on Tuesday. Eleven members were present.", "They heard the report on dredging."],
    [
        "A night at the north quay costs 18.50 euros. The ferry is not inclu-",
        "ded. A night at the north quay of the island costs 21 euros.",
    ],
    ["Fees are due at noon of the day of leaving."],
]
ROWS = [["Length", "North quay", "South quay"], ["up to 8 m", "EUR 14", "EUR 11"], ["up to 12 m", "EUR 21", "EUR 17"]]
NO_PDF = b"%PDF-1.7\nThis is no PDF at all."
# What a canvas shows in a square of its middle: the share of dark pixels.
DARK = """() => {
  const canvas = document.querySelector(".page-sheet canvas");
  const [x, y, side] = [canvas.width / 2, canvas.height / 2, canvas.width / 4].map(Math.floor);
  const { data } = canvas.getContext("2d").getImageData(x, y, side, side);
  return data.filter((value, at) => at % 4 === 0 && value < 100).length / (side * side);
}"""


@dataclass(frozen=True)
class Harbour:
    """A service with PDFs and scans, and where it is."""

    assistant: LocalAssistant
    folder: Path
    address: str

    def cited(self, article_id: str, quote: str, *, last: bool = False) -> str:
        """The address of an article at a quote: its first place, or its last."""
        article = self.assistant.article(article_id, EVERYTHING, None)
        start = article.text.rindex(quote) if last else article.text.index(quote)
        return f"/articles/{article_id}?version={article.version}&start={start}&end={start + len(quote)}"

    @property
    def originals(self) -> Path:
        return self.folder / "data" / ORIGINALS_FOLDER


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    folder = tmp_path_factory.mktemp("harbour")
    articles = folder / "articles"
    articles.mkdir()
    picture = scanned(pdf_of(RULES[1:2]))
    black = Image.new("1", (64, 64), 0)
    files = {
        "jpx.pdf": with_coded_picture(black, "A black box in JPEG 2000.", "JPXDecode"),
        "jbig2.pdf": with_coded_picture(black, "A black box in JBIG2.", "JBIG2Decode"),
        "hostile.pdf": with_scripts("This page would run a script.", "window.harmed = true"),
        "rules.pdf": pdf_of(RULES, head="Harbour rules, page {}", foot="The board"),
        "fees.pdf": with_table(ROWS),
        "scan.pdf": pdf_of_pictures([None, *picture]),
        "photo.png": image_of(picture, "png"),
    }
    for name, content in files.items():
        (articles / name).write_bytes(content)
    with assistant_over(settings_for(folder / "data")) as assistant:
        assert index_into(assistant, articles).added == len(files)
        with serving(assistant) as address:
            yield Harbour(assistant, folder, address)


def marked(page: Page) -> str:
    """The words that are marked on the page of the file, as one line."""
    expect(page.locator(".page-sheet mark").first).to_be_attached()
    return " ".join(" ".join(page.locator(".page-sheet mark").all_text_contents()).split())


def test_the_page_of_the_quote_is_shown_with_its_words_marked(browser: Browser, harbour: Harbour) -> None:
    quote = "Fees are due at noon of the day of leaving."
    with opened(browser, harbour.address, path=harbour.cited("rules", quote)) as page:
        assert marked(page) == quote
        expect(page.locator(".page-number")).to_have_text("Page 3 of 3")
        expect(page.locator(".page-sheet mark").first).to_be_in_viewport()
        expect(page.get_by_role("img", name="Page 3 of rules")).to_be_visible()
        expect(page.locator(".article-text")).to_be_hidden()
        screenshot(page, "original-pdf")


def test_words_are_found_whatever_breaks_their_lines(browser: Browser, harbour: Harbour) -> None:
    with opened(browser, harbour.address, path=harbour.cited("rules", "The ferry is not included.")) as page:
        assert marked(page) == "The ferry is not inclu- ded."
        expect(page.locator(".page-number")).to_have_text("Page 2 of 3")


def test_of_the_same_words_those_of_the_quote_are_marked(browser: Browser, harbour: Harbour) -> None:
    words = "A night at the north quay"
    for last, after in ((False, "costs 18.50"), (True, "of the island")):
        with opened(browser, harbour.address, path=harbour.cited("rules", words, last=last)) as page:
            assert marked(page) == words
            follows = page.locator(".page-text span:has(mark)").last
            expect(follows).to_contain_text(f"{words} {after}")


def test_a_quote_over_two_pages_is_marked_on_each(browser: Browser, harbour: Harbour) -> None:
    text = harbour.assistant.article("rules", EVERYTHING, None).text
    quote = text[text.index("They heard") : text.index(" The ferry")]
    with opened(browser, harbour.address, path=harbour.cited("rules", quote)) as page:
        assert marked(page) == "They heard the report on dredging."
        page.get_by_role("button", name="Next page").press("Enter")
        expect(page.get_by_role("img", name="Page 2 of rules")).to_be_visible()
        assert marked(page) == "A night at the north quay costs 18.50 euros."
        expect(page.get_by_role("status")).to_have_text("Page 2 of 3")
        page.get_by_role("button", name="Next page").press("Enter")
        expect(page.locator(".page-sheet mark")).to_have_count(0)
        expect(page.locator(".notice:visible")).to_have_count(0)
        expect(page.get_by_role("button", name="Next page")).to_be_disabled()


def test_the_row_of_a_table_is_marked(browser: Browser, harbour: Harbour) -> None:
    with opened(browser, harbour.address, path=harbour.cited("fees", "up to 12 m | EUR 21 | EUR 17")) as page:
        assert marked(page) == "up to 12 m EUR 21 EUR 17"


def test_the_text_stands_next_to_the_file(browser: Browser, harbour: Harbour) -> None:
    quote = "Eleven members were present."
    with opened(browser, harbour.address, path=harbour.cited("rules", quote)) as page:
        assert marked(page) == quote
        page.get_by_role("button", name="Text", exact=True).press("Enter")
        expect(page.locator(".article-text mark")).to_have_text(quote)
        expect(page.locator(".article-text mark")).to_be_in_viewport()
        expect(page.locator(".page-sheet")).to_be_hidden()
        page.get_by_role("button", name="Original").press("Enter")
        expect(page.locator(".page-sheet mark")).to_be_visible()


def test_without_a_quote_the_first_page_is_shown(browser: Browser, harbour: Harbour) -> None:
    with opened(browser, harbour.address, path="/articles/rules") as page:
        expect(page.locator(".page-text")).to_contain_text("Eleven members")
        expect(page.locator(".page-number")).to_have_text("Page 1 of 3")
        expect(page.locator("mark:visible, .notice:visible")).to_have_count(0)


@pytest.mark.parametrize("article", ["scan", "photo.png"])
def test_the_lines_of_a_scan_are_marked_where_they_were_read(browser: Browser, harbour: Harbour, article: str) -> None:
    with opened(browser, harbour.address, path=harbour.cited(article, "A night at the north quay costs")) as page:
        box = page.locator(".page-boxes polygon")
        expect(box).to_have_count(1)
        expect(box).to_be_in_viewport()
        number = "Page 2 of 2" if article == "scan" else "Page 1 of 1"
        expect(page.locator(".page-number")).to_have_text(number)
        # The first line of the page: 42 points below its upper edge, of 842.
        line, sheet = box.bounding_box(), page.locator(".page-sheet").bounding_box()
        assert line
        assert sheet
        top = (line["y"] - sheet["y"]) / sheet["height"]
        assert 0.03 < top < 1 - 800 / 842 < top + line["height"] / sheet["height"] < 0.07
        screenshot(page, f"original-{article}")


def test_on_a_telephone_a_page_is_as_wide_as_the_screen_and_can_be_enlarged(browser: Browser, harbour: Harbour) -> None:
    address = harbour.cited("rules", "Eleven members were present.")
    with opened(browser, harbour.address, path=address, width=360) as page:
        assert marked(page) == "Eleven members were present."
        assert fits(page)
        box = page.locator(".page-sheet").bounding_box()
        assert box
        page.get_by_role("button", name="Larger").click()
        expect(page.locator(".page-sheet")).to_have_attribute("style", re.compile(f"width: {1.5 * box['width']:g}px"))
        assert fits(page)
        expect(page.locator(".page-sheet mark").first).to_be_in_viewport()
        assert findings(page) == []
        screenshot(page, "original-narrow")


def test_in_the_dark_the_page_has_no_findings(browser: Browser, harbour: Harbour) -> None:
    address = harbour.cited("rules", "Eleven members were present.")
    with opened(browser, harbour.address, path=address, scheme="dark") as page:
        assert marked(page) == "Eleven members were present."
        assert findings(page) == []
        screenshot(page, "original-dark")


def test_a_file_that_cannot_be_drawn_falls_back_to_its_text(browser: Browser, harbour: Harbour) -> None:
    info = harbour.assistant.original("fees", EVERYTHING, None)
    content = info.path.read_bytes()
    info.path.write_bytes(NO_PDF)
    try:
        with opened(browser, harbour.address, path=harbour.cited("fees", "EUR 14")) as page:
            expect(page.locator(".views .notice")).to_have_text("The file cannot be shown as it is. This is its text.")
            expect(page.locator(".article-text mark")).to_have_text("EUR 14")
    finally:
        info.path.write_bytes(content)


@pytest.mark.parametrize("article", ["jpx", "jbig2"])
def test_pictures_that_need_a_decoder_are_drawn_under_the_policy(
    browser: Browser, harbour: Harbour, article: str
) -> None:
    with opened(browser, harbour.address, path=harbour.cited(article, "A black box")) as page:
        assert marked(page) == "A black box"
        assert page.evaluate(DARK) > 0.9


def test_no_script_of_a_file_runs(browser: Browser, harbour: Harbour) -> None:
    """`opened` looks whether one did, and whether the policy had to stop one."""
    with opened(browser, harbour.address, path=harbour.cited("hostile", "would run a script")) as page:
        assert marked(page) == "would run a script"
        page.locator(".page-sheet").click()
        assert page.url.startswith(harbour.address)


def test_the_file_of_a_newer_version_is_not_shown_for_an_older_one(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "articles" / "notice.pdf"
    file.parent.mkdir()
    file.write_bytes(pdf_of([["The gate opens at six."]]))
    with assistant_over(settings_for(tmp_path / "data")) as assistant, serving(assistant) as address:
        index_into(assistant, file.parent)
        old = Harbour(assistant, tmp_path, address).cited("notice", "The gate opens at six.")
        file.write_bytes(pdf_of([["Since May the gate opens at seven."]]))
        assert index_into(assistant, file.parent).updated == 1
        with opened(browser, address, path=old) as page:
            expect(page.locator(".notice").first).to_contain_text("So has its file: this is the text of then.")
            expect(page.locator(".article-text mark")).to_have_text("The gate opens at six.")
            expect(page.locator(".original-file")).to_have_count(0)
        new = Harbour(assistant, tmp_path, address).cited("notice", "the gate opens at seven.")
        with opened(browser, address, path=new) as page:
            assert marked(page) == "the gate opens at seven."


def test_where_no_copy_is_kept_the_text_is_shown(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "notice.pdf"
    file.write_bytes(pdf_of([["The gate opens at six."]]))
    with assistant_over(settings_for(tmp_path / "data")) as assistant, serving(assistant) as address:
        index_into(assistant, file)
        (tmp_path / "data" / ORIGINALS_FOLDER).rename(tmp_path / "elsewhere")
        with opened(browser, address, path=Harbour(assistant, tmp_path, address).cited("notice", "The gate")) as page:
            expect(page.locator(".article-text mark")).to_have_text("The gate")
            expect(page.locator(".views")).to_have_count(0)
