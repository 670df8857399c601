"""Proposes questions about articles. They are not asked until a person has accepted them in their file."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.drafting.draft_file import Known, appending, known_in
from eval.drafting.draft_model import model_drafts
from eval.drafting.draft_records import Draft, Dropped, checked
from eval.drafting.draft_rules import rule_drafts
from index.records import Article
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Failed, Limits, Read

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

PER_ARTICLE = 5


@dataclass(frozen=True, slots=True)
class Drafted:
    """What drafting did: the questions that were added, why others were not, and the articles that could not be read."""

    added: tuple[Draft, ...]
    dropped: Mapping[str, int]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposer:
    """A language model that proposes questions, and how many tokens it reads at most."""

    llm: "LLM"
    context_tokens: int


def draft_into(out: Path, source: Path, *, count: int, max_bytes: int, proposer: Proposer | None = None) -> Drafted:
    """Add up to `count` questions about the articles of a file or folder to the `.jsonl` file `out`.

    `proposer` proposes them; without it they are made by rule from plain sentences. `max_bytes` bounds one article's
    text. Articles get the ids that they have when `source` is indexed by the same path. Raises WrongUsage when `source`
    does not exist, `out` cannot be written, or the model does not answer.
    """
    unread: list[str] = []
    articles = articles_under(source, max_bytes, unread)
    added: list[Draft] = []
    dropped: Counter[str] = Counter()
    with appending(out) as append:
        for draft in draft_questions(articles, count=count, known=known_in(out), proposer=proposer):
            if isinstance(draft, Dropped):
                dropped[draft.reason] += 1
            else:
                append(draft)
                added.append(draft)
    return Drafted(tuple(added), dropped, tuple(unread))


def draft_questions(
    articles: Iterable[Article], *, count: int, known: Known | None = None, proposer: Proposer | None = None
) -> Iterator[Draft | Dropped]:
    """Yield up to `count` questions, at most five an article, and beside them what was proposed but is no use.

    What is `known` is passed over. Without a proposer the same articles always give the same questions.
    """
    known = known or Known()
    taken: Counter[str] = Counter()
    for proposal in _proposals(articles, count, proposer):
        if isinstance(proposal, Dropped):
            yield proposal
        elif taken[proposal.article_id] < PER_ARTICLE and not known.covers(proposal):
            taken[proposal.article_id] += 1
            known.add(proposal.question, [(proposal.article_id, proposal.quote)])
            yield proposal
            if taken.total() == count:
                return


def articles_under(source: Path, max_bytes: int, unread: list[str]) -> Iterator[Article]:
    """Yield the articles under a path, with the ids that indexing gives them. Those that cannot be read go to `unread`."""
    for reading in read_articles(sources_from([source]), limits=Limits(text_bytes=max_bytes)):
        if isinstance(reading, Read):
            yield reading.article
        elif isinstance(reading, Failed):
            unread.append(f"{reading.path}: {reading.error}")


def _proposals(articles: Iterable[Article], count: int, proposer: Proposer | None) -> Iterator[Draft | Dropped]:
    if proposer is None:
        return (checked(draft, article) for article in articles for draft in rule_drafts(article))
    most = min(PER_ARTICLE, count)
    return model_drafts(articles, proposer.llm, per_article=most, context_tokens=proposer.context_tokens)
