"""A BEIR folder: `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv`.

Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of Information Retrieval Models", NeurIPS 2021;
layout: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset.

The queries judged in one split are asked of the whole corpus. Grades above 0 count alike: our measures of retrieval take
an article as relevant or not. A corpus of millions of passages is read line by line and never held.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from eval.formats.collecting import Collecting, Row, filled_lines
from eval.records import BroughtArticle, EvalQuestion, QuestionSet
from index.errors import WrongUsage

CORPUS_FILE, QUERIES_FILE, JUDGEMENTS_FOLDER = "corpus.jsonl", "queries.jsonl", "qrels"
# The split that figures are published on comes first.
_SPLITS = ("test.tsv", "dev.tsv")


class _Passage(Row):
    id: str | int = Field(alias="_id")
    title: str | None = None
    text: str | None = None


class _Query(Row):
    id: str | int = Field(alias="_id")
    text: str = Field(pattern=r"\S")


@dataclass(frozen=True, slots=True)
class BeirArticles:
    """The articles of `corpus.jsonl`, read again for each iteration. Rows that are wrong are left out."""

    path: Path

    def __iter__(self) -> Iterator[BroughtArticle]:
        for _, line in filled_lines(self.path):
            try:
                article = _article(line)
            except ValueError:
                continue  # reported when the set was read
            yield article


@dataclass(slots=True)
class _Judged:
    """The articles that a query should find, and the line that names the query first."""

    line: int
    relevant: list[str] = field(default_factory=list)


def is_beir(folder: Path) -> bool:
    """Say whether a folder has BEIR's files."""
    return (folder / QUERIES_FILE).is_file() and (folder / JUDGEMENTS_FOLDER).is_dir()


def read_beir(folder: Path) -> QuestionSet:
    """Read the queries of one split: `test` where there is one, else `dev`, else the only one.

    Queries without a relevant article in that split are not asked. Raises WrongUsage when the corpus is missing, or it
    cannot be told which split is meant.
    """
    corpus, queries = folder / CORPUS_FILE, folder / QUERIES_FILE
    if not corpus.is_file():
        raise WrongUsage(
            f"{corpus} does not exist. A BEIR folder has {CORPUS_FILE}, {QUERIES_FILE} and qrels/test.tsv."
        )
    rows = Collecting(queries)
    for number, line in filled_lines(corpus):
        with rows.reporting(number, path=corpus):
            _article(line)
    judgements = _judgements_file(folder / JUDGEMENTS_FOLDER)
    judged = _read_judgements(judgements, rows)
    for number, line in filled_lines(queries):
        with rows.reporting(number):
            _add(_Query.model_validate_json(line), judged, rows)
    for query, judgement in judged.items():
        rows.report(
            f"judges the query {query!r}, which {QUERIES_FILE} does not have", line=judgement.line, path=judgements
        )
    return rows.question_set(articles=BeirArticles(corpus))


def _article(line: bytes) -> BroughtArticle:
    row = _Passage.model_validate_json(line)
    title, text = (row.title or "").strip(), row.text or ""
    if not text.strip() and not title:
        raise ValueError("has neither text nor title")
    # Some sets have passages that are a title alone, and judge them.
    return BroughtArticle(str(row.id), title, text if text.strip() else title)


def _judgements_file(folder: Path) -> Path:
    files = sorted(folder.glob("*.tsv"))
    named = [folder / name for name in _SPLITS if folder / name in files]
    if not named and len(files) != 1:
        found = ", ".join(file.name for file in files) or "nothing"
        raise WrongUsage(f"{folder} has no test.tsv and no dev.tsv, but {found}. Keep the one that is to be asked.")
    return (named or files)[0]


def _read_judgements(file: Path, rows: Collecting) -> dict[str, _Judged]:
    judged: dict[str, _Judged] = {}
    for number, line in filled_lines(file):
        with rows.reporting(number, path=file):
            query, article, score = _cells(line)
            if number > 1 or _is_number(score):  # the first line names the columns
                judgement = judged.setdefault(query, _Judged(number))
                if _grade(score) > 0:
                    judgement.relevant.append(article)
    return judged


def _cells(line: bytes) -> list[str]:
    cells = [cell.strip() for cell in line.decode().split("\t")]
    if len(cells) != 3:
        raise ValueError(f"has {len(cells)} columns. Write query-id, corpus-id and score, separated by tabs")
    return cells


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _grade(cell: str) -> float:
    if not _is_number(cell):
        raise ValueError(f"has the score {cell!r}, which is no number")
    return float(cell)


def _add(query: _Query, judged: dict[str, _Judged], rows: Collecting) -> None:
    judgement = judged.pop(str(query.id), None)
    if judgement and judgement.relevant:
        relevant = tuple(dict.fromkeys(judgement.relevant))
        rows.add(EvalQuestion(id=str(query.id), question=query.text.strip(), relevant_ids=relevant))
