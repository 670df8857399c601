"""Compares a quoted stretch of an article with a newer version of it: are the same words still there, and if not, what is?

Sentences are compared as people read them, without Markdown's marks and line breaks. So text that was only moved, wrapped or
set in bold counts as unchanged.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from index.ingest.segmentation import display_text, split_sentences
from index.records import Span, TextFormat

# Sentences with at least half of their words in common are taken for versions of each other.
_ALIKE = 0.5
# New sentences that are compared with a quote. Of an article that was rewritten as a whole, more would take too long.
_MOST_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether a newer version has the quoted words, and where they are, or those that took their place. None: nowhere."""

    unchanged: bool
    now: Span | None = None


@dataclass(frozen=True)
class Version:
    """A version of an article, for comparing stretches of it with another version."""

    text: str
    format: TextFormat

    @cached_property
    def spans(self) -> list[Span]:
        """The sentences that show anything."""
        return [span for span, _ in self._shown]

    @cached_property
    def lines(self) -> list[str]:
        """The sentences as people read them, each on one line."""
        return [line for _, line in self._shown]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """The places of each line."""
        found: dict[str, list[int]] = {}
        for place, line in enumerate(self.lines):
            found.setdefault(line, []).append(place)
        return found

    @cached_property
    def bags(self) -> list[Counter[str]]:
        """The words of each line, with how often they occur in it."""
        return [Counter(line.casefold().split()) for line in self.lines]

    @cached_property
    def words(self) -> str:
        return f" {' '.join(self.text.split())} "

    @cached_property
    def _shown(self) -> list[tuple[Span, str]]:
        spans = [Span(one.start, one.end) for one in split_sentences(self.text, self.format)]
        lines = [display_text(self.text[span.start : span.end], self.format) for span in spans]
        return [(span, line) for span, line in zip(spans, lines, strict=True) if line]

    def sentences_at(self, span: Span) -> range:
        """Return the places of the sentences that a stretch has a part of."""
        first = bisect_right(self.spans, span.start, key=lambda one: one.end)
        return range(first, max(first, bisect_left(self.spans, span.end, key=lambda one: one.start)))


def compare_stretch(old: Version, span: Span, new: Version) -> Comparison:
    """Compare what an old version has at `span` with a newer version. Takes time linear in the length of the two."""
    quoted = old.sentences_at(span)
    whole = quoted and old.spans[quoted[0]].start >= span.start and old.spans[quoted[-1]].end <= span.end
    if not whole:  # a part of a sentence, such as a line of code
        quote = old.text[span.start : span.end]
        if f" {' '.join(quote.split())} " in new.words:
            at = new.text.find(quote)
            return Comparison(unchanged=True, now=Span(at, at + len(quote)) if at >= 0 else None)
    elif (first := _still_at(old, quoted, new)) is not None:
        return Comparison(unchanged=True, now=Span(new.spans[first].start, new.spans[first + len(quoted) - 1].end))
    return Comparison(unchanged=False, now=_replacement(old, quoted, new))


def _still_at(old: Version, quoted: range, new: Version) -> int | None:
    """Return the place from which on a newer version has the quoted sentences."""
    lines = old.lines[quoted.start : quoted.stop]
    found = _places_of(lines, new)
    before, after = old.lines[max(quoted.start - 1, 0) : quoted.start], old.lines[quoted.stop : quoted.stop + 1]
    beside = [
        place
        for place in found
        if (before and new.lines[max(place - 1, 0) : place] == before)
        or (after and new.lines[place + len(lines) : place + len(lines) + 1] == after)
    ]
    # Of words that stood there more often than they do now, what is next to them says which are left.
    if not beside and len(found) < len(_places_of(lines, old)):
        return None
    return next(iter([*beside, *found]), None)


def _places_of(lines: list[str], version: Version) -> list[int]:
    return [at for at in version.places.get(lines[0], []) if version.lines[at : at + len(lines)] == lines]


def _replacement(old: Version, quoted: range, new: Version) -> Span | None:
    """Return where the words are that took the place of the quoted sentences."""
    written = [place for place, line in enumerate(new.lines) if line not in old.places][:_MOST_COMPARED]
    found = {
        at: new.places[line][0] for at in quoted if len(old.places[line := old.lines[at]]) == 1 and line in new.places
    }
    rewritten = [_rewritten(old, at, new, written) for at in quoted if at not in found]
    changed = sorted({place for place in rewritten if place is not None})
    if not changed:
        return None
    around = sorted({*found.values(), *changed})
    # Sentences that were moved far apart are not shown as one stretch.
    shown = around if around[-1] - around[0] < 2 * len(quoted) + 1 else changed[:1]
    return Span(new.spans[shown[0]].start, new.spans[shown[-1]].end)


def _rewritten(old: Version, at: int, new: Version, written: list[int]) -> int | None:
    """Return the place of the new sentence that took the place of an old one: between the same two, or the one most alike."""
    before = new.places.get(old.lines[at - 1], []) if at else [-1]
    after = new.places.get(old.lines[at + 1], []) if at + 1 < len(old.lines) else [len(new.lines)]
    if between := [place + 1 for place in before[:1] if place + 2 in after[:1]]:
        return between[0]
    alike = [(_alike(old.bags[at], new.bags[place]), -place) for place in written]
    best, place = max(alike, default=(0.0, 0))
    return -place if best >= _ALIKE else None


def _alike(words: Counter[str], others: Counter[str]) -> float:
    """Return the share of words that two sentences have in common (Dice's coefficient)."""
    return 2 * (words & others).total() / (words.total() + others.total())
