"""Copies of the files that articles were read from, so that they can be shown as they are. Each is named by its hash."""

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import time

from index.records import Original
from index.stores.ownership import private_folder

ORIGINALS_FOLDER = "originals"
"""Folder in the data folder that holds the copies."""
# A file is copied when it is read, and its article is published later: after hours, where scans are recognised meanwhile.
_UNPUBLISHED = timedelta(days=1)


def keep_original(folder: Path, original: Original, content: bytes) -> None:
    """Write a copy into the folder, unless it is there. Raises OSError."""
    copy = original_in(folder, original)
    if copy.is_file():
        os.utime(copy)  # an article that uses it is about to be published
        return
    private_folder(folder)
    with NamedTemporaryFile(dir=folder, prefix="new-", delete=False) as new:
        try:
            new.write(content)
            new.close()
            os.replace(new.name, copy)
        except BaseException:
            os.unlink(new.name)
            raise


def kept_original(folder: Path, original: Original, content: bytes) -> str | None:
    """Write a copy as `keep_original` does, or return what is to be said where that fails."""
    try:
        keep_original(folder, original, content)
    except OSError as error:
        return f"cannot be shown as it is: no copy could be kept ({error.strerror or error}). Its text is indexed."
    return None


def original_in(folder: Path, original: Original) -> Path:
    """Return where the copy of a file is, or would be."""
    return folder / original.digest.removeprefix("sha256:")


def sweep_originals(folder: Path, used: Collection[Original], *, gone: Collection[Original]) -> None:
    """Delete the copies that no article uses: those that are `gone` at once, others when they are a day old."""
    if not folder.is_dir():
        return
    names = {original_in(folder, one).name for one in used}
    at_once = {original_in(folder, one).name for one in gone}
    for copy in os.scandir(folder):
        with suppress(FileNotFoundError):  # another run sweeps as well
            old = copy.name in at_once or time() - copy.stat().st_mtime > _UNPUBLISHED.total_seconds()
            if old and copy.name not in names:
                os.unlink(copy)


def copy_originals(folder: Path, target: Path) -> None:
    """Copy a folder of copies. Those that are deleted meanwhile are left out."""
    private_folder(target)
    for copy in folder.iterdir():
        with suppress(FileNotFoundError):
            shutil.copy2(copy, target)
