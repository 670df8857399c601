"""PDF files for tests, as programs write them."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas


def pdf_of(pages: Sequence[Sequence[str]], *, password: str | None = None, **metadata: str) -> bytes:
    """Return a PDF with these lines on its pages."""
    file = BytesIO()
    encryption: dict[str, Any] = {"encrypt": password} if password is not None else {}
    canvas = Canvas(file, pagesize=A4, invariant=1, **encryption)
    for key, value in metadata.items():
        getattr(canvas, f"set{key.capitalize()}")(value)
    for lines in pages:
        text = canvas.beginText(60, 800)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()
