"""What a sentence of a language model is: a statement, or one of the ways in which models do not answer."""

import re
from typing import Literal

from wordfreq import zipf_frequency

from service.answer.llm.prompts import CANNOT_ANSWER

# "cannot answer": the model used the words from the prompt. "finds nothing": it said the same in its own words.
Reply = Literal["statement", "cannot answer", "finds nothing", "declines", "other language"]

_FINDS_NOTHING = re.compile(
    r"\b(?:passages?|articles?|sources?|texts?|context|documents?)\b.{0,40}\b(?:do(?:es)? not|don['’]t|doesn['’]t|did not|no)"
    r"\b.{0,30}\b(?:answer|contain|mention|provide|say|specify|state|include|information|address)",
    re.IGNORECASE,
)
_DECLINES = re.compile(
    r"\bas an? (?:AI|(?:large )?language model)\b|\bI['’]?(?: a)?m (?:sorry|unable|not able|afraid)\b"
    r"|\bI (?:can(?:no|['’])t|cannot|can not|won['’]t|will not) (?:help|assist|answer|provide|comply|fulfil|do)\b",
    re.IGNORECASE,
)
_LOWER_CASE_WORD = re.compile(r"(?<![\w'’-])[^\W\d_A-Z][^\W\d_]*(?![\w'’-])")
_LETTER = re.compile(r"[^\W\d_]")
# Of the words of an English sentence that are not names, at least this share is as common as "invested" or "forecast".
_COMMON = 4.0
_LEAST_SHARE = 0.5
_LEAST_WORDS = 3


def kind_of(question: str, words: str) -> Reply:
    """Say what a sentence of a model is, as an answer to this question."""
    if CANNOT_ANSWER in words or words.strip(" .!*").upper() == CANNOT_ANSWER:
        return "cannot answer"
    if _FINDS_NOTHING.search(words):
        return "finds nothing"
    if _DECLINES.search(words):
        return "declines"
    return "other language" if _other_language(question, words) else "statement"


def _other_language(question: str, words: str) -> bool:
    """Say whether a sentence is plainly not in the language of an English question.

    Decided by its letters, and by the share of its words that are common in English (wordfreq). Always False for questions in
    other languages and for very short sentences.
    """
    return _is_english(question) is not False and _is_english(words) is False


def _is_english(text: str) -> bool | None:
    letters = _LETTER.findall(text)
    if letters and sum(letter.isascii() for letter in letters) < len(letters) / 2:
        return False
    words = _LOWER_CASE_WORD.findall(text)
    if len(words) < _LEAST_WORDS:
        return None
    known = sum(zipf_frequency(word.lower(), "en") >= _COMMON for word in words)
    return known >= _LEAST_SHARE * len(words)
