"""An answer in the words of a reviewer: each sentence is checked against the quotes that it cites, as a model's are.

What a reviewer changes is no quotation any more: quotation marks stay only around words that a source holds.
"""

import re
from collections.abc import Sequence
from typing import Any

from index.errors import WrongUsage
from index.ingest.segmentation import display_text, split_sentences
from index.records import Access, Hit, Passage, SentenceSpan
from index.stores.store import Index
from service.answer.citations import Draft
from service.answer.code import checked_code
from service.answer.models import Form
from service.answer.text.markup import without_item_marks
from service.answer.verification.check import checked
from service.schemas.api import AskResponse, CitationWire, SentenceWire
from service.schemas.approving import EditedSentence

_QUOTED = re.compile("“([^“”]*)”")


def edited(
    answer: AskResponse, sentences: Sequence[EditedSentence] | None, index: Index, access: Access
) -> AskResponse:
    """Return an answer with these sentences, or with its own. Citations that no sentence has any more are left out.

    Raises WrongUsage if a sentence cites nothing, or something else than the answer, or is not supported by what it cites.
    """
    quotes = {citation.number: citation for citation in answer.citations}
    own = {(sentence.text, tuple(sentence.citations)): sentence for sentence in answer.sentences}
    code = {tuple(sentence.citations) for sentence in answer.sentences if sentence.form == "code"}
    wanted = sentences or [EditedSentence(text=one.text, citations=one.citations) for one in answer.sentences]
    kept: list[SentenceWire] = []
    for one in wanted:
        unchanged = own.get((one.text, tuple(one.citations)))
        if unchanged and unchanged.support == "verified":
            kept.append(unchanged)
        else:
            hits = _cited(one, quotes, index, access)
            draft = checked_code(index, one.text, hits) if tuple(one.citations) in code else None
            if draft is None or draft.support == "unverified":
                draft = _checked(one.text, hits, index, question=answer.question)
            kept.append(_wire(draft, one.citations))
    return answer.model_copy(update=_composed(kept, quotes) | _what_stays(answer, kept))


def _cited(one: EditedSentence, quotes: dict[int, CitationWire], index: Index, access: Access) -> list[Hit]:
    cited = [quotes[number] for number in one.citations if number in quotes]
    if len(cited) < len(one.citations) or not cited:
        raise WrongUsage(f"The sentence {one.text[:80]!r} must cite sources of this answer, by their numbers.")
    return [_hit(citation, index, access) for citation in cited]


def _checked(text: str, hits: Sequence[Hit], index: Index, *, question: str) -> Draft:
    """Check a sentence, or each line of a list. Raises WrongUsage if what it cites does not support it."""
    words = _quoting(text, [display_text(hit.passage.text, hit.passage.article.format) for hit in hits])
    lines = [line for line in without_item_marks(words).split("\n") if line.strip()]
    drafts = [checked(index, line, hits, hits, question=question) for line in lines]
    if not lines or any(
        draft.support != "verified" or draft.text != line for draft, line in zip(drafts, lines, strict=True)
    ):
        raise WrongUsage(
            f"The quotes that the sentence {text[:80]!r} cites do not say that. Keep closer to them, or leave it out."
        )
    form: Form = "quote" if _QUOTED.fullmatch(words) else "list" if len(lines) > 1 else "prose"
    return Draft(words, (), "verified", drafts[0].probability if len(lines) == 1 else None, form)


def _quoting(text: str, sources: Sequence[str]) -> str:
    """Return a text with quotation marks only around words that one of these sources holds."""
    return _QUOTED.sub(lambda said: said[0] if any(said[1] in source for source in sources) else said[1], text)


def _wire(draft: Draft, citations: list[int]) -> SentenceWire:
    return SentenceWire(
        text=draft.text,
        start=0,
        end=0,
        citations=citations,
        support="verified",
        support_probability=draft.probability,
        form=draft.form,
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
