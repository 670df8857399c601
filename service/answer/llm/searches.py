"""The searches that a language model asks for where the passages do not answer.

As plain text, which any model can write, a line `SEARCH: words; other words` ends what the model says. Where its provider has
tool calls, it calls the tool `search`.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from service.answer.llm.prompts import OTHER_WORDS, QUERIES, TOOL, TOOL_DOES
from service.answer.text.invisible import visible

if TYPE_CHECKING:
    from llama_index.core.tools import FunctionTool

MOST_QUERIES = 3
_LONGEST_QUERY = 200
_LONGEST_REQUEST = 600
# At the beginning of a line in upper or lower case, elsewhere in upper case.
_ASKS = re.compile(r"\A[\W_]*(?i:search)[\W_]{0,4}\Z|(?<!\w)SEARCH[\W_]{0,4}\Z", re.ASCII)
_BEGUN = re.compile(r"s(?:e(?:a(?:r(?:c(?:h[\W_]{0,4})?)?)?)?)?\Z", re.IGNORECASE | re.ASCII)
_COLONS = ":："
# Characters of a line that are looked at for the word.
_LINE = 40
_BETWEEN = re.compile(r"[;；|\n]")
_WORD = re.compile(r"\w")
_NUMBERING = re.compile(r"\A\W*(?:\d{1,2}[.)]\s)?\W*")


class _Arguments(BaseModel):
    queries: list[str] = Field(description=QUERIES)


def search_tool() -> "FunctionTool":
    """Return the tool as it is described to a model. It is never run: the writer searches."""
    from llama_index.core.tools import FunctionTool, ToolMetadata

    metadata = ToolMetadata(TOOL_DOES, TOOL, _Arguments)
    return FunctionTool(fn=lambda queries: queries, metadata=metadata)


def queries_of(arguments: str) -> tuple[str, ...]:
    """Return what a call of the tool asks for; nothing where it is cut off or says something else."""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return ()
    values = list(given.values()) if isinstance(given, dict) else [given]
    texts = chain.from_iterable(value if isinstance(value, list) else [value] for value in values)
    # JSON can hold half a surrogate pair, which is not valid text.
    return _wanted(text.encode(errors="replace").decode() for text in texts if isinstance(text, str))


def without_searches(pieces: Iterable[str], found: list[tuple[str, ...]]) -> Iterator[str]:
    """Leave out a request for a search, and all that comes after it; put the words that it asks for into `found`.

    A request without words says only that something is missing.
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
    """Return the queries of a request, which ends at an empty line or at the longest length."""
    request = ""
    for character in characters:
        request += character
        if len(request) > _LONGEST_REQUEST or (request.endswith("\n\n") and request.strip()):
            break
    return _wanted(part.rpartition("SEARCH:")[2] for part in _BETWEEN.split(request))


def _wanted(queries: Iterable[str]) -> tuple[str, ...]:
    plain = (_NUMBERING.sub("", visible(query)).strip(" *_`\"'“”.") for query in queries)
    texts = (" ".join(query.split())[:_LONGEST_QUERY] for query in plain)
    # Small models also repeat the instruction.
    wanted = dict.fromkeys(text for text in texts if _WORD.search(text) and not text.endswith(OTHER_WORDS))
    return tuple(wanted)[:MOST_QUERIES]
