"""Office documents and books, by markitdown; without it, a word about what to install."""

import subprocess
import sys
import warnings
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from pptx import Presentation

from index.errors import ArticleError
from index.extras import how_to_install
from index.sources import documents
from index.sources.documents import read_document
from index.sources.reading import read_articles
from index.sources.source_types import Failed, Limits, Read, Skipped, Source

LIMITS = Limits()
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_CORE = f"""<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>Minutes</dc:title><dc:creator>Ann Smith;Bob Jones</dc:creator>
<dcterms:created>2026-04-21T08:00:00Z</dcterms:created></cp:coreProperties>"""
BODY = (
    '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>The heading</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>The road is long &amp; winding.</w:t></w:r></w:p>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Year</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>2026</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)


def docx(body: str = BODY, extra: dict[str, bytes] | None = None) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            f"<w:body>{body}</w:body></w:document>",
        )
        archive.writestr("docProps/core.xml", _CORE)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


def xlsx(*cells: tuple[str, object]) -> bytes:
    book, file = openpyxl.Workbook(), BytesIO()
    for place, value in cells:
        book.active[place] = value
    book.save(file)
    return file.getvalue()


def pptx() -> bytes:
    deck, file = Presentation(), BytesIO()
    for number in ("one", "two"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = f"Point {number} is made on this slide."
    deck.save(file)
    return file.getvalue()


def epub() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        container = "<container><rootfiles><rootfile full-path='book.opf'/></rootfiles></container>"
        archive.writestr("META-INF/container.xml", container)
        archive.writestr(
            "book.opf",
            "<package xmlns:dc='http://purl.org/dc/elements/1.1/'><metadata><dc:title>Book</dc:title></metadata><manifest>"
            "<item id='a' href='a.xhtml'/></manifest><spine><itemref idref='a'/></spine></package>",
        )
        archive.writestr("a.xhtml", "<html><body><h1>One</h1><p>It rained in Rome all day long.</p></body></html>")
    return file.getvalue()


def test_a_word_document_is_markdown() -> None:
    extracted = read_document(docx(), ".docx", LIMITS)
    assert extracted.text.startswith("# The heading\n\nThe road is long & winding.\n\n|")
    assert "| Year | 2026 |" in extracted.text
    assert extracted.format == "markdown"
    metadata = extracted.metadata
    assert (metadata.title, metadata.authors, metadata.published) == (
        "Minutes",
        ("Ann Smith", "Bob Jones"),
        date(2026, 4, 21),
    )


def test_slides_are_pages() -> None:
    extracted = read_document(pptx(), ".pptx", LIMITS)
    assert "<!--" not in extracted.text
    starts = [extracted.text[start:].lstrip().splitlines()[0] for start in extracted.pages]
    assert starts == ["# Slide one", "# Slide two"]


def test_a_sheet_is_a_table_without_fillers() -> None:
    sheet = xlsx(("A1", "Year"), ("B1", "Cost"), ("A2", 2026), ("B2", 5.5), ("C7", "note"))
    extracted = read_document(sheet, ".xlsx", LIMITS)
    assert "| Year | Cost |" in extracted.text
    assert "| 2026 | 5.5 |" in extracted.text
    assert "note" in extracted.text
    assert "NaN" not in extracted.text
    assert "Unnamed" not in extracted.text


def test_a_book_is_read() -> None:
    assert "It rained in Rome all day long." in read_document(epub(), ".epub", LIMITS).text


BOMB = docx(extra={"word/footnotes.xml": b"<a>" + b" " * 60_000_000 + b"</a>"})
FAILURES = {
    "no archive": (".docx", b"Hello.", "is not a .docx file, or is encrypted"),
    "encrypted": (".docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is encrypted"),
    "no document": (".docx", epub(), "is not a .docx file that can be read"),
    "no words": (".docx", docx("<w:p/>"), "contains no text"),
    "a bomb": (".docx", BOMB, "is more than 50,000,000 bytes long once unpacked"),
    "a cell far away": (".xlsx", xlsx(("A1", "Year"), ("XFD1048576", "far")), "1,048,576 rows and 16,384 columns"),
}


@pytest.mark.parametrize(("ending", "raw", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_what_cannot_be_read_is_reported_and_the_others_go_in(
    folder: Path, ending: str, raw: bytes, message: str
) -> None:
    (folder / f"bad{ending}").write_bytes(raw)
    (folder / "good.docx").write_bytes(docx())
    failed, read = read_articles([Source(folder)], limits=Limits(file_bytes=50_000_000))
    assert isinstance(failed, Failed)
    assert message in failed.error
    assert isinstance(read, Read)
    assert (read.article.id, read.article.info.title) == ("good", "Minutes")


def test_without_the_extra_documents_are_skipped_with_a_word(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "find_spec", lambda name: None)
    (folder / "a.docx").write_bytes(docx())
    (folder / "b.md").write_text("Text.")
    skipped, read = read_articles([Source(folder)], limits=LIMITS)
    reason = f".docx files are read by the extra `documents`. Install it: {how_to_install('documents')}"
    assert skipped == Skipped(str(folder / "a.docx"), reason)
    assert isinstance(read, Read)


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; import index.sources.reading; "
        "print([name for name in ('markitdown', 'trafilatura', 'pypdfium2', 'pikepdf', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ending, raw in {".docx": docx(), ".pptx": pptx(), ".xlsx": xlsx(("A1", "Year")), ".epub": epub()}.items():
            read_document(raw, ending, LIMITS)
    with pytest.raises(ArticleError):
        read_document(b"PK\x03\x04", ".docx", LIMITS)
    assert capfd.readouterr() == ("", "")
