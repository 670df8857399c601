"""PDF files: text that reads well, pages that can be cited, and a clear word about what cannot be read."""

import logging
import re
import tracemalloc
import zlib
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.records import Article, ArticleInfo
from index.segmentation import split_sentences
from index.sources.pdf import read_pdf
from index.sources.pdf_text import joined_pages
from index.sources.reading import read_articles
from index.sources.records import Failed, Limits, Read, Source
from tests.pdf_files import pdf_of

LIMITS = Limits()
HEAD, FOOT = "The Annual Report of the Ministry", "Confidential - page {}"
PAGES = [
    [
        "The long road",
        "The ministry spent five million dollars on the bridge in 2024, as had",
        "been agreed. It was built of stone by two hundred well-known masons, who",
        "came from the north and worked for three summers in the rain of the moun-",
        "tains. Nobody was paid on time.",
        "The second paragraph starts here and says that the bridge was opened by the",
        "king himself, who had never before set foot in that part of the country and",
    ],
    [
        "did not stay for long. He left the same evening, on a mule, by a state-",
        "owned road that has since been closed to all but goats and their herds.",
        "Plans",
        "1. First, the tunnel is dug.",
        "2. Second, the road is mended.",
    ],
    ["The end is near, the engineer said, and went home to his wife and children."],
]


def framed(pages: list[list[str]]) -> list[list[str]]:
    return [[HEAD, *lines, FOOT.format(number)] for number, lines in enumerate(pages, start=1)]


def test_paragraphs_are_in_one_piece_without_running_lines_and_broken_words() -> None:
    text = read_pdf(pdf_of(framed(PAGES)), LIMITS).text
    assert text.split("\n\n") == [
        "The long road",
        "The ministry spent five million dollars on the bridge in 2024, as had been agreed. It was built of stone by two "
        "hundred well-known masons, who came from the north and worked for three summers in the rain of the mountains. "
        "Nobody was paid on time.",
        "The second paragraph starts here and says that the bridge was opened by the king himself, who had never before "
        "set foot in that part of the country and did not stay for long. He left the same evening, on a mule, by a "
        "state-owned road that has since been closed to all but goats and their herds.",
        "Plans",
        "1. First, the tunnel is dug.",
        "2. Second, the road is mended.",
        "The end is near, the engineer said, and went home to his wife and children.",
    ]


def test_a_place_in_the_text_is_on_its_page() -> None:
    extracted = read_pdf(pdf_of(framed(PAGES)), LIMITS)
    info = ArticleInfo("a", "v", "t", pages=extracted.pages)
    on = {
        words: info.page_at(extracted.text.index(words)) for words in ("The long", "king himself", "did not", "The end")
    }
    assert on == {"The long": 1, "king himself": 1, "did not": 2, "The end": 3}
    sentence = next(
        s for s in split_sentences(extracted.text, "text") if "did not stay" in extracted.text[s.start : s.end]
    )
    assert info.page_at(sentence.start) == 1  # where it starts, though it ends on the next


def test_a_text_without_pages_has_none() -> None:
    assert ArticleInfo("a", "v", "t").page_at(0) is None


def test_a_page_without_text_is_counted_and_told() -> None:
    extracted = read_pdf(pdf_of([["One page of words."], [], ["The third page of words."], []]), LIMITS)
    info = ArticleInfo("a", "v", "t", pages=extracted.pages)
    assert info.page_at(extracted.text.index("The third")) == 3
    assert extracted.warnings == ("no text on page 2, 4 of 4",)


def test_the_same_file_gives_the_same_text() -> None:
    raw = pdf_of(framed(PAGES))
    assert read_pdf(raw, LIMITS) == read_pdf(raw, LIMITS)


# Without surrogates, as text extraction has none to give.
LINES = ["It rained. ", "moun-", "tains", "Well-", "known", "A b", "1.", "", "• x", "ﬁn", "9"]
page_texts = st.lists(
    st.lists(st.sampled_from(LINES), max_size=6).map("\n".join) | st.text(max_size=30), min_size=1, max_size=6
)


@given(page_texts)
def test_pages_start_where_their_words_are(pages: list[str]) -> None:
    text, starts = joined_pages(pages)
    assert len(starts) == len(pages)
    assert list(starts) == sorted(starts)
    assert all(0 <= start <= len(text) for start in starts)
    # No letter gets lost or moves to another page, but for page numbers and what repeats at head and foot.
    for page, (start, end) in zip(pages, zip(starts, [*starts[1:], len(text)], strict=True), strict=True):
        allowed = "".join(page.split()) + "finflffi"
        assert all(character in allowed or character.isspace() for character in text[start:end] if character.isalpha())


@given(st.lists(st.text(alphabet="abc DE.,-\n", min_size=1), min_size=1, max_size=3))
def test_no_word_is_lost(pages: list[str]) -> None:
    text, _ = joined_pages([f"start\nhead\n{page}\nfoot\nend" for page in pages[:2]])
    assert [c for c in text if c.isalpha()] == [
        c for page in pages[:2] for c in f"startheadl{page}footend".replace("headl", "head") if c.isalpha()
    ]


def test_metadata_is_believed_only_where_a_person_wrote_it() -> None:
    good = read_pdf(pdf_of([["Some words."]], title="The long road", author="Ann Smith; Bob Jones"), LIMITS).metadata
    assert (good.title, good.authors) == ("The long road", ("Ann Smith", "Bob Jones"))
    for title in ("untitled", "Microsoft Word - draft7.doc", "report.indd", "12", "", "Slide 1"):
        bad = read_pdf(pdf_of([["Some words."]], title=title, author="Administrator"), LIMITS).metadata
        assert (bad.title, bad.authors) == (None, ())


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (b"D:20260421080000+02'00'", date(2026, 4, 21)),
        (b"D:20260421", date(2026, 4, 21)),
        (b"D:19700101000000", date(1970, 1, 1)),
        (b"D:00010101000000", None),
        (b"D:99991231000000", None),
        (b"yesterday", None),
    ],
)
def test_the_day_it_was_made_is_its_date_where_that_can_be(written: bytes, day: date | None) -> None:
    raw = pdf_of([["Some words."]])
    start = raw.index(b"/CreationDate (") + len(b"/CreationDate (")
    raw = raw[:start] + written + raw[raw.index(b")", start) :]
    assert read_pdf(raw, LIMITS).metadata.published == day


FAILURES = {
    "scan": (pdf_of([[], []]), "holds no text, only pictures of it. Run text recognition"),
    "password": (pdf_of([["Secret words."]], password="x"), "is encrypted"),
    "no PDF": (b"Hello.", "is not a PDF that can be read"),
    "cut off": (pdf_of(PAGES)[:300], "is not a PDF that can be read"),
    "empty": (b"", "is not a PDF that can be read"),
    "zeros": (b"%PDF-1.7\n" + bytes(1_000), "is not a PDF that can be read"),
}


@pytest.mark.parametrize(("raw", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_what_cannot_be_read_is_reported_and_the_others_go_in(folder: Path, raw: bytes, message: str) -> None:
    (folder / "bad.pdf").write_bytes(raw)
    (folder / "good.pdf").write_bytes(pdf_of(PAGES))
    failed, read = read_articles([Source(folder)], limits=LIMITS)
    assert isinstance(failed, Failed)
    assert message in failed.error
    assert isinstance(read, Read)
    assert (read.article.id, read.article.info.title) == ("good", "The long road")


def test_one_that_only_may_not_be_changed_is_read() -> None:
    assert "Open words." in read_pdf(pdf_of([["Open words."]], password=""), LIMITS).text


def test_limits_hold() -> None:
    raw = pdf_of([["Some words are on this page."]] * 30)
    with pytest.raises(ArticleError, match="has 30 pages, over the limit of 29"):
        read_pdf(raw, Limits(pdf_pages=29))
    with pytest.raises(ArticleError, match="holds more than 100 bytes of text on its first 4 pages"):
        read_pdf(raw, Limits(text_bytes=100))
    with pytest.raises(ArticleError, match=r"took more than 0 seconds for 1 of its 30 pages"):
        read_pdf(raw, Limits(file_seconds=0))


def test_a_file_that_unpacks_to_gigabytes_fails() -> None:
    """A page of a few kilobytes whose content is 400 million bytes once unpacked."""
    content = zlib.compress(b" " * 400_000_000)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content),
    ]
    raw, places = b"%PDF-1.4\n", []
    for number, written in enumerate(objects, start=1):
        places.append(len(raw))
        raw += b"%d 0 obj%s\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    raw += b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(raw),
    )
    tracemalloc.start()
    try:
        with pytest.raises(ArticleError, match="holds no text"):
            read_pdf(raw, LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


def test_what_the_library_complains_of_is_a_warning_and_not_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    raw = re.sub(rb"startxref\n\d+", b"startxref\n9", pdf_of(PAGES))
    extracted = read_pdf(raw, LIMITS)
    assert "bridge" in extracted.text
    (warning,) = extracted.warnings
    assert warning.startswith("the file is damaged, and was read as far as it can be: ")
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("pypdf").propagate


def test_a_fault_of_the_library_is_one_bad_file() -> None:
    with (
        patch("pypdf.PageObject.extract_text", side_effect=RuntimeError("boom")),
        pytest.raises(ArticleError, match="RuntimeError: boom"),
    ):
        read_pdf(pdf_of(PAGES), LIMITS)


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / "huge.pdf").open("wb") as file:
        file.truncate(40_000_000_000)
    (failed,) = read_articles([Source(folder)], limits=LIMITS)
    assert isinstance(failed, Failed)
    assert "is 40,000,000,000 bytes long, over the limit of 100,000,000 for one file" in failed.error


def test_articles_carry_their_pages(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(pdf_of(framed(PAGES)))
    (read,) = read_articles([Source(folder)], limits=LIMITS)
    assert isinstance(read, Read)
    article: Article = read.article
    assert len(article.info.pages) == 3
    assert article.info.pages[0] == 0
    assert article.info.format == "text"
