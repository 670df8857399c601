"""Who does what to whom: whether a sentence has two names in the places that its source has the other way round."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.stores.lexical import stems
from service.answer.text.terms import terms

_TOKEN = re.compile(r"[A-Za-z][\w-]*")
# After "with" and "and", it makes no difference who is named first.
_MUTUAL = frozenset({"with", "and", "or", "between"})

# Names of one clause that are compared, each with each.
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class _Role:
    """One name before a word of action and one behind it; `passive` when "by" stands before the second."""

    first: str
    action: str
    second: str
    passive: bool

    def turned(self, other: "_Role") -> bool:
        """Say whether the other says the same of both, the other way round."""
        across = (self.first, self.second) == (other.second, other.first)
        along = (self.first, self.second) == (other.first, other.second)
        same = self.passive == other.passive
        return self.action == other.action and ((across and same) or (along and not same))


def roles_turned(words: str, quotes: tuple[str, ...]) -> bool:
    """Say whether a sentence turns a relation of its source round: "Anthropic invests in Amazon" for "Amazon invests in …".

    Only where the same word of action stands between the same two names, and the source has them in no other order too.
    """
    claimed = set(_roles(words))
    given = {role for quote in quotes for role in _roles(quote)}
    return any(one.turned(other) for one in claimed - given for other in given) and not claimed & given


def _roles(text: str) -> Iterator[_Role]:
    for clause in re.split(r"[;:.,](?=\s)", text):
        tokens = _TOKEN.findall(clause)
        names = [at for at, token in enumerate(tokens) if token[0].isupper() and terms(token)][:_MOST_NAMES]
        for first, second in ((a, b) for a in names for b in names if a < b):
            between = [token for token in tokens[first + 1 : second] if token[0].islower()]
            if between and between[-1] not in _MUTUAL:
                for action in {stem for token in between for stem in terms(token)}:
                    yield _Role(_name(tokens[first]), action, _name(tokens[second]), tokens[second - 1] == "by")


def _name(token: str) -> str:
    return stems(token)[0]
