"""How well the check of written sentences tells support: `python -m eval.support --data DIR`.

`DIR` holds expertqa/, clapnq/, squad2/ and train/. Nothing of what is measured here was trained on (`index.support.examples`
splits by document). Every sentence is checked as one that a language model wrote, citing all of its evidence.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from index.ingest.segmentation import split_sentences
from index.reader.examples import policyqa_pool, read_squad, squad2_pool
from index.records import ArticleInfo, Hit, Passage, version_of
from index.settings import IndexSettings
from index.stores.store import Index, open_index
from index.support.alterations import ALTERATIONS
from index.support.examples import reworded
from index.support.material import Document, Labelled, clapnq, expertqa, source_of
from service.answer.verification.check import checked

_RESAMPLES = 2_000
_EACH_KIND = 60


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence with texts that it cites. `group`: cases of one document are resampled together."""

    words: str
    title: str
    texts: tuple[str, ...]
    supported: bool
    group: str
    kind: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check said of a case."""

    verified: bool
    probability: float | None


def expertqa_cases(path: Path) -> list[Case]:
    """Return ExpertQA's held-out claims, each with the evidence that it cites."""
    return [Case(one.claim, "", one.texts, one.supported, one.question, "claim") for one in expertqa(path) if one.texts]


def human_cases(path: Path) -> list[Case]:
    """Return the sentences of CLAPNQ's long answers whose titles were not trained on."""
    return [_case(one, "human") for one in clapnq(path, held_out=True)]


def _case(one: Labelled, kind: str) -> Case:
    return Case(one.claim, one.title, (" ".join(one.sentences),), one.supported, one.title, kind)


def altered_cases(cases: Sequence[Case], seed: int = 0) -> list[Case]:
    """Return true sentences, and each of them altered, in as many ways as there are."""
    random = Random(seed)
    order = random.sample(cases, len(cases))
    found: list[Case] = []
    for kind, change in ALTERATIONS.items():
        count = 0
        for case in order:
            changed = change(case.words, " ".join(case.texts), random)
            if changed and changed != case.words and count < _EACH_KIND:
                found.append(Case(changed, case.title, case.texts, supported=False, group=case.group, kind=kind))
                count += 1
    return found


def said_cases(data: Path, count: int = 240, seed: int = 0) -> list[Case]:
    """Return sentences of documents that were not trained on, half of them shortened."""
    random = Random(seed)
    sources = [
        source_of(squad2_pool(data, "dev")),
        source_of(squad2_pool(data, "final")),
        source_of(policyqa_pool(data, "dev")),
        source_of(read_squad(data / "train" / "new_wiki_v1.0.json"), part=1),
    ]
    found = []
    for _ in range(count):
        passage: Document = random.choice(random.choice(sources).passages)
        fit = [s for s in passage.sentences if 6 <= len(s.split()) <= 45]
        if fit:
            sentence = random.choice(fit)
            words = reworded(sentence, random, None) if random.random() < 0.5 else sentence
            found.append(Case(words, passage.title, (passage.text,), True, passage.document or passage.text, "said"))
    return found


def hits_of(case: Case) -> list[Hit]:
    """Return a case's texts as hits."""
    return [_hit(case.title, text) for text in case.texts]


def _hit(title: str, text: str) -> Hit:
    version = version_of(text)
    article = ArticleInfo(id=version[7:19], version=version, title=title)
    passage = Passage(version, article, 0, 0, len(text), text, tuple(split_sentences(text, "text")))
    return Hit(passage, 1.0, 0.8, 1.0)


def verdicts(index: Index, cases: Sequence[Case]) -> Iterator[Verdict]:
    """Check every case."""
    for case in cases:
        hits = hits_of(case)
        draft = checked(index, case.words, hits, hits)
        yield Verdict(draft.support == "verified", getattr(draft, "probability", None))


def balanced(cases: Sequence[Case], verified: Sequence[bool]) -> float:
    """Return the mean of the share of supported ones that pass and of the others that do not."""
    right = [v for c, v in zip(cases, verified, strict=True) if c.supported]
    wrong = [not v for c, v in zip(cases, verified, strict=True) if not c.supported]
    return (sum(right) / len(right) + sum(wrong) / len(wrong)) / 2 if right and wrong else float("nan")


def passing(cases: Sequence[Case], verified: Sequence[bool]) -> float:
    """Return the share that passes."""
    return sum(verified) / len(verified) if verified else float("nan")


def with_interval(
    measure: Callable[[Sequence[Case], Sequence[bool]], float], cases: Sequence[Case], verified: Sequence[bool]
) -> tuple[float, float, float]:
    """Return a measure with its 95 % interval, by resampling documents."""
    groups: dict[str, list[int]] = {}
    for at, case in enumerate(cases):
        groups.setdefault(case.group, []).append(at)
    names, random = list(groups), np.random.default_rng(0)
    values = []
    for _ in range(_RESAMPLES):
        drawn = [at for n in random.integers(0, len(names), len(names)) for at in groups[names[n]]]
        values.append(measure([cases[at] for at in drawn], [verified[at] for at in drawn]))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return measure(cases, verified), float(low), float(high)


def sets(data: Path) -> dict[str, list[Case]]:
    """Return the sets by name."""
    human = human_cases(data / "clapnq" / "answerable.jsonl")
    said = said_cases(data)
    return {
        "ExpertQA, held-out claims": expertqa_cases(data / "expertqa" / "held_out.jsonl"),
        "CLAPNQ, human sentences and the same altered": human + altered_cases(human),
        "sentences of other documents and the same altered": said + altered_cases(said),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.support", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with expertqa/, clapnq/, squad2/, train/")
    parser.add_argument("--out", type=Path, help="file to write every case with its verdict to, as JSON lines")
    parser.add_argument("--reader", default="shipped", help="as FOOTNOTE_READER: `none` measures the rules alone")
    given = parser.parse_args(arguments)
    rows = []
    with TemporaryDirectory() as place, open_index(IndexSettings(data_dir=Path(place), reader=given.reader)) as index:
        for name, cases in sets(given.data).items():
            found = list(verdicts(index, cases))
            passed = [one.verified for one in found]
            print(f"{name}: {len(cases)}, balanced accuracy", _figures(with_interval(balanced, cases, passed)))
            for kind in dict.fromkeys(case.kind for case in cases):
                for supported in (True, False):
                    of = [at for at, c in enumerate(cases) if c.kind == kind and c.supported == supported]
                    if of:
                        figures = with_interval(passing, [cases[at] for at in of], [passed[at] for at in of])
                        print(
                            f"  {kind}, {'supported' if supported else 'not supported'}: {len(of)}, pass",
                            _figures(figures),
                        )
            rows += [{"set": name, **asdict(c), **asdict(v)} for c, v in zip(cases, found, strict=True)]
    if given.out:
        given.out.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _figures(values: tuple[float, float, float]) -> str:
    return "{:.3f} ({:.3f} to {:.3f})".format(*values)


if __name__ == "__main__":
    main(sys.argv[1:])
