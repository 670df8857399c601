"""Days in names and titles: read where they can mean one day only, and never against what the article states."""

from datetime import date
from pathlib import Path

import pytest

from index.settings import IndexSettings
from index.sources.days import day_in
from index.sources.reading import limits_from, read_articles, sources_from
from index.sources.source_types import Read

DAY = date(2025, 11, 3)


@pytest.mark.parametrize(
    "words",
    [
        "2025-11-03",
        "2025-11-03-minutes",
        "minutes_2025_11_03",
        "Meeting 2025.11.03",
        "20251103 minutes",
        "Product council, 3 November 2025",
        "Product council, 3rd of November, 2025",
        "November 3, 2025: product council",
        "Nov. 3rd 2025",
        "Sitzung vom 3. November 2025",
        "R\u00e9union du 3 novembre 2025",
        "3-nov-2025",
        "minutes-3-nov-2025",
        "minutes_3_november_2025",
        "2025年11月3日 会議",
        "3 November 2025 (2025-11-03)",
    ],
)
def test_a_day_that_is_written_out_is_read(words: str) -> None:
    assert day_in(words) == DAY


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Minutes",
        "03/11/2025",
        "03-11-2025",
        "03.11.2025",
        "2025-11",
        "November 2025",
        "2025-13-45",
        "31 February 2025",
        "3 rooms 2025",
        "From 3 November 2025 to 5 November 2025",
        "3-5 November 2025",
        "Release 2025.11.03.4",
        "Order 120251103",
    ],
)
def test_no_day_is_guessed(words: str) -> None:
    assert day_in(words) is None


@pytest.mark.parametrize(
    ("name", "content", "published", "source"),
    [
        ("2025-11-03.md", "# Minutes\n\nText.", DAY, "name"),
        ("minutes.md", "# Product council, 3 November 2025\n\nText.", DAY, "title"),
        ("2025-11-03.md", "# Council of 5 May 2025\n\nText.", DAY, "name"),
        ("2025-11-04.md", "---\ndate: 2025-11-03\n---\n# On 5 May 2025\n\nText.", DAY, "stated"),
        ("2025-11-04.md", "---\npublished: last week\n---\nText.", None, None),
        ("2999-11-04.md", "Text.", None, None),
        ("minutes.txt", "Council, 3 November 2025\n\nText.", DAY, "title"),
        ("minutes.md", "It rained on 3 November 2025.", None, None),
        ("minutes.md", "# Minutes\n\nText of 3 November 2025.", None, None),
    ],
)
def test_a_day_is_marked_as_what_it_is(
    tmp_path: Path, name: str, content: str, published: date | None, source: str | None
) -> None:
    (tmp_path / name).write_text(content)
    (reading,) = read_articles(sources_from([tmp_path]), limits=limits_from(IndexSettings(_env_file=None)))
    assert isinstance(reading, Read)
    assert (reading.article.info.published, reading.article.info.published_from) == (published, source)
