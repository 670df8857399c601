"""Reads questions with passages: how relevant each is, whether it answers, with which stretch, and in which sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from index.errors import ModelUnusable
from index.models.computation import computation
from index.models.embedding import all_threads, computing_with, packaged_folder, sha256_of
from index.models.request_batching import RequestBatcher
from index.reader.readings import Reading, Scores, SentenceReading, Stretch, Window, reading_of
from index.reader.tokens import LONGEST_QUESTION, ReaderPassage, Sequenced, Tokens, WordPieces, rounded_up
from index.settings import Precision

if TYPE_CHECKING:
    from index.reader.network import ReadingNetwork

__all__ = ["READER", "Reader", "ReaderPassage", "Reading", "SentenceReading", "Shipped", "Stretch"]

WEIGHTS_FILE = "reader.safetensors"
_BATCH = 32
# As in index/models/embedding.py: every new shape of a batch is compiled, so there are few; and batches of at
# least 4 sequences and 384 tokens, in steps of 32 tokens, are multiplied in one and the same way, so that a pair is read
# the same to the last bit in every batch (docs/decisions/0008; two sequences of 224 tokens were not).
_ROW_STEP, _TOKEN_STEP, _LEAST_TOKENS = 4, 32, 384
# Of what several threads ask, so much is read together that nobody waits until all of an evaluation is read.
_BLOCK = 64
_STRIDE = 96


@dataclass(frozen=True, slots=True)
class Shipped:
    """Weights that ship with Footnote: what people know them as, where they are, their hash, and how many tokens of what is
    read with a passage they learnt to read."""

    name: str
    folder: Path
    sha256: str
    longest_question: int = LONGEST_QUESTION


READER = Shipped(
    "Footnote reader",
    Path(__file__).parent / "weights",
    "f84b97e8630ed09be3241cd132a9274887d376e4a9d97d51761d34e4393092e1",
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a passage that is read at once: which pair it belongs to, and which token of the passage is its first."""

    pair: int
    first: int
    sequence: Sequenced


class Reader:
    """A reading model. It is loaded when it is first needed. What several threads ask at the same time is read together.

    `folder` holds the weights of another model of the same shape; without one, the `shipped` ones are read.
    """

    def __init__(
        self, folder: Path | None = None, *, precision: Precision = "fastest", shipped: Shipped = READER
    ) -> None:
        self._folder = folder
        self._shipped = shipped
        self._precision: Precision = precision
        # The tokenizer is not safe for several threads, and a model must not be loaded twice.
        self._lock = RLock()
        self._scored: RequestBatcher[Sequenced, Scores] = RequestBatcher()

    @property
    def name(self) -> str:
        """The model as people know it."""
        return self._shipped.name if self._folder is None else str(self._folder)

    @cached_property
    def fingerprint(self) -> str:
        """What tells this model from any other: its name and the hash of its weights. Raises ModelUnusable."""
        return f"{self.name}@{_checked(self._folder, self._shipped)[1][:16]}"

    def load(self) -> None:
        """Load the model now rather than with the first pair. Raises ModelUnusable."""
        with self._lock:
            _ = self._network, self._pieces

    def read(self, pairs: Sequence[tuple[str, ReaderPassage]]) -> list[Reading]:
        """Read each question with its passage. Pairs may be of many questions; each is read on its own, with the same
        result in every batch.

        A passage longer than the model reads at once is read in windows that overlap, and what was read best counts.
        Raises ModelUnusable.
        """
        with self._lock:
            tokens = self._tokens(
                {text for question, passage in pairs for text in (question, passage.title, passage.text)}
            )
            parts = [
                _Part(pair, first, self._pieces.sequenced(tokens[question], tokens[passage.title], ids))
                for pair, (question, passage) in enumerate(pairs)
                for first, ids in self._cut(tokens[question], tokens[passage.title], tokens[passage.text])
            ]
        read = self._read([part.sequence for part in parts])
        of_pair: list[list[Window]] = [[] for _ in pairs]
        for part, scores in zip(parts, read, strict=True):
            of_pair[part.pair].append(Window(part.first, scores))
        return [
            reading_of(windows, tokens[passage.text], passage.sentences)
            for windows, (_, passage) in zip(of_pair, pairs, strict=True)
        ]

    def _tokens(self, texts: set[str]) -> dict[str, Tokens]:
        ordered = sorted(texts)
        return dict(zip(ordered, self._pieces.of(ordered), strict=True))

    def _cut(self, question: Tokens, title: Tokens, text: Tokens) -> Iterator[tuple[int, Sequence[int]]]:
        room = self._pieces.room(question, title)
        last = max(len(text.ids) - room, 0)
        for first in [*range(0, last, min(_STRIDE, room)), last]:
            yield first, text.ids[first : first + room]

    def _read(self, sequences: Sequence[Sequenced]) -> list[Scores]:
        """Score sequences in blocks of about one length."""
        found: dict[int, Scores] = {}
        order = _longest_first(sequences)
        for begin in range(0, len(order), _BLOCK):
            block = order[begin : begin + _BLOCK]
            found.update(zip(block, self._scored.run(self._scores, [sequences[at] for at in block]), strict=True))
        return [found[at] for at in range(len(sequences))]

    def _scores(self, sequences: Sequence[Sequenced]) -> list[Scores]:
        """Score what several threads asked together."""
        found: dict[int, Scores] = {}
        order = _longest_first(sequences)
        for begin in range(0, len(order), _BATCH):
            part = order[begin : begin + _BATCH]
            found.update(zip(part, self._batch([sequences[at] for at in part]), strict=True))
        return [found[at] for at in range(len(sequences))]

    def _batch(self, sequences: Sequence[Sequenced]) -> Iterator[Scores]:
        import torch

        from index.reader.network import batched

        with self._lock:
            network = self._network
        batch = batched(_filled_up(sequences), next(network.parameters()).device, step=_TOKEN_STEP)
        with computing_with(all_threads()), torch.inference_mode():
            outputs = network(batch)
        starts, ends, relevance, answered = (tensor.cpu().numpy() for tensor in outputs[:4])
        evidence = None if outputs.evidence is None else outputs.evidence.cpu().numpy()
        for row, sequence in enumerate(sequences):
            passage = slice(sequence.passage_at, len(sequence.ids) - 1)
            yield Scores(
                starts[row, passage] - starts[row, 0],
                ends[row, passage] - ends[row, 0],
                float(relevance[row]),
                float(answered[row]),
                None if evidence is None else evidence[row, passage],
            )

    @cached_property
    def _pieces(self) -> WordPieces:
        return WordPieces(packaged_folder(), longest_question=self._shipped.longest_question)

    @cached_property
    def _network(self) -> "ReadingNetwork":
        return _loaded(_checked(self._folder, self._shipped)[0], self._precision)


def _longest_first(sequences: Sequence[Sequenced]) -> list[int]:
    return sorted(range(len(sequences)), key=lambda at: -len(sequences[at].ids))


def _filled_up(sequences: Sequence[Sequenced]) -> list[Sequenced]:
    """Repeat the first sequence until there are as many, and so many tokens, that each is read as in any other batch."""
    longest = rounded_up(max(len(s.ids) for s in sequences), _TOKEN_STEP)
    least = max(len(sequences), rounded_up(_LEAST_TOKENS, longest) // longest)
    return [*sequences, *[sequences[0]] * (rounded_up(least, _ROW_STEP) - len(sequences))]


def _checked(folder: Path | None, shipped: Shipped) -> tuple[Path, str]:
    """Return where the weights are, and their hash. Raises ModelUnusable when they are not there, or not ours."""
    path = (folder or shipped.folder) / WEIGHTS_FILE
    if not path.is_file():
        raise ModelUnusable(
            f"The reading model's weights {path} are missing. Set FOOTNOTE_READER to a folder with {WEIGHTS_FILE}, to "
            "`none` to go without, or leave it out for the model that ships with Footnote."
        )
    found = sha256_of(path)
    if folder is None and found != shipped.sha256:
        raise ModelUnusable(
            f"The reading model's weights {path} hash to {found[:16]}, not {shipped.sha256[:16]}: the file is damaged or "
            "was replaced. Install Footnote again, or set FOOTNOTE_READER to `none` or to a folder with other weights."
        )
    return path, found


def _loaded(path: Path, precision: Precision) -> "ReadingNetwork":
    from index.models.packing import pack
    from index.reader.network import stored

    chosen = computation(precision)
    network = stored(path, packaged_folder())
    network.encoder.to(dtype=chosen.dtype)
    network.to(chosen.device)
    pack(network.encoder)
    return network
