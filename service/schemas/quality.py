"""The JSON of how good answers are, without known answers to compare with, for admins."""

from datetime import date
from typing import Literal

from pydantic import Field

from service.schemas.api import Wire

Measure = Literal["supported", "refused", "slower", "rated_good"]


class DayOfQuality(Wire):
    """The mean of a day, over `n` values."""

    day: date
    n: int
    mean: float


class LevelWire(Wire):
    """A mean that held from this day on, over `n` values. The bounds hold it with a chance of 95 % at all times."""

    first: date
    n: int
    mean: float
    low: float
    high: float


class MeasureWire(Wire):
    """A measure between 0 and 1.

    `supported`: the share of an answer's sentences that what it cites supports. `refused`: the share of the questions without
    an answer. `slower`: the share of the answers that took longer than half of the first ones did (`than_ms`).
    `rated_good`: the share of the ratings that are good.
    """

    name: Measure
    days: list[DayOfQuality] = Field(description="Only days that have values.")
    levels: list[LevelWire] = Field(
        description="More than one where it changed beyond chance: a night marks a change where there is none with a chance "
        "of at most 1 in 1,000."
    )
    than_ms: float | None = None


class QualityResponse(Wire):
    """How good the answers were that were given on the days before today, by the clock of UTC.

    `share` of the answers are scored. A deleted answer counts no longer.
    """

    first: date
    last: date
    share: float
    scored: int
    measures: list[MeasureWire] = Field(description="Only those that have values.")
