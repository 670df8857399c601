"""Sources that differ are shown to differ; those that only look as if they did are not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.models.embedding import Vectors
from index.records import Span
from service.answer.disagreement import Candidate, disagreements, same_value, without_values
from service.answer.models import Citation
from tests.service_fixtures import sentence_vectors


def embed(texts: Sequence[str]) -> Vectors:
    return sentence_vectors().of(texts)


def cited(*sentences: str) -> list[Citation]:
    """Return citations of one article each. The answer that a reader finds stands between brackets."""
    return [citation(number, sentence) for number, sentence in enumerate(sentences, start=1)]


def citation(number: int, sentence: str) -> Citation:
    before, _, rest = sentence.partition("[")
    answer, closed, after = rest.partition("]")
    quote = f"{before}{answer}{after}"
    return Citation(
        number=number,
        article_id=f"article-{number}",
        article_version=f"sha256:{number}",
        title=f"Article {number}",
        publisher=None,
        published=None,
        url=None,
        passage_id=f"p-{number}",
        quote=quote,
        start=100,
        end=100 + len(quote),
        score=0.5,
        highlight=Span(100 + len(before), 100 + len(before) + len(answer)) if closed else None,
    )


DIFFER = [
    (
        "How much had Amazon invested in Anthropic before?",
        "Amazon had already invested [$8 billion] in Anthropic before this announcement.",
        "Amazon has already put [over $4 billion] into Anthropic in earlier funding rounds.",
    ),
    ("How many people work there?", "The plant has [500 people].", "At the plant work [700 people]."),
    ("How many employees does it have?", "The mill has [500] employees.", "[About 900] employees work at the mill."),
    ("How much did the bridge cost?", "The bridge cost [$3 million].", "The bridge cost [$5 million]."),
    (
        "How much will the town spend on the school?",
        "The town will spend [€2 million] on the school.",
        "The council plans to spend [3,5 Mio. €] on the school.",
    ),
    ("What share of the vote did she win?", "She won [40%] of the vote.", "She took [52 percent] of the vote."),
    ("How many gigawatts does the plant give?", "The plant gives [3 gigawatts].", "The plant yields [2,000 MW]."),
    (
        "How much does a question take?",
        "A request to ChatGPT takes [2.9 watt-hours], the agency writes, and a typical Google search 0.3 watt-hours.",
        "An average question to ChatGPT takes [0.34 watt-hours], he wrote.",
    ),
    (
        "How soon must expenses be reported?",
        "Please file an expense report within [60 days] of a purchase.",
        "Expenses must be reported within [90 days] of a purchase.",
    ),
    ("When was the bridge built?", "The bridge was built in [1998].", "The bridge was built in [May 2003]."),
    ("When does the gate close?", "The gate closes at [22:00].", "The gate is closed at [11 pm]."),
    ("When is the waste collected?", "Waste is collected on [Mondays].", "Waste is collected on [Tuesday]."),
    ("Who built the bridge?", "[Ann Lee] built the bridge.", "The bridge was built by [Bo Ek]."),
    ("What does parking cost?", "Parking in the yard costs [€5].", "Parking in the yard is [free]."),
    ("How often are lifts checked?", "Lifts are checked [once a year].", "Lifts are checked [twice a year]."),
    ("Who opened the fair?", "[Greta Holm] opened the fair.", "The fair was opened by [deputy mayor Karl Voss]."),
    ("How long do repairs take?", "Repairs take [six days].", "Repairs take [ten working days]."),
    ("How many characters?", "A code has [at least 12 characters].", "A code has [a minimum of 14 characters]."),
]
AGREE = [
    # One value in other words or figures
    ("How much did the quay cost?", "The new quay cost [€1.234.567].", "The new quay cost [€1,234,567]."),
    ("How much did it cost?", "The bridge cost [$5 billion].", "The bridge cost [five billion dollars]."),
    ("How much did it cost?", "The bridge cost [nearly $8 billion].", "The bridge cost [$7.9 billion]."),
    ("How many people work there?", "[About 200] people work there.", "[214] people work there."),
    ("How much did it cost?", "The bridge cost [more than $100 million].", "The bridge cost [$104 million]."),
    ("Who built the bridge?", "[Ann Lee] built the bridge.", "[Lee] built the bridge."),
    ("When was it built?", "The bridge was built in [1998].", "The bridge was built in [May 1998]."),
    ("When does it close?", "The gate closes at [5 pm].", "The gate closes at [17:00]."),
    ("How long does it take?", "The crossing takes [90 minutes].", "The crossing takes [1.5 hours]."),
    ("How often are lifts checked?", "Lifts are checked [twice a year].", "Lifts are checked [two times a year]."),
    ("Who opened the fair?", "[Karl Voss] opened the fair.", "The fair was opened by [deputy mayor Karl Voss]."),
    ("How many days off?", "Staff have [25 days] off each year.", "Staff have [25 vacation days] off a year."),
    ("How many characters?", "A code has [at least 12 characters].", "A code has [a minimum of 12 characters]."),
    # Of something else
    (
        "What may I spend?",
        "Hotels may cost [over $300] a night in New York.",
        "Passes for co-working spaces are paid [up to $20] a day.",
    ),
    ("How much power?", "Hinkley gives [3 gigawatts].", "Sizewell gives [2 gigawatts]."),
    ("How many employees?", "In 2019 the mill had [500] employees.", "In 2024 the mill had [700] employees."),
    ("How much did it cost?", "The bridge cost [$5 million].", "The tunnel was bought for [$9 million]."),
    ("How many employees?", "The mill has [500] employees.", "The mill has [3] chimneys."),
    ("How much did it cost?", "The bridge cost [$5 million].", "The bridge cost [4 lives]."),
    ("What is the fee?", "The fee in Rome is [€20] a month.", "The fee in Pisa is [€35] a month."),
    ("What is the fee?", "The fee is [€20] per month.", "The fee is [€240] per year."),
    ("How long does a pad last?", "A pad of the QX-60 lasts [90 hours].", "A pad of the QX-40 lasts [120 hours]."),
    ("What does it cost?", "Selby has a quay. Its fee is [€20].", "Aldwick has a quay. Its fee is [€35]."),
    ("What is paid?", "Plan A pays [75%] of the bill.", "Plan B pays [90%] of the bill."),
    (
        "How much will Anthropic spend?",
        "Anthropic has committed to spend [over $100 billion] with Amazon Web Services within ten years.",
        "Amazon has already put [over $4 billion] into Anthropic in earlier funding rounds.",
    ),
    ("Who built the bridge?", "[Ann Lee] built the bridge.", "[Bo Ek] owns the bakery."),
]


@pytest.mark.parametrize(("question", "one", "other"), DIFFER)
def test_sources_that_differ_are_shown_with_each_value(question: str, one: str, other: str) -> None:
    (found,) = disagreements(question, cited(one, other), embed)
    assert [value.value for value in found.values] == [
        text.partition("[")[2].partition("]")[0] for text in (one, other)
    ]
    assert [value.citations for value in found.values] == [(1,), (2,)]
    assert found.about == question.rstrip("?")


@pytest.mark.parametrize(("question", "one", "other"), AGREE)
def test_what_only_looks_like_a_disagreement_is_none(question: str, one: str, other: str) -> None:
    assert disagreements(question, cited(one, other), embed) == ()


def test_each_value_is_shown_once_with_all_who_give_it() -> None:
    given = cited("The bridge cost [$3 million].", "The bridge cost [$5 million].", "The bridge cost [USD 3m].")
    (found,) = disagreements("How much did the bridge cost?", given, embed)
    assert [(value.value, value.citations) for value in found.values] == [("$3 million", (1, 3)), ("$5 million", (2,))]


def test_sentences_that_a_language_model_cited_are_compared_where_they_give_one_value() -> None:
    given = cited("The bridge cost $3 million.", "The bridge cost $5 million.")
    assert len(disagreements("How much did the bridge cost?", given, embed)) == 1
    several = cited("The bridge cost $3 million and took 5 years.", "The bridge cost $5 million and took 4 years.")
    assert disagreements("How much did the bridge cost?", several, embed) == ()


def test_one_article_does_not_disagree_with_itself() -> None:
    one, other = cited("The bridge cost [$3 million].", "The bridge cost [$5 million].")
    assert disagreements("How much did the bridge cost?", [one, other], embed) != ()
    same = replace(other, article_id=one.article_id)
    assert disagreements("How much did the bridge cost?", [one, same], embed) == ()
    copied = replace(other, article_version=one.article_version)
    assert disagreements("How much did the bridge cost?", [one, copied], embed) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$5 billion", "USD 5bn"),
        ("$5 billion", "5,000,000,000 dollars"),
        ("nearly $8 billion", "$7.9 billion"),
        ("20 April 2026", "April 2026"),
        ("Dario Amodei", "Amodei"),
        ("the mayor, Anna Rossi", "Anna Rossi"),
        ("0.34 watt-hours", "0.34 watt-hours of electricity"),
        ("at 5 pm", "17:00"),
        ("on Mondays", "every Monday"),
    ],
)
def test_the_same_value_is_recognised_however_it_is_put(one: str, other: str) -> None:
    assert same_value(one, other)
    assert same_value(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$5 billion", "$8 billion"),
        ("$5 billion", "€5 billion"),
        ("5 kg", "5 lb"),
        ("2027", "2028"),
        ("5 people", "5 boats"),
        ("Dario Amodei", "Andy Jassy"),
        ("Mondays", "Tuesdays"),
        ("Rome", "the"),
    ],
)
def test_different_values_are_told_apart(one: str, other: str) -> None:
    assert not same_value(one, other)
    assert not same_value(other, one)


def test_an_answer_with_a_mark_within_it_is_no_fault() -> None:
    marked = Candidate("a", "v", "A", None, None, text="The fee is 5 *euros* a day.", answer="5 euros")
    assert without_values(marked)
