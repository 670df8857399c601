"""The support model that ships: it reads a sentence with a passage, as the reader reads a question.

Of its readings, `answered` is the log-odds that the passage supports all that the sentence says, and a sentence's `evidence`
those that it holds some of that. Nothing else of them was trained for this.
"""

from pathlib import Path

from index.reader.model import Reader, Shipped
from index.settings import Precision

LONGEST_CLAIM = 96
"""Tokens of a sentence that are read."""

SUPPORT = Shipped(
    "Footnote support model",
    Path(__file__).parent / "weights",
    "a17b0dd6eed8b11c4b7f87667069516dbef8e2d51d227038254f20fde79c8f1d",
    LONGEST_CLAIM,
)


def support_model(precision: Precision = "fastest", *, folder: Path | None = None) -> Reader:
    """Return the support model that ships, or that whose weights are in a folder."""
    return Reader(folder, precision=precision, shipped=SUPPORT)
