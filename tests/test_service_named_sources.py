"""Publishers and titles that a question names."""

import pytest

from index.records import ArticleInfo, Hit, Passage
from service.answer.retrieval.named_sources import publishers_named, titles_named


def hit(id_: str, *, publisher: str | None = None, title: str = "A title") -> Hit:
    info = ArticleInfo(id=id_, version="v", title=title, publisher=publisher)
    return Hit(Passage(f"{id_}-0", info, 0, 0, 1, "x", ()), 1.0, 1.0, 1.0)


HITS = [
    hit("a", publisher="TechCrunch"),
    hit("b", publisher="The Age"),
    hit("c", publisher="Cnbc | World Business"),
    hit("d", publisher="FOX News - Health"),
    hit("e", publisher="TechCrunch"),
    hit("f"),
]


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("According to TechCrunch and The Age, who won?", ("TechCrunch", "The Age")),
        ("What did CNBC report, and what did 'TechCrunch'?", ("TechCrunch", "Cnbc | World Business")),
        ("the 'FOX News - Health' article", ("FOX News - Health",)),
        ("What did Fox News say?", ("FOX News - Health",)),
        ("Who won at the age of 30?", ()),
        ("Who won? The age of the winner counts.", ()),
        ("What do TechCrunchers say?", ()),
    ],
)
def test_publishers_are_named_in_full_or_without_their_section(question: str, named: tuple[str, ...]) -> None:
    assert publishers_named(question, HITS) == named


def test_a_title_is_named_when_it_is_long_enough_to_be_no_accident() -> None:
    hits = [hit("long", title="Amazon and Anthropic sign a deal"), hit("short", title="The deal")]
    assert titles_named("What does “Amazon and Anthropic sign a deal” say of the deal?", hits) == {"long"}
    assert titles_named("What is the deal?", hits) == frozenset()
