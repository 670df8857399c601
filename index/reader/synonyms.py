"""Other words for a word, out of WordNet's dictionary files (Fellbaum 1998). Only the training reads them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from index.errors import WrongUsage

Synonyms = Mapping[str, tuple[str, ...]]

_PARTS = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
# A word stands for its commonest sense only where that is so large a share of its uses in WordNet's tagged texts.
_COMMON, _COUNTED = 0.6, 5


def read_wordnet(folder: Path) -> Synonyms:
    """Return the synonyms of every word that has one sense, or one that is by far the commonest.

    `folder` holds WordNet's index.noun, data.noun and so on. Raises WrongUsage when it does not.
    """
    senses: dict[str, list[tuple[str, int]]] = defaultdict(list)
    synsets: dict[tuple[str, int], tuple[str, ...]] = {}
    try:
        uses = dict(_uses(folder / "cntlist.rev"))
        for part in _PARTS:
            synsets.update({(part, at): words for at, words in _synsets(folder / f"data.{part}")})
            for word, offsets in _indexed(folder / f"index.{part}"):
                senses[word].extend((part, at) for at in offsets)
    except (OSError, ValueError, IndexError) as error:
        raise WrongUsage(
            f"{folder} holds no WordNet that can be read ({error}). Name the folder that has index.noun and data.noun, or "
            "leave it out."
        ) from error
    used = {word for word, _ in uses}
    found = {word: _others(word, synsets.get(sense, ()), used) for word, sense in _clear(senses, uses)}
    return {word: others for word, others in found.items() if others}


def _clear(
    senses: Mapping[str, list[tuple[str, int]]], uses: Mapping[tuple[str, str], list[int]]
) -> Iterator[tuple[str, tuple[str, int]]]:
    for word, of in senses.items():
        if len(of) == 1:
            yield word, of[0]
            continue
        total = sum(sum(uses.get((word, part), ())) for part in _PARTS)
        for part in {part for part, _ in of}:
            first = next(iter(uses.get((word, part), ())), 0)
            if total >= _COUNTED and first >= _COMMON * total:
                yield word, next(sense for sense in of if sense[0] == part)


def _others(word: str, synset: tuple[str, ...], used: set[str]) -> tuple[str, ...]:
    # Single words that were never met in the tagged texts are mostly ones that nobody says.
    said = (other for other in synset if other.islower() and (" " in other or other in used))
    return tuple(other for other in said if word not in other and other not in word)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from (line for line in file if not line.startswith("  "))


def _indexed(path: Path) -> Iterator[tuple[str, list[int]]]:
    for line in _lines(path):
        word, _, count, *rest = line.split()
        yield word.replace("_", " "), [int(offset) for offset in rest[-int(count) :]]


def _synsets(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    for line in _lines(path):
        offset, _, _, count, *rest = line.split()
        words = rest[: 2 * int(count, 16) : 2]
        yield int(offset), tuple(word.partition("(")[0].replace("_", " ") for word in words)


def _uses(path: Path) -> Iterator[tuple[tuple[str, str], list[int]]]:
    """Yield how often each sense of a word was tagged, the first sense first."""
    parts = {number: part for part, number in _PARTS.items()} | {"5": "adj"}
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for line in _lines(path):
        key, sense, count = line.split()
        word, _, rest = key.partition("%")
        counts[word.replace("_", " "), parts[rest[0]]][int(sense)] += int(count)
    yield from ((key, [of[n] for n in range(1, max(of) + 1)]) for key, of in counts.items())
