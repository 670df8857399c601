"""A conversation as Markdown with footnotes, to be kept elsewhere. All words of articles, models and people are escaped."""

from datetime import UTC, datetime

from service.links import source_address
from service.openai.text import Told, in_markdown
from service.schemas.api import CitationWire, SentenceWire
from service.schemas.history import ConversationResponse, KeptAnswer
from service.schemas.scan_note import scan_note

_WITHHELD = "{} of its answers left out: an article that they rest on was deleted, or may not be read by you any more."


def conversation_markdown(conversation: ConversationResponse, *, service: str) -> str:
    """Return a conversation as Markdown, with a footnote for each citation.

    Footnotes are numbered through the whole conversation. `service` is the address under which people reach Footnote.
    """
    now = datetime.now(UTC)
    told = Told("# ").saying(conversation.title)
    told = told.written(
        f"\n\nExported from Footnote on {now:%Y-%m-%d}. The quotes are those of the day of each question.\n"
    )
    if conversation.withheld:
        told = told.written(f"\n{_WITHHELD.format(conversation.withheld)}\n")
    notes: list[str] = []
    for answer in conversation.answers:
        numbers = {one.number: len(notes) + place for place, one in enumerate(answer.citations, 1)}
        told = _answer(told, answer, numbers)
        notes += [_note(one, numbers[one.number], service=service) for one in answer.citations]
    return told.text.rstrip("\n") + "\n" + "".join(f"\n{note}" for note in notes) + ("\n" if notes else "")


def _answer(told: Told, answer: KeptAnswer, numbers: dict[int, int]) -> Told:
    told = told.written("\n## ").saying(answer.question).written("\n\n")
    if answer.approved:
        told = (
            told.written("*Approved by ").saying(answer.approved.by).written(f" on {answer.approved.at:%Y-%m-%d}.*\n\n")
        )
    if answer.stale:
        changed = ", ".join(f"[^{numbers[one.number]}]" for one in answer.stale)
        told = told.written(f"**Words that this answer quotes have changed since:** {changed}\n\n")
    if not answer.sentences:
        return told.saying(answer.text).written("\n")
    for sentence in answer.sentences:
        told = _sentence(told, sentence, numbers)
    return told.written("\n")


def _sentence(told: Told, sentence: SentenceWire, numbers: dict[int, int]) -> Told:
    markers = "".join(f"[^{numbers[number]}]" for number in sentence.citations)
    doubt = "" if sentence.support == "verified" else " (unverified)"
    return told.sentence(sentence).written(f"{markers}{doubt}")


def _note(citation: CitationWire, number: int, *, service: str) -> str:
    published = citation.published.isoformat() if citation.published else None
    note = Told(f"[^{number}]: “").saying(citation.quote).written("” — [").saying(citation.title)
    note = note.written(f"]({in_markdown(source_address(citation, service=service))})")
    page = f"p. {citation.page}" if citation.page else None
    for particular in (citation.publisher, published, page, scan_note(citation)):
        note = note.written(", ").saying(particular) if particular else note
    return note.text
