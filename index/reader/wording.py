"""Questions much like those of a passage that the passage no longer answers."""

import re
from collections.abc import Iterable
from random import Random

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+(?:\s+(?:(?:of|the|de|van|von)\s+)?[A-Z][\w'’-]+)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
ASKING = frozenset(
    "a an the is are was were be been do does did has have had of to in on at for by with from and or it its this that "
    "who whom whose what which when where why how many much there i we you my our your me us "
    "can could should would will may must if any about".split()
)
"""Words that questions are made of, whatever they ask about."""

# Words whose opposite turns what is asked into something else (Rajpurkar et al., ACL 2018, table 2: antonyms).
_PAIRS = """
    first/last largest/smallest biggest/smallest most/least more/fewer highest/lowest oldest/youngest before/after
    north/south northern/southern east/west eastern/western increase/decrease increased/decreased high/low
    higher/lower early/late earliest/latest best/worst good/bad positive/negative begin/end began/ended start/stop
    started/stopped win/lose won/lost born/killed allowed/forbidden legal/illegal male/female men/women new/old
    longest/shortest above/below inside/outside include/exclude included/excluded support/oppose supported/opposed
    accept/reject accepted/rejected majority/minority maximum/minimum internal/external import/export buy/sell
    bought/sold left/stayed like/dislike likes/dislikes love/hate loves/hates enjoy/avoid strong/weak fast/slow
    large/small easy/hard easily/hardly always/never open/closed public/private rich/poor founded/dissolved
    created/destroyed built/demolished same/different common/rare popular/unpopular
"""
_OPPOSITES = {word: other for a, b in (pair.split("/") for pair in _PAIRS.split()) for word, other in ((a, b), (b, a))}
_HELPERS = re.compile(r"\b(is|are|was|were|did|does|do|could|would|has|have|had|should)\b", re.IGNORECASE)


def altered(question: str, text: str, random: Random) -> str | None:
    """Return a question much like this one that the passage should no longer answer, or None where no way is found.

    A name or a number becomes another one of the passage, a word its opposite, or the question is denied: most of the
    ways in which people wrote unanswerable questions for SQuAD 2.0 (Rajpurkar et al., ACL 2018, table 2).
    """
    ways = [_renamed(question, text, random), _renumbered(question, text, random), _opposed(question, random)]
    found = [way for way in ways if way]
    # Mostly the hard ways; denying is easily seen through.
    if found and random.random() < 0.97:
        return random.choice(found)
    return _denied(question) if random.random() < 0.15 else None


def _renamed(question: str, text: str, random: Random) -> str | None:
    mine = [m.group() for m in _NAME.finditer(question)]
    if not mine:
        return None
    name = random.choice(mine)
    others = [
        n
        for n in _different((m.group() for m in _NAME.finditer(text)), question)
        if abs(len(n.split()) - len(name.split())) < 2
    ]
    return question.replace(name, random.choice(others)) if others else None


def _renumbered(question: str, text: str, random: Random) -> str | None:
    mine = [m.group() for m in _NUMBER.finditer(question)]
    if not mine:
        return None
    number = random.choice(mine)
    alike = [n for n in _different((m.group() for m in _NUMBER.finditer(text)), question) if len(n) == len(number)]
    other = random.choice(alike) if alike and random.random() < 0.7 else _other_number(number, random)
    return question.replace(number, other)


def _other_number(number: str, random: Random) -> str:
    digits = [at for at, c in enumerate(number) if c.isdigit()]
    at = digits[-1] if len(digits) < 3 else random.choice(digits[-2:])
    changed = str((int(number[at]) + random.randint(1, 9)) % 10)
    return number[:at] + changed + number[at + 1 :]


def _opposed(question: str, random: Random) -> str | None:
    words = question.split(" ")
    places = [at for at, word in enumerate(words) if word.lower().strip("?,.") in _OPPOSITES]
    if not places:
        return None
    at = random.choice(places)
    plain = words[at].strip("?,.")
    words[at] = words[at].replace(plain, _OPPOSITES[plain.lower()])
    return " ".join(words)


def _denied(question: str) -> str | None:
    helper = _HELPERS.search(question)
    # "Can" and "will" and questions without a question word come out as no one would write them.
    if helper is None or helper.start() == 0 or " not " in question or "n't" in question:
        return None
    return f"{question[: helper.end()]}n't{question[helper.end() :]}"


def _different(names: Iterable[str], question: str) -> list[str]:
    return sorted({name for name in names if name.lower() not in question.lower()})
