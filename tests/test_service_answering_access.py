"""Nobody is shown anything of an article that they may not read, whatever they ask, name or list."""

import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from index.errors import ArticleUnknown
from index.records import EVERYTHING, FOR_EVERYONE, Access
from service.assistant import LocalAssistant
from service.auth.askers import ANYONE
from service.schemas.api import AskRequest, AskResponse, FiltersWire, SearchRequest
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

GROUPED = {
    "open.txt": "The tower is 120 metres high, the builder told the newspaper.",
    "board.md": "---\ngroups: [board]\ntitle: Secret of the board\n---\nThe tower is 140 metres high, the board knows.",
    "staff.md": "---\ngroups: [staff, board]\ntitle: For staff\n---\nThe tower is 130 metres high, the staff believes.",
    "nobody.md": "---\ngroups: []\ntitle: For nobody\n---\nThe tower is 150 metres high, nobody may know.",
    # The same text under two names: each asker sees it through the copy that they may read.
    "copies/for-board.md": "---\ngroups: [board]\ntitle: Same\n---\nThe mast on the tower measures 30 metres.",
    "copies/for-staff.md": "---\ngroups: [staff]\ntitle: Same\n---\nThe mast on the tower measures 30 metres.",
}
READERS = {
    FOR_EVERYONE: {"open"},
    Access(frozenset({"board"})): {"open", "board", "staff", "copies/for-board"},
    Access(frozenset({"staff"})): {"open", "staff", "copies/for-staff"},
    Access(frozenset({"guests"})): {"open"},
    Access(frozenset({"guests", "staff"})): {"open", "staff", "copies/for-staff"},
    EVERYTHING: {"open", "board", "staff", "nobody", "copies/for-board", "copies/for-staff"},
}


@pytest.fixture(scope="module")
def grouped_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    folder = tmp_path_factory.mktemp("grouped")
    with assistant_over(settings_for(folder / "data", refusals=False)) as assistant:
        index_into(assistant, write(folder / "news", GROUPED))
        yield assistant


def shown(response: AskResponse) -> set[str]:
    """Every article that an answer shows anything of."""
    return {one.article_id for part in (response.citations, response.nearest, response.hits or []) for one in part}


@pytest.mark.parametrize("access", READERS, ids=lambda access: ",".join(sorted(access.groups)) or repr(access)[-6:])
def test_nobody_sees_what_is_not_for_them(grouped_assistant: LocalAssistant, access: Access) -> None:
    readable = READERS[access]
    refusing = settings_for(grouped_assistant.settings.data_dir)
    cautious = LocalAssistant(grouped_assistant.live, refusing, None)
    for assistant, question in (
        (grouped_assistant, "How high is the tower?"),
        (grouped_assistant, "How long is the mast on the tower?"),
        (cautious, "Which frogs live in Peru?"),
    ):
        response = ask(assistant, question, access, include_hits=True)
        assert shown(response) <= readable
        assert response.hits
    found = grouped_assistant.search(SearchRequest(question="How high is the tower?", limit=100), access)
    copies = {"copies/for-board", "copies/for-staff"}
    assert {hit.article_id for hit in found.hits} - copies == readable - copies
    assert bool({hit.article_id for hit in found.hits} & copies) == bool(readable & copies)
    listed = grouped_assistant.articles(access, after=None, limit=100)
    assert {article.id for article in listed.articles} == readable
    assert listed.total == len(readable)
    for article_id in READERS[EVERYTHING]:
        if article_id in readable:
            assert grouped_assistant.article(article_id, access, None).text
        else:
            with pytest.raises(ArticleUnknown, match="that you may read"):
                grouped_assistant.article(article_id, access, None)


@pytest.mark.parametrize(
    "access", [FOR_EVERYONE, Access(frozenset({"staff"})), EVERYTHING], ids=["all", "staff", "owner"]
)
def test_naming_an_article_in_a_filter_opens_no_door(grouped_assistant: LocalAssistant, access: Access) -> None:
    for article_id in READERS[EVERYTHING]:
        filters = FiltersWire(article_ids=[article_id])
        found = grouped_assistant.search(SearchRequest(question="How high is the tower?", filters=filters), access)
        assert {hit.article_id for hit in found.hits} == {article_id} & READERS[access]
    closed = FiltersWire(article_ids=sorted(READERS[EVERYTHING] - READERS[access]) or ["unknown"])
    response = ask(grouped_assistant, "How high is the tower?", access, include_hits=True, filters=closed)
    assert (response.status, shown(response)) == ("no_answer", set())


def test_a_list_in_pages_holds_what_may_be_read_and_nothing_of_the_rest(grouped_assistant: LocalAssistant) -> None:
    for access, readable in READERS.items():
        listed: list[str] = []
        after: str | None = None
        while True:
            page = grouped_assistant.articles(access, after=after, limit=2)
            listed += [article.id for article in page.articles]
            if (after := page.next_after) is None:
                break
            assert after in readable
        assert listed == sorted(readable)


def test_taking_a_group_away_closes_an_article_at_once(own_assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", GROUPED)
    index_into(own_assistant, folder)
    board = Access(frozenset({"board"}))
    version = own_assistant.article("board", board, None).version
    write(folder, {"board.md": GROUPED["board.md"].replace("[board]", "[owners]").replace("140", "141")})
    index_into(own_assistant, folder)
    assert "board" not in shown(ask(own_assistant, "How high is the tower?", board, include_hits=True))
    for old_or_new in (None, version):
        with pytest.raises(ArticleUnknown):
            own_assistant.article("board", board, old_or_new)


def test_many_articles_of_others_do_not_crowd_out_the_one_that_may_be_read(
    own_assistant: LocalAssistant, tmp_path: Path
) -> None:
    random.seed(4711)
    numbers = count(100)
    secret = "---\ngroups: [board]\n---\nThe tower is {} metres high, says witness {}."
    articles = {f"s{n}.md": secret.format(next(numbers), random.randrange(10**9)) for n in range(130)}
    articles["open.txt"] = "From the harbour, people see a tall building of 120 metres."
    index_into(own_assistant, write(tmp_path / "news", articles))
    response = ask(own_assistant, "How high is the tower?", FOR_EVERYONE, include_hits=True)
    assert {hit.article_id for hit in response.hits or ()} == {"open"}


def test_scores_do_not_tell_which_words_restricted_articles_hold(place: Path) -> None:
    """The scores that a guest sees are the same whatever the board's articles are about."""
    write(place / "open", {"harbour.md": "The harbour opens at six.\n", "mill.md": "The mill stands by the river.\n"})
    secrets = ["Zanzibar " * 20 + "harbour\n", "Nothing of the kind is said.\n"]
    seen = []
    with assistant_over(settings_for(place / "data", refusals=False)) as assistant:
        index_into(assistant, place / "open")
        everyone = assistant.search(SearchRequest(question="When does the harbour open?"), FOR_EVERYONE).hits
        assert all(hit.lexical is not None for hit in everyone)  # nothing is restricted yet
        for text in secrets:
            write(place / "board", {"secret.md": f"---\ngroups: [board]\n---\n{text}"})
            index_into(assistant, place / "board")
            asked = AskRequest(question="When does the harbour open?", include_hits=True)
            guest = assistant.ask(asked, ANYONE)
            found = assistant.search(SearchRequest(question=asked.question), FOR_EVERYONE).hits
            assert guest.hits
            assert guest.citations
            assert all(hit.lexical is None and hit.score == hit.dense for hit in (*found, *guest.hits))
            assert all(citation.score is None for citation in guest.citations)
            seen.append([(hit.passage_id, hit.score) for hit in found])
            owners = assistant.search(SearchRequest(question=asked.question), EVERYTHING).hits
            board = assistant.search(SearchRequest(question=asked.question), Access(frozenset({"board"}))).hits
            assert [hit.lexical for hit in owners] == [hit.lexical for hit in board]
            assert all(hit.lexical is not None for hit in owners)
    assert seen[0] == seen[1]
