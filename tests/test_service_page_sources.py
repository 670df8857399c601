"""The page of sources, over a real index: uploading, syncing, and where an article comes from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from service.assistant import LocalAssistant
from tests.page_browser import TOKEN, findings, fits, opened, screenshot, serving
from tests.service_fixtures import assistant_over, index_into, settings_for, write

SHOWING = "main .sources h2"


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    with assistant_over(settings_for(tmp_path / "data"), with_history=True) as assistant:
        index_into(assistant, write(tmp_path / "articles", {"tower.md": "# Tower\n\nThe tower is 84 metres high.\n"}))
        yield assistant


@pytest.fixture
def address(assistant: LocalAssistant) -> Iterator[str]:
    with serving(assistant, owner_token=TOKEN) as address:
        yield address


@pytest.fixture
def sources(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address, key=TOKEN, path="/sources", showing=SHOWING) as page:
        yield page


def choose(page: Page, *files: Path) -> None:
    page.get_by_label("Files").set_input_files(files)


def test_who_may_not_upload_sees_no_form(browser: Browser, address: str) -> None:
    with opened(browser, address, path="/sources", showing="main .sources h1") as page:
        expect(page.get_by_text("Admin only").first).to_be_visible()
        expect(page.get_by_label("Files")).to_be_hidden()


def test_files_are_uploaded_for_groups_and_each_says_what_became_of_it(
    sources: Page, assistant: LocalAssistant, tmp_path: Path
) -> None:
    folder = write(
        tmp_path / "mine", {"leave.md": "Annual leave is 28 days.", "empty.md": "", "odd.exe": "MZ", "not.md": "No."}
    )
    choose(sources, *sorted(folder.iterdir()))
    rows = sources.locator(".uploading li")
    expect(rows).to_have_count(4)
    sources.get_by_role("button", name="Leave out not.md").click()
    sources.get_by_label("Groups, separated by commas").fill("staff, board")
    expect(sources.get_by_label("Only these groups")).to_be_checked()
    sources.get_by_label("Collections, separated by commas").fill("HR")
    sources.get_by_role("button", name="Upload", exact=True).click()
    expect(rows.filter(has_text="leave.md")).to_contain_text("in the index")
    expect(rows.filter(has_text="empty.md")).to_contain_text("is empty")
    expect(rows.filter(has_text="odd.exe")).to_contain_text("is of a type that is not read")
    entry = assistant.current_index.catalog.entries()["uploads/leave"]
    assert (entry.info.groups, entry.info.collections) == (frozenset({"staff", "board"}), frozenset({"hr"}))
    sources.get_by_text("Uploaded files: 2").click()
    expect(sources.locator(".uploaded")).to_contain_text("leave.md")
    sources.get_by_role("button", name="Delete the file: leave.md").click()
    sources.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(sources.get_by_text("Uploaded files: 1")).to_be_visible()
    assert "uploads/leave" not in assistant.current_index.catalog.entries()


def test_nothing_is_sent_before_it_is_said_who_may_read_it(
    sources: Page, assistant: LocalAssistant, tmp_path: Path
) -> None:
    choose(sources, write(tmp_path / "mine", {"leave.md": "Annual leave is 28 days."}) / "leave.md")
    button = sources.get_by_role("button", name="Upload", exact=True)
    button.click()
    sources.get_by_label("Only these groups").check()
    button.click()
    expect(sources.get_by_role("alert")).to_have_text("Name at least one group.")
    assert not assistant.uploads.listing().files
    sources.get_by_label("Everyone").check()
    button.click()
    expect(sources.locator(".uploading li")).to_contain_text("in the index")
    assert [file.groups for file in assistant.uploads.listing().files] == [None]


def test_a_folder_keeps_its_paths(sources: Page, assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "guides", {"a.md": "About a.", "deep/b.md": "About b."})
    sources.get_by_label("Folder").set_input_files(folder)
    sources.get_by_label("Everyone").check()
    sources.get_by_role("button", name="Upload", exact=True).click()
    expect(sources.locator(".uploading li")).to_have_text(["guides/a.mdin the index", "guides/deep/b.mdin the index"])
    assert {"uploads/guides/a", "uploads/guides/deep/b"} < assistant.current_index.catalog.entries().keys()


def test_sources_show_their_state_and_are_synced_now(sources: Page, assistant: LocalAssistant, tmp_path: Path) -> None:
    write(tmp_path / "docs", {"a.md": "About a.", "bad.md": ""})
    file = assistant.settings.data_dir / "sources.toml"
    file.write_text(
        f'[sources.docs]\nkind="files"\nplace="{tmp_path / "docs"}"\ngroups=["staff"]\n[sources.odd]\nkind="web"\n'
    )
    sources.reload()
    docs = sources.locator(".source").filter(has_text="docs")
    expect(docs).to_contain_text("not synced yet")
    expect(sources.locator(".source").filter(has_text="odd")).to_contain_text("cannot be read")
    docs.get_by_role("button", name="Sync docs now").click()
    expect(docs).to_contain_text("in step")
    docs.get_by_text("Last sync: 1 added, 1 failed; 1 note").click()
    expect(docs.locator(".faults")).to_contain_text("bad.md is empty")
    screenshot(sources, "sources-light", full_page=True)
    assert findings(sources) == []
    sources.emulate_media(color_scheme="dark")
    sources.set_viewport_size({"width": 360, "height": 800})
    screenshot(sources, "sources-dark", full_page=True)
    assert findings(sources) == []
    assert fits(sources)


def test_an_admin_sees_where_an_article_comes_from_and_reads_it_again(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    with opened(browser, address, key=TOKEN, path="/articles/tower", showing=".article") as page:
        page.get_by_text("Where it comes from").click()
        expect(page.locator(".origin-facts")).to_contain_text(str(tmp_path / "articles" / "tower.md"))
        expect(page.locator(".passages li")).to_contain_text("The tower is 84 metres high.")
        assert findings(page) == []
        screenshot(page, "origin-light", full_page=True)
        write(tmp_path / "articles", {"tower.md": "# Tower\n\nThe tower is 85 metres high.\n"})
        page.get_by_role("button", name="Read again").click()
        expect(page.locator(".passages li")).to_contain_text("The tower is 85 metres high.")
        page.get_by_role("button", name="Delete the article: Tower").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        page.wait_for_url("**/articles")


def test_nobody_else_is_offered_any_of_it(browser: Browser, address: str) -> None:
    with opened(browser, address, path="/articles/tower", showing=".article") as page:
        expect(page.get_by_text("Where it comes from")).to_be_hidden()
        expect(page.get_by_role("link", name="Sources")).to_be_hidden()
