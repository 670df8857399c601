"""The network that reads: a BERT encoder with its heads, and how it is stored."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from index.errors import ModelUnusable
from index.models.bert import Attention, BertEncoder, BertShape
from index.reader.tokens import TOKEN_STEP, Sequenced, rounded_up

WORDS = "encoder.embeddings.word_embeddings.weight"
_EVIDENCE = ("evidence.weight", "evidence.bias")

_INSTEAD = "Train it again, or set FOOTNOTE_READER to another folder or to `none`."


class Batch(NamedTuple):
    """Sequences as tensors of (sequences, tokens): token ids, segment (1 from the title on), real tokens, and where a
    stretch may start and end (tokens of the passage, and the first token, which stands for "no answer")."""

    ids: Tensor
    segments: Tensor
    real: Tensor
    allowed: Tensor


class Outputs(NamedTuple):
    """Logits in float32: where the answer starts and ends, (sequences, tokens); relevance and answered, (sequences,);
    and evidence, (sequences, tokens), whose mean over a sentence's tokens is the log-odds that the sentence belongs to the
    answer. There is no evidence from weights that were trained without it."""

    starts: Tensor
    ends: Tensor
    relevance: Tensor
    answered: Tensor
    evidence: Tensor | None


class ReadingNetwork(nn.Module):
    """A BERT encoder (Devlin et al., NAACL 2019) with heads for the stretch, relevance, answerability, and evidence.

    The first token's score as start and end stands for "no answer", as in the paper's section 4.3.
    """

    def __init__(self, shape: BertShape, attention: Attention = "sdpa", *, scores_evidence: bool = True) -> None:
        super().__init__()
        self.encoder = BertEncoder(shape, attention)
        self.stretch = nn.Linear(shape.hidden_size, 2)
        self.verdict = nn.Linear(shape.hidden_size, 2)
        self.evidence = nn.Linear(shape.hidden_size, 1) if scores_evidence else None

    def forward(self, batch: Batch) -> Outputs:
        """Read a batch."""
        hidden = self.encoder(batch.ids, batch.real, batch.segments)
        starts, ends = _wide(self.stretch, hidden).unbind(-1)
        relevance, answered = _wide(self.verdict, hidden[:, 0]).unbind(-1)
        evidence = _wide(self.evidence, hidden).squeeze(-1) if self.evidence else None
        closed = ~batch.allowed
        return Outputs(starts.masked_fill(closed, -1e4), ends.masked_fill(closed, -1e4), relevance, answered, evidence)


def _wide(head: nn.Linear, hidden: Tensor) -> Tensor:
    # In float64: logits keep the digits that bfloat16 would drop, and are rounded to the same float32 however many rows
    # are multiplied at once, which decides in what order their products are summed.
    bias = head.bias.double()
    return functional.linear(hidden.double(), head.weight.double(), bias).float()


def batched(sequences: Sequence[Sequenced], device: torch.device | None = None, *, step: int = TOKEN_STEP) -> Batch:
    """Fill sequences up to the longest, rounded up to a multiple of `step` tokens."""
    longest = rounded_up(max(len(s.ids) for s in sequences), step)
    ids = torch.tensor([[*s.ids, *[0] * (longest - len(s.ids))] for s in sequences])
    at = torch.arange(longest)[None]
    title, passage, end = (
        torch.tensor(column)[:, None]
        for column in zip(*((s.title_at, s.passage_at, len(s.ids)) for s in sequences), strict=True)
    )
    real = at < end
    allowed = ((at >= passage) & (at < end - 1)) | (at == 0)
    batch = Batch(ids, ((at >= title) & real).long(), real.long(), allowed)
    return Batch(*(tensor.to(device) for tensor in batch)) if device else batch


def started(packaged: Path) -> ReadingNetwork:
    """Return a network to train, in float32: the packaged embedding model is its encoder, and its heads are fresh."""
    network = ReadingNetwork(BertShape.read(packaged), "eager")
    weights = load_file(packaged / "model.safetensors")
    network.encoder.load_state_dict(
        {name: w for name, w in weights.items() if not name.startswith("pooler.")}, strict=False
    )
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    return network


def stored(path: Path, packaged: Path) -> ReadingNetwork:
    """Return the network whose trained weights are in a file; word embeddings are those of the packaged model.

    Weights are in float32. The evidence head may be missing, as it is in weights that were trained before there was one.
    Raises ModelUnusable when the file is damaged, or its weights have other names or shapes.
    """
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelUnusable(f"The reading model's weights {path} cannot be read: {error}. {_INSTEAD}") from error
    with torch.device("meta"):  # no weights are made up that are then replaced
        network = ReadingNetwork(BertShape.read(packaged), scores_evidence=any(name in weights for name in _EVIDENCE))
    wanted = {name: tuple(w.shape) for name, w in network.state_dict().items() if name != WORDS}
    found = {name: tuple(w.shape) for name, w in weights.items()}
    if found != wanted:
        name = min(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        raise ModelUnusable(
            f"The reading model's weights {path} do not fit: {name} has the shape {found.get(name)}, not "
            f"{wanted.get(name)}. {_INSTEAD}"
        )
    words = load_file(packaged / "model.safetensors")[WORDS.removeprefix("encoder.")]
    network.load_state_dict({**{name: w.float() for name, w in weights.items()}, WORDS: words.float()}, assign=True)
    return network.eval()
