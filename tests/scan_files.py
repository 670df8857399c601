"""Scans for tests: pages of a PDF made pictures, as a scanner makes them."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.Image import Resampling
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def scanned(pdf: bytes, *, askew: float = 0.0, noise: float = 0.0, dpi: int = 150) -> list[Image.Image]:
    """Return a picture of each page of a PDF, askew by these degrees, with grey levels of noise."""
    document = PdfDocument(pdf)
    pictures = [page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L") for page in document]
    document.close()
    return [_worn(picture.rotate(askew, Resampling.BICUBIC, fillcolor=255), noise) for picture in pictures]


def pdf_of_pictures(pictures: Sequence[Image.Image | None], *, stamp: str = "") -> bytes:
    """Return a PDF with a picture on each page, or a page of text in its place, and a stamp as text on each."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for picture in pictures:
        if picture is None:
            canvas.drawString(60, 800, "The minutes were typed by the clerk of the harbour.")
        else:
            canvas.drawImage(ImageReader(picture), 0, 0, *A4)
        canvas.drawString(60, 20, stamp)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def image_of(pictures: Sequence[Image.Image], form: str) -> bytes:
    """Return an image file of this form with these pictures, one after the other."""
    file = BytesIO()
    first, *others = pictures
    first.save(file, form, **({"save_all": True, "append_images": others} if others else {}))
    return file.getvalue()


def _worn(picture: Image.Image, noise: float) -> Image.Image:
    grey = np.asarray(picture, np.float32) + np.random.default_rng(1).normal(0, noise, (picture.height, picture.width))
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
