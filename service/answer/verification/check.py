"""The check of one sentence that a language model wrote: which sentences of the articles support it, and whether they do.

A sentence is verified when what it cites holds a sentence that says nearly the same, every figure, day and name of it stands
in what is quoted, and nothing is turned into its opposite. Quotes are never repaired: a citation that fails is not replaced
by another one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.ingest.segmentation import display_text
from index.records import Hit, SentenceSpan, Span
from index.stores.store import Index
from service.answer.citations import Draft, Stretch
from service.answer.verification.claims import Source, contradicted, missing

# A sentence whose cited passage is less similar than this was not taken from it, whatever the model says.
_LEAST_SIMILARITY = 0.5
# A sentence that cites nothing is given a citation only where it says nearly what the passage says.
_LEAST_SIMILARITY_UNCITED = 0.7

_REST = r"[^\s<>\"”’»）)\]]"
_ADDRESS = re.compile(
    rf"(?:\b[a-z][a-z0-9+.-]{{1,20}}://|www\.|mailto:|javascript:|data:|\b(?:https?|ftp):/?(?=[\w\[])|(?<![\w:/])//(?=[\w\[]))"
    rf"{_REST}+"
    r"|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]+)+"
    rf"|(?<![\w.-])(?:[a-z0-9-]++\.)+(?:com|org|net|io|ai|dev|app|info|biz|co|xyz|example|test|[a-z]{{2}}|\d{{1,3}})/{_REST}*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Support:
    """What of the passages supports a sentence, and what of the sentence they do not hold."""

    stretches: tuple[Stretch, ...]
    missing: frozenset[str]
    contradicted: bool

    @property
    def holds(self) -> bool:
        return bool(self.stretches) and not self.missing and not self.contradicted

    @property
    def similarity(self) -> float:
        return max((stretch.score for stretch in self.stretches), default=0.0)


def checked(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit]) -> Draft:
    """Check a sentence against the passages that it cites, or, where it cites none, against each that was shown.

    Addresses that do not stand in what is quoted are taken out: they are how words are carried away.
    """
    if cited:
        support = _support(index, words, cited, least=_LEAST_SIMILARITY)
    else:
        each = [_support(index, words, [hit], least=_LEAST_SIMILARITY_UNCITED) for hit in shown]
        held = [support for support in each if support.holds]
        support = max(held, key=lambda one: one.similarity, default=_Support((), frozenset(), contradicted=False))
    text = _without_foreign_addresses(words, [stretch.words for stretch in support.stretches])
    return Draft(text, support.stretches, "verified" if support.holds and text == words else "unverified")


def _without_foreign_addresses(words: str, quotes: Sequence[str]) -> str:
    def kept(address: re.Match[str]) -> str:
        return address.group() if any(address.group().rstrip(".,;") in quote for quote in quotes) else ""

    kept_words = _ADDRESS.sub(kept, words)
    return words if kept_words == words else " ".join(kept_words.split())


def _support(index: Index, words: str, hits: Sequence[Hit], *, least: float) -> _Support:
    stretches = tuple(stretch for hit in hits for stretch in _supporting(index, words, hit, least=least))
    source = _source(stretches)
    return _Support(stretches, missing(words, source), contradicted(words, source))


def _source(stretches: Sequence[Stretch]) -> Source:
    articles = {stretch.hit.passage.article.id: stretch.hit.passage.article for stretch in stretches}.values()
    return Source(
        quotes=tuple(_shown(stretch) for stretch in stretches),
        titles=tuple(f"{article.title} {article.publisher or ''}" for article in articles),
        published=tuple(article.published for article in articles if article.published),
    )


def _shown(stretch: Stretch) -> str:
    return display_text(stretch.words, stretch.hit.passage.article.format)


def _supporting(index: Index, words: str, hit: Hit, *, least: float) -> list[Stretch]:
    """Return the sentence of a passage that says most nearly what these words say, if one does.

    Others that say nearly the same come along where they hold something of these words that the first does not hold; and the
    sentence before it, where that holds the name which the first refers to.
    """
    passage = hit.passage
    texts = [display_text(passage.words_of(span), passage.article.format) for span in passage.sentences]
    vectors = index.sentence_vectors.of([words, *texts])
    similarities = vectors[1:] @ vectors[0]
    order = [int(at) for at in (-similarities).argsort(kind="stable") if similarities[at] >= least]
    if not order:
        return []
    best = order[0]
    chosen = [_stretch(hit, passage.sentences[best], float(similarities[best]))]
    for at in [*order[1:], *([best - 1] if best else [])]:
        further = _stretch(hit, passage.sentences[at], float(similarities[at]))
        if further not in chosen and missing(words, _source([*chosen, further])) < missing(words, _source(chosen)):
            chosen.append(further)
    return chosen


def _stretch(hit: Hit, span: SentenceSpan, similarity: float) -> Stretch:
    return Stretch(hit, Span(span.start, span.end), hit.passage.words_of(span), similarity)
