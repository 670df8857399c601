"""Fits the weights by which sentences are chosen and questions refused, and measures them on questions kept aside.

    python -m eval.fitting DATASET[@0/6][+DATASET]...

prints weights for `service.answer.evidence` and `service.answer.refusal`, for the way of reading that the settings say
(FOOTNOTE_READER). `@0/6` takes only every sixth question of a set, from the first on: those that a reader was not trained
on; sets joined by + count as one. The choice among sentences is a softmax over those of one question (list-wise logistic
regression; Cao et al., "Learning to rank: from pairwise approach to listwise approach", ICML 2007); a sentence is right
when it holds an answer and stands in a relevant article. The refusal is a logistic regression over questions with and
without an answer; each question of a set in which all have an answer is also asked without the passages that hold it.
Every third question is kept aside and only measured.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from eval.datasets import read_questions
from eval.opening import opened
from eval.records import EvalQuestion
from eval.reporting.plots import reliability_plot, standalone
from eval.scoring.answer_scores import holds_answer
from eval.scoring.reliability import calibration_error, reliability
from index.records import EVERYTHING, Filters
from index.retrieval import Retrieved, retrieve
from service.answer.evidence import Evidence, read_sentences, weights_in_use
from service.answer.refusal import READER_REFUSAL, SIMILARITY_REFUSAL, measured
from service.assistant import LocalAssistant
from service.client import LocalClient
from service.settings import Settings, load_settings

_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Choice:
    """The sentences of one question: a row of features each, and which of them are right (0 or 1)."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What tells whether one question is answered, in the order of the weights, and whether it is."""

    measures: NDArray[np.float64]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Cases:
    """What one question set teaches."""

    choices: tuple[Choice, ...]
    refusals: tuple[Refusal, ...]


def cases_of(dataset: str, settings: Settings) -> Cases:
    """Return what the questions of a set teach, or, of `PATH@R/M`, those whose number leaves R when divided by M."""
    name, _, part = dataset.partition("@")
    remainder, modulus = (int(number) for number in (part or "0/1").split("/"))
    questions = read_questions(Path(name))
    with opened(questions, Path(name), settings) as (client, _):
        if not isinstance(client, LocalClient):
            raise SystemExit("A service owns the data folder. Stop it, or set FOOTNOTE_DATA_DIR.")
        asked = [q for at, q in enumerate(questions.questions) if at % modulus == remainder]
        choices = [_choice(client.assistant, q) for q in asked if q.answerable and q.answers]
        # Where all have an answer, questions without one are made.
        hiding = all(q.answerable and not q.article_ids for q in questions.questions)
        refusals = [refusal for q in asked for refusal in _refusals(client.assistant, q, hiding=hiding)]
    return Cases(tuple(choice for choice in choices if choice.right.any()), tuple(refusals))


def joined_cases_of(datasets: str, settings: Settings) -> Cases:
    """Return what sets joined by + teach as one: questions without an answer may be in a file of their own."""
    sets = [cases_of(dataset, settings) for dataset in datasets.split("+")]
    return Cases(
        tuple(choice for cases in sets for choice in cases.choices),
        tuple(refusal for cases in sets for refusal in cases.refusals),
    )


def _choice(assistant: LocalAssistant, question: EvalQuestion) -> Choice:
    # Asked of all articles, also where the set restricts a question to one: choosing among many is what is learnt.
    retrieved = retrieve(assistant.opened, question.question, access=EVERYTHING, filters=Filters())
    evidence = read_sentences(assistant.opened, question.question, retrieved)
    names = weights_in_use(assistant.opened)
    features = np.array([[e.features[name] for name in names] for e in evidence], float)
    return Choice(features.reshape(-1, len(names)), np.array([_is_right(e, question) for e in evidence], bool))


def _is_right(evidence: Evidence, question: EvalQuestion) -> bool:
    article_id = evidence.hit.passage.article.id
    relevant = {*question.relevant_ids, *(e.article_id for e in question.evidence), *question.article_ids}
    return (not relevant or article_id in relevant) and any(holds_answer(evidence.text, a) for a in question.answers)


def _refusals(assistant: LocalAssistant, question: EvalQuestion, *, hiding: bool) -> Iterator[Refusal]:
    filters = Filters(article_ids=question.article_ids)
    retrieved = retrieve(assistant.opened, question.question, access=EVERYTHING, filters=filters)
    yield from _refusal(assistant, question, retrieved, answerable=question.answerable)
    if hiding and question.answers:
        left = tuple(h for h in retrieved.hits if not any(holds_answer(h.passage.text, a) for a in question.answers))
        yield from _refusal(assistant, question, replace(retrieved, hits=left), answerable=False)


def _refusal(
    assistant: LocalAssistant, question: EvalQuestion, retrieved: Retrieved, *, answerable: bool
) -> Iterator[Refusal]:
    if not retrieved.hits:
        return
    measures = measured(question.question, read_sentences(assistant.opened, question.question, retrieved))
    if measures:  # without any, the question is refused whatever the weights
        names = [name for name in refusal_weights(assistant) if name != "intercept"]
        yield Refusal(np.array([measures[name] for name in names], float), answerable)


def refusal_weights(assistant: LocalAssistant) -> dict[str, float]:
    """Return the weights of the refusal that are in use."""
    return dict(READER_REFUSAL if assistant.opened.reader else SIMILARITY_REFUSAL)


def fit_choice(cases: Sequence[Choice]) -> NDArray[np.float64]:
    """Return the weights that make the right sentences most probable, one a feature."""
    scale = np.vstack([case.features for case in cases]).std(axis=0) + 1e-9

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = _RIDGE * float(weights @ weights), 2 * _RIDGE * weights
        for case in cases:
            rows = case.features / scale
            scores = rows @ weights
            everywhere, right = logsumexp(scores), logsumexp(scores[case.right])
            total += float(everywhere - right) / len(cases)
            pull = np.exp(scores - everywhere)
            pull[case.right] -= np.exp(scores[case.right] - right)
            gradient = gradient + pull @ rows / len(cases)
        return total, gradient

    found = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / scale, float)


def fit_refusal(sets: Sequence[Sequence[Refusal]]) -> NDArray[np.float64]:
    """Return the intercept and the weights of a logistic regression: every set has the same weight, and in it either kind."""
    cases = [case for cases in sets for case in cases]
    rows = np.array([case.measures for case in cases])
    scale = rows.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(rows)), rows / scale])
    answerable = np.array([case.answerable for case in cases], float)
    each = np.concatenate([_balance(cases) for cases in sets]) / len(sets)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = scaled @ weights
        value = float(each @ np.logaddexp(0, np.where(answerable > 0.5, -logits, logits)))
        gradient = (each * (expit(logits) - answerable)) @ scaled
        ridge = np.concatenate([[0.0], weights[1:]])
        return value + _RIDGE * float(ridge @ ridge), gradient + 2 * _RIDGE * ridge

    found = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    return np.concatenate([found[:1], found[1:] / scale])


def _balance(cases: Sequence[Refusal]) -> NDArray[np.float64]:
    """Return a weight for each case, 1 in all: one half for those with an answer, one half for those without."""
    answerable = np.array([case.answerable for case in cases])
    weights = np.where(answerable, 1 / max(answerable.sum(), 1), 1 / max((~answerable).sum(), 1))
    return np.asarray(weights / weights.sum(), float)


def first_is_right(cases: Sequence[Choice], weights: NDArray[np.float64]) -> float:
    """Return the share of cases whose best sentence is right, between 0 and 1."""
    return float(np.mean([case.right[np.argmax(case.features @ weights)] for case in cases]))


def balanced(cases: Sequence[Refusal], weights: NDArray[np.float64]) -> float:
    """Return the mean of the shares of answerable and unanswerable questions on the right side of one half."""
    said = np.array([weights[0] + case.measures @ weights[1:] > 0 for case in cases])
    answerable = np.array([case.answerable for case in cases])
    shares = [float((said[of] == kind).mean()) for kind in (True, False) if (of := answerable == kind).any()]
    return sum(shares) / len(shares)


def draw(cases: Sequence[Refusal], weights: NDArray[np.float64], path: Path) -> float:
    """Draw the reliability curve of the refusal over these cases, and return its mean error."""
    confidences = [float(expit(weights[0] + case.measures @ weights[1:])) for case in cases]
    bins = reliability(confidences, [case.answerable for case in cases])
    path.write_text(standalone(reliability_plot(bins)), encoding="utf-8")
    return calibration_error(bins)


def main(datasets: Sequence[str], curve: Path | None) -> None:
    """Fit on two thirds of every set together, measure on the rest of each."""
    settings = load_settings()
    sets = {name: joined_cases_of(name, settings) for name in datasets}
    reads = settings.reader != "none"
    choice_names = _choice_names(settings)
    refusal_now = READER_REFUSAL if reads else SIMILARITY_REFUSAL
    choice = fit_choice([case for cases in sets.values() for at, case in enumerate(cases.choices) if at % 3])
    asked = [cases.refusals for cases in sets.values() if cases.refusals]
    refusal = fit_refusal([[case for at, case in enumerate(refusals) if at % 3] for refusals in asked])
    for title, names, fitted in (("choice", choice_names, choice), ("refusal", refusal_now, refusal)):
        print(title)
        for name, value in zip(names, fitted, strict=True):
            print(f'    "{name}": {value:.2f},')
    for name, cases in sets.items():
        aside, refused = cases.choices[::3], cases.refusals[::3]
        now = np.array(list(choice_names.values()))
        if aside:
            before, after = first_is_right(aside, now), first_is_right(aside, choice)
            print(f"{name}: best sentence right of {len(aside)} aside: {before:.3f} today, {after:.3f} fitted")
        if refused:
            weights = np.array(list(refusal_now.values()))
            before, after = balanced(refused, weights), balanced(refused, refusal)
            print(f"{name}: refusal balanced of {len(refused)} aside: {before:.3f} today, {after:.3f} fitted")
    if curve:
        aside_of_all = [case for cases in sets.values() for case in cases.refusals[::3]]
        error = draw(aside_of_all, np.array(list(refusal_now.values())), curve)
        print(f"{curve}: confidence of {len(aside_of_all)} aside is off by {error:.3f} in the mean")


def _choice_names(settings: Settings) -> dict[str, float]:
    from service.answer.evidence import READER_WEIGHTS, SIMILARITY_WEIGHTS

    return dict(SIMILARITY_WEIGHTS if settings.reader == "none" else READER_WEIGHTS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", metavar="DATASET[@R/M][+DATASET]")
    parser.add_argument("--curve", type=Path, help="where to draw how reliable today's confidence is, as SVG")
    arguments = parser.parse_args()
    main(arguments.datasets, arguments.curve)
