"""What the reader learns from: read defensively, split so that nothing measured on is trained on."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import WrongUsage
from index.models.embedding import packaged_folder
from index.reader.asking import as_asked, mistyped
from index.reader.diets import DIETS
from index.reader.examples import (
    Asked,
    Pool,
    clapnq_pool,
    holds_any,
    nq_pool,
    occurrences,
    read_squad,
    squad2_pool,
    training_pools,
)
from index.reader.groups import Drawing, group_of, prepared
from index.reader.headings import heading_pools
from index.reader.mining import near_misses
from index.reader.synonyms import read_wordnet
from index.reader.tokens import ReaderPassage, WordPieces
from index.reader.wording import altered
from index.records import Span

TEXT = "Anna Rossi was born in 1971 in Turin. She studied law in Rome. Her brother Marco was born in 1975."


def _paragraph(context: str, *questions: tuple[str, str | None]) -> dict[str, object]:
    return {
        "context": context,
        "qas": [
            {
                "id": f"{context[:9]}{n}",
                "question": question,
                "is_impossible": answer is None,
                "answers": [{"text": answer, "answer_start": context.index(answer)}] if answer else [],
            }
            for n, (question, answer) in enumerate(questions)
        ],
    }


def _entry(title: str, count: int = 2) -> dict[str, object]:
    texts = [f"{title} {n}. {TEXT}" for n in range(count)]
    return {
        "title": title,
        "paragraphs": [_paragraph(t, ("When was she born?", "1971"), ("Who?", None)) for t in texts],
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("train", "squad2", "nq", "clapnq"):
        (tmp_path / folder).mkdir()
    squad2 = {"data": [_entry("Normans"), _entry("Huguenot")]}
    (tmp_path / "squad2" / "squad2.json").write_text(json.dumps(squad2), "utf-8")
    corpus = [{"id": f"p{n}", "title": f"T{n}", "text": f"The answer is number{n}."} for n in range(12)]
    questions = [
        {"id": f"q{n}", "question": "which?", "answers": [f"number{n}"], "relevant_ids": [f"p{n}"]} for n in range(12)
    ]
    for name, rows in (("corpus", corpus), ("questions", questions)):
        lines = [json.dumps(row) for row in rows]
        (tmp_path / "nq" / f"{name}.jsonl").write_text("\n".join([*lines, "{broken", "[]"]), "utf-8")
    return tmp_path


def _ids(pool: Pool) -> set[str]:
    return {question.id for question in pool.questions}


def test_held_out_articles_are_in_no_training_pool(data: Path) -> None:
    parts = [squad2_pool(data, part) for part in ("train", "dev", "final")]
    assert {p.title for p in parts[0].passages} == {"Huguenot"}
    assert {p.title for part in parts[1:] for p in part.passages} == {"Normans"}
    assert not _ids(parts[1]) & _ids(parts[2])
    assert sum(len(part.questions) for part in parts) == 8


def test_measured_questions_and_their_passages_are_in_no_training_pool(data: Path) -> None:
    train, dev, final = (nq_pool(data, part) for part in ("train", "dev", "final"))
    assert len(_ids(train)) == 8
    assert _ids(dev) == {"q0", "q6"}
    assert _ids(final) == {"q3", "q9"}
    measured = {dev.passages[q.passage] for q in dev.questions} | {final.passages[q.passage] for q in final.questions}
    assert not measured & set(train.passages)
    assert len(dev.passages) == 12


def test_broken_rows_are_left_out_and_told(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    nq_pool(data, "train")
    assert "2 rows cannot be read" in caplog.text


def test_an_answer_that_is_not_where_it_is_said_to_be_is_left_out(tmp_path: Path) -> None:
    entry = _entry("Huguenot", 1)
    entry["paragraphs"][0]["qas"][0]["answers"][0]["answer_start"] += 1  # type: ignore[index]
    entry["paragraphs"].append({"context": 5})  # type: ignore[attr-defined]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": [entry]}), "utf-8")
    assert [q.question for q in read_squad(path).questions] == ["Who?"]


def test_a_file_of_another_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text("[1]", "utf-8")
    with pytest.raises(WrongUsage, match="SQuAD's format"):
        read_squad(path)


def test_a_folder_without_sets_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no question set"):
        training_pools(tmp_path)


def test_clapnq_knows_which_are_unanswerable(data: Path) -> None:
    row = {"id": 1, "input": "who?", "passages": [{"title": "T", "text": TEXT}]}
    marked = [{"selected_sentences": ["She studied law in Rome."]}]
    (data / "clapnq" / "answerable.jsonl").write_text(json.dumps({**row, "output": marked}), "utf-8")
    (data / "clapnq" / "unanswerable.jsonl").write_text(json.dumps({**row, "output": []}), "utf-8")
    pool = clapnq_pool(data)
    assert [bool(q.spans) for q in pool.questions] == [True, False]
    assert pool.questions[0].answers == ("She studied law in Rome.",)


@given(st.text(max_size=30), st.lists(st.text(max_size=8), max_size=3))
def test_every_occurrence_is_an_answer(text: str, answers: list[str]) -> None:
    for span in occurrences(text, answers):
        assert text[span.start : span.end].lower() in {a.strip().lower() for a in answers} or not text.isascii()


def test_answers_count_in_whole_words_only() -> None:
    assert holds_any("It was the 12th.", ["12th"])
    assert not holds_any("It was the 12th.", ["12", ""])


def test_altered_questions_ask_for_something_else() -> None:
    found = {altered("When was Anna Rossi first in Turin?", TEXT, Random(n)) for n in range(30)}
    assert found - {None}
    assert "When was Anna Rossi first in Turin?" not in found
    assert any(question and "last" in question for question in found)


def _pool() -> Pool:
    passages = (
        ReaderPassage("Rossi", TEXT),
        ReaderPassage("Bianchi", "Carlo Bianchi was a painter of the last century."),
    )
    asked = Asked("q", "When was Anna Rossi born?", 0, (Span(23, 27),), ("1971",))
    none = Asked("n", "When was Anna Rossi wed?", 0, (), ())
    return Pool("new_wiki", passages, (asked, none), ("rossi", "bianchi"))


def test_a_group_has_the_answer_first_and_none_in_the_others() -> None:
    pieces = WordPieces(packaged_folder())
    pool = prepared(_pool(), [[1], [1]], pieces)
    (right,) = pieces.of(["1971"])
    for seed in range(40):
        first, *others = group_of(pool, 0, Drawing(pieces, None, Random(seed)))
        assert [first.sequence.ids[s : e + 1] for s, e in zip(first.starts, first.ends, strict=True)] == [right.ids]
        assert first.rival
        assert [first.sequence.ids[s.first] for s in first.sentences if s.belongs] == [pieces.of(["Anna"])[0].ids[0]]
        assert all(not item.answers and item.sentences for item in others)
        assert all(right.ids[0] not in item.sequence.ids for item in others if item.rival)


def test_an_unanswerable_question_has_its_passage_and_no_answer() -> None:
    pieces = WordPieces(packaged_folder())
    (item,) = group_of(prepared(_pool(), [[1], [1]], pieces), 1, Drawing(pieces, None, Random(1)))
    assert (item.starts, item.ends, item.rival) == ((), (), False)
    assert len(item.sequence.ids) > 20


def test_a_question_without_answer_is_cut_like_one_with_it() -> None:
    pieces = WordPieces(packaged_folder())
    text = " ".join(f"In {year} nothing was built." for year in range(1800, 1840))
    at = text.index("1833")
    plausible = Asked("n", "When was it painted?", 0, (), (), (Span(at, at + 4),))
    pool = prepared(Pool("squad2", (ReaderPassage("Built", text),), (plausible,), ("built",)), [[]], pieces)
    (year,) = pieces.of(["1833"])
    lengths = set()
    for seed in range(40):
        (item,) = group_of(pool, 0, Drawing(pieces, None, Random(seed)))
        assert (item.starts, item.rival) == ((), False)
        assert set(year.ids) <= set(item.sequence.ids)
        lengths.add(len(item.sequence.ids) // 64)
    assert len(lengths) > 2


def test_what_only_looks_like_an_answer_is_read_from_a_file(tmp_path: Path) -> None:
    row = {"id": "1", "question": "Who?", "is_impossible": True, "answers": []}
    row["plausible_answers"] = [{"text": "Anna", "answer_start": TEXT.index("Anna")}]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": TEXT, "qas": [row]}]}]}), "utf-8")
    (asked,) = read_squad(path).questions
    assert (asked.spans, asked.answers) == ((), ())
    assert [TEXT[span.start : span.end] for span in asked.plausible] == ["Anna"]


def _documents(folder: Path) -> Path:
    for n in range(9):
        (folder / f"page{n}.md").write_text(f"# Page {n}\n\nWords on number {n} that nobody asks for.", "utf-8")
    leave = """# Time off

Everybody may take time off when they need it.

## Parental leave

Parents are paid for sixteen weeks. Tell your manager three months before.

### Adoption

The same holds for parents who adopt a child.

## How do I ask for it?

1. Open the calendar and choose the days.
2. Wait until your manager agrees with them.
"""
    (folder / "a_leave.md").write_text(leave, "utf-8")
    return folder


def test_what_stands_below_a_heading_answers_it(tmp_path: Path) -> None:
    pieces = WordPieces(packaged_folder())
    questions, others = heading_pools([_documents(tmp_path)], pieces, "train")
    assert {q.question for q in questions.questions} == {"How do I ask for it?"}
    for asked in questions.questions:
        text = questions.passages[asked.passage].text
        found = [text[span.start : span.end] for span in asked.spans]
        assert found == ["Open the calendar and choose the days.", "Wait until your manager agrees with them."]
    leave = [q for q in others.questions if "parental leave" in q.question.lower()]
    for asked in leave:
        text = others.passages[asked.passage].text
        assert next(text[s.start : s.end] for s in asked.spans) == "Parents are paid for sixteen weeks."
    shown = [("Parental leave" in others.passages[q.passage].text) for q in leave]
    assert sorted(shown) == [False, True]


def test_every_tenth_document_is_only_measured_on(tmp_path: Path) -> None:
    pieces = WordPieces(packaged_folder())
    parts = [heading_pools([_documents(tmp_path)], pieces, part) for part in ("train", "dev")]
    train, dev = ({document for pool in pools for document in pool.documents} for pools in parts)
    assert (len(train), dev) == (9, {"page8"})


def test_sentences_below_a_heading_are_learnt_as_evidence(tmp_path: Path) -> None:
    pieces = WordPieces(packaged_folder())
    (pool, _) = heading_pools([_documents(tmp_path)], pieces, "train")
    made = prepared(pool, [[] for _ in pool.questions], pieces)
    for seed in range(20):
        first, *others = group_of(made, seed % 2, Drawing(pieces, None, Random(seed)))
        assert first.answers
        assert first.starts == ()
        assert any(s.belongs for s in first.sentences)
        assert not any(item.answers for item in others)
        # Nothing is known of their stretches: "no answer" must not be learnt of all that is written like them.
        assert not any(item.stretch_known for item in (first, *others))


def test_near_misses_are_of_the_same_document_and_do_not_answer() -> None:
    texts = ("We collect your name.", "We also collect your name.", "We keep it for a year.", "We share it.", "Other.")
    asked = Asked("q", "what is collected?", 0, (Span(11, 20),), ("your name",), topic="collecting")
    same = Asked("r", "which data?", 3, (Span(0, 5),), ("share",), topic="collecting")
    pool = Pool("policyqa", tuple(ReaderPassage("", t) for t in texts), (asked, same), ("p", "p", "p", "p", "o"))
    assert near_misses(pool) == [[2], [1, 2]]


def test_questions_are_asked_in_all_the_ways_people_ask() -> None:
    asked = "How many weeks of holiday do employees have?"
    forms = {as_asked(asked, Random(n), {"holiday": ("vacation",)}) for n in range(200)}
    assert asked in forms
    assert "weeks holiday employees" in forms
    assert asked.rstrip("?").lower() in forms
    assert any("vacation" in form for form in forms)
    assert any(len(form) > len(asked) + 30 and form.endswith(asked) for form in forms)


@given(st.text(max_size=40), st.integers())
def test_anything_can_be_asked_in_another_way(question: str, seed: int) -> None:
    assert as_asked(question, Random(seed), {"a": ("b",)}) or not question


def test_an_error_in_typing_changes_a_word_or_two() -> None:
    asked = "parental leave policy"
    for seed in range(50):
        found = mistyped(asked, Random(seed)).split(" ")
        assert 1 <= sum(a != b for a, b in zip(found, asked.split(" "), strict=True)) <= 2 or found == asked.split(" ")


def _wordnet(folder: Path) -> Path:
    for part in ("noun", "verb", "adj", "adv"):
        for kind in ("index", "data"):
            (folder / f"{kind}.{part}").write_text("  1 licence\n", "utf-8")
    index = "holiday n 1 0 1 0 00000100\nvacation n 1 0 1 0 00000100\nbank n 2 0 2 1 00000200 00000300\n"
    data = (
        "00000100 00 n 03 holiday 0 vacation 0 vacance 0 000 | rest\n"
        "00000200 00 n 02 bank 0 shore 0 000 | of a river\n00000300 00 n 02 bank 0 lender 0 000 | of money\n"
    )
    (folder / "index.noun").write_text(index, "utf-8")
    (folder / "data.noun").write_text(data, "utf-8")
    uses = "holiday%1:1:0:: 1 3\nvacation%1:1:0:: 1 2\nbank%1:1:0:: 1 5\nbank%1:1:1:: 2 5\nshore%1:1:0:: 1 4\n"
    (folder / "cntlist.rev").write_text(uses, "utf-8")
    return folder


def test_synonyms_are_those_of_words_with_one_clear_sense(tmp_path: Path) -> None:
    assert read_wordnet(_wordnet(tmp_path)) == {"holiday": ("vacation",), "vacation": ("holiday",)}


def test_a_folder_without_wordnet_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no WordNet"):
        read_wordnet(tmp_path)


def test_each_pool_has_its_diet(data: Path) -> None:
    pools = training_pools(data)
    assert {pool.name for pool in pools} <= set(DIETS)
