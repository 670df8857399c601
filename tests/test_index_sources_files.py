"""Files, folders and lines to articles: what goes in, under which id and title, and what is said of the rest."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import WrongUsage
from index.records import Article, version_of
from index.settings import IndexSettings
from index.sources.fetching import Politeness
from index.sources.originals import ORIGINALS_FOLDER
from index.sources.reading import SCANS_FILE, count_articles, limits_from, politeness_from, read_articles, sources_from
from index.sources.source_types import (
    Failed,
    Limits,
    Read,
    ReadResult,
    ScanLimits,
    Skipped,
    Source,
    Withdrawn,
    printable,
)

LIMIT = 5_000_000


def read(*paths: Path, max_bytes: int = LIMIT) -> list[ReadResult]:
    return list(read_articles(sources_from(paths), limits=Limits(text_bytes=max_bytes)))


def articles(readings: list[ReadResult]) -> dict[str, Article]:
    return {reading.article.id: reading.article for reading in readings if isinstance(reading, Read)}


def failures(readings: list[ReadResult]) -> list[Failed]:
    return [reading for reading in readings if isinstance(reading, Failed)]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def the_article(folder: Path, name: str, content: str | bytes) -> Article:
    (article,) = articles(read(written(folder, name, content))).values()
    return article


BAD_FILES = {
    "empty": (b"", "is empty. Write its text, or remove it."),
    "only white space": (b" \n\t\r\n\xc2\xa0", "is empty."),
    "only front matter": (b"---\ntitle: A\n---\n\n", "is empty."),
    "only a byte-order mark": (b"\xef\xbb\xbf", "is empty."),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "byte 8 is NUL. Remove the file, or export it as plain text"),
    "UTF-16 without a mark": ("Hello".encode("utf-16-le"), "is NUL"),
    "half of UTF-16": ("Hello".encode("utf-16")[:-1], "is not UTF-16, as its byte-order mark says: byte 10"),
    "NUL in UTF-16": ("a\0b".encode("utf-16"), "character 1 is NUL"),
    "another script's encoding": ("\u041f\u0440\u0438\u0432\u0435\u0442".encode("cp1251"), "is not UTF-8: byte 0"),
    "damaged UTF-8": (b"Caf\xc3\xa9 au lait \xc3", "is not UTF-8: byte 14"),
    "encoded surrogate": (b"a \xed\xa0\x80 b", "is not UTF-8: byte 2"),
    "front matter that is no YAML": (b"---\ntitle: a: b\n---\nText.", "front matter that does not parse"),
    "front matter that is a list": (b"---\n- a\n- b\n---\nText.", "not a list of `key: value`"),
    "groups that are one name": (b"---\ngroups: staff\n---\nText.", "Write `groups: [name, …]`, `[]` for nobody"),
    "NUL in a title": (b'---\ntitle: "a\\0b"\n---\nText.', "has a title with characters that are not text"),
    "a nested id": (b"---\nid: [a]\n---\nText.", "Write `id: …` on one line."),
    "an id with a hole": (b"---\nid: a//b\n---\nText.", "no part between slashes may be empty"),
    "an id out of the folder": (b"---\nid: ../b\n---\nText.", "no part between slashes may be empty, '.' or '..'"),
    "a long id": (b"---\nid: " + b"x" * 513 + b"\n---\nText.", "has an id of 513 characters, over the limit of 512"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_reported_with_its_cure_and_the_others_go_in(folder: Path, content: bytes, message: str) -> None:
    written(folder, "a.md", "Good.")
    bad = written(folder, "b.md", content)
    written(folder, "c.txt", "Good too.")
    readings = read(folder)
    assert articles(readings).keys() == {"a", "c"}
    (failed,) = failures(readings)
    assert (failed.path, failed.file) == (str(bad), str(bad))
    assert message in failed.error


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-be", "utf-32", "utf-8-sig"])
def test_encodings_that_can_be_told_are_read(folder: Path, encoding: str) -> None:
    text = "---\ntitle: Caf\u00e9\ngroups: [board]\n---\nThe caf\u00e9 \u201cRoma\u201d opens at 9.\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (reading,) = read(written(folder, "a.md", (mark + text).encode(encoding)))
    assert isinstance(reading, Read)
    assert (reading.article.info.title, reading.article.info.groups) == ("Caf\u00e9", frozenset({"board"}))
    assert reading.article.text == "The caf\u00e9 \u201cRoma\u201d opens at 9.\n"
    assert any("was read as Windows-1252" in warning for warning in reading.warnings) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", "---\ntitle: A\ndraft: true\n---\nText."),
        ("a.md", "+++\ndraft = true\n+++\nText."),
        ("a.txt", "---\npublished: false\n---\nText."),
        ("a.jsonl", '{"id": "a", "text": "Text.", "Draft": true}'),
        ("a.md", "---\nvisible: no\n---\nText."),
        ("a.md", "---\nvisibility: private\n---\nText."),
        ("a.html", "---\ndraft: true\n---\n<p>Some text of a page.</p>"),
    ],
)
def test_drafts_are_passed_over_with_the_reason(folder: Path, name: str, content: str) -> None:
    (reading,) = read(written(folder, name, content))
    assert isinstance(reading, Withdrawn)
    assert reading.id == "a"
    assert "is skipped: it says" in reading.reason


def test_a_folder_of_drafts_is_passed_over(folder: Path) -> None:
    written(folder, "posts/a.md", "One.")
    written(folder, "_drafts/b.md", "Two.")
    draft, post = read(folder)
    assert isinstance(draft, Withdrawn)
    assert draft.reason == "is skipped: it is in a folder _drafts."
    assert isinstance(post, Read)
    assert isinstance(next(iter(read(folder / "_drafts"))), Read)  # it was named


def test_lines_count_their_groups_however_the_key_is_written(folder: Path) -> None:
    path = lines_of(
        folder,
        {"Text": "One.", "GROUPS": ["board"]},
        {"text": "Two.", "group": "board"},
        '{"text": "3", "groups": ["a"], "groups": []}',
    )
    readings = read(path)
    assert articles(readings)["feed.jsonl#1"].info.groups == frozenset({"board"})
    assert [failed.access_unclear for failed in failures(readings)] == [True, True]


def test_the_limit_counts_bytes_of_the_text_without_front_matter(folder: Path) -> None:
    front = f"---\ntitle: {'t' * 50}\n---\n"
    written(folder, "exact.md", front + "é" * 10)
    written(folder, "over.md", front + "é" * 10 + "!")
    readings = read(folder, max_bytes=20)
    assert articles(readings).keys() == {"exact"}
    (failed,) = failures(readings)
    assert failed.error == "is 21 bytes long, over the limit of 20. Split it, or raise FOOTNOTE_MAX_ARTICLE_BYTES."


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(40_000_000_000)
    (failed,) = failures(read(folder))
    assert "is 40,000,000,000 bytes long, over the limit of 5,000,000" in failed.error


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
def test_line_ends_become_line_feeds_and_nothing_else_changes(folder: Path, name: str) -> None:
    body = b"\r\n\r\n  Indented. \t\r\n\r\nOld Mac\rline  \n\n\n*x*\t\n"
    article = the_article(folder, name, b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\n" + body)
    assert article.text == "\n\n  Indented. \t\n\nOld Mac\nline  \n\n\n*x*\t\n"
    assert article.info.title == "T"
    assert article.info.version == version_of(article.text)


def test_white_space_around_a_text_without_front_matter_stays(folder: Path) -> None:
    assert the_article(folder, "a.txt", "\n \n Text. \n\n").text == "\n \n Text. \n\n"


def test_the_version_is_of_the_text_alone(folder: Path) -> None:
    one = the_article(folder, "one.md", "---\ntitle: A\ngroups: [x]\n---\nSame.\n")
    two = the_article(folder, "two.txt", "Same.\r\n")
    assert one.info.version == two.info.version
    assert one.info.version.startswith("sha256:")


def test_a_rule_at_the_start_is_text(folder: Path) -> None:
    text = "---\n\nA rule, and then a text.\n"
    assert the_article(folder, "a.md", text).text == text


def test_front_matter_fields_are_read(folder: Path) -> None:
    info = the_article(
        folder,
        "a.md",
        "---\nid: news/one\ntitle: A  title\nurl: https://example.com/a?b=1\npublisher: The Times\n"
        "published: 2026-04-24\nauthors: [Ann, Bob  B]\nlanguage: en\ngroups: [staff, board]\nunknown: 1\n---\nText.",
    ).info
    assert (info.id, info.title, info.url) == ("news/one", "A title", "https://example.com/a?b=1")
    assert (info.publisher, str(info.published), info.authors) == ("The Times", "2026-04-24", ("Ann", "Bob B"))
    assert (info.language, info.groups, info.format) == ("en", frozenset({"staff", "board"}), "markdown")


def test_ids_of_files_are_paths_below_the_folder_without_ending(folder: Path) -> None:
    for name in ("top.md", "deep/er/one.txt", "deep/v1.2.markdown", "C# & co/ü.text"):
        written(folder, name, "Text.")
    assert articles(read(folder)).keys() == {"top", "deep/er/one", "deep/v1.2", "C# & co/ü"}


def test_the_id_of_a_file_named_by_itself_is_its_stem(folder: Path) -> None:
    assert articles(read(written(folder, "deep/er/v1.2.txt", "Text."))).keys() == {"v1.2"}


def test_the_folder_may_be_named_relative_and_with_dots(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, "deep/a.md", "Text.")
    monkeypatch.chdir(folder / "deep")
    assert articles(read(Path("../../articles"))).keys() == {"deep/a"}
    assert len(sources_from([folder, Path("..")])) == 1


def test_other_types_are_skipped_and_hidden_ones_not_even_seen(folder: Path) -> None:
    skipped = [written(folder, name, "x") for name in ("a.gif", "b.zip", "noending", "data.json")]
    for name in (".git/a.md", ".hidden.md", "sub/.venv/b.md"):
        written(folder, name, "Text.")
    readings = read(folder)
    assert sorted(reading.path for reading in readings if isinstance(reading, Skipped)) == sorted(map(str, skipped))
    assert len(readings) == len(skipped) == count_articles(sources_from([folder]))


def test_a_hidden_folder_that_is_named_is_read(folder: Path) -> None:
    written(folder, ".notes/a.md", "Text.")
    assert articles(read(folder / ".notes")).keys() == {"a"}


def test_endings_are_read_in_any_case(folder: Path) -> None:
    for name in ("a.MD", "b.Txt", "c.JSONL"):
        written(folder, name, '{"text": "Text."}')
    assert articles(read(folder)).keys() == {"a", "b", "c.JSONL#1"}


@pytest.mark.parametrize("named_by_itself", [False, True])
def test_a_pipe_does_not_block(folder: Path, named_by_itself: bool) -> None:
    os.mkfifo(folder / "pipe.md")
    (reading,) = read(folder / "pipe.md" if named_by_itself else folder)
    assert reading == Skipped(str(folder / "pipe.md"))


def test_links_to_nowhere_and_to_themselves_are_reported(folder: Path) -> None:
    (folder / "gone.md").symlink_to(folder / "nowhere.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    written(folder, "real.md", "Text.")
    (folder / "alias.md").symlink_to(folder / "real.md")
    readings = read(folder)
    assert articles(readings).keys() == {"real", "alias"}
    assert [Path(failed.path).name for failed in failures(readings)] == ["gone.md", "loop.md"]
    assert all("Correct or remove the link." in failed.error for failed in failures(readings))


def with_links(folder: Path) -> Path:
    """Make a folder whose links lead out, in, up, and round in circles."""
    outside = folder.parent / "outside"
    written(folder, "real.md", "Text.")
    written(folder, "deep/er.md", "Text.")
    secret = written(outside, "secret.md", "Secret.")
    (outside / "back").symlink_to(folder)
    (folder / "secret.md").symlink_to(secret)
    (folder / "deep" / "relative.txt").symlink_to("../../outside/secret.md")
    (folder / "by-way.md").symlink_to("secret.md")
    (folder / "passwd.txt").symlink_to("/etc/passwd")
    (folder / "out").symlink_to(outside)
    (folder / "in").symlink_to(folder / "deep")
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "itself").symlink_to("itself")
    return folder


def test_links_that_lead_out_are_not_followed_and_told(folder: Path) -> None:
    readings = read(with_links(folder))
    assert articles(readings).keys() == {"real", "deep/er"}
    told = {
        Path(reading.path).name: reading.reason for reading in readings if isinstance(reading, (Skipped, Withdrawn))
    }
    assert {"secret.md", "relative.txt", "by-way.md", "passwd.txt", "out"} <= told.keys()
    assert all(
        "leads out of the folder that was named; FOOTNOTE_FOLLOW_LINKS=true" in (told[n] or "")
        for n in ("out", "secret.md")
    )


@pytest.mark.timeout(30)
def test_links_are_followed_where_that_is_set_and_circles_end(folder: Path) -> None:
    sources = sources_from([with_links(folder)])
    readings = list(read_articles(sources, limits=Limits(follow_links=True)))
    assert articles(readings).keys() == {"real", "deep/er", "secret", "deep/relative", "by-way", "out/secret"} | {
        "passwd"
    }


def test_a_link_that_is_named_is_followed(folder: Path) -> None:
    with_links(folder)
    assert articles(read(folder / "secret.md")).keys() == {"secret"}
    assert "secret" in articles(read(folder / "out"))


def test_what_word_notes_while_a_document_is_open_is_not_even_seen(folder: Path) -> None:
    written(folder, "~$report.docx", b"\0owner")
    written(folder, "a.md", "Text.")
    assert len(read(folder)) == 1


def test_a_file_that_may_not_be_read_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = written(folder, "a.md", "Text.")
    written(folder, "b.md", "Text.")
    secret.chmod(0)
    read_bytes = Path.read_bytes

    def refusing(path: Path) -> bytes:  # root may read everything: what others are told is made here
        if path == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refusing)
    readings = read(folder)
    assert articles(readings).keys() == {"b"}
    (failed,) = failures(readings)
    assert failed.error == "cannot be read (Permission denied). Check that the file exists and may be read."


def test_a_file_that_may_not_even_be_looked_at_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = written(folder, "a.md", "Text.")
    written(folder, "b.md", "Text.")
    is_file = Path.is_file

    def refusing(path: Path) -> bool:
        if path == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refusing)
    readings = read(folder)
    assert articles(readings).keys() == {"b"}
    assert [failed.path for failed in failures(readings)] == [str(secret)]


def test_a_folder_that_may_not_be_listed_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, "closed/a.md", "Text.")
    written(folder, "open/b.md", "Text.")
    listing = os.scandir

    def refusing(path: str) -> "os._ScandirIterator[str]":
        if str(path) == str(folder / "closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", refusing)
    readings = read(folder)
    assert articles(readings).keys() == {"open/b"}
    (failed,) = failures(readings)
    assert failed.file == str(folder / "closed")
    assert "cannot be read (Permission denied)" in failed.error


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a file name be any bytes")
def test_a_file_name_that_is_not_utf8_can_be_told_and_stored(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.md")
    (folder / name).write_text("Text.")
    (failed,) = failures(read(folder))
    assert failed.path == f"{folder}/caf\ufffd.md" == printable(folder / name)
    assert "cannot be printed. Rename it." in failed.error
    assert failed.error.encode()


def test_a_file_name_that_is_not_utf8_does_where_the_id_is_given(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.md")
    (folder / name).write_text("---\nid: cafe\n---\nText.")
    article = articles(read(folder))["cafe"]
    assert article.path.encode()


def test_a_path_that_does_not_exist_is_wrong_usage(folder: Path) -> None:
    with pytest.raises(WrongUsage, match=r"nowhere does not exist\. Name a file or folder that does\."):
        sources_from([folder, folder / "nowhere"])


TITLES = {
    "first heading": ("a.md", "Some words.\n\n## The *first* [heading](x)\n\n# Second", "The first heading"),
    "underlined heading": ("a.md", "By Ann\n\nThe heading\n===========\n\nText.", "The heading"),
    "no heading": ("a.md", "- The **first** line\n- and more", "The first line"),
    "comment in code is no heading": ("a.md", "Install it.\n\n```\n# as root\n```\n", "Install it."),
    "picture before text": ("a.md", "![](banner.png)\n\nWhat it says.", "What it says."),
    "text": ("a.txt", "\n\n  First   line \n# second", "First line"),
    "text keeps marks": ("a.txt", "# First *line*", "# First *line*"),
    "long first line": ("a.txt", "It rained. " + "Then " * 40, "It rained."),
    "long sentence": ("a.txt", "word " * 40, "word " * 22 + "word…"),
    "long word": ("a.txt", "w" * 200, "w" * 119 + "…"),
    "given": ("a.md", "---\ntitle: Given\n---\n# Heading", "Given"),
    "given but blank": ("a.md", '---\ntitle: " "\n---\n# Heading', "Heading"),
    "marks only": ("a.md", "***\n", "***"),
}


@pytest.mark.parametrize(("name", "content", "title"), TITLES.values(), ids=TITLES.keys())
def test_the_title_is_the_one_given_or_the_first_heading_or_line(
    folder: Path, name: str, content: str, title: str
) -> None:
    assert the_article(folder, name, content).info.title == title


def test_an_article_always_has_a_title(folder: Path) -> None:
    for text in ("![](a.png)", "[](b)", ">>>", "- ", "\\\n", "&nbsp;", "<!-- -->", "[a]: b"):
        assert the_article(folder, "a.md", text).info.title.strip(), text


def lines_of(folder: Path, *lines: object) -> Path:
    rows = (line if isinstance(line, (str, bytes)) else json.dumps(line) for line in lines)
    return written(folder, "feed.jsonl", b"\n".join(row.encode() if isinstance(row, str) else row for row in rows))


def test_lines_are_articles_named_by_their_number(folder: Path) -> None:
    path = lines_of(folder, {"text": "One."}, "", {"text": "Three."}, {"text": "Four.", "id": "given/4"})
    assert list(articles(read(folder))) == ["feed.jsonl#1", "feed.jsonl#3", "given/4"]
    assert list(articles(read(path))) == ["feed.jsonl#1", "feed.jsonl#3", "given/4"]
    assert articles(read(path))["given/4"].path == f"{path}#4"
    assert count_articles(sources_from([folder])) == 4 - 1  # line ends: cheap, and near enough for a progress bar


def test_lines_in_a_nested_file_carry_its_path(folder: Path) -> None:
    written(folder, "deep/er.jsonl", '{"text": "One."}')
    assert articles(read(folder)).keys() == {"deep/er.jsonl#1"}


def test_a_line_holds_the_same_fields_as_front_matter(folder: Path) -> None:
    fields = {"id": "x", "title": "T", "text": "One.", "url": "https://e.org", "publisher": "P"}
    more = {"published": "2026-04-24T10:00:00Z", "authors": ["Ann"], "language": "en", "groups": []}
    info = articles(read(lines_of(folder, {**fields, **more})))["x"].info
    assert (info.title, info.url, info.publisher, info.authors) == ("T", "https://e.org", "P", ("Ann",))
    assert (str(info.published), info.language, info.groups, info.format) == ("2026-04-24", "en", frozenset(), "text")


BAD_LINES = {
    "no JSON": ('{"text": ', "is not JSON: Expecting value at column"),
    "no object": ("[1, 2]", 'is not an object. Write one {"id": …, "text": …} a line.'),
    "no text": ('{"id": "a"}', 'has no "text". Add it'),
    "text that is a number": ('{"text": 5}', 'has no "text".'),
    "text that is null": ('{"text": null}', 'has no "text".'),
    "empty text": ('{"text": " \\n"}', "is empty."),
    "NUL escaped": ('{"text": "ab\\u0000c"}', "is not text: character 2 is NUL. Remove it."),
    "NUL raw": (b'{"text": "ab\0c"}', "is NUL"),
    "half a pair": ('{"text": "ab\\ud83dc"}', "contains half a surrogate pair at character 2. Remove it."),
    "half a pair in the title": ('{"text": "a", "title": "\\udc00"}', "has a title with characters that are not text"),
    "half a pair in a group": ('{"text": "a", "groups": ["\\udc00"]}', "has a group with characters that are not text"),
    "half a pair in the id": ('{"text": "a", "id": "\\ud800"}', "has a id with characters that are not text"),
    "half a pair in an author": ('{"text": "a", "authors": ["\\ud800"]}', "has a author with characters"),
    "groups that are null": ('{"text": "a", "groups": null}', "has groups that are not a list of names"),
    "not UTF-8": (b'{"text": "caf\xe9"}', "is not UTF-8: byte 13 does not decode"),
    "a number of 5,000 digits": ('{"text": "a", "n": ' + "1" * 5_000 + "}", "is not JSON that can be read"),
    "nested too deeply": ('{"text": "a", "n": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    "over the limit": (json.dumps({"text": "x" * 2_001}), "is 2,001 bytes long, over the limit of 2,000"),
}


@pytest.mark.parametrize(("line", "message"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_reported_by_number_and_the_others_go_in(folder: Path, line: str | bytes, message: str) -> None:
    path = lines_of(folder, {"text": "One."}, line, {"text": "Three."})
    readings = read(path, max_bytes=2_000)
    assert articles(readings).keys() == {"feed.jsonl#1", "feed.jsonl#3"}
    (failed,) = failures(readings)
    assert (failed.path, failed.file) == (f"{path}#2", str(path))
    assert message in failed.error
    assert failed.error.encode()


def test_a_whole_pair_of_surrogates_is_one_character(folder: Path) -> None:
    (article,) = articles(read(lines_of(folder, '{"text": "\\ud83d\\ude00!"}'))).values()
    assert article.text == "😀!"


def test_text_of_a_line_has_line_feeds_and_no_byte_order_mark(folder: Path) -> None:
    line = b'\xef\xbb\xbf{"text": "\\ufeff A\\r\\nB\\rC "}\r\n'
    (article,) = articles(read(lines_of(folder, line))).values()
    assert article.text == " A\nB\nC "


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_lines_as_powershell_writes_them_are_read(folder: Path, encoding: str) -> None:
    path = lines_of(folder, '\ufeff{"text": "Caf\u00e9."}\r\n{"text": "Two."}\r\n'.encode(encoding))
    found = articles(read(path))
    assert {key: article.text for key, article in found.items()} == {"feed.jsonl#1": "Café.", "feed.jsonl#2": "Two."}


def test_a_line_without_an_end_is_not_read_whole(folder: Path) -> None:
    path = lines_of(folder, {"text": "One."}, b'{"text": "' + b"x" * 2_000_000 + b'"}', {"text": "Three."})
    readings = read(path, max_bytes=1_000)
    assert articles(readings).keys() == {"feed.jsonl#1"}
    assert f"line 2 is longer than {6 * 1_000 + 1_000_000:,} bytes" in failures(readings)[-1].error
    assert "Split it" in failures(readings)[-1].error


def test_an_odd_date_is_a_warning_and_stays_unknown(folder: Path) -> None:
    written(folder, "a.md", "---\npublished: 2024-13-45\n---\nText.")
    lines_of(folder, {"text": "One.", "published": "last week"})
    readings = [reading for reading in read(folder) if isinstance(reading, Read)]
    assert [reading.article.info.published for reading in readings] == [None, None]
    assert [len(reading.warnings) for reading in readings] == [1, 1]
    assert "'2024-13-45' is not an ISO date such as 2026-04-21; the date stays unknown" in readings[0].warnings[0]


def test_articles_come_in_order_of_sources_and_paths(folder: Path) -> None:
    for name in ("b/x.md", "a/y.md", "a/x.md", "z.md"):
        written(folder, name, "Text.")
    assert list(articles(read(folder))) == ["z", "a/x", "a/y", "b/x"]
    assert list(articles(read(folder / "b", folder / "a"))) == ["x", "y"]


def test_bounds_are_those_of_the_settings() -> None:
    settings = IndexSettings(_env_file=None)
    folder = settings.data_dir.absolute()  # for workers that are started in another folder
    expected = Limits(scans=ScanLimits(cache=folder / SCANS_FILE), originals=folder / ORIGINALS_FOLDER)
    assert limits_from(settings) == expected
    assert limits_from(settings.model_copy(update={"keep_originals": False})).originals is None
    assert replace(politeness_from(settings), user_agent="Footnote") == Politeness()


def test_a_source_is_named_by_its_absolute_path(folder: Path) -> None:
    assert sources_from([folder]) == [Source(folder)]
    assert Source(folder).name == str(folder)
