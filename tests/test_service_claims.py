"""What a sentence claims and its source does not hold, or says the other way round."""

from datetime import date

import pytest

from service.answer.verification.claims import Source, contradicted, missing

QUOTE = "Amazon announced on 20 April 2026 an immediate investment of $5 billion in Anthropic, about 15% of it in cash."
SOURCE = Source((QUOTE,), ("Anthropic Secures 5 Gigawatts of Compute Reuters",), (date(2026, 4, 21),))


@pytest.mark.parametrize(
    "words",
    [
        "Amazon invests $5 billion.",
        "Amazon invests USD 5bn in Anthropic.",
        "Amazon invests five billion dollars.",
        "Amazon invests 5 billion in Anthropic.",
        "Amazon invests 5,000 million dollars in Anthropic.",
        "On April 20, 2026, Amazon announced it.",
        "In April 2026, Amazon announced it.",
        "On 2026-04-20 Amazon announced it.",
        "On 21 April 2026, Reuters reported it.",
        "Fifteen percent apart, 15 per cent of it is cash.",
        "It is one of the largest.",
        "Some of Anthropic's compute comes with it.",
    ],
)
def test_what_the_source_holds_in_other_forms(words: str) -> None:
    assert missing(words, SOURCE) == frozenset()
    assert not contradicted(words, SOURCE)


@pytest.mark.parametrize(
    ("words", "quote"),
    [
        ("The US and Amazon agree.", "The U.S. and Amazon agree."),
        ("Some AI firms agree.", "Some artificial intelligence firms agree."),
        ("Its cloud is Amazon Web Services.", "Its cloud is AWS."),
        ("Its cloud is AWS.", "Its cloud is Amazon Web Services."),
        ("An American firm agrees.", "A firm of America agrees."),
        ("It costs twenty-five billion dollars.", "It costs $25 billion."),
        ("It has sixteen towers.", "It has 16 towers."),
    ],
)
def test_names_and_numbers_in_another_form(words: str, quote: str) -> None:
    assert missing(words, Source((quote,))) == frozenset()


@pytest.mark.parametrize(
    ("words", "lacks"),
    [
        ("Amazon invests $6 billion.", {"$6 billion"}),
        ("Amazon invests $5 million.", {"$5 million"}),
        ("Amazon invests €5 billion.", {"€5 billion"}),
        ("Amazon invests less than $4 billion and 16%.", {"less than $4 billion", "16%"}),
        ("On 19 April 2026 Amazon announced it.", {"19 April 2026"}),
        ("In 2025, Amazon announced it.", {"2025"}),
        ("In May 2026, Amazon announced it.", {"May 2026"}),
        ("Amazon and Microsoft invest.", {"Microsoft"}),
        ("Google invests $5 billion.", {"Google"}),
        ("The investor is OpenAI.", {"OpenAI"}),
        ("It invests twenty billion dollars.", {"twenty billion dollars"}),
        ("The investor is IBM.", {"IBM"}),
    ],
)
def test_what_the_source_does_not_hold(words: str, lacks: set[str]) -> None:
    assert missing(words, SOURCE) == lacks


def test_a_year_that_a_source_leaves_out_is_that_of_its_date() -> None:
    source = Source(("It was announced on 20 April.",), (), (date(2026, 4, 21),))
    assert missing("It was announced on 20 April 2026.", source) == frozenset()
    assert missing("It was announced on 20 April 2025.", source) == {"20 April 2025"}
    assert missing("It was announced on 20 April 2026.", Source(source.quotes)) == {"20 April 2026"}


def test_a_day_is_not_known_more_precisely_than_the_source_gives_it() -> None:
    assert missing("It came on 3 April 2026.", Source(("It came in April 2026.",))) == {"3 April 2026"}


@pytest.mark.parametrize(
    ("words", "quote"),
    [
        ("Amazon did not invest $5 billion.", "Amazon invested $5 billion."),
        ("Amazon didn't invest $5 billion.", "Amazon invested $5 billion."),
        ("Amazon never announced an investment.", "Amazon announced an investment."),
        ("Amazon denied that it invests.", "Amazon said that it invests."),
        ("Amazon disclosed the terms.", "Amazon did not disclose the terms."),
        ("The court approved the merger.", "The court refused to approve the merger."),
        ("Amazon did not invest in Anthropic.", "Amazon, which does not comment on rumours, invested in Anthropic."),
        ("Revenue fell by 5%.", "Revenue rose by 5%."),
        ("Anthropic invests $5 billion in Amazon.", "Amazon invests $5 billion in Anthropic."),
        (
            "Anthropic announced an investment in Amazon.",
            "Amazon announced on Monday an immediate investment in Anthropic.",
        ),
        ("Amazon was bought by Anthropic.", "Amazon bought Anthropic."),
        ("Costs have increased to $5 billion.", "Costs have dropped to $5 billion."),
        ("Amazon invests more than $5 billion.", "Amazon invests less than $5 billion."),
        ("Lifts are checked twice a year.", "Lifts are checked once a year."),
        ("Apprentices are ineligible for the grant.", "Apprentices are eligible for the grant."),
        ("The reserve sold two flats.", "The reserve bought two flats."),
        ("The pool is available in winter.", "The pool is unavailable in winter."),
        ("Yes, there is a discount on clearance items.", "Clearance items are excluded from discounts."),
        ("Contractors can claim the wellness stipend.", "Contractors are ineligible for the wellness stipend."),
        ("The basement has a fire exit.", "The basement lacks a fire exit."),
        ("Guests may smoke on the terrace.", "Smoking is prohibited on the terrace."),
        ("Guests may smoke on the terrace.", "Smoking is forbidden on the terrace."),
        ("The public lounge is on the first floor.", "The private lounge is on the first floor."),
        ("The eastern quay is closed in May.", "The northern quay is closed in May."),
    ],
)
def test_the_opposite_is_caught(words: str, quote: str) -> None:
    source = Source((quote,))
    assert contradicted(words, source) or missing(words, source)


@pytest.mark.parametrize(
    ("words", "quote"),
    [
        ("Amazon invested $5 billion.", "Amazon, which did not disclose further terms, invested $5 billion."),
        ("Amazon did not disclose the terms.", "Amazon has not disclosed any terms."),
        ("Amazon invests not only cash.", "Amazon invests cash and shares."),
        ("Clearance items are sold on Fridays.", "Clearance items, sold on Fridays, are excluded from discounts."),
        ("Leave for studies is granted.", "Unpaid leave for studies is granted."),
        ("Revenue fell, then rose.", "Revenue rose after it had fallen."),
        ("Nothing was disclosed.", "No terms were disclosed."),
        ("Anthropic was bought by Amazon.", "Amazon bought Anthropic."),
        ("Anthropic works with Amazon.", "Amazon works with Anthropic."),
        ("Amazon invests in Anthropic.", "Anthropic said that Amazon invests in Anthropic."),
        (
            "Anthropic spends $100 billion on AWS.",
            "Amazon invests in Anthropic, and Anthropic spends $100 billion on AWS.",
        ),
    ],
)
def test_what_only_looks_like_the_opposite(words: str, quote: str) -> None:
    assert not contradicted(words, Source((quote,)))


DELIVERY = (
    "Crane delivers 835 megawatts to Microsoft for 20 years, and Constellation wants it back on the grid in 2028."
)


@pytest.mark.parametrize(
    ("words", "quote"),
    [
        (DELIVERY.replace("Constellation wants", "Microsoft wants"), DELIVERY),
        (DELIVERY.replace("to Microsoft", "to Constellation"), DELIVERY),
        ("AWS has 4 offices in Texas and 3 in Ohio.", "AWS has 3 offices in Texas and 3 in Ohio, next to 4 depots."),
        ("Both firms have worked together for days.", "Both firms have worked together for years."),
        ("One model takes plants for several billion euros.", "One model takes plants for several billion dollars."),
        ("A multi-million-dollar plan was signed.", "A multi-billion-dollar plan was signed."),
        ("The plan grew from GPU capacity alone.", "The plan grew from AWS capacity alone, and not GPU farms."),
    ],
)  # fmt: skip
def test_a_value_in_the_place_of_another_is_stopped_though_it_stands_elsewhere(words: str, quote: str) -> None:
    assert contradicted(words, Source((quote, "It names Microsoft, Constellation, 4, days, euros and GPU.")))
    assert not contradicted(quote, Source((quote,)))


@pytest.mark.parametrize(
    ("words", "quote"),
    [
        ("Crane delivers 835 megawatts to Microsoft.", "It delivers 835 megawatts to Microsoft."),
        ("However, the plant gives power to Microsoft.", "Moreover, the plant gives power to Microsoft."),
        ("The firm has worked there for several months.", "The company has worked there for several months."),
        ("The fee is 5 dollars for each visitor.", "The fee is $5 for each visitor."),
        ("Its cloud is Amazon Web Services in most places.", "Its cloud is AWS in most places."),
        ("The site opens at 9 on Mondays.", "The place opens at 9 on Mondays."),
    ],
)
def test_other_words_for_the_same_are_no_other_value(words: str, quote: str) -> None:
    assert not contradicted(words, Source((quote,)))


def test_rows_that_differ_in_their_values_are_compared_each_with_its_own() -> None:
    rows = ("Claims up to $1,500 cost a fee of $50.", "Claims up to $5,000 cost a fee of $75.")
    for row in rows:
        assert not contradicted(row, Source(rows))
    assert contradicted("Claims up to $1,500 cost a fee of $75.", Source(rows))


def test_long_sentences_are_not_aligned() -> None:
    long = " ".join(f"word{number}" for number in range(20_000))
    assert not contradicted(f"{long} Amazon", Source((f"{long} Microsoft",)))
