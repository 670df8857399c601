"""MultiHop-RAG's two files: questions over several news articles (`MultiHopRAG.json`) and the articles (`corpus.json`).

Tang and Yang, "MultiHop-RAG: Benchmarking Retrieval-Augmented Generation for Multi-Hop Queries", COLM 2024;
https://github.com/yixuantt/MultiHop-RAG.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from eval.formats.collecting import Collecting, Row
from eval.records import BroughtArticle, EvalQuestion, Evidence
from index.sources.plain import normalise_line_ends

QUESTIONS_FILE, CORPUS_FILE = "MultiHopRAG.json", "corpus.json"


class _Article(Row):
    title: str = Field(pattern=r"\S")
    body: str = Field(pattern=r"\S")
    url: str | None = None
    source: str | None = None
    author: str | None = None
    published_at: str | None = None


class _Fact(Row):
    fact: str = Field(pattern=r"\S")
    title: str | None = None
    url: str | None = None


class _Question(Row):
    query: str = Field(pattern=r"\S")
    answer: str | None = None
    question_type: Literal["inference_query", "comparison_query", "temporal_query", "null_query"]
    evidence_list: list[_Fact]


@dataclass(frozen=True, slots=True)
class _Corpus:
    """The articles' ids and texts, by address and by title: evidence names both."""

    ids: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def id_of(self, fact: _Fact) -> str:
        for name in (fact.url, fact.title):
            if name and name in self.ids:
                return self.ids[name]
        raise ValueError(f"its evidence is from {fact.url or fact.title!r}, which {CORPUS_FILE} does not have")


def is_multihop_rag(content: object) -> bool:
    """Say whether the content of a JSON file is laid out like MultiHop-RAG's questions."""
    return isinstance(content, list) and any(isinstance(row, dict) and "query" in row for row in content)


def read_multihop_rag(questions: list[Any], articles: list[Any], rows: Collecting, *, corpus: Path) -> None:
    """Gather questions and articles. Questions have no ids of their own: `query-<number>`, from 0, is given.

    `kind` is the published type without `_query`; `null_query` has no answer. `corpus` is where the articles were read.
    """
    known = _Corpus()
    for number, article in enumerate(articles):
        with rows.reporting(where=f"[{number}]", path=corpus):
            _keep(_Article.model_validate(article), known, rows)
    for number, question in enumerate(questions):
        with rows.reporting(where=f"[{number}]"):
            rows.add(_question(_Question.model_validate(question), known, number))


def _keep(row: _Article, known: _Corpus, rows: Collecting) -> None:
    text = normalise_line_ends(row.body)
    article = BroughtArticle(
        id="",
        title=row.title.strip(),
        text=text,
        url=row.url or None,
        publisher=row.source or None,
        published=_day(row.published_at),
        authors=(row.author.strip(),) if row.author and row.author.strip() else (),
    )
    id = rows.article(article, key=row.url or row.title)
    if known.texts.setdefault(id, text) != text:
        raise ValueError(f"has the address of an earlier article with another text, {row.url or row.title!r}")
    for name in filter(None, (row.url, row.title)):
        known.ids.setdefault(name, id)


def _day(published_at: str | None) -> date | None:
    # A date that cannot be read is unknown, as everywhere: the article is worth having without it.
    try:
        return datetime.fromisoformat(published_at).date() if published_at else None
    except ValueError:
        return None


def _question(row: _Question, known: _Corpus, number: int) -> EvalQuestion:
    answerable = row.question_type != "null_query"
    answer = (row.answer or "").strip()
    evidence = tuple(_evidence(fact, known) for fact in row.evidence_list) if answerable else ()
    return EvalQuestion(
        id=f"query-{number}",
        question=row.query.strip(),
        # What the set gives for a null query is "Insufficient information.", which is no answer.
        answers=(answer,) if answer and answerable else (),
        answerable=answerable,
        relevant_ids=tuple(dict.fromkeys(e.article_id for e in evidence)),
        evidence=evidence,
        kind=row.question_type.removesuffix("_query") if answerable else "unanswerable",
    )


def _evidence(fact: _Fact, known: _Corpus) -> Evidence:
    id = known.id_of(fact)
    return Evidence(id, _as_written(fact.fact.strip(), known.texts[id]))


def _as_written(fact: str, text: str) -> str:
    """Return a fact as its article has it: white space may differ. One that is not there at all stays as it is."""
    if fact in text:
        return fact
    found = re.search(r"\s+".join(map(re.escape, fact.split())), text)
    return found.group() if found else fact
