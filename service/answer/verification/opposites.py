"""Whether a sentence says the opposite of its source, or more: what it denies, that what rose fell, "will" for its "may"."""

import re

from service.answer.text.terms import is_function_word, stem_set, terms
from service.answer.text.units import LETTERS, PERIOD_ADVERBS
from service.answer.verification.antonyms import antonyms, denying

# "not only", "no later than" and the like deny nothing.
_DENIAL = re.compile(
    r"\b(?:(?:not|no)\b(?! (?:only|just|least|doubt|(?:less|more|later|sooner|fewer) than)\b)"
    r"|never|none|nobody|nothing|without|neither|nor|cannot|\w+n['’]t"
    r"|den(?:y|ies|ied)|fail(?:s|ed)? to|refus(?:e|es|ed)|declin(?:e|es|ed) to|ruled out)\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(r"\b(?:forbid(?:s|den)?|forbade|prohibit(?:s|ed)?|bans?|banned)\b", re.IGNORECASE)
_AFTER_DENIAL = re.compile(r"(?:[\s,]+[\w’'-]+){1,3}")
# What a word denies follows it with a preposition or an article: "excluded from discounts", and not "unpaid leave".
_AFTER_DENYING = re.compile(r"[\s,]+([\w’'-]+)(?:[\s,]+[\w’'-]+){1,3}")
_END = re.compile(r"(?<=[.;!?])\s+")
# Stems of words of which one says the opposite of those across from it, where WordNet has no antonyms.
_OPPOSITES = tuple(
    (stem_set(one), stem_set(other))
    for one, other in (
        ("before", "after"),
        ("rise rose increase grow grew climb gain", "fall fell decrease drop decline shrink"),
        ("allow permit", "forbidden prohibit ban"),
        ("mandatory require", "optional voluntary"),
    )
)
# The words of one group exclude each other: how often, how many, how certain, how much, in which direction. Words between the
# same bars mean the same.
_APART = tuple(
    tuple(frozenset(words.split()) for words in group.split("|"))
    for group in (
        "always | usually often generally frequently mostly | sometimes occasionally | rarely seldom | never",
        "all every each | most | many several some | few",
        "must shall | may might can could",
        "certainly definitely certain surely proven confirmed guaranteed | probably likely | possibly perhaps maybe possible"
        " alleged allegedly | unlikely",
        "completely entirely fully wholly | partly partially",
    )
)
_COMPASS = (("north", "south", "east", "west"), ("northeast", "northwest", "southeast", "southwest"))
_APART += tuple(tuple(frozenset({name, f"{name}ern", f"{name}ward"}) for name in names) for names in _COMPASS)
_OFTEN = {name: of for name, of in PERIOD_ADVERBS.items() if name.endswith("ly")}
_APART += (tuple(frozenset(name for name in _OFTEN if _OFTEN[name] == of) for of in dict.fromkeys(_OFTEN.values())),)
# "Will" must not stand for these. The other way round, a sentence claims less.
_UNSURE = frozenset({"may", "might", "could"})
_BETWEEN = re.compile(r"\b(north|south)[\s-](east|west)")
# What is not allowed is forbidden, and "not allowed" denies nothing more than "forbidden" does.
_NOT_ALLOWED = re.compile(r"\b(?:not|never|\w+n['’]t)(?: be)? (?:allowed|permitted)\b", re.IGNORECASE)


def plainly(text: str) -> str:
    """Return a text with one word for what some put into several: "north-east", "not allowed"."""
    return _NOT_ALLOWED.sub("forbidden", _BETWEEN.sub(r"\1\2", text))


def denied_otherwise(words: str, source: str) -> bool:
    """Say whether a sentence denies what its source says, or says what its source denies."""
    denied, source_denied = _denied(words), _denied(source)
    if _FORBIDS.search(words) and not (_FORBIDS.search(source) or _DENIAL.search(source)):
        return True
    if _DENIAL.search(words):
        if not _DENIAL.search(source):
            return True
        return bool(denied) and not denied & source_denied and bool(denied & _plain(source))
    return bool((source_denied & terms(words).keys()) - _plain(source))


def withheld(words: str, sentence: str) -> bool:
    """Say whether words that deny nothing have what a sentence of the source denies by one word: "a discount on clearance
    items" for "clearance items are excluded from discounts"."""
    if _DENIAL.search(words) or denying() & stem_set(words):
        return False
    denied, rest, at = [], [], 0
    for word in LETTERS.finditer(sentence):
        found = _AFTER_DENYING.match(sentence, word.end()) if denying() & stem_set(word.group()) else None
        if found and is_function_word(found[1]):
            denied.append(found.group())
            rest.append(sentence[at : word.start()])
            at = found.end()
    rest.append(sentence[at:])
    return bool(terms(words).keys() & terms(" ".join(denied)).keys() - terms(" ".join(rest)).keys())


def turned(words: str, source: str) -> bool:
    """Say whether a sentence has a word whose opposite its source has, and neither has both: "rose" and "fell"."""
    said, told = _affirmed(words), _affirmed(source)
    if any(antonyms().get(stem, frozenset()) & told - said for stem in said - told):
        return True
    pairs = [*_OPPOSITES, *((other, one) for one, other in _OPPOSITES)]
    return any(said & one and told & other and not said & other and not told & one for one, other in pairs)


def shifted(words: str, source: str) -> bool:
    """Say whether a sentence is surer, more general, or about another direction than its source: "will" for "may", "all" for
    "some", "north" for "south". Only where it has the one and its source the other, and neither has both."""
    said, told = _plain_words(words), _plain_words(source)
    surer = "will" in said - told and bool(told & _UNSURE) and not said & _UNSURE
    return surer or any(_put_in_place(said, told, group) for group in _APART)


def _plain_words(text: str) -> frozenset[str]:
    return frozenset(LETTERS.findall(text.lower()))


def _put_in_place(said: frozenset[str], told: frozenset[str], group: tuple[frozenset[str], ...]) -> bool:
    mine = {at for at, same in enumerate(group) if said & same}
    theirs = {at for at, same in enumerate(group) if told & same}
    return bool(mine - theirs) and bool(theirs - mine)


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
