"""Names of collections: the labels on articles that questions can be filtered by, and keys limited to."""

from collections.abc import Iterable

LONGEST = 64


def collection_name(written: str) -> str:
    """Return a name as it is stored and compared: on one line, without regard to capitals. Raises ValueError.

    A comma is refused: whoever writes one means two names.
    """
    name = " ".join(written.split()).casefold()
    if not 0 < len(name) <= LONGEST or not name.isprintable() or "," in name:
        raise ValueError(
            f"{written[:80]!r} is no name of a collection: write 1 to {LONGEST} printable characters, without a comma"
        )
    return name


def collection_names(written: Iterable[str]) -> frozenset[str]:
    """Return names as they are stored. Raises ValueError at the first that is none."""
    return frozenset(map(collection_name, written))
