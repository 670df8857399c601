"""Calls of a language model that makes questions or attacks: one that fails loses one, three in a row end the work."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from index.errors import WrongUsage

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_FAILURES_IN_A_ROW = 3
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ModelCalls:
    """A language model, and how often it failed in a row."""

    llm: "LLM"
    failures: int = 0

    def reply(self, prompt: str) -> str:
        """Return what the model says to a prompt; nothing where it fails.

        Raises WrongUsage when it fails three times in a row.
        """
        try:
            text = self.llm.complete(prompt).text
        except Exception as error:  # whatever a provider's client raises
            self.failures += 1
            log.warning("language model failed", error=type(error).__name__)
            if self.failures == _FAILURES_IN_A_ROW:
                raise WrongUsage(
                    f"The language model failed {self.failures} times in a row ({type(error).__name__}). Check its settings, "
                    "and give the same command again: it goes on here."
                ) from error
            return ""
        self.failures = 0
        # Half a surrogate pair, which JSON can write, is no text.
        return text.encode(errors="replace").decode().strip()
