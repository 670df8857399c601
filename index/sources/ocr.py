"""Recognises the text of a picture with RapidOCR, from the extra `ocr`. Runs in the reading process; nothing is fetched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from math import atan2, cos, degrees, radians, sin
from statistics import median
from typing import TYPE_CHECKING, Any

from index.extras import how_to_install
from index.records import Corners
from index.sources.pdf_layout import Line, page_lines
from index.sources.pdf_words import Segment

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 2_000
"""Pixels of the longer side of a picture as it is read: 171 to the inch on A4. Others are made larger or smaller."""
POOR = 0.85
"""A confidence below which text is said to be read poorly (docs/research/pdf.md)."""

# Heights of boxes vary with what a line holds: within this share of the usual one, it is the same type.
_SAME_TYPE = 0.35
# Pixels of a side of the small copy in which the angle of a page is measured, and degrees between which it is turned.
_SMALL = 1_000
_LEVEL = 0.2
_MOST_ASKEW = 20.0
_Point = tuple[float, float]
_Box = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class _Found:
    """Words in a level picture, with their place in pixels."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float


def missing() -> str | None:
    """Return what to install before text can be recognised, or None when nothing is missing."""
    if find_spec("rapidocr") and find_spec("onnxruntime"):
        return None
    return f"pictures of text are read by the extra `ocr`. Install it: {how_to_install('ocr')}"


def recogniser() -> str:
    """Return the name of what recognises text, which changes whenever it may read something else."""
    return f"rapidocr {version('rapidocr')} {LONGEST_SIDE}"


def recognised_lines(picture: "Image") -> list[Line]:
    """Return the lines of text in a picture, in reading order, whichever way up it lies. Places are in pixels."""
    boxes = _glance(picture)
    if not boxes:
        return []
    is_upright = sum(right - left > low - top for left, top, right, low in map(_reach, boxes)) * 2 >= len(boxes)
    best: list[Line] = []
    for quarters in (0, 2) if is_upright else (1, 3):
        lines = _lines_turned(picture, quarters)
        best = max(best, lines, key=mean_of_lines)
        if mean_of_lines(best) >= POOR:
            break
    return best


def mean_of_lines(lines: Sequence[Line]) -> float:
    """Return the mean confidence of the characters of lines, 0 if there are none."""
    total = sum(len(line.text) for line in lines)
    return sum((line.confidence or 0.0) * len(line.text) for line in lines) / max(total, 1)


def _lines_turned(picture: "Image", quarters: int) -> list[Line]:
    """Return the lines of a picture that is turned by so many quarters against the clock to be read."""
    from PIL.Image import Resampling

    upright = picture.rotate(90 * quarters, expand=True)
    degrees = _angle(_glance(upright))
    # Lines of a page that lies askew share no gutter, and their boxes overlap.
    turn = _Turn(degrees if _LEVEL < abs(degrees) < _MOST_ASKEW else 0.0, upright.width / 2, upright.height / 2)
    level = upright.rotate(turn.degrees, Resampling.BICUBIC, fillcolor="white") if turn.degrees else upright
    found = _found(level)
    lines = page_lines([_segments(found)]) if found else []
    return [replace(line, corners=_corners(line, turn, upright, quarters)) for line in lines]


def _glance(picture: "Image") -> list[_Box]:
    """Return where lines are in a small copy of a picture, which is enough to see how it lies."""
    small = picture.copy()
    small.thumbnail((_SMALL, _SMALL))
    seen = _engine()(small, use_det=True, use_cls=False, use_rec=False)
    return [] if seen.boxes is None else seen.boxes.tolist()


def _reach(box: _Box) -> tuple[float, float, float, float]:
    across, down = zip(*box, strict=True)
    return min(across), min(down), max(across), max(down)


def _found(picture: "Image") -> list[_Found]:
    # Not with its model for lines that are upside down: it turns some that are not (docs/research/pdf.md).
    read = _engine()(picture, use_det=True, use_cls=False, use_rec=True)
    if read.boxes is None:
        return []
    return [
        _Found(text, float(score), *_reach(box))
        for box, words, score in zip(read.boxes.tolist(), read.txts, read.scores, strict=True)
        if (text := words.strip())
    ]


@lru_cache(1)
def _engine() -> Any:
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", "Global.max_side_len": LONGEST_SIDE, **threads})


@dataclass(frozen=True, slots=True)
class _Turn:
    """How a picture was turned to be level: by degrees, against the clock, around its middle."""

    degrees: float
    x: float
    y: float

    def back(self, point: _Point) -> _Point:
        """Return where a point of the level picture is in the picture as it was."""
        across, down = point[0] - self.x, point[1] - self.y
        c, s = cos(radians(self.degrees)), sin(radians(self.degrees))
        return self.x + across * c - down * s, self.y + across * s + down * c


def _angle(boxes: Iterable[_Box]) -> float:
    """Return by how many degrees lines fall from left to right: the median of the boxes, by their length."""
    angles = []
    for (left, top), (right, bottom), *_ in boxes:
        across, down = right - left, bottom - top
        angles.append((degrees(atan2(down, across)), abs(across) + abs(down)))
    angles.sort()
    half, passed = sum(length for _, length in angles) / 2, 0.0
    for angle, length in angles:
        passed += length
        if passed >= half:
            return angle
    return 0.0


def _segments(found: Sequence[_Found]) -> list[Segment]:
    usual = median(one.bottom - one.top for one in found)
    return [_segment(one, order, usual) for order, one in enumerate(found)]


def _segment(one: _Found, order: int, usual: float) -> Segment:
    height = one.bottom - one.top
    if abs(height - usual) <= _SAME_TYPE * usual:
        height = usual
    middle = (one.top + one.bottom) / 2
    top, bottom = middle - height / 2, middle + height / 2
    return Segment(one.text, one.left, one.right, top, bottom, height, order, one.confidence)


def _corners(line: Line, turn: _Turn, picture: "Image", quarters: int) -> Corners:
    """Return the corners of a line on its page, which was turned by quarters and then levelled."""
    box = ((line.left, line.top), (line.right, line.top), (line.right, line.bottom), (line.left, line.bottom))
    shares = ((_share(x, picture.width), _share(y, picture.height)) for x, y in map(turn.back, box))
    return tuple(_unturned(point, quarters) for point in shares)


def _unturned(point: _Point, quarters: int) -> _Point:
    across, down = point
    for _ in range(quarters):
        across, down = round(1 - down, 4), across
    return across, down


def _share(place: float, of: int) -> float:
    return round(min(max(place / of, 0.0), 1.0), 4)
