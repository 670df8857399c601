"""Opens what a question set is asked of: what is indexed already, or a corpus of its own in a place of its own."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from eval.records import BroughtArticle, QuestionSet
from index.errors import WrongUsage
from index.models.prompts import Prompts
from service.client import Client
from service.schemas.maintenance import IndexReportWire
from service.settings import Settings


def asked_of(question_set: QuestionSet, corpus: Path | None) -> QuestionSet:
    """Return the set with this corpus in place of its own.

    Questions that brought their articles lose what they know of them: other articles have other ids. Raises
    WrongUsage when the corpus does not exist.
    """
    if corpus is None:
        return question_set
    if not corpus.exists():
        raise WrongUsage(f"{corpus} does not exist. Name a folder or file of articles.")
    questions = question_set.questions
    if question_set.articles:
        unknown: dict[str, Any] = {
            "relevant_ids": (),
            "evidence": (),
            "article_ids": (),
            "collections": (),
            "scope": None,
        }
        questions = tuple(replace(question, **unknown) for question in questions)
    return replace(question_set, questions=questions, corpus=corpus, articles=())


def without_history_of(question_set: QuestionSet) -> QuestionSet:
    """Return the set with its follow-ups asked as if nothing had been said before."""
    return replace(question_set, questions=tuple(replace(question, history=()) for question in question_set.questions))


@contextmanager
def opened(question_set: QuestionSet, dataset: Path, settings: Settings) -> Iterator[tuple[Client, list[str]]]:
    """Open an index that holds the articles that the questions are about, and say what of them could not be indexed.

    Articles of the set's own live under `<data_dir>/eval/`, so that they never mix with what people are served, and
    are indexed again only where they changed.
    """
    from service.opening import open_client

    if question_set.corpus is None and not question_set.articles:
        with open_client(settings) as client:
            yield client, []
        return
    home = _home(question_set.corpus or dataset, settings)
    corpus = question_set.corpus or _written(question_set.articles, home.with_suffix(".jsonl"))
    with open_client(settings.model_copy(update={"data_dir": home})) as client:
        report = client.index([corpus], prune=True, prune_limit=1.0)
        yield client, _left_out(report)


def _home(source: Path, settings: Settings) -> Path:
    # Each way of indexing has its own place: comparing them is what evaluation is for.
    prompts = Prompts(settings.embed_question_prompt, settings.embed_passage_prompt)
    model = f"{settings.embed_model}{prompts.fingerprint}{' of a server' if settings.embed_base_url else ''}"
    key = (str(source.resolve()), model, settings.precision, str(settings.passage_tokens))
    return settings.data_dir / "eval" / hashlib.sha256("\n".join(key).encode()).hexdigest()[:16]


def _written(articles: Iterable[BroughtArticle], path: Path) -> Path:
    """Write the articles that came with the questions, always to the same place, so that pruning knows its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for article in articles:
            file.write(json.dumps(_row(article), ensure_ascii=False) + "\n")
    return path


def _row(article: BroughtArticle) -> dict[str, object]:
    """Return an article as a line that is indexed, without what is not known of it."""
    fields = asdict(article) | {"published": article.published and article.published.isoformat()}
    return {name: value for name, value in fields.items() if value}


def _left_out(report: IndexReportWire) -> list[str]:
    return [f"{failed.path}: {failed.error}" for failed in report.failed]
