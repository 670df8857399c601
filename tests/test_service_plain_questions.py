"""Plain questions that colleagues ask of a small handbook, each told in plain words on a page of it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from index.ingest.sync import sync
from index.records import EVERYTHING
from index.stores.store import Index, opened
from service.answer.models import Answer, Question
from service.answer.pipeline import answer
from service.settings import Settings
from tests.service_fixtures import remembering_model, sentence_vectors, shipped_reader

PAGES = {
    "baking": "# Baking for the team\n\nPut two teaspoons of sugar into the dough and let it rest for an hour. "
    "Descale the kettle when white flakes float in the water.\n",
    "people": "# People\n\nIn total, 214 employees work for the company, in five offices. "
    "Sign up for the dental plan before 1 December.\n",
    "gym": "# Gym\n\nThe membership fee covers towels, lockers and all classes. The gym opens at 6:30 on weekdays.\n",
    "travel": "# Travel\n\nThe budget committee is responsible for approving travel and conferences. "
    "A manager's approval is needed when an order is above 300 euros.\n",
    "laptops": "# Laptops\n\nReplacement laptops are ordered from the service desk in room 2.14. "
    "Every laptop is replaced after four years. Lost laptops must be reported to security within 24 hours.\n",
    "parking": "# Parking\n\nVisitors park on level B2, free of charge. Bicycles are locked to the racks behind the canteen. "
    "Electric cars can be charged at the twelve posts on level B1.\n",
    "leave": "# Leave\n\nEverybody has 28 days of paid holiday a year. "
    "Unused days may be carried over until the end of March. Parents take up to 18 weeks of parental leave at full pay.\n",
    "canteen": "# Canteen\n\nLunch is served from 11:45 until 14:00. On Fridays the canteen closes at 13:00. "
    "Vegetarian dishes are marked with a green leaf.\n",
    "visitors": "# Visitors\n\nThe person who invites a visitor meets them at reception. "
    "Photographs are not allowed in the laboratory.\n",
    "expenses": "# Expenses\n\nHand in receipts within 60 days. Expenses are paid out with the salary of the next month. "
    "Alcohol is not reimbursed.\n",
    "passwords": "# Passwords\n\nA password has at least 14 characters. To reset your password, call the help line on 4400. "
    "Never share a password by e-mail, because mail is stored unencrypted.\n",
    "printing": "# Printing\n\nThe colour printer stands beside the library. "
    "Posters are printed by the media team within two days.\n",
}
QUESTIONS = [
    # The nine of which Footnote once answered one.
    ("How much sugar do I put into the dough?", "two teaspoons"),
    ("When should I descale the kettle?", "white flakes"),
    ("What is the total number of employees?", "214"),
    ("What does the membership fee cover?", "towels"),
    ("When must I sign up for the dental plan?", "1 December"),
    ("What is the budget committee responsible for?", "approving travel"),
    ("When is a manager's approval needed?", "300 euros"),
    ("Who approves travel?", "budget committee"),
    # And others like them.
    ("How long does the dough rest?", "an hour"),
    ("How many offices does the company have?", "five offices"),
    ("By when do I have to sign up for the dental plan?", "1 December"),
    ("What is included in the membership fee of the gym?", "towels"),
    ("When does the gym open?", "6:30"),
    ("From what amount does an order need approval by a manager?", "300 euros"),
    ("Who is responsible for approving conferences?", "budget committee"),
    ("Where do I get a replacement laptop?", "2.14"),
    ("How often are laptops replaced?", "four years"),
    ("My laptop is lost, by when do I have to report it?", "24 hours"),
    ("Who has to be told of a lost laptop?", "security"),
    ("Where can visitors park?", "B2"),
    ("What does parking cost for visitors?", "free of charge"),
    ("Where do I lock my bicycle?", "behind the canteen"),
    ("Where can I charge an electric car?", "B1"),
    ("How many charging posts are there?", "twelve"),
    ("How many days of holiday do I get?", "28 days"),
    ("holiday days per year", "28 days"),
    ("Until when can I carry over unused days of holiday?", "March"),
    ("How long is parental leave?", "18 weeks"),
    ("Is parental leave paid?", "full pay"),
    ("When is lunch served?", "11:45"),
    ("When does the canteen close on Fridays?", "13:00"),
    ("How are vegetarian dishes marked?", "green leaf"),
    ("Who meets a visitor at reception?", "person who invites"),
    ("Are photographs allowed in the laboratory?", "not allowed"),
    ("May I take photographs in the laboratory?", "not allowed"),
    ("By when must I hand in receipts?", "60 days"),
    ("When are expenses paid out?", "next month"),
    ("Is alcohol reimbursed?", "not reimbursed"),
    ("How long must a password be?", "14 characters"),
    ("minimum length of a password", "14 characters"),
    ("How do I reset my password?", "4400"),
    ("Which number do I call to reset my password?", "4400"),
    ("Why should I not share a password by e-mail?", "unencrypted"),
    ("Where is the colour printer?", "library"),
    ("Who prints posters?", "media team"),
    ("How long does it take to print a poster?", "two days"),
    ("What should I do when white flakes float in the water?", "Descale"),
    ("How many employees work for the company?", "214"),
    ("What is put into the dough?", "sugar"),
    ("What happens to unused days of holiday?", "carried over"),
    ("Can visitors park for free?", "free of charge"),
    ("What is the help line for passwords?", "4400"),
    ("What time does the canteen close on a Friday?", "13:00"),
    ("At which level are electric cars charged?", "B1"),
    ("Does the company pay for alcohol?", "not reimbursed"),
    ("who replaces laptops", "service desk"),
    ("What do I do if I lose my laptop?", "reported to security"),
    ("How much holiday do employees have?", "28 days"),
]
MISSPELT = [
    ("how long is parentl laeve", "18 weeks"),
    ("wher can I chrge an electrc car?", "B1"),
    ("what dose the membreship fee covver", "towels"),
    ("wich dishs are markd with a gren leef", "Vegetarian"),
    ("Who is responsable for aproving conferances?", "budget committee"),
]
UNANSWERED = [
    "What does lunch cost in the canteen?",
    "Who is the head of security?",
    "How many people use the gym?",
    "Which brand of laptops do we buy?",
    "What is the boiling point of tungsten?",
    "When was the library built?",
    "How much does a laptop cost?",
    "Who won the football match on Saturday?",
    "What is the salary of the media team?",
    "How do I apply for a visa?",
]


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    place = tmp_path_factory.mktemp("plain")
    folder = place / "pages"
    folder.mkdir()
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    index = replace(
        opened(Settings(_env_file=None, data_dir=place / "data")),
        embedder=remembering_model(),
        sentence_vectors=sentence_vectors(),
        reader=shipped_reader(),
    )
    assert sync(index, [folder]).failed == ()
    yield index
    index.close()


def asked(index: Index, question: str) -> Answer | None:
    found = answer(Question(question, access=EVERYTHING), index=index, settings=Settings(_env_file=None))
    return found if isinstance(found, Answer) else None


@pytest.mark.parametrize(("question", "told"), QUESTIONS)
def test_what_a_page_tells_in_plain_words_is_answered(handbook: Index, question: str, told: str) -> None:
    found = asked(handbook, question)
    assert found is not None, "refused"
    assert told in found.text


@pytest.mark.parametrize(("question", "told"), MISSPELT)
def test_a_misspelt_question_is_understood(handbook: Index, question: str, told: str) -> None:
    found = asked(handbook, question)
    assert found is not None, "refused"
    assert told in found.text


def test_a_name_is_not_taken_for_a_misspelt_word(handbook: Index) -> None:
    assert asked(handbook, "How long does Ms Dougal rest?") is None  # "the dough … let it rest for an hour"


@pytest.mark.parametrize(
    "question", ["How long is parental leave in Portugal?", "When does the canteen of Building K9 close on Fridays?"]
)
def test_what_asks_for_a_name_that_no_page_has_is_refused(handbook: Index, question: str) -> None:
    assert asked(handbook, question) is None


def test_most_of_what_no_page_tells_is_refused(handbook: Index) -> None:
    refused = [question for question in UNANSWERED if asked(handbook, question) is None]
    assert len(refused) >= 0.8 * len(UNANSWERED)
