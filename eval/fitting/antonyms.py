"""Makes the list of words that are the opposite of each other, out of WordNet's dictionary files (Fellbaum 1998).

    python -m eval.fitting.antonyms --wordnet /usr/share/wordnet

It writes `service/answer/verification/antonyms.tsv`: WordNet's direct antonyms of which both are in use, with their irregular
forms.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wordfreq import zipf_frequency

from service.answer.verification.antonyms import ANTONYMS

_PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
# Rarer words than this, about three in ten million, stand in hardly any text, and make the list twice as long.
_LEAST_FREQUENCY = 2.5
_NOTICE = """\
# Direct antonyms of WordNet, with their irregular forms: made by eval/fitting/antonyms.py.
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
    parser.add_argument("--out", type=Path, default=ANTONYMS)
    given = parser.parse_args(arguments)
    given.out.write_text(_NOTICE + "".join(f"{one}\t{other}\n" for one, other in antonyms(given.wordnet)), "utf-8")


def antonyms(folder: Path) -> list[tuple[str, str]]:
    """Return the pairs of words, each word with its irregular forms behind it: ("fall fallen fell", "rise risen rose")."""
    found = set()
    for letter, part in _PARTS.items():
        irregular = _irregular(folder / f"{part}.exc")
        for pair in _pairs(folder, part, letter):
            one, other = sorted(" ".join([word, *irregular.get(word, ())]) for word in pair)
            found.add((one, other))
    return sorted(found)


def _pairs(folder: Path, part: str, letter: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a part of speech of which one is the opposite of the other (the pointer "!")."""
    synsets = {line.split(maxsplit=1)[0]: line.partition(" | ")[0].split() for line in _lines(folder / f"data.{part}")}
    for fields in synsets.values():
        count = int(fields[3], 16)
        pointers = fields[5 + 2 * count :]
        for symbol, offset, _, between in zip(*(iter(pointers),) * 4, strict=False):
            if symbol == "!":
                word, other = _word(fields, between[:2]), _word(synsets[offset], between[2:])
                if all(one.isalpha() and zipf_frequency(one, "en") >= _LEAST_FREQUENCY for one in (word, other)):
                    yield word, other


def _word(fields: Sequence[str], number: str) -> str:
    """Return the word with this number, in two hexadecimal digits, of a synset."""
    return fields[2 + 2 * int(number, 16)].partition("(")[0].lower()


def _irregular(path: Path) -> Mapping[str, list[str]]:
    found = defaultdict(list)
    for line in _lines(path):
        form, *words = line.split()
        for word in words:
            if form.isalpha() and zipf_frequency(form, "en") >= _LEAST_FREQUENCY:
                found[word].append(form)
    return found


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if not line.startswith("  ")]


if __name__ == "__main__":
    main(sys.argv[1:])
