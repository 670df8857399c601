"""Which language a question is in: without a language model only English is read."""

from pathlib import Path

import pytest

from index.ingest.sync import sync
from index.records import ArticleInfo, Hit, Passage
from index.settings import PACKAGED_MODEL
from index.stores.store import Index
from service.answer.languages import foreign_language, unread_language
from service.answer.models import Answer, NoAnswer, Question
from service.answer.pipeline import answer
from tests.service_fixtures import settings_for


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie viel investiert Amazon in Anthropic?", "German"),
        ("Wann soll der Reaktor wieder ans Netz gehen?", "German"),
        ("Warum?", "German"),
        ("Combien Amazon investit-il dans Anthropic ?", "French"),
        ("Quand ouvre le port", "French"),
        ("¿Cuánto invierte Amazon en Anthropic?", "Spanish"),
        ("Quanto investe Amazon in Anthropic?", "Italian"),
        ("Hoeveel investeert Amazon?", "Dutch"),
        ("Сколько инвестирует Amazon в этот проект?", "a language in another script"),
        ("アマゾンはいくら投資しますか", "a language in another script"),
    ],
)
def test_a_question_in_another_language_is_told(question: str, language: str) -> None:
    assert foreign_language(question) == language


@pytest.mark.parametrize(
    "question",
    [
        "How much does Amazon invest in Anthropic?",
        "amazon anthropic investment total",
        "anthropc gigawats when",
        "kettle capacity",
        "who spoke the words ich bin ein berliner",
        "who founded mission nuestra senora de la soledad",
        "Was Amazon in Anthropic?",
        "E2?",
        "CVE-2025-31842",
    ],
)
def test_english_with_slips_and_foreign_names_is_english(question: str) -> None:
    assert foreign_language(question) is None


def hit(text: str) -> Hit:
    return Hit(Passage("a-0", ArticleInfo("a", "a", "Title"), 0, 0, len(text), text, ()), 1.0, 0.5, 1.0)


def test_a_passage_in_the_same_language_may_answer() -> None:
    question = "Wann wird das Museum wieder geöffnet?"
    german = "Das Museum wird im März nach langer Pause wieder geöffnet, und der Eintritt ist frei."
    assert unread_language(question, [hit("The museum opens again in March.")], embed_model=PACKAGED_MODEL) == "German"
    assert unread_language(question, [hit(german)], embed_model=PACKAGED_MODEL) is None
    assert unread_language("When does the museum open?", [hit(german)], embed_model=PACKAGED_MODEL) is None


def test_the_packaged_models_tell_no_words_of_another_script_apart() -> None:
    passage = hit("Стоянка стоит 31 рубль за ночь.")
    assert (
        unread_language("Сколько стоит кофе?", [passage], embed_model=PACKAGED_MODEL) == "a language in another script"
    )
    assert unread_language("Сколько стоит стоянка?", [passage], embed_model="a multilingual one") is None


def test_such_a_question_is_refused_with_the_reason(index: Index, folder: Path, tmp_path: Path) -> None:
    (folder / "a.md").write_text("Amazon will invest 5 billion dollars in Anthropic now.\n")
    assert sync(index, [folder]).failed == ()
    settings = settings_for(tmp_path)
    said = answer(Question("Wie viel investiert Amazon in Anthropic?"), index=index, settings=settings)
    assert isinstance(said, NoAnswer)
    assert "German" in said.text
    assert "English" in said.text
    asked = answer(Question("How much does Amazon invest in Anthropic?"), index=index, settings=settings)
    assert isinstance(asked, Answer)
    assert "5 billion" in asked.text
