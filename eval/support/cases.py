"""Sentences with the texts that they cite, of which it is known whether these support them.

Some sets are there to choose on, others only to measure on. None of them was trained on (`index.support.material` splits by
document), and none is in both.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from index.ingest.segmentation import display_text, split_sentences
from index.reader.examples import policyqa_pool, read_squad, squad2_pool, workplace_folders
from index.records import Hit
from index.support.alterations import ALTERATIONS
from index.support.examples import reworded
from index.support.material import Document, Labelled, clapnq, clapnq_titles, expertqa, sentences_of, source_of
from service.quality.support import hit_of

DENIED = Path(__file__).with_name("denied.tsv")
"""Sentences that deny something by a word ("excluded") or do not, each with one that says otherwise and one that agrees."""

_EACH_KIND = 30
_SAID = 240
_ANSWERS = 180
# Sentences with fewer words are replies to the question ("That is wrong."), and with more are cut wrongly.
_LEAST_WORDS, _MOST_WORDS = 6, 45
# Sentences of a workplace article that make one passage.
_PASSAGE = 6


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence with texts that it cites. `group`: cases of one document are resampled together."""

    words: str
    title: str
    texts: tuple[str, ...]
    supported: bool
    group: str
    kind: str


def development_sets(data: Path) -> dict[str, list[Case]]:
    """Return the sets that thresholds and weights are chosen on, by name."""
    answers = _shuffled_answers(data)[:_ANSWERS]
    workplace = said_cases(workplace_documents(data))
    return {
        "mtRAG, answers by people, and the same altered": answers + altered_cases(answers),
        "workplace articles and the same altered": workplace + altered_cases(workplace),
    }


def measured_sets(data: Path) -> dict[str, list[Case]]:
    """Return the sets that are only measured on, by name."""
    human = human_cases(data / "clapnq" / "answerable.jsonl")
    answers = _shuffled_answers(data)[_ANSWERS : 2 * _ANSWERS]
    said = said_cases(
        source_of(squad2_pool(data, "dev")).passages,
        source_of(squad2_pool(data, "final")).passages,
        source_of(policyqa_pool(data, "dev")).passages,
        source_of(read_squad(data / "train" / "new_wiki_v1.0.json"), part=1).passages,
    )
    return {
        "CLAPNQ, human sentences and the same altered": human + altered_cases(human),
        "sentences of other documents and the same altered": said + altered_cases(said),
        "mtRAG, other sentences of the same answers and the same altered": answers + altered_cases(answers, seed=1),
        "denials by a word, and what says otherwise": denied_cases(),
        "ExpertQA, held-out claims": expertqa_cases(data / "expertqa" / "held_out.jsonl"),
    }


def _shuffled_answers(data: Path) -> list[Case]:
    titles = clapnq_titles(data / "clapnq" / "answerable.jsonl")
    found = answer_cases(data / "mtrag_un" / "tasks.jsonl", without=titles)
    return Random(0).sample(found, len(found))


def expertqa_cases(path: Path) -> list[Case]:
    """Return ExpertQA's held-out claims, each with the evidence that it cites."""
    return [Case(one.claim, "", one.texts, one.supported, one.question, "claim") for one in expertqa(path) if one.texts]


def denied_cases() -> list[Case]:
    """Return two sentences for each that denies something by a word: one agrees with it, in other words, and one does not."""
    rows = [line.split("\t") for line in DENIED.read_text("utf-8").splitlines()]
    return [
        Case(words, "Handbook", (source,), supported, source, "denial")
        for source, otherwise, agreeing in rows
        for words, supported in ((agreeing, True), (otherwise, False))
    ]


def human_cases(path: Path) -> list[Case]:
    """Return the sentences of CLAPNQ's long answers whose titles were not trained on."""
    return [_case(one, "human") for one in clapnq(path, held_out=True)]


def _case(one: Labelled, kind: str) -> Case:
    return Case(one.claim, one.title, (" ".join(one.sentences),), one.supported, one.title, kind)


def answer_cases(path: Path, *, without: Iterable[str]) -> list[Case]:
    """Return the sentences of mtRAG's answers, each with all passages of its task. `without`: titles that are left out."""
    left_out = frozenset(without)
    found = []
    for line in path.read_text("utf-8").splitlines():
        task = json.loads(line)
        contexts = [context for context in task["contexts"] if context["text"].strip()]
        titles = [context.get("title", "").strip() for context in contexts]
        if "ANSWERABLE" not in task["answerability"] or not contexts or any(t.lower() in left_out for t in titles):
            continue
        texts = tuple(dict.fromkeys(" ".join(context["text"].split()) for context in contexts))
        words = [one for target in task["targets"] for one in sentences_of(target["text"]) if _is_statement(one)]
        found += [Case(one, titles[0], texts, supported=True, group=texts[0], kind="human") for one in words]
    return found


def _is_statement(sentence: str) -> bool:
    return _LEAST_WORDS <= len(sentence.split()) <= _MOST_WORDS and not sentence.endswith("?")


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


def said_cases(*sources: Sequence[Document], count: int = _SAID, seed: int = 0) -> list[Case]:
    """Return sentences of these passages, as many of each source, half of them shortened."""
    random = Random(seed)
    found = []
    for _ in range(count):
        passage: Document = random.choice(random.choice(sources))
        fit = [s for s in passage.sentences if _LEAST_WORDS <= len(s.split()) <= _MOST_WORDS]
        if fit:
            sentence = random.choice(fit)
            words = reworded(sentence, random, None) if random.random() < 0.5 else sentence
            found.append(Case(words, passage.title, (passage.text,), True, passage.document or passage.text, "said"))
    return found


def workplace_documents(data: Path) -> list[Document]:
    """Return the prose of workplace articles, as passages of some sentences each."""
    found = []
    for folder in workplace_folders(data):
        for path in sorted(folder.rglob("*.md")):
            text = path.read_text("utf-8")
            spans = [span for span in split_sentences(text, "markdown") if span.kind == "sentence"]
            shown = [display_text(text[span.start : span.end], "markdown") for span in spans]
            name = path.relative_to(folder).as_posix()
            for at in range(0, len(shown), _PASSAGE):
                found.append(Document(path.stem, tuple(shown[at : at + _PASSAGE]), (), name))
    return found


def hits_of(case: Case) -> list[Hit]:
    """Return a case's texts as hits."""
    return [hit_of(text, case.title) for text in case.texts]
