"""The words of a question: the terms and names that matter, and whether it asks for an overview or for what was before."""

import calendar
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from wordfreq import zipf_frequency

from index.stores.lexical import stems

# Words that shape a question and say nothing of its subject.
_QUESTION_WORDS = frozenset(
    "a about all also am an and any anything are as at be been being but by can could did do does doing for from "
    "get give had has have how i if in into is it its kind many me much my of on one or our please say says should "
    "so some such tell than that the their them there these they this those to us was we were what whats when where "
    "which while who whom whose why will with would you your according article articles source sources "
    # When something was, sentences say in words of their own (`tells_back`).
    "already before earlier now previous previously prior".split()
)
_FUNCTION_WORDS = _QUESTION_WORDS | frozenset(
    "after because during each every few later last less more most no not over per since then under until up via".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_NAME_WORD = re.compile(r"\b[A-Z][^\W_]+(?:[-&][^\W_]+)*")
_ANY_NAME = re.compile(r"\b[A-Z]\w*(?:[.&-]\w+)*")
_LETTER = re.compile(r"\b[A-Z]\b")
_CALENDAR = frozenset((*calendar.day_name, *calendar.month_name))
# Below this weight (`terms`), a word that begins a sentence is no name: "Both", "Another", "First".
_RARE = 1.8
_NAME = re.compile(r"\b[A-Z][\w’'&-]*(?:\s+[A-Z][\w’'&-]*)*")


def is_function_word(word: str) -> bool:
    """Say whether a word is one that any sentence may hold, such as an article or a preposition."""
    return word.lower() in _FUNCTION_WORDS


@lru_cache(maxsize=4096)
def terms(question: str) -> Mapping[str, float]:
    """Return the stems of a question that say what it is about, each with its weight: rare words weigh more.

    The weight is 7 less the word's Zipf frequency in English (https://github.com/rspeer/wordfreq): about 1 for a very
    common word, 7 for one that is hardly ever used. It does not depend on the corpus, which may be five articles.
    """
    weights: dict[str, float] = {}
    for word in _WORD.findall(question.lower()):
        if word not in _QUESTION_WORDS:
            for stem in stems(word):
                weights[stem] = max(7.0 - zipf_frequency(word, "en"), 0.5)
    return weights


@lru_cache(maxsize=8192)
def stem_set(text: str) -> frozenset[str]:
    """Return the stems of a text as a set."""
    return frozenset(stems(text))


def distinctive(question: str, texts: Sequence[str]) -> Mapping[str, float]:
    """Return a question's terms with their weight among these texts: what nearly all of them hold tells little.

    The weight of a term is that of `terms` times its inverse document frequency among the texts, between 0 and 1. In a
    corpus about one thing its name is rare English and yet says nothing.
    """
    held = [stem_set(text) for text in texts]
    frequency = {stem: sum(stem in stems_ for stems_ in held) for stem in terms(question)}
    most = math.log(1 + 2 * len(texts)) or 1.0
    return {
        stem: weight * math.log(1 + len(texts) / max(frequency[stem], 0.5)) / most
        for stem, weight in terms(question).items()
    }


def covered(weights: Mapping[str, float], *texts: str) -> float:
    """Return the share of these terms' weight that the texts hold, between 0 and 1."""
    held = frozenset[str]().union(*(stem_set(text) for text in texts))
    missing = sum(weight for stem, weight in weights.items() if stem not in held)
    return 1.0 - missing / (sum(weights.values()) or 1.0)


def names_in(question: str) -> list[str]:
    """Return the words of a question that are names: those with a capital, but for the first, which has one anyway."""
    return [match.group() for match in _NAME_WORD.finditer(question.strip()) if match.start() > 0]


def missing_names(question: str, texts: Sequence[str]) -> list[str]:
    """Return the names in a question that none of these texts holds, not even as the initials of a longer name."""
    held = frozenset[str]().union(*(stem_set(text) for text in texts))
    initials = frozenset[str]().union(*(initials_in(text) for text in texts))
    return [name for name in names_in(question) if not stem_set(name) <= held and name not in initials]


def initials_in(text: str) -> frozenset[str]:
    """Return the initials of the names of several words in a text: "AWS" for "Amazon Web Services"."""
    names = [name.split() for name in _NAME.findall(text)]
    return frozenset("".join(word[0] for word in words) for words in names if len(words) > 1)


@lru_cache(maxsize=4096)
def name_others(one: str, other: str) -> bool:
    """Say whether each of two sentences names something that the other does not: "Rome has 40 parks", "Pisa has 40 parks".

    One of them may say more ("Amazon.com of Seattle"), and a name may stand as its initials.
    """
    return bool(_names_missing(one, other)) and bool(_names_missing(other, one))


def _names_missing(sentence: str, other: str) -> list[str]:
    # The letter of "plan A" is another word than "a".
    held = stem_set(other) | initials_in(other.removeprefix("The ")) | set(_LETTER.findall(other))
    names = (name.group() for name in _ANY_NAME.finditer(sentence) if name.start() > 0 or _is_rare(name.group()))
    return [name for name in names if name not in _CALENDAR and not _forms(name) & held]


def _forms(name: str) -> frozenset[str]:
    return frozenset({name}) if len(name) == 1 else stem_set(name) | {name.replace(".", "")}


def _is_rare(word: str) -> bool:
    """Say whether a word that begins a sentence may be a name: those that any sentence begins with are common."""
    return max(terms(word).values(), default=0.0) >= _RARE


def new_names(sentence: str, question: str) -> list[str]:
    """Return the names in a sentence that the question does not hold already."""
    named = stem_set(question)
    names = [name for name in _NAME.findall(sentence) if name.lower() not in _QUESTION_WORDS]
    return [name for name in names if not stem_set(name) <= named]


_OVERVIEW = re.compile(
    r"\b(?:summari[sz]e|summary|overview|compare|comparison|according to .{1,200} and|what do (?:the )?(?:articles|sources)"
    r"|sources say|tell me about|describe|explain|pros and cons|implications?|consequences|risks|reasons|ways"
    r"|how do .{1,200} differ|differences?)\b",
    re.IGNORECASE,
)


def asks_for_overview(question: str) -> bool:
    """Say whether a question wants several things told, rather than one fact."""
    return bool(_OVERVIEW.search(question))


_ASKS_BACK = re.compile(r"\b(?:previous\w*|prior|before|earlier|so far|to date|until now|formerly)\b", re.IGNORECASE)
_ASKS_AHEAD = re.compile(
    r"\b(?:will|going to|plans? to|right away|immediately|now|next|later|soon|in (?:the )?future)\b", re.IGNORECASE
)
_NOW = re.compile(r"\b(?:now|currently|current|today|nowadays|at present|at the moment|these days)\b", re.IGNORECASE)
_THEN = re.compile(r"\b(?:was|were|used to)\b", re.IGNORECASE)
_TELLS_BACK = re.compile(rf"{_ASKS_BACK.pattern}|\balready\b", re.IGNORECASE)


AUXILIARY = (
    "(?:am|is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must"
    "|(?:is|are|was|were|do|does|did|has|have|had|ca|could|wo|would|should)n['’]t)"
)
"""A pattern of the verbs that questions for yes or no begin with."""
_WHETHER = re.compile(rf"^(?:(?:and|so|but|then)\b,? )?{AUXILIARY}\b", re.IGNORECASE)
# "Do you know when it opens?" and "Does any source say how many?" ask when and how many.
_ASKS_INDIRECTLY = re.compile(
    r"\b(?:kn[eo]wn?|t[eo]ld?|says?|said|clear|state[sd]?|mention\w*|explain\w*|reveal\w*|disclose\w*|agreed? (?:on|about)"
    r"|gives?|shows?|find out|remember)\b.{0,200}?\b(?:what|which|who|whom|whose|how|where|when|why)\b",
    re.IGNORECASE,
)
_OF_THE_PAST = re.compile(r"^(?:(?:and|so|but|then)\b,? )?(?:did|has|have|had|was|were)(?:n['’]t)?\b", re.IGNORECASE)
_PENDING = re.compile(
    r"\b(?:needs?|awaits?|expect\w*|plan(?:s|ned)?|hopes?|intends?|wants?|seeks?|will|would|could|may|might|(?:is|are) to)\b",
    re.IGNORECASE,
)

_TOTAL = re.compile(r"\b(?:totals?|totalling|altogether|overall|in all|all in all|combined|in sum)\b", re.IGNORECASE)
_BEGINS_PART = r"(?:(?:since|by|in|at|from|to|for|over|on|of|with) )?(?:what|whom?|whose|when|where|how|why|which)\b"
_PART = re.compile(rf"[,;?]?\s+and\s+(?={_BEGINS_PART})|[?;]\s+(?={_BEGINS_PART})", re.IGNORECASE)
_ASKS = re.compile(_BEGINS_PART, re.IGNORECASE)
_EACH = re.compile(r"(?<![\w.&-])(?P<one>[A-Z][\w.&-]*+),? and (?P<other>[A-Z][\w.&-]*)(?P<between>.{0,200}?) each\b")
_ONE = re.compile(
    r"\b(?:what|which|whose) (?!(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|happen\w*"
    r"|makes?|about|if|the|an?|ways?|things|reasons?|causes?|effects?|roles?)\b)[\w-]+"
    r"|\b(?:name|term|word|title) (?:of|for|given)\b|\b(?:called|named|where|who)\b",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^(?:please )?(?:list|name|give)\b|\b(?:which|what)(?: \w+){0,2}? (?!(?:is|was|has|does|years?)\b)\w+[^\Ws]s"
    r" (?:are|were|have|do|did|will|can|could|take|took|use|get|got|build|make)\b|\bwhich of the\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions in one: "who built it, and when was it opened?" asks two. One that asks one thing is alone.

    "How much do Rome and Pisa each pay?" asks of Rome and of Pisa.
    """
    if each := _EACH.search(question):
        begin, end = question[: each.start()], question[each.end() :]
        return tuple(f"{begin}{each[name]}{each['between']}{end}" for name in ("one", "other"))
    parts = tuple(part.strip() for part in _PART.split(question))
    each_asks = all(_ASKS.search(part) and len(part.split()) > 2 for part in parts)
    if len(parts) == 1 or not each_asks or asks_for_overview(question):
        return (question,)
    return tuple(part if part.endswith("?") else f"{part}?" for part in parts)


@lru_cache(maxsize=4096)
def asks_for_list(question: str) -> bool:
    """Say whether a question asks for several things of a kind, as "which companies have …" does."""
    return bool(_LIST.search(question))


@lru_cache(maxsize=4096)
def asks_for_one(question: str) -> bool:
    """Say whether a question asks for one person, place or thing, as "which country …" and "who …" do."""
    return bool(_ONE.search(question))


@lru_cache(maxsize=8192)
def of_total(text: str) -> bool:
    """Say whether a question or sentence is about a total, as in "altogether"."""
    return bool(_TOTAL.search(text))


@lru_cache(maxsize=4096)
def asks_back(question: str) -> bool:
    """Say whether a question asks for what was before, as in "had invested before"."""
    return bool(_ASKS_BACK.search(question))


@lru_cache(maxsize=4096)
def asks_ahead(question: str) -> bool:
    """Say whether a question asks for what happens now or later, as in "will invest right away"."""
    return bool(_ASKS_AHEAD.search(question))


@lru_cache(maxsize=8192)
def tells_back(sentence: str) -> bool:
    """Say whether a sentence tells what was before, as in "has already invested"."""
    return bool(_TELLS_BACK.search(sentence))


@lru_cache(maxsize=4096)
def asks_whether(question: str) -> bool:
    """Say whether a question is to be answered with yes or no."""
    return bool(_WHETHER.search(question)) and not _ASKS_INDIRECTLY.search(question)


@lru_cache(maxsize=4096)
def asks_whether_it_happened(question: str) -> bool:
    """Say whether a question asks if something has come about, as "Did they approve it?" does."""
    return asks_whether(question) and bool(_OF_THE_PAST.search(question))


@lru_cache(maxsize=8192)
def tells_of_pending(sentence: str) -> bool:
    """Say whether a sentence tells of what is still to come about, as in "needs the approval" or "is expected to"."""
    return bool(_PENDING.search(sentence))


@lru_cache(maxsize=4096)
def tells_now(question: str, sentence: str) -> float:
    """Return 1 where the question asks for what is so now and the sentence tells that, -1 where it tells what was, else 0."""
    if not _NOW.search(question):
        return 0.0
    return 1.0 if _NOW.search(sentence) else -float(_THEN.search(sentence) is not None)
