"""What was fitted, and what it gives on questions that it was not fitted on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from eval.fitting.cases import Case, Flags, Numbers
from eval.fitting.models import Weights, apart_by_document, apart_by_set, fitted_answers, fitted_sentences
from eval.fitting.refusing import Shown, area, best_trade, outcomes, shown, trade

Apart = Callable[[Sequence[Case], Callable[[Sequence[Case]], Weights]], list[Weights]]
APART: Mapping[str, Apart] = {"without its document": apart_by_document, "without its set": apart_by_set}


@dataclass(frozen=True, slots=True)
class Fitting:
    """What is fitted: the features of sentences, the measures of a question, and from where on a sentence is shown."""

    features: tuple[str, ...]
    measures: tuple[str, ...]
    belongs: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Cases with what is shown of each, whether that is right, and how sure it is."""

    cases: tuple[Case, ...]
    shown: tuple[Shown, ...]
    right: Flags
    answerable: Flags
    confidences: Numbers


def fit(fitting: Fitting, cases: Sequence[Case]) -> tuple[Weights, Weights]:
    """Return the weights of sentences and those of the refusal, from all of these cases."""
    sentences = fitted_sentences(fitting.features, cases)
    return sentences, _refusal(fitting, cases, [sentences] * len(cases))


def measured_apart(fitting: Fitting, cases: Sequence[Case], apart: Apart) -> Measured:
    """Measure each case with weights that were fitted without it."""
    cases = tuple(case for case in cases if case.rows)
    sentences = apart(cases, lambda some: fitted_sentences(fitting.features, some))
    chosen = tuple(shown(case, one, least=fitting.belongs) for case, one in zip(cases, sentences, strict=True))
    right, answerable = outcomes(cases, chosen)
    by_id = {(case.dataset, case.id): one for case, one in zip(cases, sentences, strict=True)}

    def refusal(some: Sequence[Case]) -> Weights:
        return _refusal(fitting, some, [by_id[case.dataset, case.id] for case in some])

    logits = [
        float(weights.logits(measures_matrix(fitting.measures, [case], [one]))[0])
        for case, weights, one in zip(cases, apart(cases, refusal), sentences, strict=True)
    ]
    return Measured(cases, chosen, right, answerable, np.asarray(expit(np.array(logits)), np.float64))


def measures_matrix(names: Sequence[str], cases: Sequence[Case], sentences: Sequence[Weights]) -> Numbers:
    """Return what tells whether each question is answered, a column a name. All but the names is of the best sentence."""
    rows = []
    for case, weights in zip(cases, sentences, strict=True):
        scores = weights.logits(case.matrix(weights.names))
        best = int(scores.argmax())
        known = {**case.measures, **case.rows[best].features, "score": float(scores[best])}
        rows.append([known.get(name, 0.0) for name in names])
    return np.array(rows, np.float64).reshape(len(rows), len(names))


def _refusal(fitting: Fitting, cases: Sequence[Case], sentences: Sequence[Weights]) -> Weights:
    chosen = [shown(case, one, least=fitting.belongs) for case, one in zip(cases, sentences, strict=True)]
    right, _ = outcomes(cases, chosen)
    return fitted_answers(fitting.measures, cases, measures_matrix(fitting.measures, cases, sentences), right)


def lines(fitting: Fitting, cases: Sequence[Case], *, rightly_refused: float, tuned_on: Sequence[str]) -> Iterator[str]:
    """Yield the report: the weights, then what they give in each set, fitted without its documents and without the set."""
    cases = [case for case in cases if case.rows]
    for title, weights in zip(("sentences", "refusal"), fit(fitting, cases), strict=True):
        yield f"{title}:"
        yield f'    "intercept": {weights.intercept:.2f},'
        yield from (f'    "{name}": {weight:.2f},' for name, weight in weights.by_name.items())
    several = len({case.dataset for case in cases}) > 1
    for title, apart in APART.items() if several else [*APART.items()][:1]:
        measured = measured_apart(fitting, cases, apart)
        tuned = _of(measured, tuned_on) if tuned_on else measured
        best = best_trade(tuned.confidences, tuned.right, tuned.answerable, rightly_refused=rightly_refused)
        yield ""
        yield f"Fitted {title}; refused below {best.threshold:.2f}, chosen on {', '.join(tuned_on) or 'all sets'}:"
        yield ""
        yield from _table(measured, best.threshold)


def _table(measured: Measured, threshold: float) -> Iterator[str]:
    yield "| set | answerable | best sentence right | right | wrong | refused | without | rightly refused | area |"
    yield f"|{'---|' * 9}"
    for name in sorted({case.dataset for case in measured.cases}):
        of = _of(measured, [name])
        found = trade(of.confidences, of.right, of.answerable, threshold)
        first = np.array([case.answered_by(one.places[:1]) for case, one in zip(of.cases, of.shown, strict=True)], bool)
        shares = (
            first[of.answerable].mean() if of.answerable.any() else np.nan,
            found.right,
            found.wrong,
            found.refused,
        )
        cells = [f"{int(of.answerable.sum())}", *map(_share, shares), f"{int((~of.answerable).sum())}"]
        cells += [_share(found.rightly_refused), _share(area(of.confidences, of.right))]
        yield f"| {name} | {' | '.join(cells)} |"


def _of(measured: Measured, names: Sequence[str]) -> Measured:
    at = np.array([case.dataset in names for case in measured.cases], bool)
    places = np.flatnonzero(at)
    return Measured(
        tuple(measured.cases[place] for place in places),
        tuple(measured.shown[place] for place in places),
        measured.right[at],
        measured.answerable[at],
        measured.confidences[at],
    )


def _share(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"
