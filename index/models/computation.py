"""Chooses how the models compute on this machine: the type of numbers, the device, and the layout of weights.

The choice is made only here, from the abilities of the processor, so that the embedding model and the reader agree.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from index.settings import Precision

if TYPE_CHECKING:
    import torch

# What PyTorch calls the ability to multiply bfloat16 in tiles (Intel since Sapphire Rapids): 2.4 to 2.8 times as many
# passages a second as in float32. AVX512-BF16 alone (AMD since Zen 4) is 1.8 times as fast, but there the result for a
# passage depends slightly on the others in its batch (log-odds .0005 off, from attention over 224 tokens), so that an
# evaluation could not be repeated exactly: it must be set by hand. Other processors emulate bfloat16, which is slower.
_BFLOAT16_ABILITY = "amx_bf16"


@dataclass(frozen=True, slots=True)
class Computation:
    """How models compute here.

    `packed`: the weights are laid out for this processor by oneDNN (`index/models/packing.py`). `instructions`: PyTorch's
    name of the vector instructions that it uses: AVX2, AVX512, or DEFAULT.
    """

    precision: Literal["float32", "bfloat16"]
    device: Literal["cpu", "cuda"]
    packed: bool
    instructions: str

    @property
    def dtype(self) -> "torch.dtype":
        """The type of numbers in PyTorch."""
        import torch

        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32

    def __str__(self) -> str:
        if self.device == "cuda":
            return f"{self.precision} on a GPU"
        layout = "weights packed by oneDNN" if self.packed else "weights as PyTorch stores them"
        return f"{self.precision} on a processor with {self.instructions}, {layout}"


@cache
def computation(precision: Precision) -> Computation:
    """Return how models compute on this machine with this setting. Imports PyTorch and tests the processor."""
    import torch

    from index.models.packing import can_pack

    instructions: str = torch.backends.cpu.get_cpu_capability()
    if torch.cuda.is_available():
        fastest: Literal["float32", "bfloat16"] = "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
        return Computation(fastest if precision == "fastest" else precision, "cuda", False, instructions)
    able = torch.cpu.get_capabilities()
    if precision == "fastest":
        precision = "bfloat16" if able.get(_BFLOAT16_ABILITY) and can_pack(torch.bfloat16) else "float32"
    packed = can_pack(torch.bfloat16 if precision == "bfloat16" else torch.float32)
    return Computation(precision, "cpu", packed, instructions)
