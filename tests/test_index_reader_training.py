"""Training goes on where it was stopped, the losses want what they should, and the measures measure."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from index.models.embedding import packaged_folder
from index.reader.examples import Asked, Pool
from index.reader.fitting import cross_validated, fit_choice, fit_probability, probability
from index.reader.groups import Item, LabelledSentence, PreparedPool, prepared
from index.reader.losses import evidence_loss, loss_of, ranking_loss
from index.reader.model import WEIGHTS_FILE, Reader
from index.reader.network import Outputs, batched
from index.reader.scoring import area, balanced_accuracy, exact_match, interval, reliability, token_f1
from index.reader.tokens import ReaderPassage, Sequenced, WordPieces
from index.reader.train import steps
from index.reader.training import Plan, Training, _parts, rate_at
from index.records import Span

TEXTS = [
    f"{name} was born in {year}. She lives in {town}."
    for name, year, town in (
        ("Anna", 1971, "Rome"),
        ("Berta", 1982, "Bonn"),
        ("Carla", 1993, "Oslo"),
        ("Dora", 1964, "Bern"),
    )
]


@pytest.fixture(scope="module")
def pieces() -> WordPieces:
    return WordPieces(packaged_folder())


@pytest.fixture(scope="module")
def pool(pieces: WordPieces) -> PreparedPool:
    questions = tuple(
        Asked(
            f"{at}", f"When was {text.split()[0]} born?", at, (Span(text.index("19"), text.index(". ")),), (text[-99:],)
        )
        for at, text in enumerate(TEXTS)
        for _ in range(16)
    )
    made = Pool("new_wiki", tuple(ReaderPassage("", text) for text in TEXTS), questions, ("",) * 4)
    return prepared(made, [[(q.passage + 1) % 4] for q in questions], pieces)


def _learnt(training: Training, pool: PreparedPool, pieces: WordPieces, count: int) -> list[float]:
    with ThreadPoolExecutor(1) as threads:
        groups = steps([pool], pieces, seed=3, skipped=training.step)
        return [training.learn(next(groups)[:6], threads) for _ in range(count)]


@pytest.fixture
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_training_that_was_stopped_goes_on_as_if_it_had_not_been(
    pool: PreparedPool, pieces: WordPieces, tmp_path: Path
) -> None:
    plan = Plan(tmp_path, tokens=100_000, seed=3, rate=3e-4)
    whole = Training(plan)
    losses = _learnt(whole, pool, pieces, 3)
    stopped = Training(plan)
    _learnt(stopped, pool, pieces, 2)
    stopped.save()
    resumed = Training(plan)
    resumed.resume()
    assert (resumed.step, resumed.tokens) == (2, stopped.tokens)
    assert _learnt(resumed, pool, pieces, 1) == pytest.approx(losses[2:], rel=0.02)
    assert Reader(tmp_path).read([("When was Anna born?", ReaderPassage("", TEXTS[0]))])[0].stretches
    assert (tmp_path / WEIGHTS_FILE).stat().st_size < 25_000_000


@pytest.mark.usefixtures("one_thread")
def test_training_may_start_from_trained_weights(pool: PreparedPool, pieces: WordPieces, tmp_path: Path) -> None:
    first = Training(Plan(tmp_path, tokens=100_000, seed=3, rate=3e-4))
    _learnt(first, pool, pieces, 1)
    first.save()
    further = Training(Plan(tmp_path / "further", 100_000, 4, 3e-4, tmp_path / WEIGHTS_FILE))
    for name, weight in first.blended().items():
        assert torch.allclose(further.exact[name], weight, rtol=0.01, atol=1e-6)


@pytest.mark.usefixtures("one_thread")
def test_a_step_without_rivals_teaches_the_rest(pool: PreparedPool, tmp_path: Path) -> None:
    training = Training(Plan(tmp_path, tokens=100_000, seed=3, rate=3e-4))
    before = training.exact["stretch.weight"].clone()
    with ThreadPoolExecutor(1) as threads:
        loss = training.learn(
            [[Item(Sequenced((101, 2054, 102, 1024, 2000, 102), 3, 4), (), (), rival=False)]], threads
        )
    assert loss > 0
    assert not torch.equal(training.exact["stretch.weight"], before)


@pytest.mark.usefixtures("one_thread")
def test_what_is_read_with_is_between_the_middle_and_the_end(
    pool: PreparedPool, pieces: WordPieces, tmp_path: Path
) -> None:
    training = Training(Plan(tmp_path, tokens=500, seed=3, rate=3e-4))
    _learnt(training, pool, pieces, 1)
    middle = {name: weight.clone() for name, weight in training.middle.items()}
    training.save()
    resumed = Training(training.plan)
    resumed.resume()
    assert all(torch.equal(resumed.middle[name], weight) for name, weight in middle.items())
    resumed.exact["verdict.bias"] += 4
    resumed.average["verdict.bias"] += 4
    assert torch.allclose(resumed.blended()["verdict.bias"] - middle["verdict.bias"], torch.tensor(2.0), atol=0.01)


def test_the_same_seed_gives_the_same_steps(pool: PreparedPool, pieces: WordPieces) -> None:
    first, again = (steps([pool], pieces, seed=5, skipped=0) for _ in range(2))
    later = steps([pool], pieces, seed=5, skipped=1)
    other = steps([pool], pieces, seed=6, skipped=0)
    assert next(first) == next(again)
    assert next(first) == next(later)
    assert next(other) != next(later)


@given(st.lists(st.integers(5, 256), min_size=1, max_size=80), st.integers(1, 8))
def test_every_item_is_in_one_part(lengths: list[int], count: int) -> None:
    items = [Item(Sequenced((0,) * length, 1, 2), (), (), rival=True) for length in lengths]
    parts = _parts(items, count)
    assert sorted(at for part in parts for at in part) == list(range(len(items)))
    assert len(parts) <= count


def test_the_rate_rises_stays_and_falls() -> None:
    assert rate_at(0.0) == 0.0
    assert rate_at(0.3) == rate_at(0.5) == 1.0
    assert 0 < rate_at(0.9) < rate_at(0.8) < 1
    assert rate_at(1.0) == rate_at(1.2) == 0.0


def _outputs(starts: Sequence[float], answered: float) -> Outputs:
    row = torch.tensor([list(starts)], dtype=torch.float32)
    return Outputs(row, row, torch.zeros(1), torch.tensor([answered]), None)


def test_right_places_cost_less_and_any_of_them_will_do() -> None:
    item = Item(Sequenced((1, 2, 3, 4), 1, 2), (2, 3), (2, 3), rival=True)
    costs = [
        float(loss_of(_outputs(s, 3.0), [item])) for s in ([0, -9, 9, 0], [0, -9, 0, 9], [0, -9, 9, 9], [9, -9, 0, 0])
    ]
    assert max(costs[:3]) < 0.1 < costs[3]


def test_an_unknown_stretch_costs_nothing() -> None:
    item = Item(Sequenced((1, 2, 3, 4), 1, 2), (), (), rival=True, stretch_known=False)
    costs = {float(loss_of(_outputs(starts, -3.0), [item])) for starts in ([0, -9, 9, 0], [9, -9, 0, 0])}
    assert len(costs) == 1


def test_no_answer_is_the_first_token() -> None:
    item = Item(Sequenced((1, 2, 3, 4), 1, 2), (), (), rival=True)
    assert (
        float(loss_of(_outputs([9, -9, 0, 0], -3.0), [item]))
        < 0.1
        < float(loss_of(_outputs([0, -9, 9, 0], -3.0), [item]))
    )
    assert float(loss_of(_outputs([9, -9, 0, 0], 3.0), [item])) > 1


def test_a_sentence_costs_by_the_mean_of_its_tokens() -> None:
    sentences = (LabelledSentence(1, 2, True), LabelledSentence(3, 3, False))
    items = [
        Item(Sequenced((1, 2, 3, 4, 5), 1, 1), (), (), rival=True, sentences=sentences),
        Item(Sequenced((1,), 1, 1), (), (), rival=True),
    ]
    right, wrong = ([[9.0, *row, 9.0], [0.0] * 5] for row in ([-8.0, 20.0, -6.0], [-8.0, -4.0, 6.0]))
    mean = (np.log1p(np.exp(-6)) + np.log1p(np.exp(-6))) / 2
    assert float(evidence_loss(torch.tensor(right), items)) == pytest.approx(mean, rel=1e-3)
    assert float(evidence_loss(torch.tensor(wrong), items)) == pytest.approx(mean + 6, rel=1e-3)


def test_only_rivals_are_ranked() -> None:
    rival, other = (Item(Sequenced((1,), 1, 1), (), (), rival=r) for r in (True, False))
    groups = [[rival, rival, other], [other, rival]]
    right, wrong = torch.tensor([5.0, 0, 9, 0, 9]), torch.tensor([0.0, 5, 9, 0, 9])
    assert float(ranking_loss(right, groups)) < 0.1 < float(ranking_loss(wrong, groups))


def test_batches_are_filled_and_only_the_passage_may_answer(pieces: WordPieces) -> None:
    question, title, text = pieces.of(["who?", "Rome", "Anna lives here."])
    sequence = pieces.sequenced(question, title, text.ids)
    batch = batched([sequence, pieces.sequenced(question, title, text.ids * 5)])
    assert batch.ids.shape[1] % 16 == 0
    assert int(batch.real[0].sum()) == len(sequence.ids)
    assert batch.allowed[0].nonzero().flatten().tolist() == [0, *range(sequence.passage_at, len(sequence.ids) - 1)]
    assert batch.segments[0].nonzero().flatten().tolist() == list(range(sequence.title_at, len(sequence.ids)))


def test_short_answers_are_compared_as_squad_does() -> None:
    assert exact_match("The  Beatles!", ["a beatles"]) == 1.0
    assert token_f1("in 1971", ["1971", "Turin"]) == pytest.approx(2 / 3)
    assert token_f1("", ["the"]) == 1.0


@given(st.lists(st.tuples(st.floats(-9, 9), st.booleans()), min_size=2, max_size=30))
def test_the_area_is_the_share_of_pairs_in_order(cases: list[tuple[float, bool]]) -> None:
    scores, right = np.array([s for s, _ in cases]), np.array([float(r) for _, r in cases])
    pairs = [(a > b) + (a == b) / 2 for a, r in cases if r for b, o in cases if not o]
    found = area(scores, right)
    assert found == pytest.approx(np.mean(pairs)) if pairs else np.isnan(found)


def test_an_interval_holds_the_value_and_narrows_with_more_cases() -> None:
    values = np.tile([0.0, 1.0, 1.0, 1.0], 100)
    low, high = interval(lambda at: float(values[at].mean()), 400)
    few_low, few_high = interval(lambda at: float(values[at].mean()), 40)
    assert low < 0.75 < high
    assert high - low < few_high - few_low


def test_a_probability_is_learnt_and_is_reliable() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(2_000, 2))
    right = (random.random(2_000) < 1 / (1 + np.exp(-(0.5 + 2 * rows[:, 0])))).astype(float)
    weights = fit_probability(rows, right)
    assert weights == pytest.approx([0.5, 2, 0], abs=0.25)
    said = cross_validated(rows, right)
    assert all(abs(mean - share) < 0.1 for mean, share, _ in reliability(said, right))
    assert balanced_accuracy(probability(weights, rows), right) > 0.75


def test_a_choice_is_learnt() -> None:
    random = Random(1)
    cases = []
    for _ in range(80):
        rows = np.array([[random.gauss(0, 1), random.gauss(0, 1)] for _ in range(5)])
        cases.append((rows, (rows[:, 1] == rows[:, 1].max()).astype(float)))
    weights = fit_choice(cases)
    assert np.mean([right[np.argmax(rows @ weights)] for rows, right in cases]) > 0.95


def test_hard_negatives_are_kept_for_the_next_time(tmp_path: Path, pieces: WordPieces) -> None:
    from rich.console import Console

    from index.reader.train import prepare

    (tmp_path / "train").mkdir()
    paragraphs = [
        {
            "context": text,
            "qas": [
                {"id": text, "question": "When?", "answers": [{"text": text[-5:-1], "answer_start": len(text) - 5}]}
            ],
        }
        for text in TEXTS
    ]
    squad = {"data": [{"title": "People", "paragraphs": paragraphs}]}
    (tmp_path / "train" / "new_wiki_v1.0.json").write_text(json.dumps(squad), "utf-8")
    (pool,) = prepare(tmp_path, tmp_path, pieces, Console(quiet=True))
    kept = json.loads((tmp_path / "hard.json").read_text("utf-8"))
    assert [sorted(of) for of in kept["new_wiki"]] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
    (again,) = prepare(tmp_path, tmp_path, pieces, Console(quiet=True))
    assert again == pool
