"""What people are told of a quote that was read in a picture."""

from index.sources.ocr import POOR
from service.schemas.api import CitationWire


def scan_note(citation: CitationWire) -> str | None:
    """Return in words that a quote is from a scan, and how sure its reading is. None if it is not from one."""
    if citation.scan is None:
        return None
    doubt = ", may be misread" if citation.scan.confidence < POOR else ""
    return f"from a scan, read with {citation.scan.confidence:.0%} confidence{doubt}"
