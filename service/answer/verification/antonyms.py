"""Words of which one is the opposite of the other, and words that deny.

Both are from WordNet 3.0 (Princeton University); `python -m eval.fitting.antonyms` made the files.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from service.answer.text.terms import stem_set

ANTONYMS = Path(__file__).with_name("antonyms.tsv")
"""Two words a line, each with its irregular forms behind it."""

DENYING = Path(__file__).with_name("denying.tsv")
"""A word a line, with its irregular forms behind it."""


@cache
def antonyms() -> Mapping[str, frozenset[str]]:
    """Return the stems of the opposites of each stem that has any."""
    found = defaultdict[str, frozenset[str]](frozenset)
    for line in _lines(ANTONYMS):
        one, other = map(stem_set, line.split("\t"))
        # "payer" and "payee" may have one stem.
        for stem, opposites in [*((stem, other - one) for stem in one), *((stem, one - other) for stem in other)]:
            found[stem] |= opposites
    return dict(found)


@cache
def denying() -> frozenset[str]:
    """Return the stems of words that deny what follows them: "excluded from discounts", "ineligible for a grant"."""
    return stem_set("\n".join(_lines(DENYING)))


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
