"""What is being done for a question, as task cards above the reply (Slack's "thinking steps").

They are chunks of a stream (https://docs.slack.dev/reference/methods/chat.appendStream), each text of 256 characters at most.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from service.schemas.api import AskEvent, AskResponse, CitationWire, HitsEvent, SearchingEvent
from service.slack.text import safe_address, shortened

Chunk = Mapping[str, Any]
_Status = Literal["pending", "in_progress", "complete", "error"]
_LONGEST = 256
# A message holds little more than its text: few sources, with short addresses.
_MOST_SOURCES, _LONGEST_TITLE, _LONGEST_ADDRESS = 4, 80, 300
_SEARCH, _READ, _CHECK = (
    ("search", "Search the articles"),
    ("read", "Read what was found"),
    ("check", "Check the answer"),
)


class Steps:
    """The steps of one reply: searched, read, checked."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []  # begun or announced, and not ended
        self._searches = 0
        self._answer: AskResponse | None = None

    def after(self, event: AskEvent) -> list[Chunk]:
        """Return what to show after an event; nothing where no step begins or ends with it."""
        match event:
            case HitsEvent():
                self._open = [_READ, _CHECK]
                found = _task(_SEARCH, "complete", output=_found(event))
                return [
                    _plan("Looking through the articles"),
                    found,
                    _task(_READ, "in_progress"),
                    _task(_CHECK, "pending"),
                ]
            case SearchingEvent():
                self._searches += 1
                again = (f"search-{self._searches}", "Search for more")
                return [_task(again, "complete", details=", ".join(event.queries))]
            case AskResponse():
                self._answer = event
        return []

    def ended(self) -> list[Chunk]:
        """Return what to show at the end: what came of each step, or that there was no answer because something failed."""
        response = self._answer
        if not self._open:
            return []
        if response is None:
            return [_plan("Not answered"), *(_task(step, "error") for step in self._open)]
        if response.status != "answered":
            outcome = "Nothing found that answers this"
            return [_plan(outcome), _task(_READ, "complete", output=outcome), _task(_CHECK, "complete")]
        read = _task(_READ, "complete", sources=_sources(response.citations))
        return [_plan("Searched, read and checked"), read, _task(_CHECK, "complete", output=_checked(response))]


def _found(event: HitsEvent) -> str:
    articles = len({hit.article_id for hit in event.hits})
    return (
        f"{_counted(len(event.hits), 'passage')} of {_counted(articles, 'article')}" if event.hits else "Nothing found"
    )


def _checked(response: AskResponse) -> str:
    doubtful = sum(sentence.support == "unverified" for sentence in response.sentences)
    verified = _counted(len(response.sentences) - doubtful, "sentence") + " verified"
    differ = f", sources differ on {_counted(len(response.disagreements), 'value')}" if response.disagreements else ""
    return verified + (f", {doubtful} not" if doubtful else "") + differ


def _sources(citations: Sequence[CitationWire]) -> list[Chunk]:
    cited = {citation.article_id: citation for citation in reversed(citations)}
    linked = [(safe_address(citation.url), citation.title) for citation in reversed(cited.values())]
    short = [(address, title) for address, title in linked if address and len(address) <= _LONGEST_ADDRESS]
    return [
        {"type": "url", "url": url, "text": shortened(title, _LONGEST_TITLE)} for url, title in short[:_MOST_SOURCES]
    ]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plan(title: str) -> Chunk:
    return {"type": "plan_update", "title": title}


def _task(step: tuple[str, str], status: _Status, **more: str | list[Chunk]) -> Chunk:
    id, title = step
    given = {
        name: shortened(value, _LONGEST) if isinstance(value, str) else value for name, value in more.items() if value
    }
    return {"type": "task_update", "id": id, "title": title, "status": status, **given}
