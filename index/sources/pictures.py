"""Pictures of text: the pages of image files, and those of a PDF, each made a picture. Runs in the reading process."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

from index.errors import ArticleError
from index.sources.ocr import LONGEST_SIDE
from index.sources.pdf_file import opened
from index.sources.source_types import Limits

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage

MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
ENDINGS = frozenset(MEDIA_TYPES)
# Of a page with a million of them, the first ones say enough.
_MOST_OBJECTS = 1_000
# A scan covers its page; what text there is then is a stamp, a running foot or the like.
_COVERS = 0.75
_FEW_CHARACTERS = 300


def pictures_in(raw: bytes, limits: Limits) -> int:
    """Return how many pages an image file has. Raises ArticleError if it is damaged, or its pictures are too large."""
    with _image(raw) as image:
        count = getattr(image, "n_frames", 1)
        if count > limits.pdf_pages:
            what = f"has {count:,} pages, over the limit of {limits.pdf_pages:,}"
            raise ArticleError(f"{what}. Split it, or raise FOOTNOTE_MAX_PDF_PAGES.")
        _check_size(image.size, limits)
    return count


def picture_of(raw: bytes, ending: str, number: int, limits: Limits) -> "Image":
    """Return a page of a file, from 0, as a picture of at most LONGEST_SIDE pixels a side. Raises ArticleError."""
    return _pdf_page(raw, number, limits) if ending == ".pdf" else _frame(raw, number, limits)


def is_picture(page: "PdfPage", characters: int) -> bool:
    """Return whether a page of a PDF with so many characters of text shows something that may be a picture of text."""
    from pypdfium2 import raw as pdfium

    if not characters:
        return bool(pdfium.FPDFPage_CountObjects(page.raw))
    return characters < _FEW_CHARACTERS and _covered(page) >= _COVERS


def _covered(page: "PdfPage") -> float:
    """Return how much of a page its largest picture covers."""
    width, height = page.get_size()
    shares = [0.0]
    for left, low, right, high in (image.get_bounds() for image in _images(page)):
        shares.append((min(right, width) - max(left, 0)) * (min(high, height) - max(low, 0)) / max(width * height, 1))
    return max(shares)


def _images(page: "PdfPage") -> Iterator[Any]:
    from pypdfium2 import raw as pdfium

    return (
        one for one in islice(page.get_objects(max_depth=3), _MOST_OBJECTS) if one.type == pdfium.FPDF_PAGEOBJ_IMAGE
    )


def _pdf_page(raw: bytes, number: int, limits: Limits) -> "Image":
    with opened(raw) as file:
        page = file.document[number]
        for image in _images(page):
            _check_size(image.get_px_size(), limits)
        scale = LONGEST_SIDE / max(*page.get_size(), 1.0)
        picture: Image = page.render(scale=scale, grayscale=True).to_pil().convert("RGB")
        return picture


def _frame(raw: bytes, number: int, limits: Limits) -> "Image":
    from PIL import Image, ImageOps

    with _image(raw) as image:
        image.seek(number)
        _check_size(image.size, limits)
        image.draft("L", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is unpacked smaller at once
        picture = ImageOps.exif_transpose(image)
        if picture.has_transparency_data:
            ground = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(ground, picture.convert("RGBA"))
        if picture.mode.startswith("I"):  # 16 bits
            picture = picture.point(lambda value: value / 256)
        picture = picture.convert("L").convert("RGB")
    scale = LONGEST_SIDE / max(picture.size)
    return picture.resize([max(round(side * scale), 1) for side in picture.size]) if scale != 1 else picture


@contextmanager
def _image(raw: bytes) -> "Iterator[Image]":
    """Open an image file. Whatever Pillow raises for what it holds becomes an ArticleError."""
    from PIL import Image, UnidentifiedImageError

    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(raw), formats=("PNG", "JPEG", "TIFF")) as image,
        ):
            yield image
    except (ArticleError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise ArticleError(f"is too large: {error}. Make it smaller, or remove it.") from error
    except UnidentifiedImageError as error:  # its own message names an object in memory
        raise ArticleError(
            "is not an image that can be read: its first bytes are of no such file. Save it again."
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ArticleError(f"is not an image that can be read ({reason}). Save it again.") from error


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.scans.pixels:
        raise ArticleError(
            f"holds a picture of {width:,} × {height:,} pixels, over the limit of {limits.scans.pixels:,}. Make it "
            "smaller, or raise FOOTNOTE_OCR_PIXELS."
        )
