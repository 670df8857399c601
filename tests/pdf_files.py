"""PDF files for tests, as programs write them."""

from collections.abc import Sequence
from io import BytesIO
from struct import pack
from typing import Any, Literal

import pikepdf
from pikepdf import Name
from PIL import Image, ImageOps
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle


def pdf_of(
    pages: Sequence[Sequence[str]], *, head: str = "", foot: str = "", password: str | None = None, **metadata: str
) -> bytes:
    """Return a PDF with these lines on its pages, between a head and a foot where `{}` becomes the page number."""
    file = BytesIO()
    encryption: dict[str, Any] = {"encrypt": password} if password is not None else {}
    canvas = Canvas(file, pagesize=A4, invariant=1, **encryption)
    for key, value in metadata.items():
        getattr(canvas, f"set{key.capitalize()}")(value)
    for number, lines in enumerate(pages, start=1):
        canvas.drawString(60, 825, head.format(number))
        text = canvas.beginText(60, 800)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)
        canvas.drawString(60, 40, foot.format(number))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def drawn(*lines: tuple[float, float, str]) -> bytes:
    """Return a PDF of one page with each text at its place, from the left and from the foot, drawn in this order."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for left, up, text in lines:
        canvas.drawString(left, up, text)
    canvas.save()
    return file.getvalue()


def with_table(rows: Sequence[Sequence[str]], *, ruled: bool = True, widths: Sequence[float] | None = None) -> bytes:
    """Return a PDF of a heading, a paragraph, a table and another paragraph. Long cells are wrapped."""
    file = BytesIO()
    styles = getSampleStyleSheet()
    cells = [[Paragraph(cell, styles["BodyText"]) if len(cell) > 40 else cell for cell in row] for row in rows]
    table = Table(cells, colWidths=widths)
    if ruled:
        table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")]))
    before, after = "What a night costs depends on the quay. " * 4, "All fees are due at noon of the day of leaving."
    parts = [Paragraph("Fees", styles["Title"]), Paragraph(before, styles["BodyText"]), table]
    SimpleDocTemplate(file, pagesize=A4, invariant=1).build([*parts, Paragraph(after, styles["BodyText"])])
    return file.getvalue()


def with_unnamed_sign(before: str, after: str) -> bytes:
    """Return a PDF of one line with a minus sign between two texts, from a font that does not say which character it is."""
    file = BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        sign = pikepdf.Stream(pdf, b"600 0 50 300 550 350 d1 50 300 500 50 re f")
        fonts = pikepdf.Dictionary(
            Words=pikepdf.Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica),
            Signs=pikepdf.Dictionary(
                Type=Name.Font,
                Subtype=Name.Type3,
                FontBBox=[0, 0, 600, 750],
                FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
                CharProcs=pikepdf.Dictionary(sign=sign),
                Encoding=pikepdf.Dictionary(Type=Name.Encoding, Differences=[3, Name.sign]),
                FirstChar=3,
                LastChar=3,
                Widths=[600],
            ),
        )
        page.Resources = pikepdf.Dictionary(Font=fonts)
        shown = f"BT /Words 12 Tf 60 700 Td ({before}) Tj /Signs 12 Tf <03> Tj /Words 12 Tf ({after}) Tj ET"
        page.Contents = pikepdf.Stream(pdf, shown.encode())
        pdf.save(file)
    return file.getvalue()


def with_scripts(line: str, script: str) -> bytes:
    """Return a PDF of one line that tries to run a script in each way that readers of PDFs have been known to run one."""
    file = BytesIO()
    with pikepdf.open(BytesIO(pdf_of([[line]]))) as pdf:
        action = pikepdf.Dictionary(S=Name.JavaScript, JS=pikepdf.String(script))
        pdf.Root.OpenAction = action
        pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["run", action]))
        pdf.pages[0].obj.AA = pikepdf.Dictionary(O=action)
        (font,) = pdf.pages[0].Resources.Font.values()
        # CVE-2024-4367: the matrix of a font was put into a function as it is.
        font.FontMatrix = [1, 2, 3, 4, 5, pikepdf.String(f"0); {script}; //")]
        link = pikepdf.Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 600, 800], A=action)
        pdf.pages[0].Annots = pikepdf.Array([link])
        pdf.save(file)
    return file.getvalue()


def with_coded_picture(picture: Image.Image, line: str, coding: Literal["JPXDecode", "JBIG2Decode"]) -> bytes:
    """Return a PDF of one line and a picture in black and white, coded as scanners do: in JPEG 2000 or JBIG2."""
    file = BytesIO()
    with pikepdf.open(BytesIO(pdf_of([[line]]))) as pdf:
        width, height = picture.size
        coded = _jpeg_2000(picture) if coding == "JPXDecode" else _jbig2(picture)
        image = pikepdf.Stream(pdf, coded, Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height)
        image.Filter = Name("/" + coding)
        image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8 if coding == "JPXDecode" else 1
        page = pdf.pages[0]
        page.Resources.XObject = pikepdf.Dictionary(Scan=image)
        page.contents_add(pikepdf.Stream(pdf, b"q 400 0 0 400 100 200 cm /Scan Do Q"))
        pdf.save(file)
    return file.getvalue()


def _jpeg_2000(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.convert("L").save(file, "JPEG2000")
    return file.getvalue()


def _jbig2(picture: Image.Image) -> bytes:
    """Code a picture as two segments: the page, and a region that holds the code of a fax (T.88, 7.2 and 7.4)."""
    fax = BytesIO()
    # A fax has white where this form of TIFF has ones.
    ImageOps.invert(picture.convert("L")).convert("1").save(fax, "TIFF", compression="group4")
    with Image.open(fax) as tiff:
        [offset], [length] = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    code = fax.getvalue()[offset : offset + length]
    size = pack(">II", *picture.size)
    page = size + pack(">IIBH", 0, 0, 0, 0)
    region = size + pack(">IIBB", 0, 0, 0, 1) + code
    segments = [(48, page), (39, region)]
    return b"".join(
        pack(">IBBBI", number, kind, 0, 1, len(data)) + data for number, (kind, data) in enumerate(segments)
    )
