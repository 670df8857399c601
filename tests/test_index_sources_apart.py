"""Files are read in a process of its own: nothing that one does costs more than that file."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.errors import ArticleError
from index.sources.apart import apart, seconds_for
from index.sources.files import read_files
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Failed, Limits, Read, ReadResult, Source
from tests.breaking import breaking_extract, breaking_lines, loaded
from tests.service_fixtures import write

TIGHT = Limits(file_seconds=0.5, memory_bytes=1_000_000_000)
PATIENT = replace(TIGHT, file_seconds=20)
ERRORS = ["RecursionError", "MemoryError", "UnicodeDecodeError", "LookupError", "KeyError", "OSError", "StopIteration"]
ENDINGS = [".md", ".txt", ".html", ".pdf", ".docx", ".xlsx", ".epub"]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.sources.extraction.extract", breaking_extract)
    monkeypatch.setattr("index.sources.lines.read_some", breaking_lines)


def read(*named: Path, limits: Limits = TIGHT) -> list[ReadResult]:
    return list(read_articles(sources_from(named), limits=limits))


def failures(readings: list[ReadResult]) -> dict[str, str]:
    return {Path(reading.path).name: reading.error for reading in readings if isinstance(reading, Failed)}


def ids(readings: list[ReadResult]) -> list[str]:
    return [reading.article.id for reading in readings if isinstance(reading, Read)]


@pytest.mark.usefixtures("breaking")
def test_whatever_a_reader_raises_fails_its_file_alone(tmp_path: Path) -> None:
    said = {f"{error}{ending}": error for error, ending in zip(ERRORS, ENDINGS, strict=True)}
    folder = write(tmp_path / "articles", said | {"good.md": "It rained.", "zzz.md": "It shone."})
    readings = read(folder, limits=PATIENT)
    assert ids(readings) == ["good", "zzz"]
    told = failures(readings)
    assert told.keys() == said.keys()
    assert "takes more than 1,000,000,000 bytes of memory" in told.pop("MemoryError.txt")
    for name, error in told.items():
        assert f"cannot be read ({said[name]}: " in error
        assert error.endswith("Save it again, or remove it.")


HOW = {
    "spin": "takes more than",  # whichever of the two limits a busy machine comes to first
    "sleep": "takes more than 2 seconds by the clock",
    "hoard": "takes more than 1,000,000,000 bytes of memory",
    "crash": "ended the process that read it (signal 11)",
    "exit": "ended the process that read it (status 3)",
}


@pytest.mark.usefixtures("breaking")
@pytest.mark.timeout(120)
def test_a_file_that_takes_too_much_is_ended_and_the_next_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "articles", {f"{how}.md": how for how in HOW} | {"zzz.md": "It rained."})
    readings = read(folder)
    assert ids(readings) == ["zzz"]
    for name, error in failures(readings).items():
        assert HOW[name.removesuffix(".md")] in error


@pytest.mark.usefixtures("breaking")
def test_a_line_that_ends_the_process_costs_no_other_line(tmp_path: Path) -> None:
    lines = ['{"id": "a", "text": "It rained."}', '{"id": "b", "text": "crash"}', '{"id": "c", "text": "It shone."}']
    folder = write(tmp_path / "articles", {"feed.jsonl": "\n".join(lines), "zzz.md": "It snowed."})
    readings = read(folder)
    assert ids(readings) == ["a", "c", "zzz"]
    assert failures(readings).keys() == {"feed.jsonl#2"}


def test_a_source_that_breaks_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / "first", {"a.md": "It rained."})
    second = write(tmp_path / "second", {"b.md": "It shone."})

    def breaking(source: Source, **options: Any) -> Iterator[ReadResult]:
        if source.root == first:
            raise KeyError("odd")
        yield from read_files(source, **options)

    monkeypatch.setattr("index.sources.reading.read_files", breaking)
    readings = read(first, second)
    assert ids(readings) == ["b"]
    assert "KeyError" in failures(readings)["first"]


def test_pages_in_odd_charsets_are_read_as_browsers_do(tmp_path: Path) -> None:
    page = "<html><head><meta charset={}></head><body><article><p>It rained in Rome all day long.</p></article></body></html>"
    odd = ("undefined", "punycode", "idna", "base64", "zlib", "nothing-of-the-kind")
    folder = write(tmp_path / "articles", {f"{name}.html": page.format(name) for name in odd})
    assert sorted(ids(read(folder, limits=Limits()))) == sorted(odd)


def test_the_reading_process_loads_no_model() -> None:
    assert apart(TIGHT, 1, loaded, "torch", "transformers", "chromadb", "tantivy", "fastapi") == []


def test_a_process_with_much_memory_keeps_its_reading_process() -> None:
    limits = Limits(memory_bytes=800_000_000)
    held = bytearray(b"x") * 500_000_000  # more than half of what a reading process may take
    with pytest.raises(ArticleError, match="ended the process"):  # so that the next one starts beside all that
        apart(limits, 1, os._exit, 3)
    readers = {apart(limits, 1, os.getpid) for _ in range(4)}
    assert len(held) == 500_000_000
    assert len(readers) == 1


def test_large_files_have_more_time_up_to_the_limit() -> None:
    assert seconds_for(1_000, Limits()) < seconds_for(1_000_000, Limits()) < seconds_for(100_000_000, Limits()) == 120


def test_a_process_that_gave_a_large_reply_does_not_keep_its_memory() -> None:
    first = apart(Limits(), 0, os.getpid)
    assert len(apart(Limits(), 0, bytes, 6_000_000)) == 6_000_000
    assert apart(Limits(), 0, os.getpid) != first
