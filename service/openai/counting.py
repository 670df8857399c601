"""Counts tokens for clients that keep to budgets or limits, where no language model's server counted them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.schemas.api import UsageWire


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the tokens of `texts`, which is what a client sent, and of the reply. `count` takes time in their length."""

    count: Callable[[Sequence[str]], int]
    texts: tuple[str, ...]

    def usage(self, counted: UsageWire | None, reply: str) -> UsageWire:
        """Return what the language model's server counted for an answer, else the tokens of the chat itself."""
        return counted or UsageWire(prompt_tokens=self.count(self.texts), completion_tokens=self.count([reply]))
