"""Question sets to questions, in any of the known formats. A wrong row is reported with its line; the rest is asked."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.formats import beir, clapnq, mtrag, multihop_rag
from eval.formats.collecting import Collecting
from eval.formats.labelled_rag import read_labelled_rag
from eval.formats.question_lines import read_question_lines
from eval.formats.squad import read_squad
from eval.formats.tables import read_table
from eval.records import QuestionSet
from eval.scoring.clusters import clustered
from index.errors import WrongUsage

QUESTION_FILES = ("questions.jsonl", "questions.csv")
CORPUS_NAMES = ("corpus.jsonl", "corpus")

_KNOWN = (
    "Name a folder with questions.jsonl, a BEIR folder, one with the two files of MultiHop-RAG, with those of CLAPNQ "
    "or with MT-RAG's tasks.jsonl; "
    "or a .jsonl, .csv or .json file (SQuAD, LabelledRagDataset, MultiHopRAG.json)."
)


def read_questions(path: Path) -> QuestionSet:
    """Read a question set: a file, or a folder that holds one and may hold its articles (`corpus.jsonl` or `corpus`).

    The format is detected from names and content: our own (`.jsonl`), CSV, SQuAD, LabelledRagDataset, BEIR, MultiHop-RAG,
    CLAPNQ, MT-RAG. Questions that bring their own passage are restricted to it. Raises WrongUsage where there is no
    question set.
    """
    try:
        found = _read_folder(path) if path.is_dir() else _read_file(path)
        return replace(found, questions=clustered(found.questions, "set"))
    except OSError as error:
        raise WrongUsage(f"{error.filename or path} cannot be read ({error.strerror or error}).") from error


def _read_folder(folder: Path) -> QuestionSet:
    corpus = next((folder / name for name in CORPUS_NAMES if (folder / name).exists()), None)
    for file in (folder / name for name in QUESTION_FILES):
        if file.is_file():
            return _read_rows(file, corpus)
    if beir.is_beir(folder):
        return beir.read_beir(folder)
    if (folder / multihop_rag.QUESTIONS_FILE).is_file():
        return _read_json(folder / multihop_rag.QUESTIONS_FILE)
    files = [file for file in sorted(folder.glob(clapnq.FILES)) if clapnq.is_clapnq(file)]
    if files:
        return _read_clapnq(folder, files)
    if (folder / mtrag.FILE).is_file():
        return _read_mtrag(folder / mtrag.FILE)
    raise WrongUsage(f"{folder} holds no question set. {_KNOWN}")


def _read_file(file: Path) -> QuestionSet:
    if not file.is_file():
        raise WrongUsage(f"{file} does not exist. {_KNOWN}")
    if file.name == beir.QUERIES_FILE and beir.is_beir(file.parent):
        return beir.read_beir(file.parent)
    ending = file.suffix.lower()
    if ending == ".json":
        return _read_json(file)
    if ending == ".jsonl" and clapnq.is_clapnq(file):
        return _read_clapnq(file, [file])
    if ending == ".jsonl" and mtrag.is_mtrag(file):
        return _read_mtrag(file)
    if ending in (".jsonl", ".csv", ".tsv"):
        return _read_rows(file, None)
    raise WrongUsage(f"{file} is no question set. {_KNOWN}")


def _read_rows(file: Path, corpus: Path | None) -> QuestionSet:
    rows = Collecting(file)
    if file.suffix.lower() == ".jsonl":
        read_question_lines(file, rows)
    else:
        read_table(file, rows)
    return rows.question_set(corpus=corpus)


def _read_clapnq(path: Path, files: list[Path]) -> QuestionSet:
    rows = Collecting(path)
    clapnq.read_clapnq(files, rows)
    return rows.question_set()


def _read_mtrag(file: Path) -> QuestionSet:
    rows = Collecting(file)
    mtrag.read_mtrag(file, rows)
    return rows.question_set()


def _read_json(file: Path) -> QuestionSet:
    """Read a file of SQuAD, LlamaIndex or MultiHop-RAG. Raises WrongUsage when it is no JSON, or none of them."""
    content = _json_of(file)
    rows = Collecting(file)
    keys = content.keys() if isinstance(content, dict) else ()
    if "data" in keys:
        read_squad(content["data"], rows)
    elif "examples" in keys:
        read_labelled_rag(content["examples"], rows)
    elif multihop_rag.is_multihop_rag(content):
        corpus = file.parent / multihop_rag.CORPUS_FILE
        multihop_rag.read_multihop_rag(content, _articles_of(corpus), rows, corpus=corpus)
    else:
        raise WrongUsage(
            f"{file} is neither SQuAD (`data`), nor a LlamaIndex LabelledRagDataset (`examples`), nor MultiHop-RAG's "
            "questions (a list with `query`)."
        )
    return rows.question_set()


def _articles_of(corpus: Path) -> list[Any]:
    if not corpus.is_file():
        raise WrongUsage(f"{corpus} does not exist. Put MultiHop-RAG's {corpus.name} next to its questions.")
    articles = _json_of(corpus)
    if not isinstance(articles, list):
        raise WrongUsage(f"{corpus} is no list of articles, as MultiHop-RAG's is.")
    return articles


def _json_of(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"{file} is not JSON: {error}") from error
