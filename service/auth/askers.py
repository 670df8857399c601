"""Who asks: whom answers and conversations are kept for, and what they may read."""

from dataclasses import dataclass

from index.records import EVERYTHING, FOR_EVERYONE, Access


@dataclass(frozen=True, slots=True)
class Asker:
    """Someone who asks. `id` is stable: `owner`, `anyone`, or such as `key:alice`, `slack:U012AB3CD`.

    `admin` may index, and see what others asked and said of the answers.
    """

    id: str
    access: Access
    admin: bool = False


OWNER = Asker("owner", EVERYTHING, admin=True)
"""Who owns the data folder: the local command line. What it asks is not kept."""

ANYONE = Asker("anyone", FOR_EVERYONE)
"""Whoever reaches a service that runs without keys."""
