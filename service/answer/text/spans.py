"""Places in a text that patterns found: which of them overlap, and the text without them."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Placed(Protocol):
    """What stands at `text[start:end]`."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


_Found = TypeVar("_Found", bound=Placed)


def outside(found: Sequence[_Found], taken: Iterable[Placed]) -> list[_Found]:
    """Return those that overlap none of what is taken, in linear time."""
    mask = bytearray(max((one.end for one in found), default=0))
    for one in taken:
        mask[one.start : one.end] = b"\1" * len(mask[one.start : one.end])
    return [one for one in found if not any(mask[one.start : one.end])]


def apart(found: Iterable[_Found]) -> list[_Found]:
    """Return those that overlap none of those before them, in the order of the text, in linear time."""
    taken = bytearray()
    chosen: list[_Found] = []
    for one in found:
        taken.extend(bytes(max(one.end - len(taken), 0)))
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.start)


def blanked(text: str, taken: Iterable[Placed], *, fill: str = "0") -> str:
    """Return a text with one character, a zero, over and over in these places; all others stay where they are."""
    places = sorted((one.start, one.end) for one in taken)
    pieces, at = [], 0
    for start, end in places:
        if start >= at:
            pieces += [text[at:start], fill * (end - start)]
            at = end
    return "".join([*pieces, text[at:]])
