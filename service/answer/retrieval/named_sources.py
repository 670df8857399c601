"""Which sources a question names: publishers, and articles by their titles."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from index.records import Hit

# Catalogues write "The Guardian | World news" and "Fox News - Health" for what people call by its first part.
_SECTION = re.compile(r"\s+[|–-]\s+")
# Fewer words are as likely the name of a thing: "The Orrin reservoir".
_FEWEST_TITLE_WORDS = 5


def publishers_named(question: str, hits: Iterable[Hit]) -> tuple[str, ...]:
    """Return which of the hits' publishers a question names, each as its articles have it, in order of the hits."""
    publishers = dict.fromkeys(hit.passage.article.publisher for hit in hits)
    return tuple(name for name in publishers if name and _names(question, name))


def titles_named(question: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Return the ids of the hits' articles whose titles, of five words or more, stand in a question."""
    articles = {hit.passage.article.id: hit.passage.article.title.casefold() for hit in hits}
    asked = question.casefold()
    return frozenset(id_ for id_, t in articles.items() if t in asked and len(t.split()) >= _FEWEST_TITLE_WORDS)


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
