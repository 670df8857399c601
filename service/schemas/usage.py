"""The JSON of how much a service is used, for admins."""

from datetime import date

from pydantic import Field

from service.schemas.api import NearestWire, Wire


class Outcomes(Wire):
    """How many questions ended how. `abandoned`: the asker went away before the answer; `about`: it was small talk."""

    answered: int = 0
    no_answer: int = 0
    about: int = 0
    failed: int = 0
    abandoned: int = 0


class DayOfUse(Outcomes):
    day: date


class ArticleUse(Wire):
    """An article, and how many answers cite it."""

    article_id: str
    title: str
    answers: int


class AskerUse(Wire):
    """Who asks, by the name of their key, and how many questions."""

    asker: str
    questions: int


class UsageResponse(Wire):
    """How much was asked from the first to the last day, both included, by the clock of UTC.

    Of the answers that are still `kept`, `degraded` were made with something left out, such as a language model that
    failed. The times are of answers and refusals, from the question to the last sentence. Of each person's ratings of an
    answer the last counts. Only articles that the reader may read are named and counted.
    """

    first: date
    last: date
    questions: Outcomes
    per_day: list[DayOfUse]
    kept: int
    degraded: int
    median_ms: float | None = Field(description="Half of the answers came within so many milliseconds.")
    p95_ms: float | None = Field(description="95 of 100 answers came within so many milliseconds.")
    rated_up: int
    rated_down: int
    most_cited: list[ArticleUse] = Field(description="At most ten, the most cited first.")
    not_cited_total: int
    not_cited: list[NearestWire] = Field(description="At most ten, in order of id.")
    askers_total: int
    askers: list[AskerUse] = Field(description="At most ten, the most active first.")
