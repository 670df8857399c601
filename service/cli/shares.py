"""Reads a share that was given as an option."""

from index.errors import WrongUsage


def share(text: str) -> float:
    """Return a share such as `20%` or `0.2` as a number from 0 to 1. Raises WrongUsage."""
    try:
        found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise WrongUsage(f"--prune-limit {text!r} is not a share. Write a percentage such as 20%.")
    return found
