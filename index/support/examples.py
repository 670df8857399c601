"""What the support model learns from: sentences with text that supports them, and with text that nearly does.

Documents are split: what is measured on is in no example to learn from.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from index.reader.asking import in_other_words
from index.reader.examples import Asked, holds_any, normalise
from index.reader.synonyms import Synonyms
from index.support.alterations import altered
from index.support.material import Document, Labelled, Material, Source
from index.support.statements import crossed, joined, stated

_ASIDE = re.compile(r"(?<!\s)\s*\([^()]{1,80}\)|,\s(?:which|who|whose|where|including|such as)\b[^,.;]{3,90}(?=[,.;])")
_OPENING = re.compile(
    r"\A(?:In|On|At|By|After|Before|During|As|For|From|With|Since|However|Moreover|Also)\b[^,.;]{0,70},\s+"
)
_TAIL = re.compile(r"(?:,|;)\s[^,;]{12,120}(?=\.\Z)")
_LEAST_WORDS, _MOST_WORDS = 6, 45


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with text. `sentences` are those of the text; `holding` says which of them hold something of what the
    sentence says (None where nobody knows), `supported` whether they support all of it."""

    claim: str
    title: str
    sentences: tuple[str, ...]
    holding: tuple[bool, ...] | None
    supported: bool
    kind: str


def examples(material: Material, random: Random) -> Iterator[Example]:
    """Draw examples without end."""
    kinds: list[Source | tuple[Labelled, ...]] = [source for _, source in material.sources]
    kinds += [judged for _, judged in material.judged]
    shares = [share for share, _ in (*material.sources, *material.judged)]
    while True:
        (drawn,) = random.choices(kinds, shares)
        if isinstance(drawn, Source):
            found = _of_source(drawn, random, material.synonyms)
        else:
            found = of_judged(random.choice(drawn), random)
        if found is not None:
            yield found


def _of_source(source: Source, random: Random, synonyms: Synonyms | None) -> Example | None:
    passage = random.choice(source.passages)
    if passage.questions and random.random() < 0.5:
        return of_question(source, passage, random.choice(passage.questions), random)
    return of_sentence(source, passage, random, synonyms)


def of_question(source: Source, passage: Document, asked: Asked, random: Random) -> Example | None:
    """Make an example of a question with its answer, a wrong answer, or text that does not answer."""
    if not asked.answers:
        if not asked.plausible:
            return None
        at, said = _plausible(passage, asked)
        return _cut(stated(asked.question, said, random), passage, [], [at], "plausible", random) if said else None
    answer = min(asked.answers, key=len) if random.random() < 0.5 else random.choice(asked.answers)
    answering = [at for at, s in enumerate(passage.sentences) if holds_any(s, [answer])]
    where = _where(passage, asked)
    if where is None or where not in answering:
        return None
    chance = random.random()
    if chance < 0.46:
        return _cut(stated(asked.question, answer, random), passage, [where], [where], "answer", random)
    if chance < 0.7:
        wrong = _other_answer(passage, asked, random)
        if wrong is None:
            return None
        return _cut(stated(asked.question, wrong, random), passage, [], [where], "wrong answer", random)
    statement = stated(asked.question, answer, random)
    if chance < 0.86:
        rest = [s for at, s in enumerate(passage.sentences) if at not in answering]
        return _text(statement, passage.title, rest, "without the sentence", random)
    others = [source.passages[at] for at in source.of_document[passage.document] if source.passages[at] is not passage]
    others = [other for other in others if not holds_any(other.text, asked.answers)]
    return _text(statement, passage.title, random.choice(others).sentences, "other passage", random) if others else None


def _where(passage: Document, asked: Asked) -> int | None:
    return _sentence_at(passage, asked.spans[0].start)


def _sentence_at(passage: Document, start: int) -> int | None:
    """Return the sentence at this place of the passage. Runs of spaces were made one each, so places are about right."""
    at = 0
    for number, sentence in enumerate(passage.sentences):
        at += len(sentence) + 1
        if start < at:
            return number
    return None


def _plausible(passage: Document, asked: Asked) -> tuple[int, str]:
    span = asked.plausible[0]
    return _sentence_at(passage, span.start) or 0, passage.text[span.start : span.end]


def _other_answer(passage: Document, asked: Asked, random: Random) -> str | None:
    mine = " ".join(normalise(a) for a in asked.answers)
    others = {a for other in passage.questions for a in other.answers[:1] if normalise(a) and normalise(a) not in mine}
    others = {a for a in others if not any(normalise(m) in normalise(a) for m in asked.answers)}
    shape = _shape(asked.answers[0])
    alike = sorted(a for a in others if _shape(a) == shape) or sorted(others)
    return random.choice(alike) if alike else None


def _shape(answer: str) -> str:
    if any(c.isdigit() for c in answer):
        return "figure"
    return "name" if answer[:1].isupper() else "words"


def of_sentence(source: Source, passage: Document, random: Random, synonyms: Synonyms | None) -> Example | None:
    """Make an example of what a passage says: as it says it, in other words, shorter, altered, or of two of its sentences."""
    fit = [at for at, s in enumerate(passage.sentences) if _LEAST_WORDS <= len(s.split()) <= _MOST_WORDS]
    if not fit:
        return None
    at = random.choice(fit)
    claim = reworded(passage.sentences[at], random, synonyms)
    others = [source.passages[n] for n in source.of_document[passage.document] if source.passages[n] is not passage]
    ways: tuple[tuple[float, Callable[[], Example | None]], ...] = (
        (0.26, lambda: _cut(claim, passage, [at], [at], "said", random)),
        (0.3, lambda: _altered(claim, passage, at, random)),
        (0.1, lambda: _left_out(claim, passage, at, random)),
        (0.2, lambda: _of_two(claim, passage, at, (random, synonyms), others)),
        (0.14, lambda: _crossed(claim, passage, at, random)),
    )
    (way,) = random.choices([way for _, way in ways], [share for share, _ in ways])
    return way()


def reworded(sentence: str, random: Random, synonyms: Synonyms | None) -> str:
    """Return a sentence with less in it, or with some words replaced, that says nothing new."""
    text = sentence
    if random.random() < 0.5:
        text = _ASIDE.sub("", text)
    if random.random() < 0.3 and len(_OPENING.sub("", text).split()) >= _LEAST_WORDS:
        text = _OPENING.sub("", text)
        text = text[:1].upper() + text[1:]
    if random.random() < 0.15 and len(_TAIL.sub("", text).split()) >= _LEAST_WORDS:
        text = _TAIL.sub("", text)
    if synonyms and random.random() < 0.6:
        text = in_other_words(text, random, synonyms)
    return text


def _altered(claim: str, passage: Document, at: int, random: Random) -> Example | None:
    found = altered(claim, passage.text, random)
    if found is None:
        return None
    changed, kind = found
    return _cut(changed, passage, [], [at], kind, random)


def _left_out(claim: str, passage: Document, at: int, random: Random) -> Example | None:
    rest = [s for n, s in enumerate(passage.sentences) if n != at]
    return _text(claim, passage.title, rest, "without the sentence", random)


def _of_two(
    claim: str, passage: Document, at: int, drawing: tuple[Random, Synonyms | None], others: Sequence[Document]
) -> Example | None:
    """Make an example of a sentence that says what two sentences say, of one passage or of two."""
    random, synonyms = drawing
    second = random.choice(others) if others and random.random() < 0.5 else passage
    fit = [
        n for n, s in enumerate(second.sentences) if _LEAST_WORDS <= len(s.split()) <= 25 and s != passage.sentences[at]
    ]
    if not fit or len(claim.split()) > 25:
        return None
    n = random.choice(fit)
    other = reworded(second.sentences[n], random, synonyms)
    first_cut, second_cut = _around(passage.sentences, [at], random, 260), _around(second.sentences, [n], random, 260)
    texts = [passage.sentences[k] for k in first_cut], [second.sentences[k] for k in second_cut]
    chance = random.random()
    if chance < 0.5:
        changed, supported, kind = joined(claim, other, random), True, "two sentences"
    elif chance < 0.7:
        found = altered(other, second.text, random)
        if found is None:
            return None
        changed, supported, kind = joined(claim, found[0], random), False, "one of two altered"
    else:
        texts[1][:] = [s for s in texts[1] if s != second.sentences[n]]
        changed, supported, kind = joined(claim, other, random), False, "one of two missing"
    sentences = tuple(dict.fromkeys([*texts[0], *texts[1]]))
    holding = tuple(s in (passage.sentences[at], second.sentences[n]) for s in sentences)
    return Example(changed, passage.title, sentences, holding, supported, kind)


def _crossed(claim: str, passage: Document, at: int, random: Random) -> Example | None:
    rest = [n for n, s in enumerate(passage.sentences) if n != at and len(s.split()) >= _LEAST_WORDS]
    random.shuffle(rest)
    for n in rest[:3]:
        if made := crossed(claim, passage.sentences[n]):
            return _cut(made, passage, [], [at, n], "crossed", random)
    return None


def of_judged(one: Labelled, random: Random) -> Example | None:
    """Make an example of a sentence that people judged; sometimes of one that they found supported, altered."""
    room = random.choice((500, 700, 1000))
    sentences, holding = one.sentences, one.holding
    if holding is not None and random.random() < 0.5:
        kept = _around(sentences, [n for n, holds in enumerate(holding) if holds], random, room)
        sentences, holding = tuple(sentences[n] for n in kept), tuple(holding[n] for n in kept)
    if one.supported and random.random() < 0.2 + 0.3 * (one.holding is not None):
        found = altered(one.claim, " ".join(sentences), random)
        if found is None:
            return None
        return Example(found[0], one.title, sentences, None, supported=False, kind=found[1])
    return Example(one.claim, one.title, sentences, holding, one.supported, "judged")


def _cut(
    claim: str, passage: Document, holding: Sequence[int], around: Sequence[int], kind: str, random: Random
) -> Example:
    kept = _around(passage.sentences, around, random, random.choice((150, 300, 450, 700)))
    sentences = tuple(passage.sentences[n] for n in kept)
    return Example(claim, passage.title, sentences, tuple(n in holding for n in kept), bool(holding), kind)


def _text(claim: str, title: str, sentences: Sequence[str], kind: str, random: Random) -> Example | None:
    if not sentences:
        return None
    kept = _around(sentences, [random.randrange(len(sentences))], random, random.choice((150, 300, 450, 700)))
    return Example(claim, title, tuple(sentences[n] for n in kept), (False,) * len(kept), supported=False, kind=kind)


def _around(sentences: Sequence[str], wanted: Sequence[int], random: Random, room: int) -> list[int]:
    """Return the places of sentences around the wanted ones, in order, of about so many characters."""
    first, last = min(wanted), max(wanted)
    size = sum(len(sentences[n]) for n in range(first, last + 1))
    while first > 0 or last < len(sentences) - 1:
        back = first > 0 and (last == len(sentences) - 1 or random.random() < 0.5)
        size += len(sentences[first - 1 if back else last + 1])
        if size > room:
            break
        first, last = (first - 1, last) if back else (first, last + 1)
    return list(range(first, last + 1))
