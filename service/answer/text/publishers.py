"""Which publishers a question names."""

import re
from collections.abc import Iterable
from functools import lru_cache

from index.records import Hit

# Catalogues write "The Guardian | World news" and "Fox News - Health" for what people call by its first part.
_SECTION = re.compile(r"(?<!\s)\s++[|–-]\s")


def publishers_named(question: str, hits: Iterable[Hit]) -> tuple[str, ...]:
    """Return which of the hits' publishers a question names, each as its articles have it, in order of the hits."""
    publishers = dict.fromkeys(hit.passage.article.publisher for hit in hits)
    return tuple(name for name in publishers if name and _names(question, name))


def _names(question: str, publisher: str) -> bool:
    """Say whether a publisher stands in a question, in full or without its section; "the age" is not The Age."""
    return any(
        all(said[0].isupper() == name[0].isupper() for said, name in zip(words.split(), form.split(), strict=True))
        for form in {publisher, _SECTION.split(publisher)[0]}
        for words in _pattern(form).findall(question)
    )


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
