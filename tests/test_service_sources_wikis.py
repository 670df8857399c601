"""Confluence and Notion as sources: what is read, by whom, and what is read again."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from index.records import EVERYTHING, FOR_EVERYONE, Access
from index.sources import apart
from service.assistant import LocalAssistant
from service.sources.file import Unreadable, read_sources
from service.sources.syncing import Sources
from tests.http_server import serving_app
from tests.service_fixtures import assistant_over, settings_for
from tests.wiki_servers import Confluence, Notion, NotionPage, WikiPage

STAFF, HR = Access(frozenset({"staff"})), Access(frozenset({"hr"}))
SECRET = "wiki-secret"
IDS = [f"00000000-0000-0000-0000-{number:03}000000000" for number in range(6)]


@pytest.fixture(scope="module", autouse=True)
def token() -> Iterator[None]:
    """Set the token where sources are read: in processes that have the environment in which they were started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WIKI_TOKEN", SECRET)
        end_idle_workers()
        yield
        end_idle_workers()


def end_idle_workers() -> None:
    while apart._idle:
        apart._idle.pop().end()


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        yield assistant


def configured(assistant: LocalAssistant, entry: str) -> Sources:
    (assistant.settings.data_dir / "sources.toml").write_text(f"[sources.wiki]\n{entry}")
    return Sources(assistant.live, assistant.settings)


def ids(assistant: LocalAssistant, access: Access = EVERYTHING) -> list[str]:
    return [info.id.removeprefix("wiki/") for info in assistant.current_index.catalog.articles(access)]


@pytest.fixture(params=["cloud", "data center"])
def confluence(request: pytest.FixtureRequest) -> Confluence:
    basic = "Basic " + b64encode(f"ann@acme.example:{SECRET}".encode()).decode()
    cloud = request.param == "cloud"
    wiki = Confluence(basic if cloud else f"Bearer {SECRET}", cloud)
    wiki.spaces["HR"] = [
        WikiPage("1", "Leave & more", "<p>Annual leave is 28 days a year for everybody who works here.</p>"),
        WikiPage("2", "Salaries", "<p>The salaries are paid on the 25th of each month.</p>", groups=("hr-team",)),
        WikiPage("3", "Bands", "<p>The bands of the salaries are from one to nine.</p>", ancestors=("1", "2")),
        WikiPage("4", "Personal", "<p>Only Ann and Bob may look at this page.</p>", users=("Ann",)),
        WikiPage("5", "Others", "<p>For a group that no setting knows of.</p>", groups=("consultants",)),
        WikiPage("6", "Orphan", "<p>Below a page that nobody lists.</p>", ancestors=("99",)),
        WikiPage("7", "Untold", "<p>The server does not tell who may see it.</p>", told=False),
    ]
    return wiki


def wiki_entry(wiki: Confluence, url: str) -> str:
    user = 'user="ann@acme.example"\n' if wiki.cloud else ""
    return (
        f'kind="confluence"\nplace="{url}/wiki"\nspaces=["HR"]\npassword_variable="WIKI_TOKEN"\n{user}'
        'groups=["staff", "hr"]\nreaders={hr-team="hr"}\nprune_limit="50%"\n'
    )


def test_pages_of_confluence_are_read_by_those_whom_it_lets(assistant: LocalAssistant, confluence: Confluence) -> None:
    with serving_app(confluence.app()) as url:
        confluence.busy = 1
        (record,) = configured(assistant, wiki_entry(confluence, url)).sync()
    assert record.error is None
    assert (ids(assistant, STAFF), ids(assistant, HR), ids(assistant, FOR_EVERYONE)) == (["1"], ["1", "2", "3"], [])
    info, text = assistant.current_index.catalog.article("wiki/1", STAFF)
    assert (info.title, info.url) == ("Leave & more", f"{url}/wiki/spaces/HR/pages/1")
    assert (info.published, "Annual leave is 28 days" in text) == (date(2026, 4, 24), True)
    told = {problem.path: problem.error for problem in record.problems}
    assert "restrictions Confluence did not tell" in told["wiki:6.html"]
    assert "restrictions Confluence did not tell" in told["wiki:7.html"]


def test_only_pages_that_changed_are_fetched_and_restrictions_count_at_once(
    assistant: LocalAssistant, confluence: Confluence
) -> None:
    confluence.spaces["HR"] = confluence.spaces["HR"][:3]
    leave, salaries, _ = confluence.spaces["HR"]
    with serving_app(confluence.app()) as url:
        sources = configured(assistant, wiki_entry(confluence, url))
        sources.sync()
        confluence.asked.clear()
        sources.sync()
        assert not [one for one in confluence.asked if "body" in one]
        leave.groups = ("hr-team",)
        salaries.body, salaries.version = "<p>The salaries are paid on the 20th of each month.</p>", 2
        sources.sync()
        fetched = [one for one in confluence.asked if "body" in one]
        assert fetched == ["id in (1,2) body.export_view"]
        assert (ids(assistant, STAFF), ids(assistant, HR)) == ([], ["1", "2", "3"])
        assert "20th" in assistant.current_index.catalog.article("wiki/2", HR)[1]
        confluence.spaces["HR"] = [leave, salaries]
        (record,) = sources.sync()
    assert (record.counts["deleted"], ids(assistant)) == (1, ["1", "2"])


def test_a_confluence_that_refuses_fails_its_source(assistant: LocalAssistant, confluence: Confluence) -> None:
    with serving_app(confluence.app()) as url:
        sources = configured(assistant, wiki_entry(confluence, url))
        sources.sync()
        before = ids(assistant)
        confluence.authorization = "Bearer another"
        (record,) = sources.sync()
    assert "was answered with status 401" in (record.error or "")
    assert SECRET not in (record.error or "")
    assert ids(assistant) == before


NOTION = 'kind="notion"\npassword_variable="WIKI_TOKEN"\nprune_limit="50%"\n'


def test_pages_of_notion_are_read_by_those_whom_their_property_names(assistant: LocalAssistant) -> None:
    notion = Notion(SECRET)
    notion.pages = [
        NotionPage(IDS[0], "Leave", ["Annual leave is **28 days**."], readers=["Staff", "HR team"]),
        NotionPage(IDS[1], "Salaries", ["Paid on the 25th.", "And in December earlier."], readers=["HR team"]),
        NotionPage(IDS[2], "Unsaid", ["Nobody said who may read this."]),
        NotionPage(IDS[3], "Nobody", ["Nobody is chosen."], readers=[]),
        NotionPage(IDS[4], "Unmapped", ["For others."], readers=["Board"]),
        NotionPage(IDS[5], "Gone", ["In the trash."], readers=["Staff"], in_trash=True),
    ]
    with serving_app(notion.app()) as url:
        entry = f'{NOTION}place="{url}"\nreaders_property="Readers"\nreaders={{Staff="staff", "HR team"="hr"}}\n'
        sources = configured(assistant, entry)
        (record,) = sources.sync()
        assert (record.error, ids(assistant, STAFF), ids(assistant, HR)) == (None, [IDS[0]], IDS[:2])
        assert ids(assistant) == [IDS[0], IDS[1], IDS[4]]  # the last of them for nobody
        info, text = assistant.current_index.catalog.article(f"wiki/{IDS[1]}", HR)
        assert (info.title, info.url, info.published) == (
            "Salaries",
            f"https://www.notion.so/{IDS[1].replace('-', '')}",
            date(2026, 4, 24),
        )
        assert text == "Paid on the 25th.\n\nAnd in December earlier."
        told = {problem.path: problem.error for problem in record.problems}
        assert "has no property 'Readers'" in told[f"wiki:{IDS[2]}.md"]
        assert "names nobody" in told[f"wiki:{IDS[3]}.md"]
        notion.fetched.clear()
        notion.pages[0].readers = ["HR team"]  # Notion counts a changed property as an edit; its day may be the same
        sources.sync()
        assert notion.fetched == [IDS[0]]
        assert ids(assistant, STAFF) == []


def test_pages_of_notion_are_for_the_groups_of_the_source_where_no_property_says(assistant: LocalAssistant) -> None:
    notion = Notion(SECRET, [NotionPage(IDS[0], "Leave", ["Annual leave is 28 days."])])
    with serving_app(notion.app()) as url:
        (record,) = configured(assistant, f'{NOTION}place="{url}"\ngroups=["staff"]\n').sync()
    assert (record.error, ids(assistant, STAFF), ids(assistant, FOR_EVERYONE)) == (None, [IDS[0]], [])


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('kind="confluence"\nplace="https://a.example/wiki"\nspaces=["HR"]\npassword_variable="T"', "say who may read"),
        ('kind="confluence"\nplace="https://a.example/wiki"\ngroups=["a"]\npassword_variable="T"', "spaces"),
        (
            'kind="confluence"\nplace="http://a.example"\nspaces=["HR"]\ngroups=["a"]\npassword_variable="T"',
            "write https",
        ),
        (
            'kind="confluence"\nplace="https://u:p@a.example"\nspaces=["HR"]\ngroups=["a"]\npassword_variable="T"',
            "without user",
        ),
        ('kind="notion"\npassword_variable="T"', "say who may read the pages"),
        ('kind="notion"\ngroups=["a"]', "password_variable"),
    ],
)
def test_an_entry_that_leaves_open_who_may_read_is_refused(tmp_path: Path, entry: str, problem: str) -> None:
    (tmp_path / "sources.toml").write_text(f"[sources.wiki]\n{entry}\n")
    (read,) = read_sources(settings_for(tmp_path))
    assert isinstance(read, Unreadable)
    assert problem in read.problem
