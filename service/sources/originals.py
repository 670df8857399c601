"""The files that articles were read from, as far as copies of them are kept."""

from dataclasses import dataclass
from pathlib import Path

from index.records import ArticleInfo, Original
from index.sources.originals import ORIGINALS_FOLDER, original_in


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A copy of a file, and the name that it gets where somebody saves it."""

    original: Original
    path: Path
    name: str


def original_file(info: ArticleInfo, data_dir: Path) -> OriginalFile | None:
    """Return the file of an article as it is today, or None if no copy of it is kept here."""
    if info.original is None:
        return None
    path = original_in(data_dir / ORIGINALS_FOLDER, info.original)
    ending = info.original.media_type.rpartition("/")[2]
    name = info.title.replace("/", "-")[:100].removesuffix(f".{ending}")
    return OriginalFile(info.original, path, f"{name}.{ending}") if path.is_file() else None
