"""What comes back equals what comparing with every allowed passage would give, and nothing else ever comes back."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index import retrieval
from index.ingest.sync import sync
from index.records import EVERYTHING, Access, ArticleInfo, Filters, Hit
from index.retrieval import LEXICAL_WEIGHT, retrieve
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK

OpenedIn = Callable[..., AbstractContextManager[Index]]
NewPlace = Callable[[], AbstractContextManager[Path]]

GROUPS = ["staff", "board", "press", "law"]
PUBLISHERS = ["The Times", "Le Monde", "École Météo"]
SUBJECTS = ["rain in Rome", "chips in Seattle", "a merger in Paris", "money for reactors"]
FIRST = date(2026, 1, 1)
COLLECTIONS = ["hr", "policies", "field reports"]
ARTICLES = 240


def _articles() -> Iterator[dict[str, object]]:
    """Yield articles with groups and dates at random; every third has the text of another, half of these its title too."""
    chance = Random(5)
    texts: list[tuple[str, str]] = []
    for number in range(ARTICLES):
        title, text = (
            f"Report {number}",
            f"{chance.choice(SUBJECTS).capitalize()} was seen {chance.randrange(99)} times.",
        )
        if texts and number % 3 == 0:
            copied, text = chance.choice(texts)
            title = copied if number % 2 else title
        texts.append((title, text))
        groups = chance.choice([None, None, [], *([group] for group in GROUPS), chance.sample(GROUPS, 2)])
        day = chance.choice([None, (FIRST + timedelta(days=chance.randrange(30))).isoformat()])
        row: dict[str, object] = {"publisher": chance.choice([None, *PUBLISHERS]), "groups": groups, "published": day}
        row |= {"id": f"a{number}", "title": title, "text": text, "collections": chance.sample(COLLECTIONS, number % 3)}
        yield {name: value for name, value in row.items() if value is not None}


@pytest.fixture(scope="module")
def indexed(new_place: NewPlace, opened_in: OpenedIn) -> Iterator[Index]:
    with new_place() as place, opened_in(place / "data") as index:
        (place / "feed.jsonl").write_text("\n".join(map(json.dumps, _articles())))
        assert sync(index, [place / "feed.jsonl"]).added == ARTICLES
        yield index


@pytest.fixture(scope="module")
def everything(indexed: Index) -> list[tuple[ArticleInfo, str, int, str]]:
    """Every passage under every name: article, id, start, words."""
    rows = []
    for entry in indexed.catalog.entries().values():
        _, text = indexed.catalog.article(entry.info.id, EVERYTHING)
        rows.append((entry.info, f"{entry.key}-0", 0, text))
    return rows


def matches(info: ArticleInfo, filters: Filters) -> bool:
    names = {name.lower() for name in filters.publishers}
    if filters.scope and not matches(info, filters.scope):
        return False
    return (
        (not filters.article_ids or info.id in filters.article_ids)
        and (not filters.collections or not info.collections.isdisjoint(filters.collections))
        and (not names or (info.publisher or "").lower() in names)
        and (not filters.published_after or bool(info.published and info.published >= filters.published_after))
        and (not filters.published_before or bool(info.published and info.published <= filters.published_before))
    )


def brute_force(
    index: Index, rows: list[tuple[ArticleInfo, str, int, str]], question: str, access: Access, filters: Filters
) -> dict[str, float]:
    """Return the best score of each distinct text that may be shown."""
    allowed = [row for row in rows if access.allows(row[0].readers) and matches(row[0], filters)]
    vector = index.embedder.embed_questions([question])[0]
    ids = sorted({row[1] for row in allowed})
    dense, lexical = index.vectors.similarities(vector, ids), index.words.scores(question, ids)
    best: dict[str, float] = {}
    for _, passage_id, _, text in allowed:
        score = dense[passage_id] + LEXICAL_WEIGHT * lexical.get(passage_id, 0.0)
        best[text] = max(best.get(text, -1.0), score)
    return best


limits = st.none() | st.frozensets(st.sampled_from([*COLLECTIONS, "unknown"]))
accesses = st.builds(Access, st.frozensets(st.sampled_from(GROUPS)), collections=limits) | st.just(EVERYTHING)
days = st.none() | st.dates(FIRST, FIRST + timedelta(days=30))
filterings = st.builds(
    Filters,
    published_after=days,
    published_before=days,
    publishers=st.lists(st.sampled_from(["the times", "École météo", "Nobody"]), max_size=2).map(tuple),
    article_ids=st.just(()) | st.lists(st.sampled_from([f"a{n}" for n in range(ARTICLES)]), max_size=60).map(tuple),
    collections=st.lists(st.sampled_from([*COLLECTIONS, "unknown"]), max_size=2).map(tuple),
    scope=st.none() | st.builds(Filters, published_after=days, collections=st.just(("hr",))),
)
questions = st.sampled_from(["How often was rain seen in Rome?", "reactors", "Seattle 17 times", "What was merged?"])


@given(question=questions, access=accesses, filters=st.just(Filters()) | filterings, count=st.integers(0, 60))
@pytest.mark.parametrize("score_all", [4_000, 0])
@pytest.mark.parametrize("candidates", [1_000, 4])
@example(question="reactors", access=Access(), filters=Filters(), count=60)
@example(question="reactors", access=Access(frozenset({"law"})), filters=Filters(), count=1)
@settings(max_examples=60)
def test_what_comes_back_is_the_best_of_what_is_allowed(
    indexed: Index,
    everything: list[tuple[ArticleInfo, str, int, str]],
    candidates: int,
    score_all: int,
    question: str,
    access: Access,
    filters: Filters,
    count: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "_CANDIDATES", candidates)
        patch.setattr(retrieval, "_SCORE_ALL", score_all)
        hits = retrieve(indexed, question, access=access, filters=filters, count=count).hits
    expected = brute_force(indexed, everything, question, access, filters)
    for hit in hits:
        assert access.allows(hit.passage.article.readers)
        assert matches(hit.passage.article, filters)
    texts = [hit.passage.text for hit in hits]
    assert len(texts) == len(set(texts)) == min(count, len(expected))
    assert_scores(hits, expected, exact=candidates > ARTICLES)


def assert_scores(hits: tuple[Hit, ...], expected: dict[str, float], *, exact: bool) -> None:
    """Every hit has its own score, and they come in order. Where each passage was a candidate they are the very best."""
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    best = sorted(expected.values(), reverse=True)[: len(scores)]
    if exact:
        assert scores == pytest.approx(best, abs=1e-5)
    else:
        assert all(hit.score <= expected[hit.passage.text] + 1e-5 for hit in hits)
        assert scores[:1] == pytest.approx(best[:1], abs=0.1)


def test_tens_of_thousands_of_articles_may_be_named(indexed: Index) -> None:
    many = tuple(f"unknown-{n}" for n in range(40_000))
    filters = Filters(article_ids=(*many, "a7", "a8"))
    hits = retrieve(indexed, "How often was rain seen?", access=EVERYTHING, filters=filters).hits
    assert {hit.passage.article.id for hit in hits} == {"a7", "a8"}
    assert retrieve(indexed, "Rain?", access=EVERYTHING, filters=Filters(article_ids=many)).hits == ()


def test_by_one_measure_alone_the_best_are_exactly_found(indexed: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    dense = replace(indexed, settings=indexed.settings.model_copy(update={"fusion": "dense"}))
    access, question = Access(frozenset({"law"})), "How often was a merger seen in Paris?"
    all_of_them = retrieve(dense, question, access=access, filters=Filters(), count=1_000).hits
    monkeypatch.setattr(retrieval, "_CANDIDATES", 3)
    monkeypatch.setattr(retrieval, "_SCORE_ALL", 0)
    for count in (1, 7, 25):
        few = retrieve(dense, question, access=access, filters=Filters(), count=count).hits
        assert [hit.score for hit in few] == pytest.approx([hit.score for hit in all_of_them[:count]], abs=1e-5)
