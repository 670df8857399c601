"""The folders of the index: one for each generation. A rebuild creates the next one and then switches to it.

`<data>/index`, `<data>/index-2`, … are generations. The file `<data>/index.current` names the one in use; without it, the
first is in use. The process may be killed at any point: a folder that the file does not name is left over from an unfinished
rebuild, or was replaced, and is removed when the data folder is opened next.
"""

import os
import re
import shutil
from pathlib import Path

from index.errors import IndexDamaged

_FIRST = "index"
_NOTE = "index.current"
_NAME = re.compile(r"index(-\d+)?")


def current_folder(data_dir: Path) -> Path:
    """Return the folder of the generation in use. It may not exist yet if nothing was indexed.

    Raises IndexDamaged if `index.current` names a folder that does not exist, or is missing although the index was rebuilt.
    """
    note = data_dir / _NOTE
    if note.is_file():
        name = note.read_text(errors="replace").strip()
        if _NAME.fullmatch(name) and (data_dir / name).is_dir():
            return data_dir / name
        raise IndexDamaged(
            f"{note} names the index folder {name!r}, which is not in {data_dir}. Restore the data folder from a backup, "
            "or write the name of the folder that is there into that file."
        )
    rebuilt = [folder.name for folder in _generations(data_dir) if folder.name != _FIRST]
    if rebuilt and not (data_dir / _FIRST).is_dir():
        raise IndexDamaged(
            f"{note} is missing, and {data_dir} holds {', '.join(rebuilt)}. Restore the data folder from a backup, or "
            "write the name of the folder to use into that file."
        )
    return data_dir / _FIRST


def next_folder(data_dir: Path) -> Path:
    """Return an empty folder for the next generation. Leftovers of a killed rebuild are removed."""
    number = int(current_folder(data_dir).name.partition("-")[2] or 1) + 1
    folder = data_dir / f"{_FIRST}-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def make_current(folder: Path) -> None:
    """Make this generation the one in use, in one atomic step."""
    note = folder.parent / _NOTE
    written = note.with_suffix(".new")
    with written.open("w") as file:
        file.write(folder.name + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, note)
    _sync_folder(folder.parent)


def remove_leftovers(data_dir: Path) -> None:
    """Remove every generation but the one in use. The caller owns the data folder and has none of them open."""
    current = current_folder(data_dir)
    for folder in _generations(data_dir):
        if folder != current:
            remove(folder)


def remove(folder: Path) -> None:
    """Remove a generation that is not in use. If that fails, it is tried again when the data folder is opened next."""
    shutil.rmtree(folder, ignore_errors=True)


def _generations(data_dir: Path) -> list[Path]:
    return sorted(path for path in data_dir.glob(f"{_FIRST}*") if path.is_dir() and _NAME.fullmatch(path.name))


def _sync_folder(folder: Path) -> None:
    # A rename is on the disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
