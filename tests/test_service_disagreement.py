"""Sources that differ are shown to differ; those that only look as if they did are not."""

from dataclasses import replace

import pytest

from index.records import Span
from service.answer.disagreement import disagreements
from service.answer.models import Citation


def citations(*quotes: str) -> list[Citation]:
    return [
        Citation(
            number=number,
            article_id=f"article-{number}",
            article_version="sha256:0",
            title=f"Article {number}",
            publisher=None,
            published=None,
            url=None,
            passage_id=f"p-{number}",
            quote=quote,
            start=0,
            end=len(quote),
            score=0.5,
        )
        for number, quote in enumerate(quotes, start=1)
    ]


DIFFER = [
    (
        "How much had Amazon invested in Anthropic before?",
        "The vendors have been working together since 2023, with Amazon having previously invested $8 billion in Anthropic.",
        "Amazon has already invested over $4 billion in Anthropic across prior funding rounds.",
        ["$8 billion", "over $4 billion"],
    ),
    (
        "How much money has Amazon put into Anthropic so far?",
        "Amazon had previously invested $8 billion in the lab.",
        "Amazon already invested $4 billion in the lab.",
        ["$8 billion", "$4 billion"],
    ),
    ("How many people work there?", "The plant has 500 people.", "At the plant work 700 people.", ["500", "700"]),
    (
        "How many employees does the mill have?",
        "The mill has 500 employees.",
        "About 900 employees work at the mill.",
        ["500", "About 900"],
    ),
    (
        "How much did the bridge cost?",
        "The bridge cost $3 million.",
        "The bridge cost $5 million.",
        ["$3 million", "$5 million"],
    ),
    (
        "How much will the town spend on the school?",
        "The town will spend €2 million on the school.",
        "The council plans to spend €3.5 million on the school.",
        ["€2 million", "€3.5 million"],
    ),
    (
        "What percentage of the vote did she win?",
        "She won 40% of the vote.",
        "She took 52 percent of the vote.",
        ["40%", "52 percent"],
    ),
    (
        "What is the total cost of the dam?",
        "The dam will cost $9 billion in total.",
        "The overall cost of the dam is $12 billion.",
        ["$9 billion", "$12 billion"],
    ),
    (
        "How many gigawatts does the plant give?",
        "The plant gives 3 gigawatts.",
        "It gives 2 gigawatts.",
        ["3 gigawatts", "2 gigawatts"],
    ),
    (
        "How much does the company invest now?",
        "The company said it will invest another $5 billion at once.",
        "The company will invest a further $7 billion.",
        ["$5 billion", "$7 billion"],
    ),
    (
        "What is the price of the mill?",
        "The price of the mill is 40 million francs.",
        "The price, first given as 40 million francs, has come down to 35 million after a fire.",
        ["40 million francs", "35 million"],
    ),
]
AGREE = [
    (
        "What did the mill cost?",
        "The mill cost 3 million francs.",
        "The mill cost 3 million, raised from 2 million francs.",
    ),
    ("How many gigawatts does Hinkley give?", "Hinkley gives 3 gigawatts.", "Sizewell gives 2 gigawatts."),
    (
        "How much will Amazon invest in Anthropic right away?",
        "Amazon said it will invest $5 billion in Anthropic immediately, with plans to commit up to another $20 billion.",
        "Amazon's decision to inject an additional $5 billion into Anthropic, bringing its total commitment to $13 billion.",
    ),
    (
        "How much will Amazon invest in Anthropic right away?",
        "Amazon said it will invest $5 billion in Anthropic immediately.",
        "Amazon will invest billions more, while the lab commits to spending more than $100 billion on the cloud.",
    ),
    (
        "How much will Anthropic spend on AWS?",
        "It will spend more than $100 billion.",
        "It will spend over $100 billion.",
    ),
    ("How much did the bridge cost?", "The bridge cost $5 billion.", "The bridge cost five billion dollars."),
    ("How much did the bridge cost?", "The bridge cost nearly $8 billion.", "The bridge cost $7.9 billion."),
    (
        "How many employees does the mill have?",
        "In 2019 the mill had 500 employees.",
        "In 2024 the mill had 700 employees.",
    ),
    ("How much did the bridge cost?", "The bridge cost $5 million.", "The tunnel was bought for $9 million."),
    ("How many employees does the mill have?", "The mill has 500 employees.", "The mill has 3 chimneys."),
    ("How much did the bridge cost?", "The bridge cost $5 million.", "The bridge cost 4 lives."),
    (
        "What did Amazon invest in total?",
        "Amazon will invest another $5 billion.",
        "Amazon's investments now total $13 billion.",
    ),
    (
        "Who built the bridge?",
        "Ann built the bridge for $5 million.",
        "The bridge cost $9 million and was built by Ann.",
    ),
    ("How much did the bridge cost?", "The bridge cost more than $100 million.", "The bridge cost $104 million."),
]


@pytest.mark.parametrize(("question", "one", "other", "values"), DIFFER)
def test_sources_that_differ_are_shown_with_each_value(question: str, one: str, other: str, values: list[str]) -> None:
    (found,) = disagreements(question, citations(one, other))
    assert [value.value for value in found.values] == values
    assert [value.citations for value in found.values] == [(1,), (2,)]
    assert found.about == question.rstrip("?")


@pytest.mark.parametrize(("question", "one", "other"), AGREE)
def test_what_only_looks_like_a_disagreement_is_none(question: str, one: str, other: str) -> None:
    assert disagreements(question, citations(one, other)) == ()


def sure_of(citation: Citation, words: str) -> Citation:
    """Return a citation of which a reader is sure that these words answer."""
    start = citation.quote.index(words)
    return replace(citation, highlight=Span(start, start + len(words)))


@pytest.mark.parametrize(
    ("question", "one", "other", "differ"),
    [
        ("Who built the bridge?", ("Ann Lee built the bridge.", "Ann Lee"), ("Bo Ek built the bridge.", "Bo Ek"), True),
        ("Who built the bridge?", ("Ann Lee built the bridge.", "Ann Lee"), ("Lee built the bridge.", "Lee"), False),
        ("Who built the bridge?", ("Ann Lee built the bridge.", "Ann Lee"), ("Bo Ek owns the bridge.", "Bo Ek"), False),
        (
            "When was the bridge built?",
            ("It was built in 1998.", "1998"),
            ("The bridge is of May 2003.", "May 2003"),
            True,
        ),
        (
            "When was the bridge built?",
            ("It was built in 1998.", "1998"),
            ("It dates from May 1998.", "May 1998"),
            False,
        ),
    ],
)
def test_names_and_days_that_a_reader_is_sure_of_may_differ(
    question: str, one: tuple[str, str], other: tuple[str, str], differ: bool
) -> None:
    first, second = citations(one[0], other[0])
    found = disagreements(question, [sure_of(first, one[1]), sure_of(second, other[1])])
    assert [[value.value for value in disputed.values] for disputed in found] == (
        [[one[1], other[1]]] if differ else []
    )


def test_one_article_does_not_disagree_with_itself() -> None:
    one, other = citations("The bridge cost $3 million.", "The bridge cost $5 million.")
    assert disagreements("How much did the bridge cost?", [one, other]) != ()
    assert disagreements("How much did the bridge cost?", [one, replace(other, article_id=one.article_id)]) == ()
