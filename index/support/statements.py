"""Questions with their answers, put into statements by rule, and two statements made one."""

import re
from random import Random

_WHO = re.compile(
    r"(?:who|what|which company|which country)\s+(?=(?:is|are|was|were|has|had|can|will)\b|[a-z]+(?:ed|s)\b)",
    re.IGNORECASE,
)
_WHICH = re.compile(
    r"(?:what|which)\s+(?P<kind>[a-z]+(?: [a-z]+)?)\s+"
    r"(?=(?:is|are|was|were|has|had|can|will)\b(?!\s(?:it|the|he|she|they|we|you|this|that|a|an|[A-Z])\b))",
    re.IGNORECASE,
)
_COPULA = re.compile(r"(?:what|who|when|where)\s+(?P<be>is|are|was|were)\s+(?P<rest>.+)", re.IGNORECASE)
_HOW_MANY = re.compile(r"how (?:many|much)\s+(?P<rest>.+)", re.IGNORECASE)
_DID = re.compile(
    r"(?P<asks>when|where|how|why)\s+(?P<do>did|does|do|can|should|will|must)\s+(?P<rest>.+)", re.IGNORECASE
)
_IN = {"when": ("in ", ""), "where": ("in ", "at "), "how": ("", "by "), "why": ("because ", "because of ")}
_FIRST = re.compile(r"(?<!\s)\s+(?=(?:is|are|was|were|has|have|had|will|can|could|would|may|must|should|did|does)\b)")
_PREPOSITION = re.compile(
    r"(?:in|on|at|by|from|to|with|because|for|during|after|before|since|until|under|over)\b", re.IGNORECASE
)


def stated(question: str, answer: str, random: Random) -> str:
    """Return what somebody who answers a question so states: one sentence, or the question followed by the answer."""
    question, answer = question.strip().rstrip("?. ").strip(), answer.strip().rstrip(".").strip()
    plain = f"{question}? {answer}."
    if random.random() < 0.3:
        return plain
    return _statement(question, answer, random) or plain


def _statement(question: str, answer: str, random: Random) -> str | None:
    if found := _HOW_MANY.match(question):
        return f"{found['rest'].rstrip()}: {answer}."
    if found := _DID.fullmatch(question):
        before = "" if _PREPOSITION.match(answer) else random.choice(_IN[found["asks"].lower()])
        helper = "" if found["do"].lower() in ("did", "does", "do") else f"{found['do'].lower()} "
        subject, _, rest = found["rest"].partition(" ")
        return _capital(
            f"{found['rest']} {before}{answer}." if not helper else f"{subject} {helper}{rest} {before}{answer}."
        )
    if found := _WHICH.match(question):
        return _capital(f"{answer} {question[found.end() :]}.")
    if found := _COPULA.fullmatch(question):
        if random.random() < 0.5:
            return _capital(f"{found['rest']} {found['be'].lower()} {answer}.")
        return _capital(f"{answer} {found['be'].lower()} {found['rest']}.")
    if found := _WHO.match(question):
        return _capital(f"{answer} {question[found.end() :]}.")
    return None


def joined(one: str, other: str, random: Random) -> str:
    """Return two statements as one sentence."""
    return f"{one.rstrip('. ')}{random.choice((', and ', '; ', ' and ', ', while '))}{_lowered(other)}"


def crossed(one: str, other: str) -> str | None:
    """Return what the second sentence says, said of what the first one speaks of; None where neither part is found."""
    first, second = _FIRST.search(one), _FIRST.search(other)
    if first is None or second is None or first.start() < 3 or second.start() < 3:
        return None
    if one[: first.start()] == other[: second.start()]:
        return None
    return one[: first.start()] + other[second.start() :]


def _lowered(text: str) -> str:
    word = text.partition(" ")[0]
    return text[:1].lower() + text[1:] if word.lower() in _SMALL else text


_SMALL = frozenset(
    "the a an it this that these those in on at by there they he she we you its his her their our some most".split()
)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
