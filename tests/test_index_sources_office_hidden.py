"""Word, Excel, PowerPoint and books: what readers do not see is left out, and cells say what people see."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from pptx import Presentation

from index.sources.documents import read_document
from index.sources.source_types import Limits
from tests.test_index_sources_documents import docx, epub

LIMITS = Limits()
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = f"""<w:styles {_W}>
<w:style w:type="character" w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Derived"><w:basedOn w:val="Secret"/></w:style>
<w:style w:type="character" w:styleId="Open"><w:basedOn w:val="Secret"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Note"><w:rPr><w:vanish w:val="true"/></w:rPr></w:style></w:styles>"""


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def word(*parts: str) -> tuple[str, tuple[str, ...]]:
    body = "<w:p>" + run("The office is on the quay.") + "</w:p>" + "".join(parts)
    extracted = read_document(docx(body, {"word/styles.xml": STYLES.encode()}), ".docx", LIMITS)
    return extracted.text, extracted.warnings


UNSEEN = {
    "hidden": f"<w:p>{run('secret', '<w:vanish/>')}</w:p>",
    "hidden by a style": "<w:p>" + run("secret", '<w:rStyle w:val="Secret"/>') + "</w:p>",
    "hidden by what a style is based on": "<w:p>" + run("secret", '<w:rStyle w:val="Derived"/>') + "</w:p>",
    "hidden by the paragraph's style": f'<w:p><w:pPr><w:pStyle w:val="Note"/></w:pPr>{run("secret")}</w:p>',
    "in a link": f'<w:p><w:hyperlink w:anchor="a">{run("secret", "<w:vanish/>")}</w:hyperlink></w:p>',
    "in a table": f"<w:tbl><w:tr><w:tc><w:p>{run('secret', '<w:vanish/>')}</w:p></w:tc></w:tr></w:tbl>",
    "a hidden row": f"<w:tbl><w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p>{run('secret')}</w:p></w:tc></w:tr></w:tbl>",
    "deleted": '<w:p><w:del w:id="1" w:author="A"><w:r><w:delText>secret</w:delText></w:r></w:del></w:p>',
    "deleted, as plain text": f'<w:p><w:del w:id="1" w:author="A">{run("secret")}</w:del></w:p>',
    "moved away": f'<w:p><w:moveFrom w:id="1" w:author="A">{run("secret")}</w:moveFrom></w:p>',
}


@pytest.mark.parametrize("body", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_word_does_not_show_is_left_out_and_told(body: str) -> None:
    text, warnings = word(body)
    assert "secret" not in text
    assert text.startswith("The office is on the quay.")
    # Text that was deleted is no longer part of the document: only hidden text is told of.
    assert bool(warnings) == ("w:author" not in body)


SEEN = {
    "not hidden after all": run("shown", '<w:vanish w:val="false"/>'),
    "by a style of its own": run("shown", '<w:rStyle w:val="Open"/>'),
    "added": f'<w:ins w:id="1" w:author="A">{run("shown")}</w:ins>',
    "struck out": run("shown", "<w:strike/>"),
}


@pytest.mark.parametrize("runs", SEEN.values(), ids=SEEN.keys())
def test_what_word_shows_is_kept(runs: str) -> None:
    text, warnings = word(f"<w:p>{runs}</w:p>")
    assert "shown" in text
    assert warnings == ()


def test_comments_of_a_document_are_no_text() -> None:
    comments = f'<w:comments {_W}><w:comment w:id="0"><w:p>{run("secret")}</w:p></w:comment></w:comments>'
    body = f'<w:p>{run("Shown.")}<w:r><w:commentReference w:id="0"/></w:r></w:p>'
    assert read_document(docx(body, {"word/comments.xml": comments.encode()}), ".docx", LIMITS).text == "Shown."


def workbook(fill: Callable[[openpyxl.Workbook, Worksheet], None]) -> tuple[str, tuple[str, ...]]:
    book, file = openpyxl.Workbook(), BytesIO()
    fill(book, book.active)
    book.save(file)
    extracted = read_document(file.getvalue(), ".xlsx", LIMITS)
    return extracted.text, extracted.warnings


def test_what_a_workbook_hides_is_left_out_and_told() -> None:
    def fill(book: openpyxl.Workbook, sheet: Worksheet) -> None:
        for row in (
            ["Boat", "Cost", "Margin", "Note", "Fee"],
            ["small", 5, "secret", "secret", 12],
            ["secret"],
            ["large"],
        ):
            sheet.append(row)
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions.group("C", "D", hidden=True)
        for name, state in (("Salaries", "hidden"), ("Passwords", "veryHidden")):
            other = book.create_sheet(name)
            other["A1"] = "secret"
            other.sheet_state = state

    text, warnings = workbook(fill)
    assert text == "## Sheet\n\n| Boat | Cost | Fee |\n| --- | --- | --- |\n| small | 5 | 12 |\n| large |  |  |"
    assert warnings == ("2 hidden sheets and 3 hidden rows and columns of this workbook were left out",)


CELLS = {
    "not available": ("NA", "General", "NA"),
    "none": ("None", "General", "None"),
    "an error": ("#N/A", "General", "#N/A"),
    "a line break": ("one\ntwo", "General", "one two"),
    "a bar": ("a|b", "General", "a\\|b"),
    "a fraction": (12.5, "General", "12.5"),
    "a whole float": (2026.0, "General", "2026"),
    "a sum of fractions": (0.1 + 0.2, "General", "0.3"),
    "a large number": (1234567890123.0, "General", "1234567890123"),
    "a true value": (True, "General", "TRUE"),
    "two decimals": (12.5, "0.00", "12.50"),
    "thousands": (1234567.891, "#,##0.00", "1,234,567.89"),
    "a share": (0.125, "0.0%", "12.5%"),
    "euros": (1234.5, '#,##0.00\\ "€"', "1,234.50 €"),
    "euros of Germany": (12, "#,##0.00\\ [$€-407]", "12.00 €"),
    "dollars": (12, '"$"#,##0_);[Red]\\("$"#,##0\\)', "$12"),
    "minus dollars": (-12, '"$"#,##0_);[Red]\\("$"#,##0\\)', "($12)"),
    "leading zeros": (42, "00000", "00042"),
    "negative": (-5.25, "0.00", "-5.25"),
    "a format that is not usual": (12.5, "# ?/?", "12.5"),
    "in thousands": (1234567, '#,##0,"k"', "1,235k"),
    "in millions": (12345678.0, '0.0,,"M"', "12.3M"),
    "hidden by its format": (12.5, ";;;", ""),
    "a day": (datetime(2026, 5, 6), "dd/mm/yyyy", "2026-05-06"),
    "a date": (date(2026, 5, 6), "d. mmm yyyy", "2026-05-06"),
    "a moment": (datetime(2026, 5, 6, 13, 30), "yyyy-mm-dd hh:mm", "2026-05-06 13:30"),
    "a time": (time(8, 5), "h:mm", "08:05"),
    "a duration": (timedelta(hours=30, minutes=5), "[h]:mm:ss", "30:05"),
}


@pytest.mark.parametrize(("value", "number_format", "wanted"), CELLS.values(), ids=CELLS.keys())
def test_a_cell_says_what_people_see(value: object, number_format: str, wanted: str) -> None:
    def fill(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        for row in (["Head", "Other"], [value, "x"], [None, "y"]):
            sheet.append(row)
        sheet["A2"].number_format = number_format

    text, _ = workbook(fill)
    assert text.splitlines()[-2:] == [f"| {wanted} | x |", "|  | y |"]


def test_tables_of_a_sheet_keep_their_heads() -> None:
    def fill(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        rows = [["Fees of 2026"], [], ["Boat", "Season", "Fee"], ["small", "May", 12], [None, "June", 14], []]
        rows += [["large", "May", 25], [], ["Crane", "Load"], ["big", 5], [], ["Prices hold for members, too."]]
        rows += [[], ["Prices of berths"], ["Berth", "Price"], ["north", 7]]
        for row in rows:
            sheet.append(row)
        sheet.merge_cells("A4:A5")

    text, warnings = workbook(fill)
    assert text.split("\n\n") == [
        "## Sheet",
        "Fees of 2026",
        "| Boat | Season | Fee |\n| --- | --- | --- |\n| small | May | 12 |\n| small | June | 14 |",
        "| Boat | Season | Fee |\n| --- | --- | --- |\n| large | May | 25 |",
        "| Crane | Load |\n| --- | --- |\n| big | 5 |",
        "Prices hold for members, too.",
        "Prices of berths",
        "| Berth | Price |\n| --- | --- |\n| north | 7 |",
    ]
    assert warnings == ()


def test_formulas_without_a_value_are_told() -> None:
    def fill(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        for row in (["Boat", "Fee"], ["small", "=5+7"], ["large", 25]):
            sheet.append(row)

    text, warnings = workbook(fill)
    assert text.splitlines()[-2:] == ["| small |  |", "| large | 25 |"]
    assert warnings == (
        "1 formulas have no value in the file and stay empty; open and save it in a spreadsheet program",
    )


def test_a_long_table_is_whole() -> None:
    def fill(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        for number in range(300):
            sheet.append([f"row {number}", *range(40), "word " * 60])

    text, _ = workbook(fill)
    assert text.count("\n| row") == 300
    assert text.count("word") == 300 * 60


def test_hidden_slides_shapes_and_notes_are_left_out_and_told() -> None:
    deck, file = Presentation(), BytesIO()
    for number in ("one", "two", "three"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = f"Point {number} is made on this slide."
        slide.notes_slide.notes_text_frame.text = f"Secret {number}."
    deck.slides[1]._element.set("show", "0")
    deck.slides[2].placeholders[1]._element.nvSpPr.cNvPr.set("hidden", "1")
    deck.save(file)
    extracted = read_document(file.getvalue(), ".pptx", LIMITS)
    assert extracted.text.split("\n") == ["# Slide one", "Point one is made on this slide.", "", "", "# Slide three"]
    assert len(extracted.pages) == 3
    assert extracted.text[extracted.pages[2] :].strip() == "# Slide three"
    assert extracted.warnings == ("1 hidden slides and 3 speaker's notes were left out",)


def test_what_a_book_hides_is_left_out() -> None:
    book, changed = ZipFile(BytesIO(epub())), BytesIO()
    with ZipFile(changed, "w") as archive:
        for name in book.namelist():
            hidden = b"<p hidden=''>Secret.</p><p style='display: none'>Secret.</p><!-- Secret. --></body>"
            archive.writestr(name, book.read(name).replace(b"</body>", hidden))
    text = read_document(changed.getvalue(), ".epub", LIMITS).text
    assert "It rained in Rome all day long." in text
    assert "Secret" not in text
