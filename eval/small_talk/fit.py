"""Fits what tells small talk from questions, and measures it.

    python -m eval.small_talk.fit DATASET... [--measure DATASET...] [--write]

Small talk is what `utterances.txt` holds, kind by kind. Questions are those of the named sets, of which every so many are
taken, some of them behind a greeting or thanks, and those in `lookalikes.txt`, which share words with small talk. With
`--measure`, the questions of further sets that count as small talk are listed, and the utterances in `held_out.txt` that do
not. With `--write`, the weights go to `service/answer/small_talk.json`: weights alone, no text of a set.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.datasets import read_questions
from index.models.embedding import Embedder, Vectors
from index.settings import PACKAGED_MODEL
from service.answer.small_talk import WEIGHTS, SmallTalkClassifier

_FOLDER = Path(__file__).parent
_QUESTION = "question"
_QUESTIONS_TAKEN = 9_000
# Every third of the questions of the sets stands behind one of these: who greets and asks, asks.
_BEFORE_A_QUESTION = (
    *("Hi, ", "Hello! ", "hey footnote, ", "Good morning, ", "Thanks! ", "ok thanks, and ", "Great. ", "Hi there. "),
    *("Can you help me? ", "Can you tell me ", "I have a question: ", "Thank you. Next question: "),
)
_STRENGTH = 10.0  # scikit-learn's C
# No question of the development sets came above .27.
_LEAST = 0.3
_DIGITS = 3


def examples() -> list[tuple[str, str]]:
    """Return the utterances with their kinds, and the questions that look like them."""
    lookalikes = (_FOLDER / "lookalikes.txt").read_text(encoding="utf-8").splitlines()
    return [*utterances("utterances.txt"), *((text, _QUESTION) for text in lookalikes)]


def utterances(name: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file with the kind that stands in brackets above them."""
    kind = ""
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        else:
            yield line, kind


def questions_of(datasets: Sequence[str]) -> list[str]:
    """Return the questions of these sets."""
    return [question.question for name in datasets for question in read_questions(Path(name)).questions]


def taken(questions: Sequence[str]) -> list[str]:
    """Return some of the questions, evenly, a third of them behind a greeting or thanks."""
    some = questions[:: max(1, len(questions) // _QUESTIONS_TAKEN)]
    before = [_BEFORE_A_QUESTION[at // 3 % len(_BEFORE_A_QUESTION)] if at % 3 == 0 else "" for at in range(len(some))]
    return [f"{words}{question.strip()}" for words, question in zip(before, some, strict=True)]


def fitted(embedder: Embedder, vectors: Vectors, labels: Sequence[str]) -> SmallTalkClassifier:
    """Return the classifier that these examples make, with weights of a few digits, as they are stored."""
    model = LogisticRegression(C=_STRENGTH, max_iter=2_000)
    model.fit(vectors, labels)
    kinds = [kind for kind in model.classes_ if kind != _QUESTION]
    order = [list(model.classes_).index(kind) for kind in (_QUESTION, *kinds)]
    # Newer versions of scikit-learn give back float32, whose decimals are long.
    weights, intercepts = (part[order].astype(np.float64).round(_DIGITS) for part in (model.coef_, model.intercept_))
    return SmallTalkClassifier(embedder.fingerprint, tuple(kinds), intercepts, weights, _LEAST)


def write(classifier: SmallTalkClassifier) -> None:
    """Store a classifier for the service."""
    rows = np.column_stack([classifier.intercepts, classifier.weights])
    weights = [
        f"{json.dumps(name)}: {json.dumps(row.tolist())}"
        for name, row in zip((_QUESTION, *classifier.kinds), rows, strict=True)
    ]
    made_with = {"model": classifier.model, "kinds": [*map(str, classifier.kinds)], "least": classifier.least}
    fields = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in made_with.items()]
    stored = ",\n".join([*fields, '"weights": {\n' + ",\n".join(weights) + "\n}"])
    WEIGHTS.write_text("{\n" + stored + "\n}\n", encoding="utf-8")


def measure(classifier: SmallTalkClassifier, embedder: Embedder, datasets: Sequence[str]) -> None:
    """Print what of the held out utterances and of the questions of these sets is taken for what it is not."""
    held_out = list(utterances("held_out.txt"))
    vectors = embedder.embed_questions([text for text, _ in held_out])
    told = [classifier.kind_of(vector) for vector in vectors]
    missed = [text for (text, kind), found in zip(held_out, told, strict=True) if (found or _QUESTION) != kind]
    print(f"held out: {len(missed)} of {len(held_out)} taken for something else: {missed}")
    for name in datasets:
        questions = questions_of([name])
        found = [(classifier.kind_of(embedder.embed_questions([text])[0]), text) for text in questions]
        wrong = [(kind, text) for kind, text in found if kind]
        print(f"{name}: {len(wrong)} of {len(questions)} questions taken for small talk: {wrong}")


def main(datasets: Sequence[str], measured: Sequence[str], *, writing: bool) -> None:
    """Fit, measure, and store if told to."""
    embedder = Embedder(PACKAGED_MODEL)
    rows = [*examples(), *((text, _QUESTION) for text in taken(questions_of(datasets)))]
    vectors = embedder.embed_questions([text for text, _ in rows])
    classifier = fitted(embedder, vectors, [label for _, label in rows])
    measure(classifier, embedder, measured)
    if writing:
        write(classifier)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    parser.add_argument("--measure", nargs="*", default=[], metavar="DATASET")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    main(arguments.datasets, arguments.measure, writing=arguments.write)
