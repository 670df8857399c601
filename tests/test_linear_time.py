"""Everything that reads text from outside takes time that grows as the text does, whatever stands in it.

Each function meets texts that are hard on patterns, at one, two and four times a length. Processor time is compared, never a
clock: four times the text may take up to ten times as long, where a quadratic pattern takes sixteen times and a cubic one
sixty-four. What takes hardly longer than counting the text's words is not compared.
"""

import time
from collections.abc import Callable
from datetime import date
from functools import cache

import pytest

from eval.scoring.answer_scores import normalise
from index.control_characters import json_controls, visible_controls
from index.stores.lexical import stems
from service.answer.analysis import analyse, checked
from service.answer.citations import without_markers
from service.answer.lengths import recent
from service.answer.llm.markers import numbers_in, words_of
from service.answer.llm.prompts import conversation_prompt, passages_prompt
from service.answer.llm.replies import kind_of
from service.answer.llm.sentences import without_thoughts
from service.answer.models import Message, Question
from service.answer.text.amounts import mentions_in
from service.answer.text.dates import days_in, times_in
from service.answer.text.invisible import visible
from service.answer.text.names import codes_in, missing_names, names_in
from service.answer.text.parts import compared, parts_of
from service.answer.text.when import when_asked
from service.answer.verification.claims import Source, contradicted, missing
from service.escaping import markdown_escaped, unescaped
from service.openai.asking import read_chat
from service.openai.tasks import question_within, reply_to_task
from service.openai.text import without_markers as without_linked_markers
from service.openai.wire import ChatRequest
from service.settings import Settings
from service.slack.text import markdown, mrkdwn, question_text

SHORT = 2_000
"""Longest question, by default: what reads questions never meets more."""
LONG = 4_000
_MOST_GROWTH = 10.0
_WORTH_COMPARING = 40
SIGNS = [
    " ",
    "\n",
    "\t",
    "\u3000",
    "[",
    "(",
    "<",
    '"',
    "'",
    "`",
    "*",
    "_",
    "|",
    "\\",
    "-",
    "#",
    ".",
    "&",
    "@",
    "~",
    "!",
    "†",
]
FIGURES = ["1", "1,", "1.", "1 ", "1-", "[1", "[1]", "[1[", "1]", "【1†", "$1 ", "0:"]
NAMES = ["A", "Aa", "A ", "A.", "Zed ", "Zed, ", "Zed: ", "Zed and ", "a", "a-", "a@", "a.", "é"]
MARKUP = [
    "[1](http://",
    "![a",
    "](",
    "<!--",
    "<p ",
    "<a",
    "http://",
    "//",
    "&#x",
    "```\n",
    "> ",
    "- ",
    "<think",
    "</",
    "<@U|",
]
TASKS = [
    "<user_query>",
    "</user_query>",
    "<chat_history>",
    "USER: ",
    "user ",
    "title ",
    "generate a title ",
    "### Task:",
]
WORDS = [
    "how do ",
    "compare ",
    "and ",
    "according to ",
    "what do ",
    "pay ",
    "know ",
    "when ",
    "after the ",
    "of ",
    "no, ",
    "each ",
]
PARTS = [*SIGNS, *FIGURES, *NAMES, *MARKUP, *TASKS, *WORDS]
BEGINNINGS = ["", *(pytest.param(text, marks=pytest.mark.soak) for text in ("### Task:\n<user_query>", "[1"))]


def chat(text: str, role: str) -> None:
    messages = [{"role": role, "content": text}, {"role": "user", "content": "Why?"}]
    request = ChatRequest.model_validate({"model": "footnote", "messages": messages})
    read_chat(request, SETTINGS)


def followed(text: str) -> None:
    said = recent([Message("user", text), Message("assistant", text)])
    analyse(Question("Why?", history=said), longest=SHORT, completed=None, time_preference=True)


def asked(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return a function of a question as the pipeline hands it on: on one line."""
    return lambda text: read(" ".join(text.split()))


SETTINGS = Settings(_env_file=None, max_message_chars=10**6, max_history_chars=10**6)
READS: dict[str, Callable[[str], object]] = {
    "a user in a chat": lambda text: chat(text, "user"),
    "an assistant in a chat": lambda text: chat(text, "assistant"),
    "a system prompt": lambda text: chat(text, "system"),
    "question_within": question_within,
    "reply_to_task": lambda text: reply_to_task(text, text),
    "without_markers of a chat": without_linked_markers,
    "markdown_escaped": lambda text: markdown_escaped(text, begins=True),
    "unescaped": unescaped,
    "mrkdwn": mrkdwn,
    "markdown of Slack": markdown,
    "question_text": lambda text: question_text(text, "U1"),
    "visible": visible,
    "visible_controls": visible_controls,
    "json_controls": json_controls,
    "follow-ups": followed,
    "without_thoughts": lambda text: "".join(without_thoughts([text])),
    "conversation_prompt": lambda text: conversation_prompt("Why?", [Message("user", text)]),
    "passages_prompt": lambda text: passages_prompt([("a", text)], first=1),
    "without_markers": without_markers,
    "normalise": normalise,
    "mentions_in": mentions_in,
    "days_in": days_in,
    "times_in": times_in,
    "names_in": names_in,
    "codes_in": codes_in,
    "missing_names": lambda text: missing_names(text, [text]),
    "stems": stems,
}
OF_QUESTIONS: dict[str, Callable[[str], object]] = {
    "checked": lambda text: checked(f"a{text}"[:SHORT], longest=SHORT),
    "compared": asked(compared),
    "parts_of": asked(parts_of),
    "when_asked": asked(lambda text: when_asked(text, date(2026, 4, 24))),
}
OF_SENTENCES: dict[str, Callable[[str], object]] = {
    "numbers_in": lambda text: numbers_in(text, 8),
    "words_of": words_of,
    "missing": lambda text: missing(text, Source((text,))),
    "contradicted": lambda text: contradicted(text, Source((text,))),
    "kind_of": lambda text: kind_of("How much was it?", text),
}


def seconds(read: Callable[[str], object], text: str, *, calls: int = 3) -> float:
    """Return the processor time of one call: the least of some, for others use the machine, too."""
    times = []
    for _ in range(calls):
        started = time.process_time()
        read(text)
        times.append(time.process_time() - started)
    return min(times)


@cache
def worth_comparing(longest: int) -> float:
    return seconds(lambda text: text.split(" "), "a " * (longest // 2), calls=9) * _WORTH_COMPARING


def grows_too_fast(read: Callable[[str], object], beginning: str, part: str, longest: int, *, end: str = "§") -> bool:
    once, twice, four = (beginning + (part * longest)[: longest // share] + end for share in (4, 2, 1))
    # The shorter ones first: a cubic pattern would not come back from the longest.
    if max(seconds(read, once, calls=1) * 16, seconds(read, twice, calls=1) * 4) < worth_comparing(longest):
        return False
    most = max(worth_comparing(longest), _MOST_GROWTH * seconds(read, once))
    # Several times only where once took too long.
    return seconds(read, four, calls=1) > most and seconds(read, four) > most


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("name", READS)
def test_what_reads_any_text_takes_linear_time(name: str, beginning: str) -> None:
    check(READS[name], beginning, LONG)


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("name", OF_QUESTIONS)
def test_what_reads_questions_takes_linear_time(name: str, beginning: str) -> None:
    check(OF_QUESTIONS[name], beginning, SHORT)


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("name", OF_SENTENCES)
def test_what_reads_sentences_of_a_model_takes_linear_time(name: str, beginning: str) -> None:
    check(OF_SENTENCES[name], beginning, SHORT)


def check(read: Callable[[str], object], beginning: str, longest: int) -> None:
    read("Warm up.")
    slow = [part for part in PARTS if grows_too_fast(read, beginning, part, longest)]
    # Once more, by themselves: another process may have had the machine.
    slow = [part for part in slow if grows_too_fast(read, beginning, part, longest)]
    assert slow == []
