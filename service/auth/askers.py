"""The person or program who asks: under which id answers are stored, and what they may read."""

from dataclasses import dataclass

from index.records import EVERYTHING, FOR_EVERYONE, Access


@dataclass(frozen=True, slots=True)
class Asker:
    """A person or program who asks. `id` is stable: `owner`, `anyone`, or for example `key:alice`, `slack:U012AB3CD`.

    An `admin` may index, and see the questions and feedback of others. `name` is what a person who signed in on the page is
    called; others have none.
    """

    id: str
    access: Access
    admin: bool = False
    name: str | None = None


OWNER = Asker("owner", EVERYTHING, admin=True)
"""The owner of the data folder: the local command line. Its questions are not stored."""

ANYONE = Asker("anyone", FOR_EVERYONE)
"""Anyone who reaches a service that runs without keys."""
