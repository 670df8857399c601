"""Texts and files damaged at random, from a seed that is told: the same seed damages in the same way."""

import os
import zipfile
from collections.abc import Iterator
from io import BytesIO
from random import Random
from time import monotonic

# How long a fuzzer goes on, in seconds of the clock. FOOTNOTE_TEST_FUZZ_SECONDS=20 has a quick look.
SECONDS = float(os.environ.get("FOOTNOTE_TEST_FUZZ_SECONDS", "300"))
# What has been hard on readers and patterns: repeated, it shows what takes more than linear time.
HARD = [
    *(
        " ",
        "\n",
        "\t",
        "[",
        "![a",
        "](",
        "<",
        "<p>",
        "<b ",
        "&amp;",
        "&#0;",
        "`",
        "```\n",
        "|",
        "| a ",
        "*",
        "_",
        "#",
        "> ",
    ),
    *("- ", "---\n", "---\ngroups: [a]\n", "+++\n", "%%", "<!--", "-->", "{{", "{%", '"', "'", "\\"),
    *("\u202e", "\x00", "\x1b[2J", "\ufeff", "\ud7ff", "1,000", "€", "1. ", "a.b.", "Dr. ", "http://x/"),
    *("<td>", "<![CDATA[", "]]>", "<item>", "%PDF-1.7\n", "endobj\n"),
]


def moments(seed: int) -> Iterator[Random]:
    """Yield a source of chance again and again, until the time is up. Each is seeded by its number, which a failure tells."""
    end, number = monotonic() + SECONDS, seed
    while monotonic() < end:
        yield Random(number)
        number += 1


def damaged(content: bytes, chance: Random) -> bytes:
    """Return a content with one to five places changed: bytes altered, cut out, doubled, moved, or hard texts put in."""
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(content) + 1)
        to = min(at + chance.choice([1, 3, 20, 200]), len(content))
        match chance.randrange(6):
            case 0:
                content = content[:at] + bytes(chance.randrange(256) for _ in range(to - at)) + content[to:]
            case 1:
                content = content[:at] + content[to:]
            case 2:
                content = content[:to] + content[at:to] * chance.choice([1, 2, 50]) + content[to:]
            case 3:
                content = content[at:] + content[:at]
            case 4:
                content = content[:at]
            case _:
                hard = chance.choice(HARD).encode() * chance.choice([1, 2, 100, 3_000])
                content = content[:at] + hard + content[at:]
    return content


def damaged_archive(content: bytes, chance: Random) -> bytes:
    """Return an archive one of whose parts is damaged, left out, or there under another name."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as before, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after:
        chosen = chance.choice(before.namelist())
        for name in before.namelist():
            part = before.read(name)
            if name == chosen and chance.random() < 0.1:
                continue
            renamed = name == chosen and chance.random() < 0.1
            after.writestr("part.bin" if renamed else name, damaged(part, chance) if name == chosen else part)
    return file.getvalue()
