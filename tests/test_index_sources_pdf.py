"""PDF files: text that reads well, pages that can be cited, and a clear word about what cannot be read."""

import re
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ArticleError
from index.ingest.segmentation import split_sentences
from index.records import Article, ArticleInfo
from index.sources.pdf import read_pdf
from index.sources.reading import read_articles
from index.sources.source_types import Failed, Limits, Read, Source
from tests.pdf_files import drawn, pdf_of, with_table, with_unnamed_sign

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


FRAMED = pdf_of(PAGES, head=HEAD, foot=FOOT)


def test_paragraphs_are_in_one_piece_without_running_lines_and_broken_words() -> None:
    text = read_pdf(FRAMED, LIMITS).text
    assert text.split("\n\n") == [
        HEAD,  # once, as the foot
        FOOT.format(1),
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
    extracted = read_pdf(FRAMED, LIMITS)
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
    raw = FRAMED
    assert read_pdf(raw, LIMITS) == read_pdf(raw, LIMITS)


LEFT = [
    "The harbour master decides who may",
    "moor at the north quay, and tells the",
    "crew by radio before they come in at",
    "low water. Boats that come without a",
    "word wait outside until the evening.",
]
RIGHT = [
    "The east quay is kept free for the",
    "fishing fleet, which leaves before dawn",
    "and is back at noon. Nobody else may",
    "stay there for longer than an hour, and",
    "those who do are towed at their cost.",
]
_LEFT = [(60.0, 700.0 - 14 * n, line) for n, line in enumerate(LEFT)]
_RIGHT = [(310.0, 700.0 - 14 * n, line) for n, line in enumerate(RIGHT)]


@pytest.mark.parametrize(
    "lines",
    [
        [*_LEFT, *_RIGHT],
        [line for pair in zip(_LEFT, _RIGHT, strict=True) for line in pair],
        [*_LEFT, *((left, up - 6, text) for left, up, text in _RIGHT)],
    ],
    ids=["one after the other", "across", "not side by side"],
)
def test_columns_are_read_one_after_the_other(lines: list[tuple[float, float, str]]) -> None:
    title = (200.0, 760.0, "The rules of the harbour and its quays")
    assert read_pdf(drawn(title, *lines), LIMITS).text.split("\n\n") == [title[2], " ".join(LEFT), " ".join(RIGHT)]


FEES = [
    ["Quay", "2023", "2024", "2025"],
    ["North", "12", "", "14"],
    ["East", "25", "27", "29"],
    ["Visitors' pontoon", "", "18", "19"],
]


@pytest.mark.parametrize("ruled", [True, False])
def test_a_row_of_a_table_is_a_line_and_an_empty_cell_stays(ruled: bool) -> None:
    text = read_pdf(with_table(FEES, ruled=ruled), LIMITS).text
    assert text.split("\n\n")[2].split("\n") == [
        "Quay | 2023 | 2024 | 2025",
        "North | 12 | | 14",
        "East | 25 | 27 | 29",
        "Visitors' pontoon | | 18 | 19",
    ]
    sentences = [text[span.start : span.end] for span in split_sentences(text, "text")]
    assert "East | 25 | 27 | 29" in sentences


def test_a_wrapped_cell_stays_in_its_row() -> None:
    north = "Boats with a permit of the harbour master, for at most three nights in a row."
    east = "Only the fishing fleet, which leaves before dawn, and is back before the ferry comes."
    rows = [["Quay", "Who may stay"], ["North quay", north], ["East quay", east]]
    text = read_pdf(with_table(rows, widths=[100, 200]), LIMITS).text
    assert f"\nNorth quay | {north}\nEast quay | {east}\n" in text


def test_lines_that_differ_in_figures_stay() -> None:
    fees = {1: 12, 2: 25, 3: 31, 4: 18}
    pages = [
        [f"Berth {n}", "Boats must leave before noon.", f"The fee for a night at berth {n} is {fee} euros."]
        for n, fee in fees.items()
    ]
    text = read_pdf(pdf_of(pages, foot="Harbour office, page {} of 4"), LIMITS).text
    assert all(" ".join(line.split()) in text for page in pages for line in page)
    assert text.count("Boats must leave before noon.") == 4
    assert text.count("Harbour office") == 1
    for line in ("Berth {}", "Night fee: {} euros"):  # at head and foot, where only what counts pages may change
        text = read_pdf(pdf_of(pages, head=line, foot=line), LIMITS).text
        assert all(text.count(line.format(n)) >= 2 for n in fees)


def test_a_sign_without_a_character_is_shown_as_one_and_told() -> None:
    extracted = read_pdf(with_unnamed_sign("The balance is ", "0.93 euros at the end of the year."), LIMITS)
    assert extracted.text == "The balance is \ufffd0.93 euros at the end of the year."
    assert extracted.warnings == (
        "1 signs, which may be minus signs, are \ufffd: the file does not say which they are",
    )


def test_bare_page_numbers_are_left_out_and_sums_are_not() -> None:
    pages = [[f"Words of page {name} are here."] for name in ("one", "two", "three")]
    assert "7" not in read_pdf(pdf_of(pages, foot="- {} -"), LIMITS).text.replace("page", "")
    sums = iter(("70 euros", "75", "31"))
    text = read_pdf(pdf_of([[*page, "", "", next(sums)] for page in pages]), LIMITS).text
    assert all(figure in text for figure in ("70 euros", "75", "31"))


def test_a_damaged_page_is_left_out_and_told() -> None:
    raw = bytearray(pdf_of([["The first page."], ["The second page."], ["The third page."]]))
    streams = [
        found.end() for found in re.finditer(rb"stream\r?\n", raw) if raw[found.start() - 3 : found.start()] != b"end"
    ]
    start = streams[1]
    raw[start + 8 : start + 24] = bytes(16)
    extracted = read_pdf(bytes(raw), LIMITS)
    assert "The first page." in extracted.text
    assert "The third page." in extracted.text
    assert "second" not in extracted.text
    (warning,) = extracted.warnings
    assert warning.startswith("left out page 2 of 3: page 2 is damaged")
    info = ArticleInfo("a", "v", "t", pages=extracted.pages)
    assert info.page_at(extracted.text.index("The third")) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: re.sub(rb"startxref\n\d+", b"startxref\n9", raw),
        lambda raw: raw[: raw.rindex(b"xref") - 40],
        lambda raw: b"Received by mail\n" * 70 + raw,
        lambda raw: raw.replace(b"0000000", b"0000009"),
    ],
    ids=["a wrong place", "the end is lost", "something before it", "wrong places"],
)
def test_a_damaged_file_is_repaired(damage: Callable[[bytes], bytes], capfd: pytest.CaptureFixture[str]) -> None:
    extracted = read_pdf(damage(pdf_of(PAGES)), LIMITS)
    for words in ("The long road", "king himself", "the tunnel is dug"):
        assert words in extracted.text
    assert capfd.readouterr() == ("", "")


# Lines of one page as they are drawn, each with what stands before it.
page_texts = st.lists(st.lists(st.text("abc DE.,-•19", min_size=1, max_size=30), max_size=6), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(page_texts)
def test_no_word_is_lost_or_moves_to_another_page(pages: list[list[str]]) -> None:
    try:
        extracted = read_pdf(pdf_of(pages), LIMITS)
    except ArticleError:
        assert not any("".join(page).strip() for page in pages)
        return
    text, starts = extracted.text, extracted.pages
    assert len(starts) == len(pages)
    assert list(starts) == sorted(starts)
    for page, (start, end) in zip(pages, zip(starts, [*starts[1:], len(text)], strict=True), strict=True):
        letters = [character for line in page for character in line if character.isalpha()]
        assert sorted(character for character in text[start:end] if character.isalpha()) == sorted(letters)


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("The long road", "The long road"),
        ("THE LONG ROAD", "THE LONG ROAD"),
        ("Minutes of Monday", None),
        ("untitled", None),
        ("Microsoft Word - draft7.doc", None),
        ("The ministry spent five", None),
        ("12", None),
        ("", None),
    ],
)
def test_a_title_is_believed_where_the_first_page_shows_it(stated: str, title: str | None) -> None:
    assert read_pdf(pdf_of(PAGES, title=stated), LIMITS).metadata.title == title


def test_a_title_that_says_nothing_gives_way_to_the_name_of_the_file(folder: Path) -> None:
    letter = ["In an address that was sent to every household of the town in May, the", "council said that it rains."]
    (folder / "letter v1.2.pdf").write_bytes(pdf_of([letter], title="Microsoft Word - x.doc"))
    (folder / "road.pdf").write_bytes(pdf_of(PAGES, title="The long road"))
    titles = [
        read.article.info.title for read in read_articles([Source(folder)], limits=LIMITS) if isinstance(read, Read)
    ]
    assert titles == ["letter v1.2", "The long road"]


def test_authors_are_believed_only_where_a_person_wrote_them() -> None:
    for author, names in {"Ann Smith; Bob Jones": ("Ann Smith", "Bob Jones"), "Administrator": ()}.items():
        assert read_pdf(pdf_of([["Some words."]], author=author), LIMITS).metadata.authors == names


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
    "blank": (pdf_of([[], []]), "holds no text. Add some, or remove it."),
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
    assert (read.article.id, read.article.info.title) == ("good", "good")


def test_one_that_only_may_not_be_changed_is_read() -> None:
    assert "Open words." in read_pdf(pdf_of([["Open words."]], password=""), LIMITS).text


def test_limits_hold() -> None:
    raw = pdf_of([["Some words are on this page."]] * 30)
    with pytest.raises(ArticleError, match="has 30 pages, over the limit of 29"):
        read_pdf(raw, Limits(pdf_pages=29))
    with pytest.raises(ArticleError, match="contains more than 100 bytes of text on its first 4 pages"):
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
        with pytest.raises(ArticleError, match="contains more than 100,000,000 bytes once unpacked"):
            read_pdf(raw, LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / "huge.pdf").open("wb") as file:
        file.truncate(40_000_000_000)
    (failed,) = read_articles([Source(folder)], limits=LIMITS)
    assert isinstance(failed, Failed)
    assert "is 40,000,000,000 bytes long, over the limit of 100,000,000 for one file" in failed.error


def test_articles_carry_their_pages(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(FRAMED)
    (read,) = read_articles([Source(folder)], limits=LIMITS)
    assert isinstance(read, Read)
    article: Article = read.article
    assert len(article.info.pages) == 3
    assert article.info.pages[0] == 0
    assert article.info.format == "text"
