"""One training: its weights and optimiser, its steps, its checkpoints."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from index.models.computation import computation
from index.models.embedding import packaged_folder
from index.reader.groups import Item
from index.reader.losses import loss_of, ranking_loss
from index.reader.network import WORDS, Outputs, batched, started, stored
from index.reader.storing import save
from index.reader.tokens import TOKEN_STEP, rounded_up
from index.settings import Precision

log = logging.getLogger(__name__)

_PARTS = 6
_WARMUP, _DECAY = 0.02, 0.35
_AVERAGED = 0.995
_MIDDLE = 0.4


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train. `tokens` counts what the network reads, filling included. `start` is a file of
    trained weights to start from; without one, the encoder is the packaged embedding model. `precision` is that of the
    copy that computes. `frozen` counts the lowest layers that stay as they are, with the embeddings: that is faster."""

    out: Path
    tokens: int
    seed: int
    rate: float
    start: Path | None = None
    precision: Precision = "fastest"
    frozen: int = 0


class Training:
    """The state of a training: weights in float32, the optimiser, the running average of the weights, what was read.

    The network that computes has copies of the weights in the processor's fastest type.
    """

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.plan = plan
        self.step = self.tokens = 0
        self.network = started(packaged_folder()).to(device)
        if plan.start:
            self.network.load_state_dict(
                {**self.network.state_dict(), **stored(plan.start, packaged_folder()).state_dict()}
            )
        if plan.frozen:
            lowest = [self.network.encoder.embeddings, *self.network.encoder.encoder.layer[: plan.frozen]]
            for module in lowest:
                module.requires_grad_(False)
        names = [name for name, w in self.network.named_parameters() if w.requires_grad]
        self.exact = {name: self.network.get_parameter(name).detach().clone() for name in names}
        self.average = {name: weight.clone() for name, weight in self.exact.items()}
        self.middle: dict[str, Tensor] = {}
        self.network.to(computation(plan.precision).dtype)
        self.weights = [self.network.get_parameter(name) for name in names]
        groups = [
            {"params": [w for n, w in self.exact.items() if w.dim() > 1], "weight_decay": 0.01},
            {"params": [w for n, w in self.exact.items() if w.dim() <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98), eps=1e-6, fused=True)
        self._adding = Lock()

    @property
    def device(self) -> torch.device:
        return self.weights[0].device

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        path = self.plan.out / "checkpoint.pt"
        state = {
            "step": self.step,
            "tokens": self.tokens,
            "exact": self.exact,
            "average": self.average,
            "middle": self.middle,
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)
        weights = {name: w for name, w in self.network.state_dict().items() if name != WORDS}
        save({**weights, **self.blended()}, self.plan.out / "reader.safetensors")

    def blended(self) -> dict[str, Tensor]:
        """Return the weights to read with: the mean of those of now and, once it is past, of the middle of the training.

        After the few questions there are, seen again and again, the last weights fit them too closely; a mean along the
        way undoes much of that (Izmailov et al., UAI 2018, "Averaging Weights Leads to Wider Optima"; docs/research/reader.md
        has the figures).
        """
        now = {name: (self.exact[name] + self.average[name]) / 2 for name in self.exact}
        return {name: (now[name] + self.middle[name]) / 2 for name in now} if self.middle else now

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        path = self.plan.out / "checkpoint.pt"
        if path.is_file():
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.step, self.tokens = state["step"], state["tokens"]
            for mine, saved in ((self.exact, state["exact"]), (self.average, state["average"])):
                for name, weight in mine.items():
                    weight.copy_(saved[name])
            self.middle = state["middle"]
            self.optimiser.load_state_dict(state["optimiser"])
            self._hand_over()
            log.info("going on from step %d, %.1f million tokens", self.step, self.tokens / 1e6)

    def learn(self, groups: Sequence[Sequence[Item]], pool: ThreadPoolExecutor) -> float:
        """Take one step. Returns the loss."""
        items = [item for group in groups for item in group]
        parts = _parts(items, _PARTS)
        read = list(pool.map(lambda part: self._read([items[at] for at in part]), parts))
        # The items of a question may be in several batches, so that none is filled up much: the loss of their order is
        # computed between the way forth and the way back.
        relevance = torch.empty(len(items), device=self.device)
        for part, (outputs, _) in zip(parts, read, strict=True):
            relevance[part] = outputs.relevance.detach()
        ranking = ranking_loss(relevance.requires_grad_(), groups) / len(groups)
        (pull,) = torch.autograd.grad(ranking, relevance)
        list(pool.map(lambda at: self._pull(*read[at], pull[parts[at]], share=1 / len(items)), range(len(parts))))
        self._update()
        return ranking.item() + sum(loss.item() for _, loss in read) / len(items)

    def _read(self, items: Sequence[Item]) -> tuple[Outputs, Tensor]:
        batch = batched([item.sequence for item in items], self.device)
        outputs = self.network(batch)
        with self._adding:
            self.tokens += batch.ids.numel()
        return outputs, loss_of(outputs, items)

    def _pull(self, outputs: Outputs, loss: Tensor, pull: Tensor, *, share: float) -> None:
        gradients = torch.autograd.grad((loss * share, outputs.relevance), self.weights, (None, pull))
        with self._adding:
            for weight, gradient in zip(self.exact.values(), gradients, strict=True):
                weight.grad = gradient.float() if weight.grad is None else weight.grad.add_(gradient)

    def _update(self) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * rate_at(self.tokens / self.plan.tokens)
        torch.nn.utils.clip_grad_norm_(list(self.exact.values()), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.step += 1
        kept = min(_AVERAGED, self.step / (self.step + 10))
        torch._foreach_lerp_(list(self.average.values()), list(self.exact.values()), 1 - kept)
        if not self.middle and self.tokens >= _MIDDLE * self.plan.tokens:
            self.middle = {name: weight.clone() for name, weight in self.average.items()}
        self._hand_over()

    def _hand_over(self) -> None:
        with torch.no_grad():
            torch._foreach_copy_(list(self.weights), list(self.exact.values()))


def rate_at(done: float) -> float:
    """Return the learning rate as a share of the highest, when so much of the training is done (0 to 1)."""
    return max(min(done / _WARMUP, 1.0, (1 - done) / _DECAY), 0.0)


def _parts(items: Sequence[Item], count: int) -> list[list[int]]:
    """Deal the items of a step into batches of like length and of about as many tokens each, longest first."""
    lengths = [rounded_up(len(item.sequence.ids), TOKEN_STEP) for item in items]
    ordered = sorted(range(len(items)), key=lambda at: -lengths[at])
    share = sum(lengths) / count
    parts: list[list[int]] = [[] for _ in range(count)]
    read = 0
    for at in ordered:
        parts[min(int((read + lengths[at] / 2) / share), count - 1)].append(at)
        read += lengths[at]
    return [part for part in parts if part]
