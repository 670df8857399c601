"""The searches that a language model asks for where the passages do not answer, as plain text that any model can write.

A line `SEARCH: words; other words` ends what the model says.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from service.answer.llm.prompts import OTHER_WORDS
from service.answer.text.invisible import visible

MOST_QUERIES = 3
_LONGEST_QUERY = 200
_LONGEST_REQUEST = 600
# In any case of letters where a line begins with it, in capitals anywhere.
_ASKS = re.compile(r"\A[\W_]*(?i:search)[\W_]{0,4}\Z|(?<!\w)SEARCH[\W_]{0,4}\Z", re.ASCII)
_BEGUN = re.compile(r"s(?:e(?:a(?:r(?:c(?:h[\W_]{0,4})?)?)?)?)?\Z", re.IGNORECASE | re.ASCII)
_COLONS = ":："
# Characters of a line that are looked at for the word.
_LINE = 40
_BETWEEN = re.compile(r"[;；|\n]")
_WORD = re.compile(r"\w")
_NUMBERING = re.compile(r"\A\W*(?:\d{1,2}[.)]\s)?\W*")


def without_searches(pieces: Iterable[str], found: list[tuple[str, ...]]) -> Iterator[str]:
    """Leave out a request for a search, and all that comes after it; put the words that it asks for into `found`.

    There may be none: a request without words says no more than that something is lacking.
    """
    line = held = ""
    characters = chain.from_iterable(pieces)
    for character in characters:
        if character in _COLONS and _ASKS.search(line):
            found.append(_queries(characters))
            return
        line = "" if character == "\n" else (line + character)[-_LINE:]
        held += character
        if not _BEGUN.search(held):
            yield held
            held = ""
    yield held


def _queries(characters: Iterator[str]) -> tuple[str, ...]:
    """Return what is asked for: up to an empty line, and no more than may be searched for at once."""
    request = ""
    for character in characters:
        request += character
        if len(request) > _LONGEST_REQUEST or (request.endswith("\n\n") and request.strip()):
            break
    lines = (part.rpartition("SEARCH:")[2] for part in _BETWEEN.split(visible(request)))
    texts = (" ".join(_NUMBERING.sub("", text).strip(" *_`\"'“”.").split())[:_LONGEST_QUERY] for text in lines)
    # Small models also repeat what they were told.
    wanted = dict.fromkeys(text for text in texts if _WORD.search(text) and not text.endswith(OTHER_WORDS))
    return tuple(wanted)[:MOST_QUERIES]
