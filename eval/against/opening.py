"""Opens another system, and reads the articles that its answers are compared with. Nothing is indexed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from eval.against.articles import KnownArticle, KnownArticles
from eval.against.chat import ChatSystem, open_chat
from eval.against.program import ProgramSystem, open_program
from eval.against.replies import Reading
from eval.asking import Answering
from eval.drafting.draft import articles_under
from eval.records import QuestionSet
from index.errors import WrongUsage
from service.answer.llm.providers import key_of
from service.links import is_web_address
from service.settings import Settings

_FILTERS = ("collections", "scope")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that speaks OpenAI's chat completions. Without `model`, the only one that it lists."""

    url: str
    model: str | None = None

    def __post_init__(self) -> None:
        """Raise WrongUsage for what is no such address, or holds a secret that reports would show."""
        parts = urlsplit(self.url)
        if not is_web_address(self.url):
            raise WrongUsage(f"{self.url!r} is no address. Write it as http://127.0.0.1:8000/v1.")
        if parts.query or "@" in parts.netloc:
            raise WrongUsage("The address holds a key or password. Give the key in FOOTNOTE_AGAINST_API_KEY instead.")


@dataclass(frozen=True, slots=True)
class Program:
    """A command line of a program that answers lines of JSON."""

    command: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another system, how long it may take for an answer, and what its refusals say in addition to the usual words."""

    system: Endpoint | Program
    timeout_seconds: float
    refusals: tuple[str, ...] = ()

    @property
    def recorded(self) -> dict[str, str | None]:
        """Return what a report says of it."""
        match self.system:
            case Endpoint(url, model):
                return {"against": url, "model": model}
            case Program(command):
                return {"against": command}


def other_from(
    url: str | None, command: str | None, *, model: str | None, timeout: float, refusals: Sequence[str]
) -> Other | None:
    """Return the system that these options name, None without any. Raises WrongUsage where they contradict each other."""
    if url and command:
        raise WrongUsage("--against and --against-command name two systems. Give one.")
    if not url and not command:
        if model or refusals:
            raise WrongUsage("--model and --refusal are about another system. Name it with --against.")
        return None
    return Other(Endpoint(url, model) if url else Program(command or ""), timeout, tuple(refusals))


@contextmanager
def opened_other(other: Other, question_set: QuestionSet, settings: Settings) -> Iterator[tuple[Answering, list[str]]]:
    """Open another system, and say which articles could not be read.

    Raises WrongUsage where the set brings no articles: then nobody knows what a citation points at.
    """
    unread: list[str] = []
    reading = Reading(_known(question_set, settings.max_article_bytes, unread), other.refusals)
    match other.system:
        case Endpoint(url, model):
            key = key_of(settings.against_api_key)
            opened = open_chat(url, model=model, key=key, timeout_seconds=other.timeout_seconds, reading=reading)
            with opened as chat:
                yield _answering(chat, chat.model, reading, untold=("as_of", "article_ids", *_FILTERS)), unread
        case Program(command):
            with open_program(command, timeout_seconds=other.timeout_seconds, reading=reading) as program:
                yield _answering(program, command, reading, untold=_FILTERS), unread


def _answering(
    system: ChatSystem | ProgramSystem, name: str, reading: Reading, *, untold: tuple[str, ...] = ()
) -> Answering:
    told = {"answerer": name, "articles": len(reading.articles)}
    return Answering(system.ask, reading.articles.text_of, told, told, checks=False, untold=untold)


def _known(question_set: QuestionSet, max_bytes: int, unread: list[str]) -> KnownArticles:
    if question_set.corpus is None and not question_set.articles:
        raise WrongUsage(
            "The set brings no articles, so citations cannot be compared. Name those that were asked about with --corpus."
        )
    return KnownArticles(_articles(question_set, max_bytes, unread))


def _articles(question_set: QuestionSet, max_bytes: int, unread: list[str]) -> Iterator[KnownArticle]:
    if question_set.corpus is None:
        for brought in question_set.articles:
            yield KnownArticle(brought.id, brought.title, brought.text, brought.url)
    else:
        for read in articles_under(Path(question_set.corpus), max_bytes, unread):
            yield KnownArticle(read.id, read.info.title, read.text, read.info.url)
