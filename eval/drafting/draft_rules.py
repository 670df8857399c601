"""Questions made from sentences by rule, without a language model: few patterns, each of which gives plain English.

Making questions by moving the auxiliary before the subject and leaving the answer out: Heilman and Smith, "Good Question!
Statistical Ranking for Question Generation", NAACL 2010. Here without a parser, and a sentence that fits no pattern well
is passed over.
"""

import re
from collections.abc import Iterator

from eval.drafting.clauses import Clause, clause_of, is_name, is_simple, names_of
from eval.drafting.draft_records import Draft
from eval.scoring.answer_scores import holds_answer
from index.ingest.segmentation import display_text, split_sentences
from index.records import Article
from service.answer.text.terms import terms

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# A month alone says too little, and a year that is part of a longer number is none.
_DATE = (
    rf"(?:\d{{1,2}} (?:{_MONTHS})(?: \d{{4}})?|(?:{_MONTHS}) \d{{1,2}}(?:,? \d{{4}})?"
    rf"|(?:{_MONTHS}) \d{{4}}|[12]\d{{3}})(?!\d)"
)
_HEDGE = (
    r"(?:(?:about|around|roughly|approximately|nearly|almost|over|some|up to|as much as|as many as|at least|more than"
    r"|less than|fewer than|another|an additional|an estimated|a total of|a record|just|only) )*"
)
_SCALE = r"(?: (?:thousand|million|billion|trillion))?"
_NUMBER = rf"\d[\d,]*(?:\.\d+)?{_SCALE}"
_SMALL = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MONEY = rf"(?:US)?[$€£¥]\s?{_NUMBER}(?:bn|m|k)?|{_NUMBER} (?:dollars|euros|pounds|yen)"
_PREPOSITIONS = "in|into|for|from|on|to|at|with|by|through|during|within|per|as|over|between|across|worldwide|annually"
# What follows the answer: nothing, or what begins with a preposition.
_REST = rf"(?P<rest>(?: (?:{_PREPOSITIONS})\b.*)?)"

_AMOUNT = re.compile(rf"(?P<before>(?:at |to [a-z]+ )?){_HEDGE}(?P<answer>{_MONEY}){_REST}")
_AMOUNT_FOR = re.compile(rf"(?P<object>[\w’'&. -]{{2,60}}) for {_HEDGE}(?P<answer>{_MONEY}){_REST}")
_SHARE = re.compile(rf"(?P<before>(?:for )?){_HEDGE}(?P<answer>\d[\d.,]*(?:%| percent| per cent)) of (?P<of>.+)")
_CHANGE = re.compile(rf"(?:by )?{_HEDGE}(?P<answer>\d[\d.,]*(?:%| percent| per cent)){_REST}")
_THINGS = r"(?:[a-z][a-z-]+ ){0,2}(?:people|[a-z-]{3,}s)"
_COUNT = re.compile(rf"(?P<before>(?:to [a-z]+ )?){_HEDGE}(?P<answer>{_NUMBER}|{_SMALL}) (?P<things>{_THINGS}){_REST}")
_WHEN = re.compile(rf"(?P<body>.*?) ?\b(?P<how>in|on|by|since|until) (?:early |late |mid-)?(?P<answer>{_DATE})")
_FRONT = re.compile(rf"(?P<how>In|On|By|Since) (?:early |late |mid-)?(?P<answer>{_DATE}),? (?=[A-Z])")
_BY_WHOM = re.compile(
    r"(?P<body>.*?)\bby (?P<answer>[A-Z][\w.’'-]*(?: (?:and )?[A-Z][\w.’'-]*){1,4})(?P<rest>(?: in .*)?)"
)
_ROLE = (
    "CEO|CFO|CTO|COO|chief executive(?: officer)?|chief financial officer|president|chairman|chairwoman|chair"
    "|prime minister|finance minister|foreign minister"
)
_PERSON = r"[A-Z][a-z][\w’'-]*(?: [A-Z]\.)?(?: [A-Z][\w’'-]+){1,2}"
_NAMED = r"[A-Z][\w&’'-]*(?: [A-Z][\w&’'-]*){0,3}"
_OFFICE_AFTER = re.compile(rf"\b(?P<answer>{_PERSON}), (?:the )?(?P<role>{_ROLE}) of (?P<of>(?:the )?{_NAMED})(?=[,.])")
_OFFICE_BEFORE = re.compile(rf"\b(?P<of>{_NAMED}?)(?:['’]s)? (?P<role>{_ROLE}),? (?P<answer>{_PERSON})\b")

_NOT_IN_OFFICE = re.compile(
    r"\b(?:former|ex|then|outgoing|interim|acting|vice|deputy|incoming|future|[12]\d{3})\b", re.IGNORECASE
)

_CHANGING = frozenset("grow rise fall drop increase decline jump expand gain lose".split())
_DEALING = frozenset("buy sell acquire purchase".split())
_MADE = frozenset(
    "founded created acquired bought designed directed built developed discovered invented established launched "
    "published produced purchased".split()
)

_VAGUE = re.compile(
    r"\b(?:it|he|she|they|them|him|her|his|this|that|these|those|we|us|our|i|me|my|you|your|there|here|such|former|latter"
    r"|respectively|yesterday|today|tomorrow|last|next|ago|now|currently|recently|later|same|others?|which|who"
    r"|after|before|when|while|because|where|than|whose|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b"
    r"|\bthe (?:company|firm|start-?up|deal|agreement|project|group|plan|move|program(?:me)?|man|woman|team|bank|city"
    r"|country|state|report|study|case|book|film|movie|game|series|song|album|year|month|week|day|season|two|three|new"
    r"|first|second|area|region|island|family|club|school|party|government|process|event|site|system|product)\b"
    r"(?! (?:of )?[A-Z])",
    re.IGNORECASE,
)
# "Ada and Grace" is one thing; "and hired three more" would be asked about as well.
_JOINED = re.compile(r",|\b(?:or|but)\b|(?<!\S)(?![A-Z])\S+ and\b|\band (?![A-Z])")
_PARENTHESIS = re.compile(r" ?\([^()]*\)")
# A comma before one of these ends what the clause says of its answer; before others a list may go on.
_GOES_ON = re.compile(
    r", (?=(?:which|who|while|whereas|as|after|before|when|where|with|according|making|giving|bringing|becoming|leaving"
    r"|compared|up|down|but|although|though|because|including|replacing|marking|just|only|roughly|about|almost|nearly)\b)"
)
_INTERROGATIVE = re.compile(
    r"^(?:(?:in|by|since|until|for) )?(?:which year|when|what percentage|who|how (?:much|many))\b", re.IGNORECASE
)
_CLEAR_WITH_LITTLE = re.compile(r"^who |\b(?:was|were|have)\b")
_MOST_WORDS = 24


def rule_drafts(article: Article) -> Iterator[Draft]:
    """Yield the questions that the sentences of an article give, in order: at most one a sentence, and only in English."""
    if article.info.language and not article.info.language.lower().startswith("en"):
        return
    names = names_of(article.text)
    for span in split_sentences(article.text, article.info.format):
        quote = article.text[span.start : span.end]
        words = display_text(quote, article.info.format)
        if span.kind == "sentence" and is_simple(plain := _PARENTHESIS.sub("", words)):
            asked = next(_questions(plain, names), None)
            if asked:
                yield Draft(article.id, question=asked[0], answer=asked[1], quote=quote)


def _questions(sentence: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield questions that a sentence answers, each with the answer, the most telling first."""
    for question, answer in (*_from_clause(sentence, names), *_from_office(sentence, names)):
        question = " ".join(question.split())
        if _is_plain(question, answer):
            yield question[0].upper() + question[1:] + "?", answer


def _is_plain(question: str, answer: str) -> bool:
    rest = _INTERROGATIVE.sub("", question)
    # "In which year was OpenAI founded" is clear; "when did Google follow" is not.
    least = 2 if _CLEAR_WITH_LITTLE.search(question) else 3
    told = len(terms(rest)) >= least and len(question.split()) <= _MOST_WORDS
    return told and not _VAGUE.search(rest) and not _JOINED.search(rest) and not holds_answer(question, answer)


def _from_clause(sentence: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    front = _FRONT.match(sentence)
    clause = clause_of(_main_clause(sentence[front.end() :] if front else sentence), names)
    if clause is None:
        return
    asked = f"{clause.auxiliary} {clause.subject} {clause.verb}"
    dated = f" {front['how'].lower()} {front['answer']}" if front else ""
    yield from ((question + dated, answer) for question, answer in _value_questions(clause, asked))
    if front:
        yield f"{_time_word(front)} {asked} {clause.tail}", front["answer"]
    elif when := _WHEN.fullmatch(clause.tail):
        yield f"{_time_word(when)} {asked} {when['body']}", when["answer"]


def _main_clause(sentence: str) -> str:
    main = _GOES_ON.split(sentence, maxsplit=1)[0]
    first, comma, second = main.partition(", ")
    # Where no list is under way, ", and" begins another clause.
    return first if comma and second.startswith(("and ", "so ")) else main


def _value_questions(clause: Clause, asked: str) -> Iterator[tuple[str, str]]:
    tail = clause.tail
    if match := _AMOUNT.fullmatch(tail):
        yield f"how much {asked} {match['before']}{match['rest']}", match["answer"]
    if clause.verb in _DEALING and (match := _AMOUNT_FOR.fullmatch(tail)):
        yield f"for how much {asked} {match['object']}{match['rest']}", match["answer"]
    if match := _SHARE.fullmatch(tail):
        yield f"what percentage of {match['of']} {asked} {match['before']}", match["answer"]
    if clause.verb in _CHANGING and (match := _CHANGE.fullmatch(tail)):
        yield f"by what percentage {asked}{match['rest']}", match["answer"]
    if match := _COUNT.fullmatch(tail):
        yield f"how many {match['things']} {asked} {match['before']}{match['rest']}", match["answer"]
    if clause.auxiliary in ("was", "were") and clause.verb in _MADE and (match := _BY_WHOM.fullmatch(tail)):
        yield f"who {clause.verb} {clause.subject} {match['body']}{match['rest']}", match["answer"]


def _time_word(match: re.Match[str]) -> str:
    how = match["how"].lower()
    if how in ("since", "until"):
        return f"{how} when"
    year = match["answer"].isdigit()
    return f"{how} which year" if year else "by when" if how == "by" else "when"


def _from_office(sentence: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    if _NOT_IN_OFFICE.search(sentence):
        return
    for pattern in (_OFFICE_AFTER, _OFFICE_BEFORE):
        for match in pattern.finditer(sentence):
            holder = match["of"].removesuffix("'s").removesuffix("’s")
            # The first word of a sentence has a capital, whatever it is.
            if match.start() > 0 or is_name(sentence.split()[0], names):
                yield f"who is the {match['role']} of {holder}", match["answer"]
