"""The texts that the support model learns from and is measured on, cut into sentences, by document.

Documents are split: what is measured on is not learnt from.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from index.ingest.segmentation import split_sentences
from index.reader.examples import Asked, Pool, normalise, nq_pool, policyqa_pool, read_squad, squad2_pool
from index.reader.synonyms import Synonyms

_MARKER = re.compile(r"(?<!\s)\s*\[\d+\](?:\[\d+\])*")
_HEADER = re.compile(r"\A\[\d+\]\s+\S+\s+")
_HELD_OUT = 10


@dataclass(frozen=True, slots=True)
class Document:
    """A passage cut into sentences, with the questions asked of it, and which document it is from."""

    title: str
    sentences: tuple[str, ...]
    questions: tuple[Asked, ...]
    document: str

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class Source:
    """Passages that were collected together, by document."""

    name: str
    passages: tuple[Document, ...]
    of_document: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence that people judged, or wrote, with its text cut into sentences. `holding`: the sentences that they used;
    `texts`: the text as it was before, where it is of several parts."""

    claim: str
    title: str
    sentences: tuple[str, ...]
    supported: bool
    holding: tuple[bool, ...] | None = None
    question: str = ""
    texts: tuple[str, ...] = ()


def sentences_of(text: str) -> tuple[str, ...]:
    """Cut a plain text into sentences."""
    return tuple(text[span.start : span.end] for span in split_sentences(" ".join(text.split()), "text"))


def source_of(pool: Pool, *, without: frozenset[str] = frozenset(), part: int | None = None) -> Source:
    """Cut a pool into passages of sentences. `without`: titles that are left out. `part`: 0 leaves out every tenth document,
    1 has only those."""
    documents = sorted(set(pool.documents))
    held = set(documents[_HELD_OUT - 1 :: _HELD_OUT]) if part is not None else set()
    asked: dict[int, list[Asked]] = {}
    for question in pool.questions:
        asked.setdefault(question.passage, []).append(question)
    passages = []
    for at, passage in enumerate(pool.passages):
        document = pool.documents[at]
        if passage.title.lower() in without or (part is not None and (document in held) != bool(part)):
            continue
        text = " ".join(passage.text.split())
        passages.append(Document(passage.title, sentences_of(text), tuple(asked.get(at, ())), document))
    of_document: dict[str, list[int]] = {}
    for at, one in enumerate(passages):
        of_document.setdefault(one.document, []).append(at)
    return Source(pool.name, tuple(passages), {name: tuple(of) for name, of in of_document.items()})


def expertqa(path: Path) -> list[Labelled]:
    """Read ExpertQA's claims with the evidence that they cite. Only complete support counts as support."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        texts = list(dict.fromkeys(" ".join(_HEADER.sub("", evidence).split()) for evidence in row["evidence"]))
        sentences = tuple(dict.fromkeys(s for text in texts for s in sentences_of(text)))
        claim = _MARKER.sub("", row["claim"]).strip()
        found.append(Labelled(claim, "", sentences, row["support"] == "Complete", None, row["question"], tuple(texts)))
    return found


def clapnq(path: Path, *, held_out: bool) -> list[Labelled]:
    """Read the sentences of CLAPNQ's long answers, each with its passage: every other title's to learn from or to measure."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    titles = sorted({row["passages"][0]["title"] for row in rows})
    wanted = set(titles[1::2] if held_out else titles[::2])
    found = []
    for row in rows:
        passage = row["passages"][0]
        if passage["title"] not in wanted:
            continue
        sentences = tuple(s.strip() for s in passage["sentences"] if s.strip())
        for output in row["output"]:
            used = {s.strip() for s in output.get("selected_sentences") or []}
            for claim in sentences_of(output["answer"]):
                holding = tuple(_shares(claim, s) and s in used for s in sentences) if used else None
                holding = holding if holding and any(holding) else None
                found.append(Labelled(claim, passage["title"], sentences, True, holding, row["input"]))
    return found


def clapnq_titles(path: Path) -> frozenset[str]:
    """Return the titles of CLAPNQ's passages, in lower case."""
    return frozenset(json.loads(row)["passages"][0]["title"].lower() for row in path.read_text("utf-8").splitlines())


def _shares(claim: str, sentence: str) -> bool:
    mine, theirs = set(normalise(claim).split()), set(normalise(sentence).split())
    return len(mine & theirs) >= 0.4 * len(mine)


@dataclass(frozen=True, slots=True)
class Material:
    """All there is to draw examples from, and how much of each: (share, source)."""

    sources: tuple[tuple[float, Source], ...]
    judged: tuple[tuple[float, tuple[Labelled, ...]], ...]
    synonyms: Synonyms | None


def training_material(data: Path, synonyms: Synonyms | None) -> Material:
    """Return what is learnt from."""
    titles = clapnq_titles(data / "clapnq" / "answerable.jsonl")
    wiki = source_of(read_squad(data / "train" / "new_wiki_v1.0.json"), without=titles, part=0)
    posts = [source_of(read_squad(data / "train" / f"{name}_v1.0.json")) for name in ("reddit", "amazon_reviews")]
    squad2 = source_of(squad2_pool(data, "train"), without=titles)
    policies = source_of(policyqa_pool(data, "train"))
    natural = source_of(nq_pool(data, "train"), without=titles)
    answers = tuple(clapnq(data / "clapnq" / "answerable.jsonl", held_out=False))
    # Some evidence is an address alone: people looked it up, and a model cannot.
    claims = tuple(
        one for one in expertqa(data / "expertqa" / "train.jsonl") if len(" ".join(one.sentences).split()) > 20
    )
    shares = ((0.3, wiki), (0.03, posts[0]), (0.03, posts[1]), (0.22, squad2), (0.12, policies), (0.13, natural))
    return Material(shares, ((0.05, answers), (0.12, claims)), synonyms)
