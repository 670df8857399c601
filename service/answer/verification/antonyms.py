"""Words of which one is the opposite of the other, from WordNet 3.0 (Princeton), made by `eval.fitting.antonyms`."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from service.answer.text.terms import stem_set

ANTONYMS = Path(__file__).with_name("antonyms.tsv")
"""Two words a line, each with its irregular forms behind it."""


@cache
def antonyms() -> Mapping[str, frozenset[str]]:
    """Return the stems of the opposites of each stem that has any."""
    found = defaultdict[str, frozenset[str]](frozenset)
    for line in ANTONYMS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            one, other = map(stem_set, line.split("\t"))
            # "payer" and "payee" may have one stem.
            for stem, opposites in [*((stem, other - one) for stem in one), *((stem, one - other) for stem in other)]:
                found[stem] |= opposites
    return dict(found)
