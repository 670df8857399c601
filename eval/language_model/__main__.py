"""Measure answers with a real language model:

    python -m eval.language_model [DATASET ...] --out FOLDER

Asks a sample of each question set of Footnote without and with the model, of a plain prompt over Footnote's own hits, and of
LlamaIndex's CitationQueryEngine, and prints a table. A run that was cut off goes on. Without settings of a language model
(`FOOTNOTE_LLM_PROVIDER` and others) a model of 1.5 billion parameters is fetched, checked and served on this machine.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eval.language_model.contenders import CONTENDERS, counted_model
from eval.language_model.measuring import Sample, estimated_tokens, measure, table
from eval.language_model.serving import CONTEXT_TOKENS, served
from eval.language_model.weights import fetched
from index.errors import FootnoteError
from service.settings import Settings, load_settings

# A processor reads a few tokens a second, and nobody waits for this one.
_SECONDS = 3_600.0


def main(arguments: argparse.Namespace) -> None:
    """Ask what is not asked yet, and print the table."""
    with _settings(arguments) as settings:
        model = counted_model(settings)
        sample = Sample(arguments.answerable, arguments.unanswerable, arguments.seed)
        runs: dict[str, list[Path]] = {}
        for name in arguments.answers.split(","):
            for dataset in arguments.datasets:
                out = arguments.out / name / dataset.resolve().name
                print(f"{name}: {dataset}", file=sys.stderr)
                measure(dataset, name, sample=sample, settings=settings, model=model, out=out, tokens=estimated_tokens)
                runs.setdefault(name, []).append(out)
            print(table(runs), flush=True)


@contextmanager
def _settings(arguments: argparse.Namespace) -> Iterator[Settings]:
    """Yield settings with a language model: the configured one, or one that is served as long as this is open."""
    settings = load_settings()
    if settings.llm_provider != "none":
        yield settings
        return
    weights = arguments.gguf or fetched(arguments.cache)
    with served(arguments.python, weights, threads=arguments.threads) as url:
        yield settings.model_copy(
            update={
                "llm_provider": "openai_like",
                "llm_base_url": url,
                "llm_model": weights.stem,
                "llm_context_tokens": CONTEXT_TOKENS,
                "llm_timeout_seconds": _SECONDS,
                "llm_first_token_seconds": _SECONDS,
                "llm_retries": 0,
            }
        )


def _parser() -> argparse.ArgumentParser:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footnote"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path, nargs="*", default=[Path("eval/questions")], metavar="DATASET")
    parser.add_argument("--out", type=Path, default=Path("runs/language-model"), metavar="FOLDER")
    parser.add_argument("--answers", default=",".join(CONTENDERS), metavar="NAMES", help=f"of: {', '.join(CONTENDERS)}")
    parser.add_argument("--answerable", type=int, default=20, metavar="N", help="questions of each set with an answer")
    parser.add_argument("--unanswerable", type=int, default=10, metavar="N", help="questions of each set without one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gguf", type=Path, metavar="FILE", help="other weights for llama.cpp")
    parser.add_argument(
        "--python", type=Path, default=Path(".venv-llm/bin/python"), help="has llama-cpp-python[server]"
    )
    parser.add_argument("--cache", type=Path, default=cache, metavar="FOLDER", help="where weights are kept")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N")
    return parser


if __name__ == "__main__":
    try:
        main(_parser().parse_args())
    except FootnoteError as error:
        sys.exit(str(error))
