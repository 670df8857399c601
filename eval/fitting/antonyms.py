"""Makes the lists of opposites and of words that deny, out of WordNet's dictionary files (Fellbaum 1998).

    python -m eval.fitting.antonyms --wordnet /usr/share/wordnet

It writes two files into `service/answer/verification/`. `antonyms.tsv` has WordNet's direct antonyms of which both are in
use, with their irregular forms. `denying.tsv` has adjectives that are their antonym with a negative prefix ("ineligible"),
and verbs that have an antonym and are defined by a denial ("exclude": "prevent from being included"), with the words of their
synset that first mean this.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordfreq import zipf_frequency

from service.answer.verification.antonyms import ANTONYMS, DENYING

_PARTS = ("noun", "verb", "adj", "adv")
# Rarer words than this, about three in ten million, stand in hardly any text, and make the list twice as long.
_LEAST_FREQUENCY = 2.5
_NEGATIVE = re.compile(r"(?:un|in|im|il|ir|non|dis)(.+)")
_DENIAL = re.compile(
    r"(?:prevent|refuse|be without|do without|command against|not|forbid|exclude|withhold|deprive|lack)\b"
)
_NOTICE = """\
# Made by eval/fitting/antonyms.py.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. Used under the WordNet licence
# (https://wordnet.princeton.edu/license-and-commercial-use): provided "as is", without warranties of any kind.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.fitting.antonyms",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--wordnet", type=Path, required=True, help="folder of WordNet's files (data.noun, noun.exc, ...)"
    )
    parser.add_argument("--out", type=Path, default=ANTONYMS.parent, help="folder to write into")
    given = parser.parse_args(arguments)
    for name, lines in ((ANTONYMS.name, antonyms(given.wordnet)), (DENYING.name, denying(given.wordnet))):
        (given.out / name).write_text(_NOTICE + "".join(f"{line}\n" for line in lines), "utf-8")


def antonyms(folder: Path) -> list[str]:
    """Return two words a line, each with its irregular forms behind it: "fall fallen fell<tab>rise risen rose"."""
    found = set()
    for part in _PARTS:
        forms = _forms(folder / f"{part}.exc")
        for pair in _pairs(folder, part):
            words = (pair.word, pair.other)
            if all(map(_in_use, words)):
                found.add("\t".join(sorted(map(forms, words))))
    return sorted(found)


def denying(folder: Path) -> list[str]:
    """Return the words that deny what follows them, one a line, each with its irregular forms."""
    prefixed = {pair.word for pair in _pairs(folder, "adj") if _is_negative_of(pair.word, pair.other)}
    first = _first_senses(folder / "index.verb")
    verbs = {
        word
        for pair in _pairs(folder, "verb")
        if _DENIAL.match(pair.gloss) and not _DENIAL.match(pair.gloss_of_other)
        for word in pair.synset
        if first.get(word) == pair.offset
    }
    return sorted(map(_forms(folder / "verb.exc"), filter(_in_use, prefixed | verbs)))


def _is_negative_of(word: str, other: str) -> bool:
    found = _NEGATIVE.fullmatch(word)
    return found is not None and found[1] == other


def _in_use(word: str) -> bool:
    return word.isalpha() and zipf_frequency(word, "en") >= _LEAST_FREQUENCY


@dataclass(frozen=True, slots=True)
class _Pair:
    """A word and its opposite (the pointer "!"), with what each means, and the synset of the first."""

    word: str
    other: str
    gloss: str
    gloss_of_other: str
    synset: Sequence[str]
    offset: str


def _pairs(folder: Path, part: str) -> Iterator[_Pair]:
    """Yield the pairs of a part of speech, each both ways."""
    synsets = {line.split(maxsplit=1)[0]: line.partition(" | ") for line in _lines(folder / f"data.{part}")}
    for offset, (data, _, gloss) in synsets.items():
        words, pointers = _words_and_pointers(data)
        for symbol, of, _, between in zip(*(iter(pointers),) * 4, strict=True):
            if symbol == "!":
                others, _ = _words_and_pointers(synsets[of][0])
                word, other = words[int(between[:2], 16) - 1], others[int(between[2:], 16) - 1]
                yield _Pair(word, other, gloss, synsets[of][2], words, offset)


def _words_and_pointers(data: str) -> tuple[list[str], list[str]]:
    """Return the words of a synset, and its pointers: four fields each."""
    _, _, _, count, *rest = data.split()
    end = 2 * int(count, 16)
    words = [word.partition("(")[0].lower() for word in rest[:end:2]]
    return words, rest[end + 1 : end + 1 + 4 * int(rest[end])]


def _first_senses(path: Path) -> Mapping[str, str]:
    """Return the synset of each word's first sense."""
    fields = map(str.split, _lines(path))
    return {word: rest[-int(count)] for word, _, count, *rest in fields}


def _forms(path: Path) -> Callable[[str], str]:
    """Return what puts the irregular forms of a word behind it."""
    irregular = defaultdict(list)
    for line in _lines(path):
        form, *words = line.split()
        for word in words:
            if _in_use(form):
                irregular[word].append(form)
    return lambda word: " ".join([word, *irregular[word]])


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if not line.startswith("  ")]


if __name__ == "__main__":
    main(sys.argv[1:])
