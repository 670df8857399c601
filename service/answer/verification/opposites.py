"""Whether a sentence says the opposite of its source: what the source denies, or that something fell which rose."""

import re

from service.answer.text.terms import stem_set, terms

# "not only", "no later than" and the like deny nothing.
_DENIAL = re.compile(
    r"\b(?:(?:not|no)\b(?! (?:only|just|least|doubt|(?:less|more|later|sooner|fewer) than)\b)"
    r"|never|none|nobody|nothing|without|neither|nor|cannot|\w+n['’]t"
    r"|den(?:y|ies|ied)|fail(?:s|ed)? to|refus(?:e|es|ed)|declin(?:e|es|ed) to|ruled out)\b",
    re.IGNORECASE,
)
_AFTER_DENIAL = re.compile(r"(?:[\s,]+[\w’'-]+){1,3}")
_END = re.compile(r"(?<=[.;!?])\s+")
# Stems of words of which one says the opposite of those across from it.
_OPPOSITES = tuple(
    (stem_set(one), stem_set(other))
    for one, other in (
        (
            "rise rises rose risen rising increased grew grow grown gained climbed",
            "fall falls fell fallen falling decreased dropped declined shrank",
        ),
        ("allowed permitted", "forbidden prohibited banned"),
        ("before", "after"),
        ("minimum", "maximum"),
        ("mandatory required", "optional voluntary"),
        ("included", "excluded"),
        ("opened", "closed"),
    )
)


def denied_otherwise(words: str, source: str) -> bool:
    """Say whether a sentence denies what its source says, or says what its source denies."""
    denied, source_denied = _denied(words), _denied(source)
    if _DENIAL.search(words):
        if not _DENIAL.search(source):
            return True
        return bool(denied) and not denied & source_denied and bool(denied & _plain(source))
    return bool((source_denied & terms(words).keys()) - _plain(source))


def turned(words: str, source: str) -> bool:
    """Say whether a sentence has a word whose opposite its source has, and neither has both: "rose" and "fell"."""
    said, told = _affirmed(words), _affirmed(source)
    pairs = [*_OPPOSITES, *((other, one) for one, other in _OPPOSITES)]
    return any(said & one and told & other and not said & other and not told & one for one, other in pairs)


def _affirmed(text: str) -> frozenset[str]:
    """Return the stems of the sentences that deny nothing: "is not allowed" is "forbidden"."""
    return stem_set("\n".join(part for part in _END.split(text) if not _DENIAL.search(part)))


def _denied(text: str) -> frozenset[str]:
    """Return the stems of the words that follow a denial: of "did not disclose terms", those of disclose and terms."""
    after = (_AFTER_DENIAL.match(text, denial.end()) for denial in _DENIAL.finditer(text))
    return frozenset(stem for found in after if found for stem in terms(found.group()))


def _plain(text: str) -> frozenset[str]:
    """Return the stems of the words that follow no denial."""
    kept, at = [], 0
    for denial in _DENIAL.finditer(text):
        kept.append(text[at : denial.start()])
        found = _AFTER_DENIAL.match(text, denial.end())
        at = found.end() if found else denial.end()
    return frozenset(terms(" ".join([*kept, text[at:]])))
