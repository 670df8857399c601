"""Question sets to pools of passages with questions, split so that nothing measured on was trained on.

A row that cannot be read is counted and left out; a set that is missing is left out with a word.
"""

import json
import logging
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

from index.errors import WrongUsage
from index.reader.tokens import ReaderPassage
from index.records import Span

log = logging.getLogger(__name__)

Part = Literal["train", "dev", "final"]

HELD_OUT_ARTICLES = frozenset({"Normans", "Steam_engine", "Packet_switching"})
"""Articles of SQuAD 2.0 that are only measured on: their paragraphs alternate between the dev and the final part."""

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a pool. `passage` is the index of the passage it is asked of, `spans` where that answers (empty
    when it does not), `answers` every text that counts as right, `plausible` what people took for the answer that a hasty
    reader would give where there is none (SQuAD 2.0 has it). Of `doubtful` stretches nobody knows whether they belong to the
    answer, and `also` are other passages that may answer. `topic`: what is asked, however it is worded (PolicyQA has it).
    """

    id: str
    question: str
    passage: int
    spans: tuple[Span, ...]
    answers: tuple[str, ...]
    plausible: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()
    also: tuple[int, ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Passages that were collected together, with the questions about them.

    `documents` says of each passage which document it is from; an empty one stands alone. `whole_sentences`: the spans of
    answers are sentences, in which no shorter answer was marked.
    """

    name: str
    passages: tuple[ReaderPassage, ...]
    questions: tuple[Asked, ...]
    documents: tuple[str, ...]
    whole_sentences: bool = False


def normalise(text: str) -> str:
    """Lower the case, drop punctuation and a, an, the: SQuAD's own (Rajpurkar et al., EMNLP 2016, section 6.1)."""
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(_NO_PUNCTUATION)).split())


def holds_any(text: str, answers: Sequence[str]) -> bool:
    """Return whether any of the answers stands in the text, in whole words, however it is written."""
    padded = f" {normalise(text)} "
    return any(f" {normal} " in padded for normal in map(normalise, answers) if normal)


def training_pools(data: Path) -> list[Pool]:
    """Return what is trained on. Raises WrongUsage when the folder holds none of it."""
    names = ("new_wiki_v1.0", "reddit_v1.0", "amazon_reviews_v1.0")
    pools = [read_squad(path) for name in names if _there(path := data / "train" / f"{name}.json")]
    pools += [pool for pool in [policyqa_pool(data, "train")] if pool.questions]
    if _there(data / "squad2" / "squad2.json"):
        pools.append(squad2_pool(data, "train"))
    if _there(data / "nq" / "questions.jsonl"):
        pools.append(nq_pool(data, "train"))
    if not pools:
        raise WrongUsage(f"{data} holds no question set to train on. Name the folder that has train/, squad2/ and nq/.")
    return pools


def policyqa_pool(data: Path, part: Part) -> Pool:
    """Return a part of PolicyQA: nine of ten policies to train on, every tenth to measure on (there is no final part)."""
    paths = [path for name in ("dev", "test") if _there(path := data / "train" / f"policyqa_{name}.json")]
    pools = [read_squad(path) for path in paths]
    pool = _joined("policyqa", pools)
    policies = sorted(set(pool.documents))
    held = set(policies[9::10])
    wanted = {"train": set(policies) - held, "dev": held, "final": set[str]()}[part]
    return _narrowed(pool, {at for at, document in enumerate(pool.documents) if document in wanted})


def workplace_folders(data: Path) -> list[Path]:
    """Return the folders of documents whose headings are trained on. The questions that lie with them are not."""
    folders = [data / "workplace" / name / "corpus" for name in ("handbook", "policies")]
    return [folder for folder in folders if folder.is_dir()]


def squad2_pool(data: Path, part: Part) -> Pool:
    """Return a part of SQuAD 2.0: all articles but three to train on, every other paragraph of those three to measure."""
    pool = read_squad(data / "squad2" / "squad2.json")
    held = {title.replace("_", " ") for title in HELD_OUT_ARTICLES}
    kept: set[int] = set()
    place = count()
    for at, passage in enumerate(pool.passages):
        if passage.title in held:
            if ("dev", "final")[next(place) % 2] == part:
                kept.add(at)
        elif part == "train":
            kept.add(at)
    return _narrowed(pool, kept)


def nq_pool(data: Path, part: Part) -> Pool:
    """Return a part of Natural Questions: of six questions four to train on, one each for dev and final.

    Passages that answer a question to be measured are in no training pool; to be measured, questions are asked of all.
    """
    texts = {
        row["id"]: ReaderPassage(row["title"], row["text"])
        for row in _rows(data / "nq" / "corpus.jsonl", "id", "title", "text")
    }
    rows = list(_rows(data / "nq" / "questions.jsonl", "id", "question", "answers", "relevant_ids"))
    measured = {i for at, row in enumerate(rows) if at % 3 == 0 for i in row["relevant_ids"]}
    ids = [i for i in texts if part != "train" or i not in measured]
    at_of = {i: at for at, i in enumerate(ids)}
    wanted = {"train": (1, 2, 4, 5), "dev": (0,), "final": (3,)}[part]
    questions = [
        Asked(row["id"], row["question"], at_of[i], occurrences(texts[i].text, row["answers"]), tuple(row["answers"]))
        for at, row in enumerate(rows)
        if at % 6 in wanted
        for i in row["relevant_ids"][:1]
        if i in at_of
    ]
    passages = tuple(texts[i] for i in ids)
    answered = tuple(q for q in questions if q.spans or part != "train")
    return Pool("nq", passages, answered, tuple(p.title for p in passages))


def clapnq_pool(data: Path) -> Pool:
    """Return CLAPNQ: questions with the one passage they are asked of. Its answers are sentences."""
    passages: list[ReaderPassage] = []
    questions: list[Asked] = []
    for name in ("answerable", "unanswerable"):
        for row in _rows(data / "clapnq" / f"{name}.jsonl", "id", "input", "passages", "output"):
            passage = row["passages"][0]
            passages.append(ReaderPassage(passage["title"], passage["text"]))
            # A person who marked no sentence of an answerable question's passage found its answer all over it.
            marked = [s for output in row["output"] for s in output.get("selected_sentences") or []]
            answers = tuple(dict.fromkeys(marked or [passage["text"]])) if name == "answerable" else ()
            spans = occurrences(passage["text"], answers) or (Span(0, len(passage["text"])),) * bool(answers)
            questions.append(Asked(f"{name}/{row['id']}", row["input"], len(passages) - 1, spans, answers))
    return Pool("clapnq", tuple(passages), tuple(questions), tuple(p.title for p in passages), whole_sentences=True)


def multihop_pool(data: Path) -> Pool:
    """Return MultiHop-RAG: news sentences as passages, questions over several of them, some of which nothing answers."""
    rows = list(_rows(data / "multihop" / "corpus.jsonl", "id", "title", "text"))
    at_of = {row["id"]: at for at, row in enumerate(rows)}
    questions = []
    for row in _rows(data / "multihop" / "questions.jsonl", "id", "question", "answers", "answerable", "relevant_ids"):
        relevant = [at_of[i] for i in row["relevant_ids"] if i in at_of] if row["answerable"] else []
        spans = tuple(Span(0, len(rows[at]["text"])) for at in relevant[:1])
        questions.append(Asked(row["id"], row["question"], (relevant or [0])[0], spans, tuple(row["answers"])))
    passages = tuple(ReaderPassage(row["title"], row["text"]) for row in rows)
    return Pool("multihop", passages, tuple(questions), tuple(p.title for p in passages))


def occurrences(text: str, answers: Sequence[str]) -> tuple[Span, ...]:
    """Return every stretch of the text that is one of the answers in whole words, in any case."""
    patterns = (rf"(?<!\w){re.escape(answer.strip())}(?!\w)" for answer in answers if answer.strip())
    return tuple(dict.fromkeys(Span(*m.span()) for p in patterns for m in re.finditer(p, text, re.IGNORECASE)))


def read_squad(path: Path) -> Pool:
    """Read a file in the format of SQuAD 1.1 or 2.0. Raises WrongUsage when it is something else."""
    try:
        loaded = json.loads(path.read_text("utf-8"))
        entries = loaded["data"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WrongUsage(f"{path} is no file in SQuAD's format ({error}). Name one, or leave it out.") from error
    passages: list[ReaderPassage] = []
    questions: list[Asked] = []
    documents: list[str] = []
    bad = 0
    for title, paragraph in _paragraphs(entries):
        text = paragraph.get("context")
        if not isinstance(text, str) or not text.strip():
            bad += 1
            continue
        # Titles such as "Amazon_Reviews_2030" say nothing that a reader could use.
        shown = "" if re.search(r"Reviews|Comments", title) else title
        passages.append(ReaderPassage(shown, text))
        documents.append(shown)
        for row in paragraph.get("qas") or []:
            try:
                questions.append(_asked(row, text, len(passages) - 1))
            except (KeyError, TypeError, ValueError, AttributeError):
                bad += 1
    _report(path, bad)
    return Pool(path.stem.split("_v1")[0], tuple(passages), tuple(questions), tuple(documents))


def _paragraphs(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in entries:
        title = str(entry.get("title", "")).replace("_", " ")
        for paragraph in entry.get("paragraphs") or []:
            yield title, paragraph


def _asked(row: Mapping[str, Any], text: str, passage: int) -> Asked:
    impossible = bool(row.get("is_impossible"))
    answers = [] if impossible else row["answers"]
    spans, plausible = _spans(answers, text), _spans((row.get("plausible_answers") or []) if impossible else [], text)
    if not row["question"].strip():
        raise ValueError("no question")
    if not spans and not impossible:
        raise ValueError("no answer")
    texts = dict.fromkeys(a["text"] for a in answers)
    topic = str(row.get("type", ""))
    return Asked(str(row["id"]), row["question"].strip(), passage, spans, tuple(texts), plausible, topic=topic)


def _spans(answers: Sequence[Mapping[str, Any]], text: str) -> tuple[Span, ...]:
    found = [(Span(a["answer_start"], a["answer_start"] + len(a["text"])), a["text"]) for a in answers]
    if any(text[span.start : span.end] != said for span, said in found):
        raise ValueError("an answer is not where it is said to be")
    return tuple(dict.fromkeys(span for span, said in found if said.strip()))


def _narrowed(pool: Pool, kept: set[int]) -> Pool:
    new = {old: at for at, old in enumerate(sorted(kept))}
    questions = tuple(
        replace(question, passage=new[question.passage]) for question in pool.questions if question.passage in kept
    )
    documents = tuple(pool.documents[at] for at in new)
    return Pool(pool.name, tuple(pool.passages[at] for at in new), questions, documents)


def _joined(name: str, pools: Sequence[Pool]) -> Pool:
    passages: list[ReaderPassage] = []
    questions: list[Asked] = []
    for pool in pools:
        questions += [replace(q, passage=q.passage + len(passages)) for q in pool.questions]
        passages += pool.passages
    return Pool(name, tuple(passages), tuple(questions), tuple(d for pool in pools for d in pool.documents))


def _rows(path: Path, *fields: str) -> Iterator[dict[str, Any]]:
    bad = 0
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or any(name not in row for name in fields):
                    raise ValueError("a field is missing")
                yield row
            except ValueError:
                bad += 1
    _report(path, bad)


def _report(path: Path, bad: int) -> None:
    if bad:
        log.warning("%s: %d rows cannot be read and are left out", path, bad)


def _there(path: Path) -> bool:
    if not path.is_file():
        log.warning("%s is missing and left out", path)
    return path.is_file()
