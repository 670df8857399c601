"""Texts that some embedding models want in front of what they embed: E5, BGE and models that take instructions."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

_CONFIG = "config_sentence_transformers.json"
# Names that sentence-transformers looks for, in its order.
_OF_PASSAGES = ("document", "passage", "corpus")


@dataclass(frozen=True, slots=True)
class Prompts:
    """What is put before each question and each passage, "query: " for example. None: what the model itself says."""

    question: str | None = None
    passage: str | None = None

    def or_those_of(self, folder: Path) -> "Prompts":
        """Return these prompts, with those that a model's folder names in place of None."""
        own = _named(folder)
        return Prompts(
            question=own.question if self.question is None else self.question,
            passage=own.passage if self.passage is None else self.passage,
        )

    @property
    def fingerprint(self) -> str:
        """What tells these prompts from others, "" where there are none."""
        if not self.question and not self.passage:
            return ""
        told = json.dumps([self.question or "", self.passage or ""])
        return f"+prompts-{hashlib.sha256(told.encode()).hexdigest()[:8]}"

    def as_json(self) -> str:
        """Return the prompts as they are kept in an index."""
        return json.dumps([self.question, self.passage])


def prompts_from_json(text: str | None) -> Prompts:
    """Return prompts as `Prompts.as_json` wrote them. An index of an older version has none."""
    question, passage = json.loads(text) if text else (None, None)
    return Prompts(question, passage)


def _named(folder: Path) -> Prompts:
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no folder, or one that the model says more of when it is loaded
        return Prompts()
    named = config.get("prompts") if isinstance(config, dict) else None
    if not isinstance(named, dict):
        return Prompts()
    default = named.get(str(config.get("default_prompt_name")), "")
    passage = next((named[name] for name in _OF_PASSAGES if name in named), default)
    return Prompts(str(named.get("query", default)), str(passage))
