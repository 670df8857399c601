"""The catalogue: what readers may see, and what a database holds."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, create_engine, insert, select, table

from index.errors import ArticleDeleted, ArticleUnknown
from index.ingest.chunking import Cut, content_key, passage_id
from index.records import (
    EVERYTHING,
    FOR_EVERYONE,
    Access,
    Article,
    ArticleInfo,
    Filters,
    Readers,
    SentenceSpan,
    Span,
    version_of,
)
from index.stores import queries, schema
from index.stores.catalog import Catalog
from index.stores.migrating import migrate
from index.stores.publishing import Prepared
from index.stores.shared_catalog import SharedCatalog
from tests.servers import BOTH, SettingsOf

BACKENDS = BOTH

STAFF = Access(groups=frozenset({"staff"}))
BOARD = Access(groups=frozenset({"board"}))
OPEN = Filters()


@pytest.fixture
def open_catalog(place: Path, backend: SettingsOf) -> Callable[[], Catalog]:
    """Open the same catalogue each time: a file, or a schema of a PostgreSQL database."""

    def open_catalog() -> Catalog:
        address = backend(place).get("database_url")
        return SharedCatalog(address) if address else Catalog(f"sqlite:///{place / 'catalog.sqlite'}")

    return open_catalog


@pytest.fixture
def catalog(open_catalog: Callable[[], Catalog]) -> Iterator[Catalog]:
    with open_catalog() as catalog:
        yield catalog


def prepared(
    article_id: str,
    text: str = "😀 One. Two.",
    *,
    groups: set[str] | None = None,
    publisher: str | None = None,
    published: date | None = None,
    title: str = "T",
    collections: Iterable[str] = (),
) -> Prepared:
    info = ArticleInfo(
        article_id,
        version_of(text),
        title,
        publisher=publisher,
        published=published,
        groups=None if groups is None else frozenset(groups),
        collections=frozenset(collections),
    )
    article = Article(info, text, f"/articles/{article_id}.md")
    half = len(text) // 2
    cuts = [
        Cut(n, start, end, (SentenceSpan(start, end, "sentence"),))
        for n, (start, end) in enumerate([(0, half), (half, len(text))])
    ]
    return Prepared(article, content_key(article), "/articles", tuple(cuts))


def publish(catalog: Catalog, *batch: Prepared) -> None:
    catalog.stage(batch)
    catalog.publish(batch)


def ids_of(one: Prepared) -> list[str]:
    return [passage_id(one.key, ordinal) for ordinal in (0, 1)]


def test_the_migrations_make_the_schema(catalog: Catalog) -> None:
    with catalog._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.NEWEST


def test_publishers_of_a_catalogue_from_before_are_found_without_regard_to_case(place: Path) -> None:
    engine = create_engine(f"sqlite:///{place / 'catalog.sqlite'}")
    with engine.begin() as connection:
        migrate(connection, to="0002", by=Path(schema.__file__).parent / "migrations")
        row = {"id": "a", "version": "v", "key": "k", "title": "T", "format": "text", "publisher": "Élan"}
        row |= {"authors": "[]", "source": "s", "path": "p", "indexed_at": "2026-01-01 00:00:00.000000"}
        connection.execute(insert(table("articles", *map(column, row))), row)
    engine.dispose()
    catalog = Catalog(f"sqlite:///{place / 'catalog.sqlite'}")
    with catalog._engine.connect() as connection:
        conditions = queries.matching(Filters(publishers=("éLAN",)))
        assert list(connection.scalars(select(schema.articles.c.id).where(*conditions))) == ["a"]
    catalog.close()


def test_what_is_staged_is_not_seen(catalog: Catalog) -> None:
    one = prepared("a")
    catalog.stage([one])
    assert catalog.entries() == {}
    assert catalog.passages(ids_of(one), EVERYTHING, OPEN) == {}
    assert (catalog.count(EVERYTHING), catalog.count_passages()) == (0, 0)
    assert catalog.leftovers() == [one.key]
    assert catalog.contents_in_use([one.key]) == set()
    catalog.publish([one])
    assert list(catalog.passages(ids_of(one), EVERYTHING, OPEN)) == ids_of(one)
    assert (catalog.count(EVERYTHING), catalog.count_passages()) == (1, 2)
    assert catalog.leftovers() == []
    assert catalog.contents_in_use([one.key, "other"]) == {one.key}


def test_passages_are_cut_by_code_points(catalog: Catalog) -> None:
    one = prepared("a", "😀𝔘é 日本語 e\u0301!")
    publish(catalog, one)
    first, second = catalog.passages(ids_of(one), EVERYTHING, OPEN).values()
    assert (first.text, second.text) == ("😀𝔘é 日", "本語 e\u0301!")
    assert catalog.stretch(one.article.info.version, Span(1, 3)) == "𝔘é"


def test_the_sentence_before_a_passage_is_of_the_passage_before_it(catalog: Catalog) -> None:
    one = prepared("a")
    publish(catalog, one)
    first, second = catalog.passages(ids_of(one), EVERYTHING, OPEN).values()
    assert catalog.last_sentence_before(second) == first.sentences[-1]
    assert catalog.last_sentence_before(first) is None


def test_an_article_comes_with_its_text_and_all_that_is_known_of_it(catalog: Catalog) -> None:
    one = prepared("a/b #1?", groups={"staff", "board"}, publisher="P", published=date(2026, 4, 24))
    publish(catalog, one)
    assert catalog.article("a/b #1?", STAFF) == (one.article.info, one.article.text)
    (entry,) = catalog.entries().values()
    assert (entry.info, entry.source, entry.path) == (one.article.info, "/articles", "/articles/a/b #1?.md")


GROUPS = {"all": None, "none": set[str](), "board": {"board"}, "both": {"board", "staff"}}


@pytest.mark.parametrize(
    ("access", "readable"),
    [
        (FOR_EVERYONE, {"all"}),
        (STAFF, {"all", "both"}),
        (BOARD, {"all", "board", "both"}),
        (EVERYTHING, {"all", "none", "board", "both"}),
        (Access(groups=frozenset({"STAFF", "", "staf_", "%"})), {"all"}),
    ],
)
def test_nobody_learns_of_what_they_may_not_read(catalog: Catalog, access: Access, readable: set[str]) -> None:
    batch = [prepared(name, f"Text of {name}.", groups=groups) for name, groups in GROUPS.items()]
    publish(catalog, *batch)
    everything = [id_ for one in batch for id_ in ids_of(one)]
    assert {info.id for info in catalog.articles(access)} == readable
    assert catalog.count(access) == len(readable)
    assert {p.article.id for p in catalog.passages(everything, access, OPEN).values()} == readable
    assert len(catalog.passage_ids(access, OPEN, limit=100)) == 2 * len(readable)
    unknown: list[str] = []
    for name in [*GROUPS, "nothing"]:
        if name not in readable:
            with pytest.raises(ArticleUnknown) as caught:
                catalog.article(name, access)
            unknown.append(str(caught.value).replace(name, "…"))
    assert set(unknown) <= {"There is no article '…' that you may read."}


def test_only_who_could_read_it_learns_that_an_article_was_deleted(catalog: Catalog) -> None:
    publish(catalog, prepared("a", groups={"staff"}), prepared("b"), prepared("c", groups=set()))
    catalog.delete(["a", "b", "c"])
    for article_id, access in [("a", STAFF), ("a", EVERYTHING), ("b", FOR_EVERYONE), ("c", EVERYTHING)]:
        with pytest.raises(ArticleDeleted):
            catalog.article(article_id, access)
    for article_id, access in [("a", BOARD), ("a", FOR_EVERYONE), ("c", STAFF), ("d", EVERYTHING)]:
        with pytest.raises(ArticleUnknown):
            catalog.article(article_id, access)


def test_groups_that_change_count_at_once(catalog: Catalog) -> None:
    publish(catalog, prepared("a"))
    publish(catalog, prepared("a", groups={"staff"}))
    assert (catalog.count(FOR_EVERYONE), catalog.count(STAFF)) == (0, 1)
    publish(catalog, prepared("a", groups={"board"}))
    assert (catalog.count(STAFF), catalog.count(BOARD)) == (0, 1)
    publish(catalog, prepared("a"))
    assert catalog.count(FOR_EVERYONE) == 1


def test_a_copy_is_shown_under_a_name_that_may_be_read(catalog: Catalog) -> None:
    batch = [prepared("a", groups={"board"}), prepared("b", groups={"staff"}), prepared("c")]
    publish(catalog, *batch)
    shown = {
        access: {p.article.id for p in catalog.passages(ids_of(batch[0]), access, OPEN).values()}
        for access in (FOR_EVERYONE, STAFF, BOARD, EVERYTHING)
    }
    assert shown == {FOR_EVERYONE: {"c"}, STAFF: {"b"}, BOARD: {"a"}, EVERYTHING: {"a"}}
    only_c = Filters(article_ids=("c",))
    assert {p.article.id for p in catalog.passages(ids_of(batch[0]), EVERYTHING, only_c).values()} == {"c"}


def test_articles_are_paged_in_order_of_id(catalog: Catalog) -> None:
    names = [f"{letter}/{n}" for letter in "ab" for n in range(5)]
    publish(catalog, *(prepared(name, groups={"staff"} if name.endswith("3") else None) for name in names))
    pages, after = list[list[str]](), None
    while page := catalog.articles(FOR_EVERYONE, after=after, limit=3):
        pages.append([info.id for info in page])
        after = pages[-1][-1]
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [name for page in pages for name in page] == sorted(name for name in names if not name.endswith("3"))


def test_articles_are_listed_by_collection(catalog: Catalog) -> None:
    publish(
        catalog,
        prepared("a", collections={"hr"}, title="One"),
        prepared("b", collections={"hr", "it"}, title="Two"),
        prepared("c", collections={"hr"}, groups={"staff"}),
        prepared("d"),
    )
    found = [info.id for info in catalog.articles(FOR_EVERYONE, collection="hr")]
    assert (found, catalog.count(FOR_EVERYONE, collection="hr")) == (["a", "b"], 2)
    assert [info.id for info in catalog.articles(FOR_EVERYONE, titled="two", collection="hr")] == ["b"]
    assert catalog.count(FOR_EVERYONE, collection="none") == 0


def test_articles_are_found_by_words_of_their_titles(catalog: Catalog) -> None:
    titles = {"a": "Ärger im 100%_igen Tal", "b": "Der ÄRGER", "c": "100 Jahre", "d": "Ärger"}
    publish(
        catalog,
        *(prepared(name, title=title, groups={"staff"} if name == "d" else None) for name, title in titles.items()),
    )
    found = {
        words: [info.id for info in catalog.articles(FOR_EVERYONE, titled=words)]
        for words in ("ärger", "100%_", "100", "_", "Der Ärger", "Ärger Der", "")
    }
    assert found == {
        "ärger": ["a", "b"],
        "100%_": ["a"],
        "100": ["a", "c"],
        "_": ["a"],
        "Der Ärger": ["b"],
        "Ärger Der": [],
        "": ["a", "b", "c"],
    }
    assert [catalog.count(FOR_EVERYONE, titled=words) for words in found] == [len(ids) for ids in found.values()]
    assert [info.id for info in catalog.articles(STAFF, after="a", limit=2, titled="ärger")] == ["b", "d"]


def test_thousands_of_passages_can_be_asked_for_at_once(catalog: Catalog) -> None:
    one = prepared("a")
    publish(catalog, one)
    many = [f"unknown-{n}" for n in range(40_000)]
    assert list(catalog.passages([*many, *ids_of(one)], STAFF, OPEN)) == ids_of(one)
    assert catalog.contents_in_use([*many, one.key]) == {one.key}
    assert catalog.passage_ids_of([*many, one.key]) == ids_of(one)


def test_passage_ids_are_no_more_than_asked_for(catalog: Catalog) -> None:
    one, two = prepared("a"), prepared("b", "Three. Four.")
    publish(catalog, one, two, prepared("copy"))
    assert sorted(catalog.passage_ids(EVERYTHING, OPEN, limit=10)) == sorted([*ids_of(one), *ids_of(two)])
    assert len(catalog.passage_ids(EVERYTHING, OPEN, limit=3)) == 3


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(published_after=date(2026, 4, 2)), {"b", "c"}),
        (Filters(published_before=date(2026, 4, 2)), {"a", "b"}),
        (Filters(published_after=date(2026, 4, 2), published_before=date(2026, 4, 2)), {"b"}),
        (Filters(published_after=date(2026, 4, 4)), set()),
        (Filters(publishers=("the TIMES",)), {"a"}),
        (Filters(publishers=("École d'Été", "the times")), {"a", "b"}),
        (Filters(publishers=("école d'été",)), {"b"}),
        (Filters(publishers=("ÉCOLE D'ÉTÉ",)), {"b"}),
        (Filters(publishers=("The",)), set()),
        (Filters(collections=("hr",)), {"a", "b"}),
        (Filters(collections=("hr", "policies")), {"a", "b", "c"}),
        (Filters(collections=("unknown",)), set()),
        (Filters(collections=("hr",), scope=Filters(collections=("policies",))), {"b"}),
        (Filters(publishers=("the times",), scope=Filters(published_after=date(2026, 4, 2))), set()),
        (Filters(article_ids=("a", "c", "unknown")), {"a", "c"}),
        (Filters(article_ids=("unknown",)), set()),
        (Filters(article_ids=("a", "c"), published_after=date(2026, 4, 2)), {"c"}),
        (OPEN, {"a", "b", "c", "undated"}),
    ],
)
def test_filters_leave_what_matches_all_of_them(catalog: Catalog, filters: Filters, found: set[str]) -> None:
    batch = [
        prepared("a", "One.", publisher="The Times", published=date(2026, 4, 1), collections={"hr"}),
        prepared("b", "Two.", publisher="École d'Été", published=date(2026, 4, 2), collections={"hr", "policies"}),
        prepared("c", "Three.", published=date(2026, 4, 3), collections={"policies"}),
        prepared("undated", "Four."),
    ]
    publish(catalog, *batch)
    everything = [id_ for one in batch for id_ in ids_of(one)]
    assert {p.article.id for p in catalog.passages(everything, EVERYTHING, filters).values()} == found
    assert len(catalog.passage_ids(EVERYTHING, filters, limit=100)) == 2 * len(found)


def test_a_version_that_comes_back_is_no_longer_an_old_one(catalog: Catalog) -> None:
    first, second = prepared("a", "One."), prepared("a", "Two.")
    for version in (first, second, first, second):
        publish(catalog, version)
        catalog.forget(catalog.leftovers(), older_than=datetime.now(UTC) - datetime(2000, 1, 1, tzinfo=UTC))
    with catalog._engine.connect() as connection:
        assert list(connection.scalars(schema.retired.select().with_only_columns(schema.retired.c.version))) == [
            first.article.info.version
        ]
    assert catalog.article("a", EVERYTHING, version=first.article.info.version)[1] == "One."


def test_facts_are_remembered(open_catalog: Callable[[], Catalog], catalog: Catalog) -> None:
    assert catalog.fact("x") is None
    catalog.set_fact("x", "1")
    catalog.set_fact("x", "2")
    with open_catalog() as again:
        assert (catalog.fact("x"), again.fact("x")) == ("2", "2")


def test_a_reader_is_not_held_up_by_a_writer(place: Path, catalog: Catalog) -> None:
    publish(catalog, prepared("a"))
    with catalog._engine.begin() as writer:
        writer.execute(schema.articles.update().values(title="Half"))
        (info,) = catalog.articles(EVERYTHING)
        assert info.title == "T"
        writer.rollback()


names = st.frozensets(st.sampled_from(["staff", "board", "guests"]))


@given(readers=st.builds(Readers, st.none() | names, names), groups=names, limit=names)
def test_access_allows_what_shares_a_group_and_a_collection(
    readers: Readers, groups: frozenset[str], limit: frozenset[str]
) -> None:
    allowed = readers.groups is None or bool(readers.groups & groups)
    assert Access(groups).allows(readers) == allowed
    assert Access(groups, collections=limit).allows(readers) == (allowed and bool(readers.collections & limit))
    assert EVERYTHING.allows(readers)


def test_someone_limited_to_collections_reads_nothing_else_in_no_version_and_under_no_name(catalog: Catalog) -> None:
    first = prepared("a", "One.", collections={"hr"})
    publish(catalog, first, prepared("b", "Two.", collections={"law"}), prepared("c", "Three."))
    publish(catalog, prepared("a", "One, again.", collections={"law"}), prepared("d", "Two.", collections={"hr"}))
    everything = [f"{entry.key}-0" for entry in catalog.entries().values()]
    limited = Access(everything=True, collections=frozenset({"law"}))
    assert [info.id for info in catalog.articles(limited)] == ["a", "b"]
    assert {p.article.id for p in catalog.passages(everything, limited, OPEN).values()} == {"a", "b"}
    assert (catalog.count(limited), catalog.collections(limited)) == (2, {"law": 2})
    assert catalog.collections(EVERYTHING) == {"hr": 1, "law": 2}
    assert not catalog.reads_all(limited)
    with pytest.raises(ArticleUnknown):  # it was in another collection then
        catalog.article("a", limited, version=first.article.info.version)
    catalog.delete(["b", "c"])
    with pytest.raises(ArticleDeleted):
        catalog.article("b", limited)
    with pytest.raises(ArticleUnknown):
        catalog.article("c", limited)


def test_versions_name_the_text() -> None:
    versions = [version_of(text) for text in ("", "a", "a ", "A", "\u00e9", "e\u0301")]
    assert all(one != other for one, other in pairwise(sorted(versions)))
    assert version_of("a") == "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
