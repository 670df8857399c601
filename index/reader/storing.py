"""Writes trained weights to a file."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file


def save(weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write weights in bfloat16, whole or not at all."""
    part = path.with_suffix(".part")
    save_file({name: w.detach().to("cpu", torch.bfloat16).contiguous() for name, w in weights.items()}, part)
    part.replace(path)
