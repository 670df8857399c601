"""The list of opposites, made of WordNet's files."""

from pathlib import Path

from eval.fitting.antonyms import main
from service.answer.verification.antonyms import antonyms

NAMES = ("noun", "verb", "adj", "adv")
LICENCE = "  1 This software and database is being provided to you\n"
VERBS = """\
01969601 38 v 02 rise 1 go_up 0 003 ! 01970646 v 0101 @ 01835496 v 0000 + 00327824 n 0101 01 + 01 00 | move upward
01970646 38 v 02 fall 0 come_down 0 001 ! 01969601 v 0101 01 + 01 00 | move downward
02449000 41 v 02 exclude 0 omit 0 001 ! 02449340 v 0101 01 + 08 00 | prevent from being included
02449340 41 v 01 include 0 001 ! 02449000 v 0101 01 + 08 00 | allow participation in
"""
SENSES = "exclude v 2 1 ! 2 2 02449000 00800930\nomit v 2 1 @ 2 2 00616857 02449000\ninclude v 1 1 ! 1 1 02449340\n"
ADJECTIVES = """\
00017352 00 a 01 open(p) 0 002 ! 00018850 a 0101 & 00019000 s 0000 | affording passage
00018850 00 a 01 shut 0 001 ! 00017352 a 0101 | not open
00100000 00 a 01 eligible 0 001 ! 00100001 a 0101 | qualified
00100001 00 a 01 ineligible 0 001 ! 00100000 a 0101 | not eligible
00020000 00 a 01 anisotropic 0 001 ! 00020001 a 0101 | not isotropic
00020001 00 a 01 isotropic 0 001 ! 00020000 a 0101 | the same in all directions
"""


def test_the_lists_are_made_of_wordnet(tmp_path: Path) -> None:
    for part, words in {**dict.fromkeys(NAMES, ""), "verb": VERBS, "adj": ADJECTIVES}.items():
        (tmp_path / f"data.{part}").write_text(LICENCE + words, encoding="utf-8")
        (tmp_path / f"{part}.exc").write_text("rose rise\nfell fall\n" if part == "verb" else "", encoding="utf-8")
    (tmp_path / "index.verb").write_text(LICENCE + SENSES, encoding="utf-8")
    main(["--wordnet", str(tmp_path), "--out", str(tmp_path)])
    made = {}
    for name in ("antonyms", "denying"):
        text = (tmp_path / f"{name}.tsv").read_text("utf-8")
        assert "Princeton University" in text
        made[name] = [line for line in text.splitlines() if not line.startswith("#")]
    assert made["antonyms"] == ["eligible\tineligible", "exclude\tinclude", "fall fell\trise rose", "open\tshut"]
    assert made["denying"] == ["exclude", "ineligible"]


def test_opposites_go_both_ways_and_are_found_in_every_form() -> None:
    found = antonyms()
    assert "rose" in found["fell"]
    assert "fell" in found["rose"]
    assert "exclud" in found["includ"]
    assert all(one not in others and all(one in found[other] for other in others) for one, others in found.items())
