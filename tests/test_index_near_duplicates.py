"""Copies of an article are told from articles that only speak of the same, and from corrections."""

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wordfreq import top_n_list

from index.ingest.near_duplicates import resemblance, says_the_same, signature_of, without_near_duplicates
from index.ingest.sync import sync
from index.records import EVERYTHING, Access, ArticleInfo, Filters, Hit, Passage, version_of
from index.retrieval import retrieve
from index.stores.store import Index
from tests.conftest import OpenedIn
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK

WORDS = [word for word in top_n_list("en", 3_000) if len(word) > 3]
STRIKE = "Workers at the harbour of Genoa walked out on Monday after talks about wages failed for the third time."


def prose(seed: int, words: int) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) for _ in range(words))


def hit(article: str, text: str, *, start: int = 0, score: float = 0.5) -> Hit:
    info = ArticleInfo(article, version_of(article), article)
    return Hit(Passage(f"{article}-{start}", info, 0, start, start + len(text), text, ()), score, score, 0.0)


def kept(hits: Sequence[Hit], texts: dict[str, str]) -> list[str]:
    """Return the passages that stay, where articles have these whole texts."""
    signatures = {version_of(article): signature_of(text) for article, text in texts.items()}

    def known(versions: Iterable[str]) -> dict[str, bytes]:
        return {version: signatures[version] for version in versions if version in signatures}

    return [one.passage.id for one in without_near_duplicates(hits, known)]


def test_signatures_are_the_same_everywhere() -> None:
    assert len(signature_of("")) == 512
    assert signature_of("It rained in Rome all day.") == signature_of("it RAINED, in Rome - all day!")
    # Kept in the catalogue: a change of these numbers would compare what cannot be compared.
    assert signature_of("It rained in Rome all day.")[:8].hex() == "7dd379b336c87a6b"


@pytest.mark.parametrize("share", [0.9, 0.6, 0.3])
def test_resemblance_is_the_share_of_runs_in_common(share: float) -> None:
    text = prose(1, 1_000)
    part = " ".join(text.split()[: int(1_000 * share)])
    assert resemblance(signature_of(text), signature_of(part)) == pytest.approx(share, abs=0.13)
    assert resemblance(signature_of(text), signature_of(prose(2, 1_000))) < 0.05


def test_a_long_text_has_the_signature_of_its_runs() -> None:
    words = prose(1, 25_000).split()
    assert resemblance(signature_of(" ".join(words)), signature_of(" ".join(words[12_000:] + words[:12_000]))) > 0.99


def test_the_better_hit_of_two_copies_stays() -> None:
    text = prose(1, 300)
    edited = text.replace(text.split()[150], "Reuters")
    texts = {"agency": text, "daily": edited, "other": prose(2, 300)}
    hits = [hit("daily", edited), hit("agency", text), hit("other", texts["other"])]
    assert kept(hits, texts) == ["daily-0", "other-0"]


def test_copies_are_told_also_where_they_are_cut_elsewhere() -> None:
    words = prose(1, 400).split()
    first, second = " ".join(words[:200]), " ".join(words[200:])
    shifted = " ".join(words[100:300])
    texts = {"a": " ".join(words), "b": "An intro. " + " ".join(words)}
    assert kept([hit("a", first), hit("a", second, start=5_000), hit("b", shifted)], texts) == ["a-0", "a-5000"]
    # Half of it stands in no better hit: it may be what answers.
    assert kept([hit("a", first), hit("b", shifted)], texts) == ["a-0", "b-0"]


@pytest.mark.parametrize(("figure", "other"), [("5", "6"), ("$1.5", "$1.6"), ("five", "six"), ("million", "billion")])
def test_another_figure_is_a_correction_and_no_copy(figure: str, other: str) -> None:
    text = f"{prose(1, 80)} {figure} {prose(2, 80)}"
    corrected = text.replace(f" {figure} ", f" {other} ")
    texts = {"a": text, "b": corrected}
    assert kept([hit("a", text), hit("b", corrected)], texts) == ["a-0", "b-0"]
    assert kept([hit("b", corrected), hit("a", text)], texts) == ["b-0", "a-0"]


def test_articles_that_quote_the_same_words_stay() -> None:
    quote = "We shall never finish this road, not in a hundred years, said the engineer."
    one, other = f"{prose(1, 150)} {quote}", f"{quote} {prose(2, 150)}"
    assert kept([hit("a", one), hit("b", other)], {"a": one, "b": other}) == ["a-0", "b-0"]


def test_texts_without_a_signature_are_only_told_from_themselves() -> None:
    text = prose(1, 300)
    assert kept([hit("a", text), hit("b", text), hit("a", text)], {}) == ["a-0", "b-0"]


def test_hits_beyond_the_first_copies_are_looked_at_until_there_are_enough() -> None:
    text = prose(1, 200)
    texts = {f"copy{n}": f"{text} {'x' * (n + 1)}" for n in range(200)} | {"last": prose(2, 200)}
    hits = [hit(article, words) for article, words in texts.items()]
    assert kept(hits, texts) == ["copy0-0", "last-0"]


SENTENCES = st.lists(
    st.sampled_from([prose(n, 12) for n in range(4)] + ["5 million", "It is 7."]), min_size=1, max_size=4
)


@given(st.lists(st.tuples(st.sampled_from("abcd"), SENTENCES.map(" ".join)), max_size=8))
def test_order_stays_the_best_stays_and_folding_again_changes_nothing(made: list[tuple[str, str]]) -> None:
    hits = [hit(article, text, start=1_000 * number) for number, (article, text) in enumerate(made)]
    texts = {article: " ".join(text for name, text in made if name == article) for article, _ in made}
    signatures = {version_of(article): signature_of(text) for article, text in texts.items()}

    def fold(hits: Iterable[Hit]) -> Iterator[Hit]:
        return without_near_duplicates(hits, lambda versions: {v: signatures[v] for v in versions})

    once = list(fold(hits))
    assert once[:1] == hits[:1]
    assert [one for one in hits if one in once] == once
    assert list(fold(once)) == once


SAME = [
    (STRIKE, STRIKE, True),
    (STRIKE, STRIKE.upper().replace(",", ""), True),
    (STRIKE, f"{STRIKE} Nobody was hurt.", True),
    (f"{STRIKE} Nobody was hurt, and nothing was said of when the talks would go on.", STRIKE, False),
    (STRIKE.replace("third", "fourth"), STRIKE, True),
    (STRIKE.replace("wages", "wages of 7 euros"), STRIKE, False),
    ("Five gigawatts.", "Five gigawatts.", False),
    (STRIKE, "Talks about wages failed for the third time, and workers at the harbour walked out on Monday.", False),
]


@pytest.mark.parametrize(("words", "other", "same"), SAME)
def test_words_that_say_the_same(words: str, other: str, same: bool) -> None:
    assert says_the_same(words, other) is same


# -- In an index ---------------------------------------------------------------------------------------------------------

BODY = " ".join(f"{sentence.capitalize()}." for sentence in (prose(n, 14) for n in range(40, 70)))


def write(folder: Path, articles: dict[str, tuple[str, str]]) -> None:
    """Write articles with their groups."""
    for name, (groups, text) in articles.items():
        front = f"---\ntitle: {name}\n{f'groups: {groups}' if groups else ''}\n---\n"
        (folder / f"{name}.md").write_text(front + text)


def found(index: Index, access: Access, count: int = 50) -> list[str]:
    hits = retrieve(index, BODY[:80], access=access, filters=Filters(), count=count).hits
    return [hit.passage.article.id for hit in hits]


def test_a_copy_is_found_where_only_the_copy_may_be_read(index: Index, folder: Path) -> None:
    write(folder, {"agency": ("[staff]", BODY), "daily": ("", f"(Agency) {BODY}"), "other": ("", prose(1, 300))})
    sync(index, [folder])
    everything = found(index, EVERYTHING)
    assert len({"agency", "daily"} & set(everything)) == 1
    assert "other" in everything
    assert set(found(index, Access())) == {"daily", "other"}
    assert set(found(index, Access(groups=frozenset({"staff"})))) in ({"agency", "other"}, {"daily", "other"})


def test_the_same_text_under_two_names_is_embedded_once_and_kept_twice(
    index: Index, folder: Path, embedded: list[str]
) -> None:
    for name, url in (("a", "https://one.example/x"), ("b", "https://two.example/y")):
        (folder / f"{name}.md").write_text(f"---\nurl: {url}\n---\n# Strike\n\n{STRIKE}")
    report = sync(index, [folder])
    assert (report.articles, report.passages, len(embedded)) == (2, 1, 1)
    urls = {info.url for info in index.catalog.articles(EVERYTHING)}
    assert urls == {"https://one.example/x", "https://two.example/y"}
    assert len(found(index, EVERYTHING)) == 1
    info, _ = index.catalog.article("a", EVERYTHING)
    assert [other.url for other in index.catalog.same_text(info, EVERYTHING)] == ["https://two.example/y"]


def test_the_same_text_elsewhere_is_told_only_to_those_who_may_read_it(index: Index, folder: Path) -> None:
    write(folder, {"a": ("", BODY), "b": ("[staff]", BODY), "c": ("", BODY), "d": ("", BODY + " And more.")})
    sync(index, [folder])
    info, _ = index.catalog.article("a", EVERYTHING)
    assert [other.id for other in index.catalog.same_text(info, Access())] == ["c"]
    assert [other.id for other in index.catalog.same_text(info, EVERYTHING)] == ["b", "c"]


@pytest.mark.in_a_folder
def test_an_index_from_before_has_no_signatures_and_works(place: Path, folder: Path, opened_in: OpenedIn) -> None:
    from sqlalchemy import create_engine, text

    write(folder, {"agency": ("", BODY), "daily": ("", f"(Agency) {BODY}")})
    with opened_in(place / "data") as index:
        sync(index, [folder])
    engine = create_engine(f"sqlite:///{place / 'data' / 'index' / 'catalog.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_articles_restricted"))
        connection.execute(text("DROP TABLE changes"))
        connection.execute(text("DROP TABLE recognised_pages"))
        for column in ("confidence", "original"):
            connection.execute(text(f"ALTER TABLE articles DROP COLUMN {column}"))
        connection.execute(text("DROP TABLE article_collections"))
        for table in ("articles", "retired", "deleted"):
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN collections"))
        connection.execute(text("DROP INDEX ix_articles_version"))
        connection.execute(text("DROP INDEX ix_articles_publisher_folded"))
        connection.execute(text("ALTER TABLE articles DROP COLUMN publisher_folded"))
        connection.execute(text("CREATE INDEX ix_articles_publisher ON articles (publisher)"))
        connection.execute(text("ALTER TABLE texts DROP COLUMN signature"))
        connection.execute(text("ALTER TABLE articles DROP COLUMN pages"))
        connection.execute(text("ALTER TABLE articles DROP COLUMN published_from"))
        connection.execute(text("ALTER TABLE articles DROP COLUMN token"))
        connection.execute(text("ALTER TABLE retired DROP COLUMN groups"))
        connection.execute(text("ALTER TABLE passages DROP COLUMN context"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    with opened_in(place / "data") as index:
        assert set(found(index, EVERYTHING)) == {"agency", "daily"}
        assert sync(index, [folder]).unchanged == 2
        write(folder, {"third": ("", f"(Reuters) {BODY}")})
        sync(index, [folder])
        assert index.catalog.signatures([version_of(f"(Reuters) {BODY}")])
