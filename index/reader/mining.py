"""Hard negatives: passages of the same pool that our own retrieval takes for good ones and that hold no answer."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.models.embedding import Embedder, Vectors
from index.reader.examples import Asked, Pool, normalise
from index.reader.tokens import ReaderPassage
from index.retrieval import LEXICAL_WEIGHT
from index.stores.lexical import LexicalEntry, LexicalIndex

_CANDIDATES = 48
_AT_ONCE = 1024


def near_misses(pool: Pool) -> list[list[int]]:
    """Return for each question the other passages of its document that neither hold an answer's words, nor may answer, nor
    are asked the same: what people meet who search for something in the right document."""
    normal = [f" {normalise(p.text)} " for p in pool.passages]
    of_document: dict[str, list[int]] = {}
    for at, document in enumerate(pool.documents):
        if document:
            of_document.setdefault(document, []).append(at)
    asked = {(question.passage, question.topic) for question in pool.questions if question.topic}
    return [
        [
            at
            for at in of_document.get(pool.documents[question.passage], ())
            if (at, question.topic) not in asked and not _answers(question, at, normal[at])
        ]
        for question in pool.questions
    ]


def mined(pool: Pool, embedder: Embedder | None, *, count: int, advance: Callable[[int], None]) -> list[list[int]]:
    """Return for each question up to `count` passages of its pool, best first, that do not hold an answer.

    A passage that answers without anybody having marked it would teach the opposite of what is true, so passages that
    hold an answer's words are left out. Without an embedder, words alone find them. `advance` is told how many questions are
    done.
    """
    passages = embedded([shown(p) for p in pool.passages], embedder) if embedder else None
    with tempfile.TemporaryDirectory() as folder:
        words = LexicalIndex(Path(folder))
        words.add([LexicalEntry(str(at), str(at), shown(p)) for at, p in enumerate(pool.passages)])
        normal = [f" {normalise(p.text)} " for p in pool.passages]
        found: list[list[int]] = []
        for part in range(0, len(pool.questions), _AT_ONCE):
            questions = pool.questions[part : part + _AT_ONCE]
            similarities = np.zeros((len(questions), len(pool.passages)), np.float32)
            if embedder and passages is not None:
                similarities = embedder.embed_questions([q.question for q in questions]) @ passages.T
            for question, row in zip(questions, similarities, strict=True):
                best = ranked(words.best(question.question, _CANDIDATES), row)
                found.append([at for at in best if not _answers(question, at, normal[at])][:count])
            advance(len(questions))
    return found


def ranked(lexical: dict[str, float], similarities: Vectors) -> list[int]:
    """Return the best candidates by the fused score (index/retrieval.py), best first."""
    fused = similarities.copy()
    for at, score in lexical.items():
        fused[int(at)] += LEXICAL_WEIGHT * score
    return [int(at) for at in np.argsort(-fused)[:_CANDIDATES]]


def _answers(question: Asked, at: int, normal: str) -> bool:
    if at == question.passage or at in question.also:
        return True
    right = (normalise(answer) for answer in question.answers)
    return any(f" {answer} " in normal for answer in right if len(answer) > 1)


def shown(passage: ReaderPassage) -> str:
    """Return what is embedded of a passage: its title, then its text."""
    return f"{passage.title}\n{passage.text}" if passage.title else passage.text


def embedded(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """Embed texts of any number, so many at a time that the memory they take stays small. One row a text."""
    parts = [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]
    return np.vstack([embedder.embed_passages(part) for part in parts])
