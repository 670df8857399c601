"""An answer is made of one version of an article, whatever changes while it is made: texts, deletions, the whole index."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ArticleDeleted, ArticleUnknown
from index.records import EVERYTHING
from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.schemas.api import AskRequest, AskResponse, SearchRequest, SearchResponse
from tests.service_fixtures import assistant_over, index_into, settings_for, write

SUBJECTS = ("survey", "harbour office", "ferry company", "inspector")


def text(version: str) -> str:
    """Return an article of several passages that names its version in every sentence."""
    parts = [
        " ".join(f"The {subject} counted {n + 1}0 boats in the year of the {version}." for n in range(8))
        for subject in SUBJECTS
    ]
    return "# Boats\n\n" + "\n\n".join(parts)


OLD, NEW = text("ox"), text("rat")


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    with assistant_over(settings_for(tmp_path / "data", passage_tokens=64, refusals=False)) as assistant:
        index_into(
            assistant, write(tmp_path / "news", {"boats.md": OLD, "other.md": "# Sheep\n\nThe farmer counted 7 sheep."})
        )
        yield assistant


def versions_in(response: AskResponse | SearchResponse) -> set[str]:
    cited = response.citations if isinstance(response, AskResponse) else response.hits
    return {one.article_version for one in cited if one.article_id == "boats"}


def test_answers_are_of_the_old_version_or_the_new_and_never_of_both(assistant: LocalAssistant, tmp_path: Path) -> None:
    failures: list[str] = []
    answered = 0
    stop = threading.Event()

    def ask(subject: str) -> None:
        nonlocal answered
        question = f"How many boats did the {subject} count?"
        while not stop.is_set():
            try:
                found = assistant.search(SearchRequest(question=question, limit=20), EVERYTHING)
                response = assistant.ask(AskRequest(question=question, include_hits=True), OWNER)
            except Exception as error:  # noqa: BLE001 - told by the main thread
                failures.append(repr(error))
                return
            for one in (found, response):
                if len(versions_in(one)) > 1:
                    failures.append(f"mixed: {one!r}")
            quotes = [citation.quote for citation in response.citations if citation.article_id == "boats"]
            if any(quote not in OLD for quote in quotes) and any(quote not in NEW for quote in quotes):
                failures.append(f"mixed quotes: {quotes}")
            for citation in response.citations:
                check_quote(citation.article_id, citation.article_version, citation.quote, citation.start)
            answered += 1

    def check_quote(article_id: str, version: str, quote: str, start: int) -> None:
        try:
            article = assistant.article(article_id, EVERYTHING, version)
        except (ArticleDeleted, ArticleUnknown):
            return  # deleted since
        if article.text[start : start + len(quote)] != quote:
            failures.append(f"not exact: {quote}")

    threads = [threading.Thread(target=ask, args=[subject]) for subject in SUBJECTS[:3]]
    for thread in threads:
        thread.start()
    folder = tmp_path / "news"
    turn = 0
    while turn < 6 or (answered <= 6 and not failures):  # a busy machine answers few between the changes
        index_into(assistant, write(folder, {"boats.md": NEW if turn % 2 == 0 else OLD}))
        if turn == 2:
            assistant.rebuild()
        if turn == 4:
            assistant.delete(["boats"])
        turn += 1
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answered > 6
