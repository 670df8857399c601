"""Files of comma-separated values are read as tables, in the forms that programs write them in."""

from pathlib import Path

import pytest

from index.errors import AccessUnclear, ArticleError
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Limits, Read
from index.sources.tables import read_table

TABLE = "| Berth | Fee |\n| --- | --- |\n| A | 31 euros |\n| B, north | 40 |"


@pytest.mark.parametrize(
    "raw",
    [
        b'Berth,Fee\nA,31 euros\n"B, north",40\n',
        b"Berth;Fee\r\nA;31 euros\r\nB, north;40\r\n",
        b"Berth\tFee\nA\t31 euros\nB, north\t40",
        b'\xef\xbb\xbfBerth,Fee\n\nA,"31\neuros"\n"B, north",40\n,\n',
        "Berth;Fee\nA;31 euros\nB, north;40".encode("utf-16"),
    ],
)
def test_a_table_is_read_whichever_program_wrote_it(raw: bytes) -> None:
    assert read_table(raw).text == TABLE


def test_odd_rows_and_marks_keep_their_cells() -> None:
    assert read_table(b"a,b\n1\n2,3,4\nx|y,z").text.split("\n")[2:] == [
        "| 1 |  |  |",
        "| 2 | 3 | 4 |",
        "| x\\|y | z |  |",
    ]


def test_a_column_alone_is_a_table() -> None:
    assert read_table(b"Berth\nA\nB\n").text == "| Berth |\n| --- |\n| A |\n| B |"


@pytest.mark.parametrize(("raw", "message"), [(b"", "is empty"), (b" \n,,\n", "is empty"), (b"a,\0b", "is NUL")])
def test_what_is_no_table_is_told(raw: bytes, message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        read_table(raw)


def test_a_list_of_articles_with_groups_is_refused() -> None:
    with pytest.raises(AccessUnclear, match=r"Write it as `\.jsonl`"):
        read_table(b"ID,Text,Groups\n1,Secret,board\n")
    assert read_table(b"login,groups\nann,board\n").text


def test_a_cell_too_long_is_told() -> None:
    with pytest.raises(ArticleError, match="is not a table that can be read: field larger than"):
        read_table(b"a,b\n" + b"x" * 200_000 + b",1")


def test_tables_in_a_folder_are_articles(tmp_path: Path) -> None:
    (tmp_path / "fees.csv").write_bytes(b'Berth,Fee\nA,31 euros\n"B, north",40\n')
    (reading,) = read_articles(sources_from([tmp_path]), limits=Limits())
    assert isinstance(reading, Read)
    assert (reading.article.id, reading.article.text, reading.article.info.format) == ("fees", TABLE, "markdown")
