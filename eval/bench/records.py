"""What the benchmark measures, as values that pass between its processes as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

System = Literal["footnote", "footnote, reading here", "quickstart", "quickstart, same length"]
"""`reading here`: files are read in the process that indexes, not in one of their own with limits."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """Articles that went into an empty index, the model loaded before. `peak` is in bytes, of the whole process."""

    articles: int
    passages: int
    seconds: float
    peak: int

    @property
    def rate(self) -> float:
        """Passages a second."""
        return self.passages / self.seconds


@dataclass(frozen=True, slots=True)
class Model:
    """The embedding model alone: passages a second on ready batches, and the least and middle cosine to float32."""

    precision: str
    rate: float
    least_cosine: float
    middle_cosine: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long questions took, in milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions to a filled index, asked in a process of its own.

    `opening` is the time in seconds until the first question is answered, without importing and loading the model;
    `resident` the memory of the process after the questions, in bytes; `latencies` by the kind of asker.
    """

    passages: int
    opening: float
    resident: int
    latencies: dict[str, Latency]


@dataclass(frozen=True, slots=True)
class Filled:
    """Passages added to an index with vectors that were not computed: reading aside, everything but the model."""

    passages: int
    added: int
    seconds: float
    disk: int


@dataclass(frozen=True, slots=True)
class Growth:
    """An index at one size: what it took to bring it there, and questions to it."""

    filled: Filled
    asked: Asked


@dataclass(frozen=True, slots=True)
class Measurements:
    """All that one run of the benchmark measured, in order of rounds.

    Without questions, `growth` is empty and `quickstart` is None.
    """

    ingested: Mapping[System, tuple[Ingested, ...]]
    model: tuple[Model, ...]
    growth: tuple[Growth, ...]
    quickstart: Asked | None
