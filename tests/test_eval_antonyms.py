"""The list of opposites, made of WordNet's files."""

from pathlib import Path

from eval.fitting.antonyms import main
from service.answer.verification.antonyms import antonyms

LICENCE = "  1 This software and database is being provided to you\n"
VERBS = """\
01969601 38 v 02 rise 1 go_up 0 003 ! 01970646 v 0101 @ 01835496 v 0000 + 00327824 n 0101 01 + 01 00 | move upward
01970646 38 v 02 fall 0 come_down 0 001 ! 01969601 v 0101 01 + 01 00 | move downward
"""
ADJECTIVES = """\
00017352 00 a 01 open(p) 0 002 ! 00018850 a 0101 & 00019000 s 0000 | affording passage
00018850 00 a 01 shut 0 001 ! 00017352 a 0101 | not open
00020000 00 a 01 anisotropic 0 001 ! 00020001 a 0101 | not isotropic
00020001 00 a 01 isotropic 0 001 ! 00020000 a 0101 | the same in all directions
"""


def test_the_pairs_of_wordnet_with_their_irregular_forms(tmp_path: Path) -> None:
    for part, words in {"noun": "", "verb": VERBS, "adj": ADJECTIVES, "adv": ""}.items():
        (tmp_path / f"data.{part}").write_text(LICENCE + words, encoding="utf-8")
        (tmp_path / f"{part}.exc").write_text("rose rise\nfell fall\n" if part == "verb" else "", encoding="utf-8")
    out = tmp_path / "antonyms.tsv"
    main(["--wordnet", str(tmp_path), "--out", str(out)])
    lines = out.read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["fall fell\trise rose", "open\tshut"]
    assert "Princeton University" in lines[1]


def test_opposites_go_both_ways_and_are_found_in_every_form() -> None:
    found = antonyms()
    assert "rose" in found["fell"]
    assert "fell" in found["rose"]
    assert "exclud" in found["includ"]
    assert all(one not in others and all(one in found[other] for other in others) for one, others in found.items())
