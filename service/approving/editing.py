"""An answer in the words of a reviewer: each sentence is checked against the quotes that it cites, as a model's are."""

from collections.abc import Sequence
from typing import Any

from index.errors import WrongUsage
from index.ingest.segmentation import split_sentences
from index.records import Access, Hit, Passage, SentenceSpan
from index.stores.store import Index
from service.answer.verification.check import checked
from service.schemas.api import AskResponse, CitationWire, SentenceWire
from service.schemas.approving import EditedSentence


def edited(
    answer: AskResponse, sentences: Sequence[EditedSentence] | None, index: Index, access: Access
) -> AskResponse:
    """Return an answer with these sentences, or with its own. Citations that no sentence has any more are left out.

    Raises WrongUsage if a sentence cites nothing, or something else than the answer, or is not supported by what it cites.
    """
    quotes = {citation.number: citation for citation in answer.citations}
    own = {(sentence.text, tuple(sentence.citations)): sentence for sentence in answer.sentences}
    wanted = sentences or [EditedSentence(text=one.text, citations=one.citations) for one in answer.sentences]
    kept: list[SentenceWire] = []
    for one in wanted:
        unchanged = own.get((one.text, tuple(one.citations)))
        if unchanged and unchanged.support == "verified":
            kept.append(unchanged)
        else:
            kept.append(_checked(one, quotes, index, access, question=answer.question))
    return answer.model_copy(update=_composed(kept, quotes) | _what_stays(answer, kept))


def _checked(
    one: EditedSentence, quotes: dict[int, CitationWire], index: Index, access: Access, *, question: str
) -> SentenceWire:
    cited = [quotes[number] for number in one.citations if number in quotes]
    if len(cited) < len(one.citations) or not cited:
        raise WrongUsage(f"The sentence {one.text[:80]!r} must cite sources of this answer, by their numbers.")
    hits = [_hit(citation, index, access) for citation in cited]
    draft = checked(index, one.text, hits, hits, question=question)
    if draft.support != "verified" or draft.text != one.text:
        raise WrongUsage(
            f"The quotes that the sentence {one.text[:80]!r} cites do not say that. Keep closer to them, or leave it out."
        )
    return SentenceWire(
        text=draft.text,
        start=0,
        end=0,
        citations=one.citations,
        support="verified",
        support_probability=draft.probability,
    )


def _hit(citation: CitationWire, index: Index, access: Access) -> Hit:
    """Return a quote as a passage of its own, so that a sentence is checked against nothing else."""
    info, _ = index.catalog.article(citation.article_id, access, version=citation.article_version)
    spans = split_sentences(citation.quote, info.format)
    by = citation.start
    sentences = tuple(SentenceSpan(by + one.start, by + one.end, one.kind) for one in spans)
    passage = Passage(citation.passage_id, info, 0, by, citation.end, citation.quote, sentences)
    return Hit(passage, score=1.0, dense=1.0, lexical=0.0)


def _composed(kept: Sequence[SentenceWire], quotes: dict[int, CitationWire]) -> dict[str, Any]:
    """Return the text of these sentences with their markers, numbered anew, and where each sentence is in it."""
    used = dict.fromkeys(number for sentence in kept for number in sentence.citations)
    numbers = {number: place for place, number in enumerate(used, 1)}
    text, sentences = "", list[SentenceWire]()
    for sentence in kept:
        same_line = sentences and sentences[-1].form == sentence.form == "prose"
        start = len(text) + 1 if sentences else 0
        cited = [numbers[number] for number in sentence.citations]
        text += (" " if same_line else "\n" if sentences else "") + sentence.text
        text += "".join(f" [{number}]" for number in cited)
        sentences.append(sentence.model_copy(update={"start": start, "end": len(text), "citations": cited}))
    citations = [quotes[number].model_copy(update={"number": place}) for number, place in numbers.items()]
    return {"text": text, "sentences": sentences, "citations": citations}


def _what_stays(answer: AskResponse, kept: Sequence[SentenceWire]) -> dict[str, Any]:
    """Leave out what was made from the sentences before, if they were edited."""
    same = [sentence.text for sentence in answer.sentences] == [sentence.text for sentence in kept]
    return {} if same else {"short_answer": None, "disagreements": []}
