"""Whether the known answer was given. A question that has an answer and was refused, or taken for small talk, scores 0.

Questions without answer, and those whose answers the set does not give, have none of these scores: whether they were
rightly refused is scored in `eval.metrics`.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

from eval.records import EvalQuestion
from service.schemas.api import AskResponse

ANSWER_METRICS = ("exact_match", "token_f1", "answer_in_text", "answer_in_quotes", "answer_in_first_sentence")
PARTS_METRIC = "answer_parts_in_quotes"

# What is known of such a question is a list of parts, of which a full answer names every one.
_OF_PARTS = ("synthesis", "disagreement")

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def answers_are_known(question: EvalQuestion) -> bool:
    """Say whether the given answer can be compared with one that is right."""
    return question.answerable and bool(question.answers)


def has_parts(question: EvalQuestion) -> bool:
    """Say whether the known answers are parts of the whole, and not alternatives."""
    return question.kind in _OF_PARTS


def answer_scores(question: EvalQuestion, response: AskResponse) -> dict[str, float]:
    """Score an answer against the known ones; the best of them counts.

    `exact_match` and `token_f1` compare the short answer, or the whole text (without citation markers) where there
    is no short answer. `answer_in_*` ask whether a known answer stands in the text, in any quote, or in the first
    sentence. `answer_parts_in_quotes` is the share of the known answers that stand in a quote, for questions whose answers
    are parts (kinds `synthesis` and `disagreement`): recall of nuggets, as in Voorhees, "Overview of the TREC 2003 Question
    Answering Track".
    """
    if response.status != "answered":
        return wrong_answer(question)
    if not answers_are_known(question):
        return {}
    text = unmarked_text(response)
    given = response.short_answer or text
    first = response.sentences[0].text if response.sentences else ""
    return {
        "exact_match": max(exact_match(given, answer) for answer in question.answers),
        "token_f1": max(token_f1(given, answer) for answer in question.answers),
        "answer_in_text": _any_in(question.answers, [text]),
        "answer_in_quotes": _any_in(question.answers, [citation.quote for citation in response.citations]),
        "answer_in_first_sentence": _any_in(question.answers, [first]),
    } | _parts(question, response)


def wrong_answer(question: EvalQuestion) -> dict[str, float]:
    """Return the scores of no answer at all: 0 in each that is defined for the question."""
    if not answers_are_known(question):
        return {}
    return dict.fromkeys((*ANSWER_METRICS, *((PARTS_METRIC,) if has_parts(question) else ())), 0.0)


def _parts(question: EvalQuestion, response: AskResponse) -> dict[str, float]:
    if not has_parts(question):
        return {}
    quotes = [citation.quote for citation in response.citations]
    return {PARTS_METRIC: sum(_any_in([answer], quotes) for answer in question.answers) / len(question.answers)}


def unmarked_text(response: AskResponse) -> str:
    """Return the answer's sentences without citation markers."""
    return " ".join(sentence.text for sentence in response.sentences) or response.text


def normalise(text: str) -> str:
    """Lower the case, drop punctuation and the articles a, an, the, and single the spaces.

    As SQuAD's own script does: Rajpurkar et al., EMNLP 2016, section 6.1.
    """
    text = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(given: str, answer: str) -> float:
    """1 when both are the same after `normalise`. Rajpurkar et al., EMNLP 2016, section 6.1."""
    return float(normalise(given) == normalise(answer))


def token_f1(given: str, answer: str) -> float:
    """Harmonic mean of precision and recall of the tokens shared. Rajpurkar et al., EMNLP 2016, section 6.1.

    When either has no token left, both must have none (the script of SQuAD 2.0).
    """
    ours, theirs = normalise(given).split(), normalise(answer).split()
    if not ours or not theirs:
        return float(ours == theirs)
    shared = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * shared / (len(ours) + len(theirs))


def holds_answer(text: str, answer: str) -> bool:
    """Say whether an answer stands in a text as whole words, after normalisation.

    Answer strings matched by tokens: Chen et al., "Reading Wikipedia to Answer Open-Domain Questions", ACL 2017.
    Whole words, so that "5" is not found in "150". Words are made in two ways and either will do: SQuAD drops
    punctuation ("U.S." is "us"), DrQA parts words at it ("Paris's" holds "paris").
    """
    ways: tuple[Callable[[str], str], ...] = (normalise, _parted)
    return any(wanted and f" {wanted} " in f" {way(text)} " for way in ways for wanted in [way(answer)])


def _parted(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).casefold()
    # "150,782" and "7.5" are one number each.
    text = re.sub(r"(?<=\d)[.,](?=\d)", "", text)
    # Accents are code points of their own after NFKD, and not parts of words to a regular expression.
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", re.sub(r"[\W_]+", " ", text)).split())


def _any_in(answers: Iterable[str], texts: Iterable[str]) -> float:
    held = list(texts)
    return float(any(holds_answer(text, answer) for answer in answers for text in held))
