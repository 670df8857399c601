"""Readers that fail in every way, for the reading process of tests: the file itself says how."""

import builtins
import os
import signal
import sys
import time
from pathlib import Path

from index.sources.extraction import extract
from index.sources.lines import read_some
from index.sources.source_types import Extracted, Limits, ReadResult, Source


def breaking_extract(raw: bytes, ending: str, *, limits: Limits, charset: str | None = None) -> Extracted | str:
    """Do what a file says, or read it where it says nothing of the kind."""
    break_as(raw.decode(errors="replace").strip())
    return extract(raw, ending, limits=limits, charset=charset)


def breaking_lines(batch: list[tuple[int, bytes]], file: Path, source: Source, limits: Limits) -> list[ReadResult]:
    """End the process at a line that says so."""
    if any(b"crash" in line for _, line in batch):
        break_as("crash")
    return read_some(batch, file, source, limits)


def break_as(said: str) -> None:
    match said:
        case "spin":
            while True:
                pass
        case "sleep":
            time.sleep(600)
        case "hoard":
            bytes(30_000_000_000)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            sys.exit(3)
        case _ if isinstance(error := getattr(builtins, said, None), type) and issubclass(error, Exception):
            raise (UnicodeDecodeError("x", b"", 0, 1, "odd") if error is UnicodeDecodeError else error("odd"))


def loaded(*names: str) -> list[str]:
    """Return which of these modules this process has loaded."""
    return [name for name in names if name in sys.modules]
