"""Where the time of a question goes: `python -m tests.load_shares DATA_DIR [QUESTION...]`, one question after the other.

Words are looked up in Tantivy beside the question's embedding, in another thread, so those two overlap.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from threading import local
from time import perf_counter
from typing import Any

from eval.bench.synthetic import synthetic_questions
from index.models.embedding import Embedder
from index.reader.model import Reader
from index.stores.catalog import Catalog
from index.stores.lexical import LexicalIndex
from index.stores.ownership import Owner
from index.stores.vectors import VectorStore
from service.auth.askers import OWNER
from service.local import open_assistant
from service.schemas.api import AskRequest
from service.settings import Settings

_WARMING, _MEASURED = 5, 40
# Of calls within each other, the outer one counts.
_PARTS: dict[str, list[tuple[type, str]]] = {
    "embedding": [(Embedder, "embed_questions"), (Embedder, "embed_passages")],
    "reading model": [(Reader, "read")],
    "Chroma": [(VectorStore, name) for name in ("nearest", "similarities", "of")],
    "Tantivy": [(LexicalIndex, name) for name in ("best", "scores")],
    "catalogue": [(Catalog, name) for name in ("stretches", "passages", "signatures", "stretch", "passage_ids")],
}


def main() -> None:
    """Print the share of each part, and of all the rest."""
    spent: defaultdict[str, float] = defaultdict(float)
    _time_parts(spent)
    questions = sys.argv[2:] or synthetic_questions(_WARMING + _MEASURED, seed=7)
    settings = Settings(_env_file=None, data_dir=Path(sys.argv[1]))
    with open_assistant(settings, Owner(os.getpid(), "load_shares")) as assistant:
        for question in questions[:_WARMING]:
            assistant.ask(AskRequest(question=question), OWNER)
        spent.clear()
        started = perf_counter()
        for question in questions[_WARMING:]:
            assistant.ask(AskRequest(question=question), OWNER)
        total = perf_counter() - started
    print(f"{1_000 * total / len(questions[_WARMING:]):.0f} ms a question")
    for part, seconds in [*sorted(spent.items(), key=lambda one: -one[1]), ("all else", total - sum(spent.values()))]:
        print(f"{part:14} {seconds / total:6.1%}")


def _time_parts(spent: defaultdict[str, float]) -> None:
    inside = local()

    def timed(part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def wrapper(*given: Any, **named: Any) -> Any:
            if getattr(inside, "part", None):
                return call(*given, **named)
            inside.part, started = part, perf_counter()
            try:
                return call(*given, **named)
            finally:
                spent[part] += perf_counter() - started
                inside.part = None

        return wrapper

    for part, methods in _PARTS.items():
        for kind, name in methods:
            setattr(kind, name, timed(part, getattr(kind, name)))


if __name__ == "__main__":
    main()
