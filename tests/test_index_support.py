"""What the support model learns from: statements, alterations, and documents that are split."""

import json
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from index.models.embedding import packaged_folder
from index.reader.examples import Asked, Pool
from index.reader.tokens import ReaderPassage, WordPieces
from index.records import Span
from index.support.alterations import ALTERATIONS, altered
from index.support.examples import Example, examples
from index.support.material import Material, clapnq, expertqa, source_of
from index.support.sequences import item_of
from index.support.statements import crossed, stated

SENTENCE = (
    "In March 2014, Apple bought about 30 kilograms of gold from Germany before Google increased its price, which may have "
    "helped; it was not sold."
)
TEXTS = ("Anna was born in 1971. She lives in Rome with a dog.", "Berta was born in 1982. She lives in Bonn and Oslo.")


@pytest.mark.parametrize("kind", sorted(ALTERATIONS))
def test_each_kind_of_thing_is_changed_and_nothing_else(kind: str) -> None:
    found = altered(SENTENCE, "Microsoft sold 42 ounces to IBM in 1990.", Random(1), kind)
    assert found is not None
    changed, said = found
    assert said == kind
    assert changed != SENTENCE
    assert len(set(SENTENCE.split()) - set(changed.split())) <= 3


def test_a_sentence_without_any_such_thing_is_left_alone() -> None:
    assert altered("Hm.", "", Random(1)) is None


@pytest.mark.parametrize(
    ("question", "answer", "statements"),
    [
        ("Who invented the telephone?", "Bell", {"Bell invented the telephone."}),
        (
            "What is the capital of France?",
            "Paris",
            {"The capital of France is Paris.", "Paris is the capital of France."},
        ),
        ("Where do most people live?", "in the south", {"Most people live in the south."}),
        ("Does it rain?", "yes", set()),
    ],
)
def test_a_question_with_its_answer_becomes_a_statement(question: str, answer: str, statements: set[str]) -> None:
    found = {stated(question, answer, Random(n)) for n in range(40)}
    assert found - {f"{question} {answer}."} == statements


def test_parts_that_do_not_belong_together_are_joined() -> None:
    assert crossed("Anna is a cook.", "The boat was sold in May.") == "Anna was sold in May."
    assert crossed("Anna is a cook.", "Anna was sold in May.") is None


def test_examples_are_of_both_kinds_and_the_same_for_the_same_seed() -> None:
    questions = tuple(
        Asked(str(at), f"When was {text.split()[0]} born?", at, (Span(text.index("19"), text.index(". ")),), (year,))
        for at, (text, year) in enumerate(zip(TEXTS, ("1971", "1982"), strict=True))
    )
    pool = Pool("made", tuple(ReaderPassage("People", text) for text in TEXTS), questions, ("one", "one"))
    material = Material(((1.0, source_of(pool)),), (), None)
    drawn = list(islice(examples(material, Random(2)), 60))
    assert drawn == list(islice(examples(material, Random(2)), 60))
    assert {example.supported for example in drawn} == {True, False}
    for example in drawn:
        assert example.holding is not None
        assert len(example.holding) == len(example.sentences)
        assert not example.supported or any(example.holding)


def test_every_tenth_document_is_only_measured_on() -> None:
    names = tuple(f"{n:02}" for n in range(20))
    pool = Pool("made", tuple(ReaderPassage(name, TEXTS[0]) for name in names), (), names)
    learnt, measured = (source_of(pool, part=part).of_document.keys() for part in (0, 1))
    assert set(measured) == {"09", "19"}
    assert not learnt & measured


def test_titles_of_clapnq_are_either_learnt_from_or_measured_on(tmp_path: Path) -> None:
    rows = [
        {
            "input": "who?",
            "passages": [{"title": title, "text": TEXTS[0], "sentences": ["Anna was born in 1971."]}],
            "output": [{"answer": "Anna was born in 1971.", "selected_sentences": ["Anna was born in 1971."]}],
        }
        for title in "abcd"
    ]
    path = tmp_path / "answerable.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    learnt, measured = ({one.title for one in clapnq(path, held_out=held_out)} for held_out in (False, True))
    assert (learnt, measured) == ({"a", "c"}, {"b", "d"})


def test_only_complete_support_counts(tmp_path: Path) -> None:
    rows = [
        {
            "question": "q",
            "claim": "It rained [1][2].",
            "evidence": ["[1] https://a.example/\n\nIt rained."],
            "support": s,
        }
        for s in ("Complete", "Partial", "Incomplete")
    ]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    found = expertqa(path)
    assert [one.supported for one in found] == [True, False, False]
    assert {(one.claim, one.sentences) for one in found} == {("It rained.", ("It rained.",))}


def test_an_item_has_the_sentences_where_they_stand() -> None:
    pieces = WordPieces(packaged_folder(), longest_question=4)
    example = Example(
        "Anna was born in 1971 in Rome.", "People", ("It rained.", "Anna is here."), (False, True), False, ""
    )
    item = item_of(example, pieces)
    assert item.sequence.title_at == 1 + 4 + 1
    assert not item.answers
    assert [sentence.belongs for sentence in item.sentences] == [False, True]
    anna = pieces.of(["Anna"])[0].ids[0]
    assert item.sequence.ids[item.sentences[1].first] == anna
