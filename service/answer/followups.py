"""Completes a question that leans on what was said before, by rules, where no language model does it.

Three kinds of leaning are told apart. What only replaces a part ("And in 2030?", "What about Google?") is put in its place
in the question before. What only asks ("By when?", "Why?") is asked of the rest of the question before. And what points
back ("Why was it shut down?") gets a name for its pronoun where there is only one to choose, and otherwise what the turn
before was about, in brackets.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.deadline import check_deadline
from service.answer.models import Message
from service.answer.text.terms import AUXILIARY, stem_set, terms
from service.answer.topics import first_sentence, names_of, topics, unmarked

# How many turns back a question is understood from. Each may lean on the one before it.
_TURNS = 3
# How many things, at most, are named of the question before, and of its answer.
_MOST_TOPICS = 6
_MOST_NAMES = 3
# A question with more terms than this says itself which song it means.
_FEW_TERMS = 3

_ASKING_WORD = r"(?:how|what|which|who|whom|whose|when|where|why)"
_PREPOSITION = r"(?:about|after|at|before|by|for|from|in|of|on|over|since|than|through|to|under|until|with)"
_SUBJECT_CHANGE = re.compile(
    r".{0,40}\b(?:different|another|something|new) (?:thing|topic|subject|question|else)\b.{0,3}[:,.–—-]|by the way\b",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"(?:(?:and|but|or|so|ok(?:ay)?|well|then|also|yes|no|thanks|thank you)\b[\s,.!:–—-]*)*"
    r"(?P<about>(?:what|how) about\s+)?",
    re.IGNORECASE,
)
_PARTS = re.compile(
    rf"(?P<asking>(?:{_PREPOSITION} )?{_ASKING_WORD}(?: \S+){{0,5}}?) (?P<auxiliary>{AUXILIARY}) (?P<rest>.+)",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(rf"(?P<auxiliary>{AUXILIARY}) (?P<rest>.+)", re.IGNORECASE)
_WHO = re.compile(r"(?:who|(?:which|what) [\w-]+) (?P<rest>.+)", re.IGNORECASE)
_HOW_MUCH = re.compile(r"(?:how (?:much|many)|which|what) [\w-]+\b", re.IGNORECASE)
_HOW = r"how(?: (?:much|many|long|often|far|old|soon|so|come))?"
_ONLY_ASKS = re.compile(
    rf"(?:{_PREPOSITION} )?(?:{_HOW}|{_ASKING_WORD}(?: not)?)(?: (?!{AUXILIARY}\b)[\w-]+){{0,2}}",
    re.IGNORECASE,
)
# What asks who or what does something is no ellipsis, though it has no auxiliary: "Who runs Waymo?".
_ASKS_WHO = re.compile(
    r"(?:who(?! (?:else|exactly|specifically)\b)|what(?= [a-z]+(?:s [\w-]|ed\b))|(?:which|what) [\w-]+(?= \w+ed\b)) "
    r"[\w'’-]+(?P<what>.*)",
    re.IGNORECASE,
)
_COMMANDS = re.compile(
    r"(?:please )?(?:tell|give|show|name|list|describe|explain|define|compare|summari[sz]e)\b", re.IGNORECASE
)
_CLAUSE = re.compile(rf"\b(?:{_ASKING_WORD}|{AUXILIARY}|\w+'(?:s|ll|re|ve|d))\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?P<of>its|his|their|her(?= \w))\b|\b(?:it|he|she|they|them|him|her)\b",
    re.IGNORECASE,
)
_NAMED_SUBJECT = re.compile(rf"\b(?i:{AUXILIARY}) (?:the )?[A-Z]\w+")
# "It" that stands for nothing: "How long does it take to …", "Is it possible that …".
_JUDGED = r"(?:possible|true|worth|legal|illegal|necessary|important|better|safe|makes? sense|means?)"
_EMPTY_IT = re.compile(
    rf"\bit (?:\w+ )?(?:takes? (?:to|for|long|me|us|you|one|an?)\b|cost to\b|{_JUDGED} \w+ \w)", re.IGNORECASE
)
# And "it" that stands for all that was said: "Is it true?", "What does it mean?".
_IT_ALL = re.compile(rf"\bit (?:\w+ )?{_JUDGED}\b", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\b(?:these|those|the (?:other|former|latter|same|previous)(?: ones?)?|the (?:first|last|second|third|next) ones?"
    r"|both of|neither of"
    r"|th(?:is|at|e) ones?|one of them|another one|(?:what|who|where|anything|anyone) else|any (?:other|more)|what other"
    r"|are there (?:other|more)|this(?! (?:week|month|year|quarter|morning|evening|century|decade)))\b"
    rf"|(?:^|\b(?:{AUXILIARY}|{_PREPOSITION}|why)) that\b"
    r"|\b(?:that|then|one|ones|so|(?<!is )(?<!are )(?<!was )(?<!were )there)$",
    re.IGNORECASE,
)
# Of named things this tells which: "the first president of France".
_ORDINAL = re.compile(r"\bthe (?:first|last|second|third|next)\b", re.IGNORECASE)
_DEFINITE = re.compile(r"\b(?:the|that) (?P<noun>[a-z][\w-]+)", re.IGNORECASE)
# "And how much before?", "What about before that?" of what will be or is: asked of what was.
_BACK = re.compile(
    rf"(?:(?P<asking>{_ASKING_WORD}(?: (?:much|many|long|often))?(?: [\w-]+)?) )?"
    r"(?P<when>before|earlier|previously|so far|until now|until then)(?: (?:that|then|this))?",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"will|would|shall|can|may|might|do|does", re.IGNORECASE)
_AT_ONCE = re.compile(r"\s+(?:now|right away|immediately|at once|today|next|soon|later)\b", re.IGNORECASE)
_CLARIFIES = re.compile(r"(?:no,? |sorry,? )*i(?: mean|['’]m asking| am asking| am talking| meant)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_WITH_PREPOSITION = re.compile(rf"(?P<preposition>{_PREPOSITION}) (?P<rest>.+)", re.IGNORECASE)
_ABOUT_AND_MORE = re.compile(r"(?P<name>[^,]+), (?P<clause>.+)")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What was asked, in full, and what was answered."""

    asked: str
    said: str


def completed_question(question: str, history: Sequence[Message]) -> str | None:
    """Return the question with what it leaves to the conversation before it, or None where it stands by itself.

    `history` is what was said before, oldest first.
    """
    before: tuple[_Turn, ...] = ()
    for turn in list(_turns(history))[-_TURNS:]:
        before = (*before, _Turn(_completed(turn.asked, before) or turn.asked, turn.said))
    completed = _completed(question, before)
    return None if completed == question else completed


def _turns(history: Sequence[Message]) -> Iterator[_Turn]:
    asked: str | None = None
    for message in history:
        check_deadline()
        if message.role == "user":
            if asked is not None:
                yield _Turn(asked, "")
            asked = message.text
        elif asked is not None:
            yield _Turn(asked, message.text)
            asked = None
    if asked is not None:
        yield _Turn(asked, "")


def _completed(question: str, before: Sequence[_Turn]) -> str | None:
    if not before or _SUBJECT_CHANGE.match(question):
        return None
    text = unmarked(question)
    lead_in = _LEAD_IN.match(text)
    said = text[lead_in.end() :] if lead_in else text
    about = lead_in is not None and lead_in["about"] is not None
    if about and (found := _ABOUT_AND_MORE.fullmatch(said)) and _is_clause(found["clause"]):
        return _pointing_back(text, before) if _points_back(found["name"]) else _about(found["name"], found["clause"])
    if asks_who := _ASKS_WHO.fullmatch(said):
        return _pointing_back(text, before) if _says_what(asks_who) else _bracketed(text, before[-1:])
    if _COMMANDS.match(said) and names_of(said, asked=True):
        return _pointing_back(text, before)
    if back := _asked_back(said, before[-1]):
        return back
    if _ONLY_ASKS.fullmatch(said):
        return _asked_anew(said, before[-1])
    if not _is_clause(said):
        return _fragment(text, said, before, about=about)
    return _pointing_back(text, before)


def _says_what(asks_who: re.Match[str]) -> bool:
    """Say whether a question for who does something says what: "Who runs Waymo?" does, "Who won?" does not."""
    return bool(topics(asks_who["what"]) or _PRONOUN.search(asks_who["what"]))


def _about(name: str, clause: str) -> str:
    """Ask a question of a name: "What about Amazon, which reactors did they choose?"."""
    return _question(_PRONOUN.sub(lambda _: name, clause, count=1))


def _fragment(text: str, part: str, before: Sequence[_Turn], *, about: bool) -> str | None:
    """Complete what is no clause. `part` is the fragment without its "and" or "what about"."""
    led_in, vague = len(part) < len(text), not part or (_points_back(part) and not names_of(part))
    if led_in and not vague:
        return _with_another_part(part, before[-1], swapping=about)
    if led_in or vague:
        return _bracketed(text, before[-2:])
    if len(terms(part)) <= 2 or not names_of(part):
        return _bracketed(text, before[-1:])
    return _pointing_back(text, before)


def _asked_back(said: str, last: _Turn) -> str | None:
    """Ask for what was before of a question for what is or will be; None where that is not asked."""
    back, parts = _BACK.fullmatch(said), _PARTS.fullmatch(unmarked(last.asked))
    if not (back and parts and _AHEAD.fullmatch(parts["auxiliary"])):
        return None
    asking = back["asking"] or parts["asking"]
    return _question(f"{asking} did {_AT_ONCE.sub('', parts['rest'])} {back['when']}")


def _asked_anew(asking: str, last: _Turn) -> str:
    """Ask something else of the rest of the last question: "By when?" of "How much will Amazon invest?"."""
    whole = unmarked(last.asked)
    if yes_or_no := _YES_OR_NO.fullmatch(whole):
        return _question(f"{asking} {yes_or_no['auxiliary'].lower()} {yes_or_no['rest']}")
    if parts := _PARTS.fullmatch(whole):
        lost = "" if terms(asking) else ", ".join(topics(parts["asking"]))
        return _question(f"{asking} {parts['auxiliary']} {parts['rest']}" + (f" ({lost})" if lost else ""))
    if terms(asking) and (counted := _HOW_MUCH.match(whole)):
        return _question(asking + whole[counted.end() :])
    if (asked_who := _WHO.fullmatch(whole)) and (name := _only_name(last)):
        return _question(f"{asking} {name} {asked_who['rest']}")
    return _bracketed(asking, [last])


def _with_another_part(part: str, last: _Turn, *, swapping: bool) -> str:
    """Put a part in its place in the last question: "in 2030" for "in 2024", "Google" for "Amazon"."""
    whole = unmarked(last.asked)
    if (year := _YEAR.search(part)) and len(terms(part)) == 1 and _YEAR.search(whole):
        return _question(_YEAR.sub(year.group(), whole, count=1))
    if (phrase := _WITH_PREPOSITION.fullmatch(part)) and len(part.split()) <= 5:
        same = re.compile(rf"\b{phrase['preposition']} .+?(?=,? {_PREPOSITION}\b|$)", re.IGNORECASE)
        if same.search(whole):
            return _question(same.sub(lambda _: part, whole, count=1))
    names = names_of(whole, asked=True)
    if names and (swapping or names_of(part)) and len(part.split()) <= 3 and not phrase:
        return _question(whole.replace(names[0], part, 1))
    if names and names_of(part):
        asking = _asking(whole)
        named = stem_set(" ".join(names))
        kept = [topic for topic in topics(whole[len(asking) :]) if not stem_set(topic) & named]
        return _question(f"{' '.join([asking, *kept])}, {part}".strip())
    return _question(f"{whole}, {part}")


def _pointing_back(text: str, before: Sequence[_Turn]) -> str | None:
    """Name what a question points back to, or return None where it does not."""
    pronouns = [] if _EMPTY_IT.search(text) else _pronouns(text)
    if not (pronouns or _points_back(text) or _CLARIFIES.match(text) or _takes_up(text, before[-1])):
        return None
    name = None if _points_back(text) or _IT_ALL.search(text) else _only_name(before[-1])
    if name is None or len({_kind(pronoun.group()) for pronoun in pronouns}) != 1:
        return _bracketed(text, before[-1:])
    for pronoun in reversed(pronouns):
        named = f"{name}'s" if pronoun["of"] else name
        text = text[: pronoun.start()] + named + text[pronoun.end() :]
    return _question(text)


def _pronouns(text: str) -> list[re.Match[str]]:
    """Return the pronouns that stand for something outside the question: not "its" of "Does Tesla make its own?"."""
    subject = _NAMED_SUBJECT.search(text)
    own_from = subject.end() if subject else len(text)
    return [found for found in _PRONOUN.finditer(text) if not (found["of"] and found.start() >= own_from)]


def _kind(pronoun: str) -> str:
    return {"its": "it", "their": "they", "his": "he"}.get(pronoun.lower(), pronoun.lower())


def _takes_up(text: str, last: _Turn) -> bool:
    """Say whether a question without names speaks of "the song" where a song was spoken of."""
    if names_of(text, asked=True) or len(terms(text)) > _FEW_TERMS:
        return False
    spoken = stem_set(f"{last.asked} {last.said}")
    return any(stem_set(found["noun"]) <= spoken for found in _DEFINITE.finditer(text) if terms(found["noun"]))


def _bracketed(text: str, turns: Sequence[_Turn]) -> str:
    """Add what these turns were about, the latest first, as far as the question does not say it."""
    own = stem_set(text)
    asked = [topic for turn in reversed(turns) for topic in topics(turn.asked)]
    answered = [name for turn in reversed(turns) for name in names_of(first_sentence(turn.said))[:_MOST_NAMES]]
    new = [topic for topic in (*asked[:_MOST_TOPICS], *answered) if not stem_set(topic) <= own]
    told = [topic for place, topic in enumerate(new) if not stem_set(topic) <= stem_set(" ".join(new[:place]))]
    return _question(f"{text} ({', '.join(told)})" if told else text)


def _only_name(turn: _Turn) -> str | None:
    """Return the one name that a pronoun after this turn can stand for, or None where there are several or none."""
    asked = names_of(turn.asked, asked=True)
    new = [name for name in names_of(first_sentence(turn.said)) if not stem_set(name) <= stem_set(turn.asked)]
    names = new or asked
    return names[0] if len(names) == 1 else None


def _points_back(text: str) -> bool:
    return bool(_POINTS_BACK.search(text)) or (bool(_ORDINAL.search(text)) and not names_of(text, asked=True))


def _is_clause(text: str) -> bool:
    return _CLAUSE.search(text) is not None


def _asking(question: str) -> str:
    counted = _HOW_MUCH.match(question) or re.match(_ASKING_WORD, question, re.IGNORECASE)
    return counted.group() if counted else ""


def _question(text: str) -> str:
    return text[:1].upper() + text[1:] + "?"
