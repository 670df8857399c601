"""Simple English clauses taken apart, so that a question can be made of them. What is not simple is left alone.

A clause is read from its first finite verb: what stands before is the subject, what follows the tail. It is only taken
when the subject names something, since a question about "the company" or "it" says nothing away from its article.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from wordfreq import zipf_frequency


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as a question needs it: `<auxiliary> <subject> <verb>` asks what `<subject> … <verb> <tail>` says."""

    auxiliary: str
    subject: str
    verb: str
    tail: str


# "base past" where the past is irregular; else it is formed from the base.
_VERBS = """
    acquire add agree:agreed aim announce approve attract back become:became begin:began borrow build:built buy:bought
    charge close collect commit:committed complete contain control cost:cost cover create cut:cut decline deliver deploy
    design develop discover donate double drop:dropped earn employ enter establish exceed expand export fall:fell
    file fine finish found fund gain generate give:gave grow:grew hire hold:held import increase invent invest
    join jump launch lead:led lease leave:left lend:lent lose:lost make:made manufacture merge move need occupy:occupied
    offer open operate order own pay:paid plan:planned pledge post produce promise provide publish purchase raise
    reach receive recruit release rent replace report require rise:rose save score secure sell:sold send:sent serve
    ship:shipped shut:shut sign spend:spent start store supply:supplied surpass take:took total train treble use
    visit want weigh win:won withdraw:withdrew write:wrote
"""
_PARTICIPLES = frozenset(
    "agreed become been begun bought built come committed cut done driven fallen felt found given gone grown held hit "
    "known laid led left lent lost made met paid put risen run seen sent set shot shown shut sold spent spread "
    "struck taken told understood withdrawn won written".split()
)
_BE, _HAVE = frozenset(("is", "are", "was", "were")), frozenset(("has", "have", "had"))
_MODALS = frozenset("will would can could may might must should".split())
# Left out of a question: they tie the sentence to the one before it, or to its day.
_PASSED_OVER = frozenset(
    "also already currently now recently reportedly then still thus therefore subsequently later eventually".split()
)
_NEVER_IN_SUBJECT = frozenset(
    "and or but that which who whom whose when while where if as because since until after before than not never no "
    "i he she it they we you this these those there here his her its their our my your such what how why "
    "said says say told tells announced believes thinks expects estimates claims reported reports according however "
    "in on at by from to with during under over between among per via amid despite although though unlike".split()
)
_NEVER_FIRST = frozenset("a an some many most all both each every few several another other one two three".split())
_NOT_SIMPLE = re.compile(r"[\"“”„«»()\[\]:;?!…*_|—–]|--|\b(?:not|never)\b|n['’]t\b")
_MID_SENTENCE_NAME = re.compile(r"(?<=[a-z0-9,] )[A-Z][\w&’'-]*")
_POSSESSIVE = re.compile(r"['’]s?$")


def _forms() -> dict[str, tuple[str, str]]:
    """Return each finite form with its auxiliary and base: "raised" is asked for by "did … raise"."""
    forms: dict[str, tuple[str, str]] = {
        word: (("did" if word == "had" else "does"), "have") for word in ("has", "had")
    }
    for entry in _VERBS.split():
        base, _, past = entry.partition(":")
        forms[base] = ("do", base)
        forms[_third_person(base)] = ("does", base)
        # After the present, so that "cost" and "cut", which are both, are asked for in the past.
        forms[past or (base + "d" if base.endswith("e") else base + "ed")] = ("did", base)
    return forms


def _third_person(base: str) -> str:
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


_FORMS = _forms()


def names_of(text: str) -> frozenset[str]:
    """Return the words of a text that have a capital where no sentence begins, and never go without."""
    # Marks of emphasis would hide where a word begins.
    words = " ".join(text.replace("*", "").replace("_", "").split())
    lower = frozenset(re.findall(r"\b[a-z][\w-]*", words))
    found = (_POSSESSIVE.sub("", name) for name in _MID_SENTENCE_NAME.findall(words))
    return frozenset(name for name in found if name.lower() not in lower)


def is_simple(sentence: str) -> bool:
    """Say whether a sentence is short, ends in a full stop, and holds nothing quoted, bracketed or negated."""
    short = len(sentence) <= 300 and 4 <= len(sentence.split()) <= 40
    return short and sentence.endswith(".") and not _NOT_SIMPLE.search(sentence)


def clause_of(sentence: str, names: frozenset[str]) -> Clause | None:
    """Take a sentence apart, or return None when it is not simple enough. `names` are those of its article."""
    words = sentence.rstrip(".").split()
    for position, word in enumerate(words):
        if word in _FORMS or word in _BE | _HAVE | _MODALS or (position and _is_past(word, after=words[position - 1])):
            subject = _subject(words[:position], names)
            return _clause(subject, words[position:]) if subject else None
    return None


def _is_past(word: str, *, after: str) -> bool:
    """Say whether a word that we do not know is a verb in the past: behind a name, what ends so nearly always is."""
    return after[0].isupper() and not _POSSESSIVE.search(after) and re.fullmatch(r"[a-z]{3,}ed", word) is not None


def _clause(subject: str, words: list[str]) -> Clause | None:
    first, rest = words[0], _without_adverbs(words[1:])
    following = rest[0] if rest else ""
    if _continues(first, following):
        return Clause(first, subject, following, " ".join(rest[1:]))
    if first in _BE | _MODALS:
        return None
    auxiliary, base = _FORMS.get(first) or ("did", base_of(first))
    if auxiliary != "did" and not (subject.split()[-1][0].isupper() or first == "has"):
        return None  # "the plans cost" and "its reports": after a common noun the word may be a noun, too
    return Clause(auxiliary, subject, base, " ".join(rest))


def base_of(past: str) -> str:
    """Return the base of a regular verb in the past: "launch", "plan", "invite", "note", "carry"."""
    stem = past.removesuffix("ed")
    if stem.endswith("i"):
        return stem[:-1] + "y"
    if re.search(r"([^aeioulsz])\1$", stem):
        return stem[:-1]
    # "Noted" cannot come from "not": a short vowel would have doubled the consonant.
    if re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", stem):
        return stem + "e"
    return max(stem, stem + "e", key=lambda base: zipf_frequency(base, "en"))


def _continues(first: str, following: str) -> bool:
    """Say whether a word is the verb that goes with an auxiliary before it."""
    if first in _MODALS:
        return following.isalpha() and following.islower()
    if first in _BE and re.fullmatch(r"[a-z]{3,}ing", following):
        return True
    participle = following in _PARTICIPLES or re.fullmatch(r"[a-z]{2,}ed", following) is not None
    return participle and first in _BE | _HAVE


def _without_adverbs(words: list[str]) -> list[str]:
    while words and words[0] in _PASSED_OVER:
        words = words[1:]
    return words


def _subject(words: list[str], names: frozenset[str]) -> str | None:
    """Return a subject as it stands within a question, or None when it is too long, too vague or no subject."""
    words = words[:-1] if words and words[-1] in _PASSED_OVER else words
    if not 1 <= len(words) <= 7 or any("," in word for word in words):
        return None
    lowered = [word.lower() for word in words]
    if lowered[0] in _NEVER_FIRST or not (_NEVER_IN_SUBJECT | _PASSED_OVER).isdisjoint(lowered):
        return None
    if any(re.fullmatch(r"[a-z]+(?:ed|ing)", word) for word in words) or not words[0][0].isupper():
        return None
    if not any(word[0].isupper() for word in words[1:]) and not is_name(words[0], names):
        return None
    keeps_capital = is_name(words[0], names) or (len(words) > 1 and words[1][0].isupper() and lowered[0] != "the")
    return " ".join(words if keeps_capital else [lowered[0], *words[1:]])


def is_name(word: str, names: Iterable[str]) -> bool:
    """Say whether the first word of a sentence is a name: it is one elsewhere, has inner capitals, or is no common word."""
    bare = _POSSESSIVE.sub("", word)
    if bare == "The":
        return False
    return bare in names or bare[1:] != bare[1:].lower() or zipf_frequency(bare.lower(), "en") < 2.5
