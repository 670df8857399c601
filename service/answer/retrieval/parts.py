"""The parts of a question over several sources or things: "according to X and Y", "compare X with Y"."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from index.records import Hit

# What is compared is named in a few words: the bounds keep a long text from being tried in all its parts.
_TWO = r"(?P<one>[^?]{1,200}?)\s+(?:and|with|to|versus|vs\.?|against)\s+(?P<other>[^?]{1,200})"
_COMPARED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bcompar(?:e|ed|ing|ison of)\s+{_TWO}",
        rf"\b(?:differences?|contrast|relation)\s+between\s+{_TWO}",
        rf"\bhow\s+(?:do|does|did)\s+{_TWO}\s+(?:differ|compare)\b"
        r"(?:\s+(?:in|on|over|about|regarding)\s+(?:their\s+)?(?P<topic>[^?]{1,200}))?",
        r"^(?P<one>[^?]{1,200}?)\s+(?:versus|vs\.?)\s+(?P<other>[^?]{1,200})",
    )
)
# What stands before the first of two names may go for both: "the plans of Rome and Pisa".
_LEADING = re.compile(r"(?P<leading>.+\s(?:of|by|from|in|at|for))\s+[A-Z][\w.&-]*(?:\s[A-Z][\w.&-]*)*")
_ONLY_NAME = re.compile(r"[A-Z][\w.&-]*(?:\s[A-Z][\w.&-]*)*")
# Catalogues write "The Guardian | World news" and "Fox News - Health" for what people call by its first part.
_SECTION = re.compile(r"\s+[|–-]\s+")
# Fewer words are as likely the name of a thing: "The Orrin reservoir".
_FEWEST_TITLE_WORDS = 5


def compared(question: str) -> tuple[str, ...]:
    """Return the two things that a question compares, in its own words; empty for any other question.

    What is said of both goes with each: "the plans of Rome", "the plans of Pisa".
    """
    match = next(filter(None, (pattern.search(question) for pattern in _COMPARED)), None)
    if match is None:
        return ()
    one, other = match["one"].strip(), match["other"].strip(" .")
    if (leading := _LEADING.fullmatch(one)) and _ONLY_NAME.fullmatch(other):
        return one, f"{leading['leading']} {other}"
    topic = match.groupdict().get("topic")
    return (f"{one} {topic.strip()}", f"{other} {topic.strip()}") if topic else (one, other)


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
