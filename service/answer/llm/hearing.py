"""What a language model says while it says it: sentences that are checked, searches that it asks for, and how it ended."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from index.deadline import check_deadline
from index.errors import WorkEnded
from index.records import Hit
from index.stores.store import Index
from service.answer.citations import Draft
from service.answer.code import checked_code, code_text
from service.answer.llm.deltas import ToolCall
from service.answer.llm.markers import lists_sources, numbers_in, words_of
from service.answer.llm.replies import Reply, kind_of
from service.answer.llm.searches import MOST_QUERIES, queries_of, without_searches
from service.answer.llm.sentences import (
    LONGEST,
    CodeBlock,
    item_mark,
    sentences,
    without_item_mark,
    without_thoughts,
)
from service.answer.llm.streaming import Limits, TooMuchSaid, deltas, refuses_tools
from service.answer.models import Usage
from service.answer.text.invisible import visible
from service.answer.verification.check import checked

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage
    from llama_index.core.tools import BaseTool

# After this many sentences a reply is cut off. Not every server keeps to the limit of tokens.
_MOST_SENTENCES = 30
# A search is asked for in one call, with a few hundred characters.
_MOST_CALLS, _LONGEST_CALL = 8, 4_000


class Heard:
    """One reply of a model while it comes, and afterwards what there was: sentences, searches, tokens, how it broke off.

    `said_before` are the sentences of its replies before: nothing is said twice. `refused` says that its server may know no
    `tools`.
    """

    def __init__(
        self,
        llm: "LLM",
        messages: "Sequence[ChatMessage]",
        limits: Limits,
        *,
        said_before: set[str],
        tools: "Sequence[BaseTool]" = (),
    ) -> None:
        self._deltas = deltas(llm, messages, limits, tools)
        self._said = said_before
        self._calls: dict[str, ToolCall] = {}
        self._may_refuse = bool(tools)
        self.refused = False
        self.text = ""
        self._requests: list[tuple[str, ...]] = []
        self.usage: Usage | None = None
        self.kinds: set[Reply] = set()
        self.broken: str | None = None

    @property
    def queries(self) -> tuple[str, ...]:
        """What it wants to be searched for."""
        queries = dict.fromkeys(query for request in self._requests for query in request)
        return tuple(queries)[:MOST_QUERIES]

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Its calls of the tool that searches."""
        return tuple(self._calls.values())

    @property
    def declined(self) -> bool:
        """Whether it says that the passages hold no answer."""
        return bool(self.kinds & {"cannot answer", "finds nothing"} or self._requests)

    @property
    def fault(self) -> str:
        """Why nothing of it can be used."""
        if self.broken:
            return self.broken
        if "statement" in self.kinds:
            return "Nothing that the language model wrote could be verified"
        if "declines" in self.kinds:
            return "The language model declined to answer"
        if "other language" in self.kinds:
            return "The language model did not answer in the language of the question"
        return "The language model answered nothing"

    def drafts(self, question: str, shown: Sequence[Hit], index: Index) -> Generator[Draft, None, None]:
        """Yield what may be part of an answer, checked. Ends where the model says that it cannot answer."""
        for words, sentence, mark in self._sentences():
            kind = kind_of(question, words)
            if isinstance(sentence, CodeBlock) and kind != "cannot answer":
                yield checked_code(index, words, shown)
                kind = "statement"
            elif kind in ("statement", "finds nothing"):
                cited = [shown[number - 1] for number in sorted(numbers_in(sentence, len(shown)))]
                draft = checked(index, words, cited, shown, question=question)
                # That an article does not say something may be what it says itself.
                kind = "statement" if draft.support == "verified" else kind
                if kind == "statement":
                    yield _as_item(draft, mark)
            self.kinds.add(kind)
            if kind == "cannot answer":
                return

    def _sentences(self) -> Iterator[tuple[str, str, str]]:
        """Yield the words of each sentence, the sentence with its markers, and the mark of the item of a list that it begins.

        None comes twice, and none that broke off.
        """
        number = 0
        for sentence in sentences(without_searches(without_thoughts(self._texts()), self._requests)):
            is_code, mark = isinstance(sentence, CodeBlock), ""
            if not is_code:
                mark, sentence = item_mark(sentence), without_item_mark(sentence)
                if lists_sources(sentence):
                    return
            words = code_text(visible(sentence)) if is_code else words_of(sentence)
            if (self.broken or self._requests) and (is_code or words[-1:].isalnum()):
                return
            if words and words not in self._said and len(sentence) < LONGEST:
                yield words, sentence, mark
            number += words not in self._said
            self._said.add(words)
            if number == _MOST_SENTENCES or len(sentence) >= LONGEST:
                self.broken = "The language model came to no end"
                return

    def _add(self, calls: Sequence[ToolCall]) -> None:
        self._calls |= {call.id: call for call in calls}
        if len(self._calls) > _MOST_CALLS or any(len(call.arguments) > _LONGEST_CALL for call in calls):
            raise TooMuchSaid("it calls for ever more searches")

    def _texts(self) -> Iterator[str]:
        spoken = whole = False
        try:
            with closing(self._deltas) as pieces:
                for delta in pieces:
                    check_deadline()
                    self.usage = delta.usage or self.usage
                    self.text += delta.text
                    self._add(delta.calls)
                    spoken, whole = spoken or bool(delta.text or delta.calls), whole or delta.whole
                    yield delta.text
        except WorkEnded:
            raise
        except TimeoutError as error:
            self.broken = f"The language model took too long ({error})"
        except TooMuchSaid as error:
            self.broken = f"The language model came to no end ({error})"
        except Exception as error:  # noqa: BLE001 clients raise many kinds; the articles are quoted instead
            self.broken = f"The language model failed ({type(error).__name__})"
            self.refused = self._may_refuse and not spoken and refuses_tools(error)
        else:
            self.broken = "The language model was cut off" if spoken and not whole else None
        self._requests += [queries_of(call.arguments) for call in self.calls]


def _as_item(draft: Draft, mark: str) -> Draft:
    """Return a sentence that begins an item of a list as a line of its own, with its mark."""
    return replace(draft, text=f"{mark}{draft.text}", form="list") if mark else draft
