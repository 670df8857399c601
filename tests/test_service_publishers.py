"""Publishers that a question names."""

import pytest

from index.records import ArticleInfo, Hit, Passage
from service.answer.text.publishers import publishers_named


def hit(id_: str, *, publisher: str | None = None) -> Hit:
    info = ArticleInfo(id=id_, version="v", title="A title", publisher=publisher)
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
