"""Words in Tantivy: stems, scores that agree with the ranking, and questions that are never taken for a query language."""

import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.stores.lexical import LexicalEntry, LexicalIndex, stems

BODIES = {
    "a-0": "Amazon invests five billion dollars in Anthropic",
    "a-1": "The deal was announced on Monday and on Monday it rained",
    "b-0": "Rain in Rome",
    "c-0": "Éclair au café, 日本語 and не only AND OR NOT IN TO",
}


@pytest.fixture
def words(tmp_path: Path) -> LexicalIndex:
    words = LexicalIndex(tmp_path / "tantivy")
    words.add([LexicalEntry(id_, id_[0], body) for id_, body in BODIES.items()])
    return words


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    words = LexicalIndex(tmp_path_factory.mktemp("shared"))
    words.add([LexicalEntry(id_, id_[0], body) for id_, body in BODIES.items()])
    return words


def test_words_are_found_by_their_stem(words: LexicalIndex) -> None:
    assert list(words.best("investing", 10)) == ["a-0"]
    assert set(words.best("raining", 10)) == {"a-1", "b-0"}
    assert list(words.best("ÉCLAIR", 10)) == ["c-0"]


def test_the_best_come_first_and_no_more_than_asked_for(words: LexicalIndex) -> None:
    best = words.best("rain in Rome", 10)
    assert list(best.values()) == sorted(best.values(), reverse=True)
    assert next(iter(best)) == "b-0"
    assert len(words.best("rain", 1)) == 1


def test_scores_equal_those_of_the_ranking(words: LexicalIndex) -> None:
    question = "Did it rain in Rome on the Monday of the deal?"
    best = words.best(question, 10)
    assert words.scores(question, list(BODIES)) == pytest.approx(best)
    assert words.scores(question, ["b-0"]) == pytest.approx({"b-0": best["b-0"]})
    assert words.scores(question, ["b-0", "unknown"]).keys() == {"b-0"}
    assert words.scores(question, []) == {}
    assert words.scores("zebra", list(BODIES)) == {}


@pytest.mark.parametrize("question", ["anounced", "annuonced", "annnounced", "When was it anounced?"])
def test_a_misspelt_word_finds_what_has_the_right_one(words: LexicalIndex, question: str) -> None:
    best = words.best(question, 10)
    assert next(iter(best)) == "a-1"
    assert words.scores(question, list(BODIES)) == pytest.approx(best)


def test_a_word_that_some_passage_has_is_taken_as_it_is(words: LexicalIndex) -> None:
    words.add([LexicalEntry("d-0", "d", "The ruins of Rome")])
    assert "d-0" not in words.best("rain", 10)


@pytest.mark.parametrize("question", ["rom", "anthropology"])
def test_a_short_word_and_one_too_different_find_nothing(words: LexicalIndex, question: str) -> None:
    assert words.best(question, 10) == {}


def test_a_number_is_never_taken_for_another(words: LexicalIndex) -> None:
    words.add([LexicalEntry("d-0", "d", "flight 20260")])
    assert words.best("20261", 10) == {}


@pytest.mark.parametrize(
    "question",
    ["", " ", "😀", "?!", "___", "\0", "\u200b", "²", "…" * 5_000],
)
def test_a_question_without_words_finds_nothing(words: LexicalIndex, question: str) -> None:
    assert words.best(question, 10) == {}
    assert words.scores(question, list(BODIES)) == {}


@pytest.mark.parametrize(
    "question",
    [
        '"rain in',
        "rain AND NOT rome",
        "id:a-0 rain",
        "+rain -rome",
        "rain~2 ro*e [a TO b] {rain}",
        "rain^5 (rome",
        "body:rain OR key:a",
        "NOT rain",
        "IN [rain]",
        "rain\\",
        "rain <> /rome/",
        "'rain' rome's",
        "*:* rain",
    ],
)
def test_operators_are_words(words: LexicalIndex, question: str) -> None:
    found = words.best(question, 10)
    assert {"a-1", "b-0"} <= found.keys()


@given(st.text())
@example("snake_case __init__ 0_0 _a a_")
@example("rain İ ŉ ß ǰ")
@example("or and not in to")
@example("rain " * 3_000)
def test_any_question_can_be_asked(shared: LexicalIndex, question: str) -> None:
    best = shared.best(question, 10)
    assert shared.scores(question, list(BODIES)) == pytest.approx(best)


def test_only_the_first_words_of_a_very_long_question_count(words: LexicalIndex) -> None:
    assert words.best("zebra " * 199 + "rome", 10).keys() == {"b-0"}
    assert words.best("zebra " * 200 + "rome", 10) == {}


def test_contents_are_deleted_whole(words: LexicalIndex) -> None:
    words.delete(["a", "unknown"])
    assert words.count() == 2
    assert words.best("invests rained", 10).keys() == {"b-0"}
    words.delete([])
    assert words.count() == 2


def test_contents_that_are_replaced_are_there_once(words: LexicalIndex) -> None:
    words.add([LexicalEntry("b-0", "b", "Sun in Rome")], replacing=["b", "unknown"])
    assert words.count() == 4
    assert words.best("rain", 10).keys() == {"a-1"}
    assert words.best("sun", 10).keys() == {"b-0"}


def test_what_was_added_is_there_after_opening_again(tmp_path: Path, words: LexicalIndex) -> None:
    again = LexicalIndex(tmp_path / "tantivy")
    assert again.count() == words.count() == 4
    assert again.best("rome", 10).keys() == {"b-0"}


def test_a_commit_killed_half_way_can_be_made_again(tmp_path: Path, words: LexicalIndex) -> None:
    # All files of the commit are there, but not the new `meta.json`, which is what makes it one.
    before, killed = tmp_path / "tantivy", tmp_path / "killed"
    shutil.copytree(before, killed)
    words.add([LexicalEntry("b-1", "b", "Sun in Rome")], replacing=["b"])
    left_over = {path.name for path in before.iterdir()} - {path.name for path in killed.iterdir()}
    assert any(name.endswith(".del") for name in left_over)
    for name in (*left_over, ".managed.json"):
        shutil.copy(before / name, killed / name)

    again = LexicalIndex(killed)
    assert sorted(again.ids()) == sorted(BODIES)
    again.add([LexicalEntry("b-1", "b", "Sun in Rome")], replacing=["b"])
    assert sorted(again.ids()) == ["a-0", "a-1", "b-1", "c-0"]


def test_every_word_of_a_question_is_one_word_of_the_index() -> None:
    """Of a word that the index cuts in two, the query parser makes a phrase, and phrases are not indexed."""
    letters = [chr(code) for code in range(1, 0x110000) if chr(code).isalnum()]
    assert len(letters) > 100_000
    cut = [letter for letter in letters if len(stems(f"a{letter}b")) != 1]
    assert cut == []


def test_stems_are_those_of_the_index() -> None:
    assert stems("Investing, invested; INVESTS in companies!") == ["invest", "invest", "invest", "in", "compani"]
    assert stems("") == []
    assert stems("Café 日本語 C++ $5.2") == ["café", "日本語", "c", "5", "2"]
