"""What is taken away exists, changes answers and is put back; a study is asked once and shown as tables."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from eval.ablation.__main__ import main
from eval.ablation.caching import cached
from eval.ablation.changes import Ablation, Replace, Set, taken_away, without_weight
from eval.ablation.registry import ABLATIONS, BY_NAME
from eval.ablation.runs import EVERYTHING
from eval.results import read_results
from index.errors import WrongUsage
from index.models.embedding import Embedder
from index.reader.model import Reader
from service.answer import decision, refusal
from service.schemas.api import MessageWire
from service.settings import Settings
from tests.service_fixtures import ask, assistant_over, index_into, packaged_model, settings_for, write

ARTICLES = {
    "kettle.md": "# Kettle\n\nDescale the kettle when white flakes float in the water. Use two spoons of citric acid. "
    "Rinse it twice after that.",
    "fee.md": "# Membership\n\n## The fee\n\nThe membership fee covers towels, lockers and the sauna. It costs $40 a month, "
    "or 400 dollars a year.\n\n## Guests\n\nFor guests it costs nothing on Mondays.",
    "fee-copy.md": "# Prices of the club\n\nThe membership fee costs $40 a month.",
    "fee-old.md": "# Prices of the other club\n\nThe membership fee costs $55 a month.",
    "ferry.md": "# Ferry\n\nThe Alma ferry sails at noon from the north quay. In winter it sails twice a day.",
    "lounge.md": "# Lounge\n\nThe lounge has these rules for visitors:\n\n- Take off your shoes.\n- Speak softly.",
    "minutes-may.md": "---\npublished: 2026-05-04\npublisher: Harbour Board\n---\n# Minutes of the board in May\n\n"
    "The board approved a new roof for the hall. The roof costs $9 million.",
    "minutes-june.md": "---\npublished: 2026-06-01\npublisher: Harbour News\n---\n# What the board of the harbour decided\n\n"
    "The board approved a new floor for the hall. The floor costs $2 million.",
}
QUESTIONS = [
    "When should I descale the kettle?",
    "How much is the membership fee?",
    "What does it cost for guests?",
    "When does the Berta ferry sail?",
    "What did the board approve in May 2026?",
    "What did the Harbour News say that the board approved?",
    "What does Harbour Board say in Minutes of the board in May about the hall?",
    "Which acid do I need against flakes?",
    "What are the rules of the lounge for visitors?",
    "What does the roof cost, and when does the Alma ferry sail?",
    "Compare the Alma ferry and the lounge",
    "What does the ferry do in winter?",
    "Wie viel kostet die Membership im Monat?",
    "Who was the first person on the moon?",
]
FOLLOW_UPS = [
    ("When does the Alma ferry sail?", "And in winter?"),
    ("How much is the membership fee?", "What does it cover?"),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of an index of the articles."""
    settings = settings_for(tmp_path_factory.mktemp("ablation") / "data")
    with assistant_over(settings) as assistant:
        index_into(assistant, write(tmp_path_factory.mktemp("articles"), ARTICLES))
    return settings


def answers(settings: Settings) -> list[dict[str, object]]:
    """Return everything that people are told, but for what is of the moment."""
    with assistant_over(settings) as assistant:
        responses = [ask(assistant, question, include_hits=True) for question in QUESTIONS]
        responses += [
            ask(assistant, then, history=[MessageWire(role="user", text=first)], include_hits=True)
            for first, then in FOLLOW_UPS
        ]
    return [response.model_dump(exclude={"id", "timings_ms"}) for response in responses]


def test_every_function_that_can_be_taken_away_is_used_to_answer(settings: Settings) -> None:
    used: set[str] = set()

    def noting(target: str) -> Replace:
        def noted(old: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                used.add(target)
                return old(*args, **kwargs)

            return call if callable(old) else old

        return Replace(target, noted)

    targets = {change.target for one in ABLATIONS for change in one.changes if isinstance(change, Replace)}
    functions = {target for target in targets if not target.rpartition(":")[2].isupper()}
    with taken_away(Ablation("nothing", "", tuple(noting(target) for target in functions)), settings):
        answers(settings)
    assert used == functions


@pytest.mark.parametrize("ablation", ABLATIONS, ids=BY_NAME)
def test_whatever_can_be_taken_away_is_there_and_is_another_thing_without(
    ablation: Ablation, settings: Settings
) -> None:
    with taken_away(ablation, settings) as changed:
        by_setting = changed != settings
    for change in ablation.changes:
        if isinstance(change, Replace):
            module, _, name = change.target.partition(":")
            old = getattr(import_module(module), name)
            assert change.replacement(old) != old
    assert by_setting or any(isinstance(change, Replace) for change in ablation.changes)


def test_without_it_answers_are_others_and_then_the_same_again(settings: Settings) -> None:
    whole = answers(settings)
    for name in ("words", "sentence: evidence", "further sentences"):
        with taken_away(BY_NAME[name], settings) as changed:
            assert answers(changed) != whole, name
    assert answers(settings) == whole


def test_names_are_given_once() -> None:
    assert len(BY_NAME) == len(ABLATIONS)
    assert EVERYTHING.name not in BY_NAME


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Replace("service.answer.gone:thing", lambda old: old), "does not exist"),
        (Replace("service.answer.refusal:gone", lambda old: old), "does not exist"),
        (without_weight("service.answer.refusal:READER_REFUSAL", "gone"), "has no weight gone"),
        (Set("gone", 1), "does not exist"),
        (Set("fusion", "fused"), "already"),
    ],
)
def test_what_is_not_there_cannot_be_taken_away(change: Replace | Set, message: str, settings: Settings) -> None:
    with pytest.raises(WrongUsage, match=message), taken_away(Ablation("gone", "", (change,)), settings):
        pass


def test_a_function_is_replaced_wherever_it_was_imported(settings: Settings) -> None:
    sure = Ablation("sure", "", (Replace("service.answer.refusal:probability", lambda old: lambda *_: 1.0),))
    before = refusal.probability
    with taken_away(sure, settings):
        assert vars(decision)["probability"] is refusal.probability is not before
    assert vars(decision)["probability"] is refusal.probability is before


def test_models_compute_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, asked = packaged_model(), list[str]()
    compute = Embedder.embed_passages

    def counted(self: Embedder, texts: list[str]) -> object:
        asked.extend(texts)
        return compute(self, texts)

    monkeypatch.setattr(Embedder, "embed_passages", counted)
    plain = compute(embedder, ["one", "two"])
    with cached():
        embedder.embed_passages(["one", "two"])
        again = embedder.embed_passages(["two", "three", "two"])
    assert asked == ["one", "two", "three"]
    assert (again[0] == plain[1]).all()
    assert again.shape == (3, plain.shape[1])
    assert Reader.read.__qualname__ == "Reader.read"


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a set of two questions with their articles, and an empty data folder."""
    folder = tmp_path / "kettles"
    write(folder / "corpus", ARTICLES)
    rows = [
        {"id": "a", "question": QUESTIONS[0], "answers": ["white flakes"]},
        {"id": "b", "question": QUESTIONS[-1], "kind": "unanswerable"},
        {"id": "c", "question": QUESTIONS[1], "answers": ["$40"]},
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    return folder


def test_a_study_is_asked_once_and_shown_as_tables(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        str(dataset),
        "--out",
        str(tmp_path / "out"),
        "--limit",
        "2",
        "--only",
        "words",
        "--only",
        "refusal: evidence",
    ]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert "kettles 2/3: words" in printed.err
    assert "**kettles**, 2 questions" in printed.out
    assert [line.split(" | ")[0] for line in printed.out.splitlines() if line.startswith("| ")][-3:] == [
        "| nothing",
        "| words",
        "| refusal: evidence",
    ]
    kept = tmp_path / "out" / "kettles"
    before = {path: path.read_bytes() for path in kept.glob("*/results.jsonl")}
    assert sorted(path.parent.name for path in before) == ["everything", "refusal: evidence", "words"]
    assert len(list(read_results(kept / "words"))) == 2
    (kept / "refusal: evidence" / "results.jsonl").write_bytes(b"")  # as if it had been killed there
    assert main(command) == 0
    assert {path for path, content in before.items() if path.read_bytes() != content} <= {
        kept / "refusal: evidence" / "results.jsonl"
    }
    assert len(list(read_results(kept / "refusal: evidence"))) == 2


def test_wrong_usage_is_said_in_a_line(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(dataset), "--out", str(tmp_path / "out"), "--only", "gone"]) == 2
    assert "nothing named 'gone'" in capsys.readouterr().err
    assert main([str(dataset), str(dataset), "--out", str(tmp_path / "out")]) == 2
    assert "the same name" in capsys.readouterr().err
