"""Question sets: what is read, what is reported, and where."""

import json
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets import read_questions
from eval.records import EvalQuestion, Evidence, QuestionSet, Turn
from index.errors import WrongUsage


def written(folder: Path, *lines: Any, name: str = "questions.jsonl") -> Path:
    path = folder / name
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def written_json(folder: Path, content: Any) -> Path:
    path = folder / "set.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_every_key_of_the_contract_is_read(tmp_path: Path) -> None:
    row = {
        "id": "q1",
        "question": "How much?",
        "answers": ["$5 billion", "five billion"],
        "answerable": True,
        "relevant_ids": ["a/b", "c"],
        "evidence": [{"article_id": "a/b", "quote": " $5 billion now. "}],
        "as_of": "2026-04-24",
        "kind": "follow_up",
        "history": [{"role": "user", "text": "Who invests?"}],
        "article_ids": ["a/b"],
        "reviewed": True,
        "reviewed_by": "someone",
    }
    (question,) = read_questions(written(tmp_path, row)).questions
    assert question.id == "q1"
    assert question.answers == ("$5 billion", "five billion")
    assert question.relevant_ids == ("a/b", "c")
    assert question.evidence == (Evidence("a/b", " $5 billion now. "),)
    assert question.as_of == date(2026, 4, 24)
    assert question.kind == "follow_up"
    assert question.history == (Turn("user", "Who invests?"),)
    assert question.article_ids == ("a/b",)


def test_only_the_question_is_required(tmp_path: Path) -> None:
    rows = ({"question": "One?"}, {"question": "Two?", "as_of": None, "answers": None, "id": 7})
    first, second = read_questions(written(tmp_path, *rows)).questions
    assert (first.id, first.answerable, first.answers, first.kind) == ("line-1", True, (), None)
    assert second.id == "7"


def test_evidence_names_relevant_articles_and_kind_says_unanswerable(tmp_path: Path) -> None:
    evidence = [{"article_id": id, "quote": "x"} for id in ("b", "a", "b")]
    rows = ({"question": "One?", "evidence": evidence}, {"question": "Two?", "kind": "unanswerable"})
    first, second = read_questions(written(tmp_path, *rows)).questions
    assert first.relevant_ids == ("b", "a")
    assert not second.answerable


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{not json", "Invalid JSON"),
        ("[]", "object"),
        ('{"id": "x"}', "question: Field required"),
        ('{"question": "  "}', "question: "),
        ('{"question": 5}', "question: "),
        ('{"question": "q", "answers": "Paris"}', "answers: "),
        ('{"question": "q", "answers": [1]}', "answers.0: "),
        ('{"question": "q", "answerable": "yes"}', "answerable: "),
        ('{"question": "q", "kind": " "}', "kind: "),
        ('{"question": "q", "kind": ["fact"]}', "kind: "),
        ('{"question": "q", "as_of": "yesterday"}', "as_of: "),
        ('{"question": "q", "evidence": [{"article_id": "a"}]}', "evidence.0.quote: "),
        ('{"question": "q", "kind": "unanswerable", "answerable": true}', "kind is 'unanswerable'"),
        ('{"question": "q", "id": "first"}', "'first' is taken"),
        ('{"question": "\\ud800"}', "Invalid JSON"),
        ('{"question": "q", "reviewed": false}', "is not reviewed yet"),
        ('{"question": "q", "reviewed": "no"}', "reviewed: "),
    ],
)
def test_a_wrong_row_is_reported_with_its_line_and_the_rest_is_read(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path, {"id": "first", "question": "One?"}, "", line, {"id": "last", "question": "Two?"})
    found = read_questions(path)
    assert [question.id for question in found.questions] == ["first", "last"]
    (problem,) = found.problems
    assert (problem.path, problem.line) == (path, 3)
    assert message in problem.message
    assert str(problem).startswith(f"{path}:3: ")


def test_a_line_that_is_not_utf8_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"question": "One?"}\r\n{"question": "\xff"}\n{"question": "a\xe2\x80\xa8b"}\n')
    found = read_questions(path)
    assert [question.question for question in found.questions] == ["One?", "a\u2028b"]
    assert [problem.line for problem in found.problems] == [2]


def test_a_folder_may_hold_its_corpus(tmp_path: Path) -> None:
    written(tmp_path, {"question": "One?"})
    assert read_questions(tmp_path).corpus is None
    corpus = written(tmp_path, {"id": "a", "text": "b"}, name="corpus.jsonl")
    assert read_questions(tmp_path).corpus == corpus
    assert read_questions(tmp_path / "questions.jsonl").corpus is None


@pytest.mark.parametrize("name", ["missing", "missing.jsonl", "missing.json", "notes.txt", "empty.json", "other.json"])
def test_what_is_no_question_set_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "other.json").write_text('{"rows": []}')
    with pytest.raises(WrongUsage):
        read_questions(tmp_path / name)


def test_a_folder_without_questions_is_wrong_usage(tmp_path: Path) -> None:
    written(tmp_path, {"id": "a", "text": "b"}, name="corpus.jsonl")
    with pytest.raises(WrongUsage, match="holds no question set"):
        read_questions(tmp_path)


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = written(tmp_path, {"question": "One?"})
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(WrongUsage, match=r"questions\.jsonl cannot be read \(Permission denied\)"):
        read_questions(path)


@given(st.lists(st.one_of(st.text(alphabet='ab{}[]":,\\ \u2028', max_size=12), st.just('{"question": "q"}'))))
def test_every_filled_line_is_either_a_question_or_a_problem(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "questions.jsonl"
        path.write_text("\n".join(lines), encoding="utf-8")
        found = read_questions(path)
    filled = [number for number, line in enumerate(lines, 1) if line.encode().strip()]
    asked = [int(question.id.removeprefix("line-")) for question in found.questions]
    assert sorted(asked + [problem.line or 0 for problem in found.problems]) == filled


# Names that the formats use, so that what is made at random gets past the first look.
NAMES = st.sampled_from(
    "question id answers evidence article_id quote kind as_of history data title paragraphs context qas text "
    "answer_start is_impossible examples query reference_contexts reference_answer _id input passages sentences output "
    "answer selected_sentences question_type evidence_list fact url body published_at".split()
)
WORDS = st.one_of(st.text(max_size=6), st.sampled_from(["fact", "null_query", "2026-01-01", "\ud800", "\0"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
ROWS = st.one_of(VALUES.map(lambda value: json.dumps(value).encode()), st.binary(max_size=20))
FILES = (
    "questions.jsonl",
    "questions.csv",
    "corpus.jsonl",
    "queries.jsonl",
    "qrels/test.tsv",
    "MultiHopRAG.json",
    "corpus.json",
    "a_answerable.jsonl",
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(FILES), st.lists(ROWS, max_size=4)), st.booleans())
def test_rubbish_is_reported_or_refused(files: dict[str, list[bytes]], whole: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "qrels").mkdir()
        for file, rows in files.items():
            # A `.json` file is one value: a list of these rows, as MultiHop-RAG has it, or the first of them.
            content = (b"[" + b",".join(rows) + b"]" if whole else b"".join(rows[:1])) if file[-5:] == ".json" else None
            (folder / file).write_bytes(b"\n".join(rows) if content is None else content)
        for path in (folder, *(folder / file for file in files)):
            with suppress(WrongUsage):
                found = read_questions(path)
                assert all(question.question.strip() for question in found.questions)
                # What is read can be written into files of our own.
                json.dumps([asdict(question) for question in found.questions], default=str, ensure_ascii=False).encode()
                json.dumps([asdict(article) for article in found.articles], default=str, ensure_ascii=False).encode()


SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "The_Normans",
            "paragraphs": [
                {
                    "context": "Rollo was a Norse Viking. Rollo ruled.",
                    "qas": [
                        {
                            "id": "s1",
                            "question": "Who ruled?",
                            "answers": [
                                {"text": "Rollo", "answer_start": 26},
                                {"text": "Rollo", "answer_start": 26},
                                {"text": "Norse", "answer_start": 12},
                            ],
                        },
                        {
                            "id": "s2",
                            "question": "Who lost?",
                            "answers": [],
                            "plausible_answers": [{"text": "Rollo", "answer_start": 0}],
                            "is_impossible": True,
                        },
                        {"id": "s3", "question": None},
                        {"id": "s1", "question": "Again?", "answers": []},
                    ],
                },
                {"context": "Rollo was a Norse Viking. Rollo ruled.", "qas": [{"id": "s4", "question": "Norse?"}]},
                {"qas": []},
            ],
        },
        {"title": "No paragraphs"},
    ],
}


def test_squad_asks_each_question_of_its_own_passage(tmp_path: Path) -> None:
    found = read_questions(written_json(tmp_path, SQUAD))
    (article,) = found.articles
    assert (article.title, article.text) == ("The Normans", "Rollo was a Norse Viking. Rollo ruled.")
    first, second, fourth = found.questions
    assert first.answers == ("Rollo", "Norse")
    assert first.evidence == (Evidence(article.id, "Rollo", 26),)
    assert first.article_ids == first.relevant_ids == fourth.article_ids == (article.id,)
    assert (second.answerable, second.answers, second.kind, second.relevant_ids) == (False, (), "unanswerable", ())


def test_squad_reports_what_is_wrong_by_its_place(tmp_path: Path) -> None:
    problems = [str(problem) for problem in read_questions(written_json(tmp_path, SQUAD)).problems]
    path = tmp_path / "set.json"
    assert len(problems) == 4
    assert problems[0].startswith(f"{path}: data[0].paragraphs[0].qas[2]: question: ")
    assert problems[1] == f"{path}: data[0].paragraphs[0].qas[3]: the id 's1' is taken by an earlier question"
    assert problems[2].startswith(f"{path}: data[0].paragraphs[2]: context: ")
    assert problems[3].startswith(f"{path}: data[1]: paragraphs: ")


def read_examples(folder: Path, *examples: Any) -> QuestionSet:
    return read_questions(written_json(folder, {"examples": list(examples)}))


def test_labelled_rag_contexts_become_articles_to_be_found(tmp_path: Path) -> None:
    human = {"type": "human", "model_name": ""}
    first = {"query": "Why?", "query_by": human, "reference_contexts": ["One.", "Two."], "reference_answer": "So."}
    second = {"query": "How?", "reference_contexts": ["Two.", " "], "reference_answer": ""}
    found = read_examples(tmp_path, first, second, {"query": ""}, "no")
    one, two = found.articles
    assert (one.text, two.text) == ("One.", "Two.")
    assert [question.relevant_ids for question in found.questions] == [(one.id, two.id), (two.id,)]
    assert [question.answers for question in found.questions] == [("So.",), ()]
    assert all(not question.article_ids for question in found.questions)
    assert [problem.message.split(":")[0] for problem in found.problems] == ["examples[2]", "examples[3]"]


def test_labelled_rag_is_read_as_llama_index_writes_it(tmp_path: Path) -> None:
    """What `LabelledRagDataset.save_json` writes: every field of each example, None where nothing is known."""
    by = {"model_name": "gpt-4", "type": "ai"}
    example = {"query": "Why?", "query_by": by, "reference_contexts": None, "reference_answer": "So."}
    path = tmp_path / "rag_dataset.json"
    path.write_text(json.dumps({"examples": [example | {"reference_answer_by": None}]}, indent=4))
    (question,) = read_questions(path).questions
    assert question == EvalQuestion("example-0", "Why?", ("So.",))


def test_half_a_surrogate_pair_spoils_only_its_row(tmp_path: Path) -> None:
    """JSON can write what UTF-8 cannot, and articles and results are written as UTF-8."""
    wrong = {"query": "\ud83d?"}, {"query": "Why?", "reference_contexts": ["\ud83d"]}
    found = read_examples(tmp_path, *wrong, {"query": "How?"})
    assert [question.id for question in found.questions] == ["example-2"]
    assert found.articles == ()
    first, second = (problem.message for problem in found.problems)
    assert first.startswith("examples[0]: query: ")
    assert second == "examples[1]: holds half a surrogate pair at character 0, which is no text"
