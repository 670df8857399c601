"""The reply to small talk: a friendly word, and what there is to ask about, of what the asker may read."""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from uuid import uuid4

from index.records import Access
from index.stores.store import Index
from service.answer.example_questions import example_questions
from service.answer.models import About, CorpusSummary, NamedArticle, Question, SmallTalk, Timings

_ARTICLES, _PUBLISHERS, _TITLE = 3, 3, 80
_WHAT_I_DO = "I answer questions about the articles here, and show the exact words that each answer rests on."
FRIENDLY_WORDS: Mapping[SmallTalk, str] = {
    "greeting": f"Hello! {_WHAT_I_DO}",
    "thanks": "You are welcome. Ask me whatever else you would like to know from the articles.",
    "farewell": "Good-bye! Come back with your questions about the articles whenever you like.",
    "about": f"I am Footnote. {_WHAT_I_DO} Where I find no answer, I say so.",
}
"""What is said to everybody, whatever they may read."""


def about(question: Question, kind: SmallTalk, *, index: Index, answers: Callable[[Question], bool]) -> About:
    """Reply to small talk. `answers` says whether the articles answer a question. Raises IndexEmpty or IndexMismatch."""
    started = perf_counter()
    index.check()
    corpus = _summary(index, question.access, answers)
    took = round(1000 * (perf_counter() - started), 2)
    return About(
        id=f"ans_{uuid4().hex}",
        question=question.text,
        text=f"{FRIENDLY_WORDS[kind]} {_in_words(corpus)}",
        small_talk=kind,
        corpus=corpus,
        timings=Timings(retrieve=0.0, answer=took, total=took),
    )


def _summary(index: Index, access: Access, answers: Callable[[Question], bool]) -> CorpusSummary:
    catalog = index.catalog
    publishers, days = catalog.publishers(access), catalog.published_between(access)
    most_first = sorted(publishers, key=lambda name: -publishers[name])
    return CorpusSummary(
        articles=catalog.count(access),
        examples=tuple(NamedArticle(info.id, info.title) for info in catalog.spread(access, _ARTICLES)),
        publishers=tuple(most_first[:_PUBLISHERS]),
        publishers_total=len(publishers),
        earliest=days[0] if days else None,
        latest=days[1] if days else None,
        questions=example_questions(catalog, access, answers),
    )


def _in_words(corpus: CorpusSummary) -> str:
    if not corpus.articles:
        return "There is no article yet that you may read."
    counted = "one article" if corpus.articles == 1 else f"{corpus.articles:,} articles"
    among = ", among them" if corpus.articles > len(corpus.examples) else ":"
    titles = _listed([f"“{_shortened(article.title)}”" for article in corpus.examples])
    return f"You may read {counted}{_published(corpus)}{among} {titles}."


def _published(corpus: CorpusSummary) -> str:
    named = [_shortened(name) for name in corpus.publishers]
    if others := corpus.publishers_total - len(named):
        named.append(f"{others} other{'s' if others > 1 else ''}")
    by = f" by {_listed(named)}" if named else ""
    if corpus.earliest is None or corpus.latest is None:
        return by
    days = [f"{day.day} {day:%B %Y}" for day in (corpus.earliest, corpus.latest)]
    when = f"on {days[0]}" if days[0] == days[1] else f"between {days[0]} and {days[1]}"
    return f", published {when}{by}"


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _shortened(words: str) -> str:
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= _TITLE else one_line[: _TITLE - 1].rstrip() + "…"
