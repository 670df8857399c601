"""A set whose articles lack what its questions ask for: near misses by construction, as drafts for a person."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.drafting.draft import articles_under
from eval.drafting.varying import row_of
from eval.records import EvalQuestion, QuestionSet
from eval.results import written_whole
from eval.scoring.answer_scores import holds_answer
from eval.scoring.evidence import evidence_targets, overlap
from index.errors import WrongUsage
from index.ingest.segmentation import display_text, split_sentences
from index.records import Article, Span
from service.answer.text.terms import covered, terms

# A sentence with the answer and so much of what is asked answers the question, too.
_ANSWERS = 0.5


@dataclass(frozen=True, slots=True)
class NearMisses:
    """How many questions were written that the articles do not answer any more, and why others were not."""

    written: int
    left_out: tuple[str, ...]


def write_near_misses(question_set: QuestionSet, out: Path, *, max_bytes: int) -> NearMisses:
    """Write a set into a folder whose articles lack what the questions ask for: near misses by construction.

    Of each article, the sentences are taken out that hold the evidence of a question, and those anywhere that hold an answer
    with half of the question's words. Questions whose evidence does not stand in sentences are left out. Raises WrongUsage
    where the set brings no articles, or the folder holds a set or cannot be written.
    """
    if question_set.corpus is None:
        raise WrongUsage("The set has no articles in a file or folder of its own. Name them with --corpus.")
    if (out / "questions.jsonl").exists() or (out / "corpus.jsonl").exists():
        raise WrongUsage(f"{out} holds a question set already. Name a new folder.")
    unread: list[str] = []
    asked = [question for question in question_set.questions if question.answerable and question.evidence]
    taken: dict[str, list[str]] = {question.id: [] for question in asked}
    left: dict[str, str] = {}
    try:
        out.mkdir(parents=True, exist_ok=True)
        with written_whole(out / "corpus.jsonl") as corpus:
            for article in articles_under(question_set.corpus, max_bytes, unread):
                left[article.id] = _without_answers(article, asked, taken)
                corpus.write(_line(_article_row(article, left[article.id])))
        near = [question for question in asked if taken[question.id] and not _still_there(question, left)]
        with written_whole(out / "questions.jsonl") as file:
            file.writelines(_line(_near_row(question, taken[question.id])) for question in near)
    except OSError as error:
        raise WrongUsage(f"{out} cannot be written ({error.strerror}). Name another folder.") from error
    kept = {question.id for question in near}
    lines = [
        f"{question.id}: its evidence does not stand in sentences" for question in asked if question.id not in kept
    ]
    return NearMisses(len(near), (*unread, *lines))


def _without_answers(article: Article, asked: Sequence[EvalQuestion], taken: Mapping[str, list[str]]) -> str:
    """Return the text of an article without the sentences that answer a question, and note these for the question."""
    kept, end = [], 0
    concerned = [question for question in asked if _may_answer(question, article)]
    quoted = {question.id: _quoted(question, article) for question in concerned}
    for span in split_sentences(article.text, article.info.format) if concerned else ():
        words, place = article.text[span.start : span.end], Span(span.start, span.end)
        answered = [
            question
            for question in concerned
            if any(overlap(place, quote) for quote in quoted[question.id]) or _answers(words, article, question)
        ]
        for question in answered:
            taken[question.id].append(words)
        kept.append(article.text[end : span.start] + ("" if answered else words))
        end = span.end
    return "".join([*kept, article.text[end:]])


def _may_answer(question: EvalQuestion, article: Article) -> bool:
    cited = any(one.article_id == article.id for one in question.evidence)
    return cited or any(holds_answer(article.text, answer) for answer in question.answers)


def _quoted(question: EvalQuestion, article: Article) -> list[Span]:
    """Return where the evidence of a question stands in an article."""
    targets = evidence_targets(question, lambda name, version: article.text if name == article.id else None)
    return [span for target in targets for span in target.spans or ()]


def _answers(words: str, article: Article, question: EvalQuestion) -> bool:
    shown = display_text(words, article.info.format)
    holds = any(holds_answer(shown, answer) for answer in question.answers)
    return holds and covered(terms(question.question), shown) >= _ANSWERS


def _still_there(question: EvalQuestion, left: Mapping[str, str]) -> bool:
    return any(one.quote in left.get(one.article_id, "") for one in question.evidence)


def _near_row(question: EvalQuestion, taken: Sequence[str]) -> dict[str, Any]:
    plain = row_of(question, f"{question.id}-near", question.question)
    known = {name: value for name, value in plain.items() if name not in ("answers", "relevant_ids", "evidence")}
    return known | {"answerable": False, "kind": "unanswerable_near", "notes": {"taken_away": list(taken)}}


def _article_row(article: Article, text: str) -> dict[str, Any]:
    info = article.info
    row: dict[str, Any] = {
        "id": info.id,
        "title": info.title,
        "text": text,
        "url": info.url,
        "publisher": info.publisher,
    }
    row |= {"published": info.published and info.published.isoformat(), "authors": list(info.authors)}
    # What is restricted stays so.
    row |= {} if info.groups is None else {"groups": sorted(info.groups)}
    row |= {"collections": sorted(info.collections)} if info.collections else {}
    return {name: value for name, value in row.items() if value is not None}


def _line(row: Mapping[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()
