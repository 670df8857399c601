"""Finds near-duplicates: articles that differ only in a few words, as those of news agencies do.

Articles are compared by MinHash signatures of their shingles (runs of words; A. Broder, "On the resemblance and containment
of documents", 1997), computed when they are indexed. Among similar articles, a passage is a copy if nearly all of its words,
and every figure, are in passages that rank better. See docs/decisions/0010-copies.md.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from index.records import Hit

if TYPE_CHECKING:
    from datasketch import MinHash

Signatures = Callable[[Iterable[str]], Mapping[str, bytes]]
"""Returns the signatures of versions of texts, for those that have one."""

_PERMUTATIONS = 128
# Words in a run. Long runs distinguish copies from articles on the same subject; short ones tolerate small edits better.
_RUN = 5
_SHORT_RUN = 3
# Share of common runs from which articles are compared as copies. Each passage is then decided on its own.
_RESEMBLING = 0.15
_CONTAINED = 0.85
# Fewer words may agree by chance, or because there is only one way to say them.
_FEWEST_WORDS = 8
_RUNS_AT_ONCE = 10_000
HITS_AT_ONCE = 64
"""Hits that are compared at once. It is efficient to read as many from the catalogue at once."""
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_DIGIT = re.compile(r"\d")
_NUMBER_WORDS = frozenset(
    "no not never none zero one two three four five six seven eight nine ten eleven twelve dozen twenty thirty forty fifty "
    "sixty seventy eighty ninety hundred thousand million billion trillion half third quarter double twice".split()
)


def signature_of(text: str) -> bytes:
    """Return the MinHash signature of a text: 128 numbers of 32 bits. It is the same on every machine."""
    words = _words(text)
    sketch = _empty().copy()
    runs = max(len(words) - _RUN + 1, 1)
    for first in range(0, runs, _RUNS_AT_ONCE):
        part = words[first : first + _RUNS_AT_ONCE + _RUN - 1]
        sketch.update_batch([" ".join(run).encode() for run in _runs(part, _RUN)])
    signature: bytes = sketch.hashvalues.astype("<u4").tobytes()
    return signature


def resemblance(one: bytes, other: bytes) -> float:
    """Estimate the share of runs of words that two texts have in common, from their signatures."""
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def without_near_duplicates(
    ranked: Iterable[Hit], signatures: Signatures, *, at_once: int = HITS_AT_ONCE
) -> Iterator[Hit]:
    """Yield the hits, best first, without those whose content is in better hits of similar articles.

    Of the same text under several ids, the first is kept. The caller has left out what the asker may not read. `at_once` hits
    are compared at a time.
    """
    hits = iter(ranked)
    deduplicator = _Deduplicator()
    while batch := list(islice(hits, at_once)):
        new = {hit.passage.article.version for hit in batch} - deduplicator.alike.keys()
        deduplicator.meet(new, signatures(new))
        for hit in batch:
            if not deduplicator.is_copy(hit):
                deduplicator.keep(hit)
                yield hit


def says_the_same(words: str, other: str) -> bool:
    """Return whether nearly all words of a text, and every figure, are in another text."""
    mine, theirs = _words(words), _words(other)
    if mine == theirs:
        return len(mine) >= _FEWEST_WORDS
    return len(mine) >= _FEWEST_WORDS and _contained(mine, [_Covered(set(_runs(theirs, _SHORT_RUN)), set(theirs))])


@dataclass(frozen=True, slots=True)
class _Covered:
    """The runs of words, and words, of the hits kept so far."""

    runs: set[tuple[str, ...]] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Deduplicator:
    """The hits compared so far. `alike` maps each version to the other versions that are similar to it.

    `said` has the words of the kept hits of a version, except for those in `unread`, which are read only when needed: most
    versions are similar to no other.
    """

    alike: dict[str, list[str]] = field(default_factory=dict)
    signed: list[str] = field(default_factory=list)
    signatures: np.ndarray = field(default_factory=lambda: np.empty((0, _PERMUTATIONS), "<u4"))
    unread: dict[str, list[Hit]] = field(default_factory=dict)
    said: dict[str, _Covered] = field(default_factory=dict)
    stretches: set[tuple[str, int]] = field(default_factory=set)

    def meet(self, versions: Iterable[str], known: Mapping[str, bytes]) -> None:
        """Add new versions, and find which others they are similar to."""
        self.alike |= {version: [] for version in versions}
        if not known:
            return
        new = np.stack([np.frombuffer(signature, "<u4") for signature in known.values()])
        first = len(self.signed)
        self.signed += known
        self.signatures = np.vstack([self.signatures, new])
        shares = (new[:, None, :] == self.signatures[None, :, :]).mean(axis=2)
        for mine, other in np.argwhere(shares >= _RESEMBLING).tolist():
            if other < first + mine:  # each pair once, and none with itself
                self.alike[self.signed[first + mine]].append(self.signed[other])
                self.alike[self.signed[other]].append(self.signed[first + mine])

    def is_copy(self, hit: Hit) -> bool:
        """Return whether the content of this hit is in better hits."""
        version = hit.passage.article.version
        if (version, hit.passage.start) in self.stretches:
            return True
        better = [said for other in self.alike[version] if (said := self._said_by(other)).words]
        return bool(better) and _contained(_words(hit.passage.text), better)

    def keep(self, hit: Hit) -> None:
        """Add a hit to those that are kept."""
        version = hit.passage.article.version
        self.stretches.add((version, hit.passage.start))
        self.unread.setdefault(version, []).append(hit)

    def _said_by(self, version: str) -> _Covered:
        said = self.said.setdefault(version, _Covered())
        for hit in self.unread.pop(version, []):
            words = _words(hit.passage.text)
            said.words.update(words)
            said.runs.update(_runs(words, _SHORT_RUN))
        return said


def _contained(words: list[str], others: list[_Covered]) -> bool:
    """Return whether nearly all of these words, and every figure, are in others."""
    mine = list(_runs(words, _SHORT_RUN))
    if sum(any(run in said.runs for said in others) for run in mine) < _CONTAINED * len(mine):
        return False
    # A changed figure means a correction, or another day's report in the same words.
    figures = (word for word in words if word in _NUMBER_WORDS or _DIGIT.search(word))
    return all(any(figure in said.words for said in others) for figure in figures)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    if len(words) < length:
        return iter([tuple(words)])
    return zip(*(words[first:] for first in range(length)), strict=False)


@cache
def _empty() -> "MinHash":
    from datasketch import MinHash  # only where something is indexed: SciPy comes with it

    return MinHash(num_perm=_PERMUTATIONS, hashfunc=crc32, scheme="affine32")
