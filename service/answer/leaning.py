"""Sentences that lean on the one before ("It also …", "The company …") or announce those after ("There are two reasons.")."""

import re

_LEANS_BACK = re.compile(
    r"^[\"“‘']?(?:It|Its|They|Their|He|His|She|Her|That|These|Those|Such|Both|Neither|(?:By|In) that"
    r"|This(?! (?:week|month|quarter|year|spring|summer|autumn|fall|winter|morning|time))"
    r"|The (?:company|firm|group|agency|laboratory|institute|startup|vendors?|deal|agreement|bargain|move|pact|plan"
    r"|arrangement|partnership|alliance|project|announcement|developments?|spend|investment|structure|shift|change|step"
    r"|two|four|latter|former)"
    # What has no subject of its own: "Found by Ann Lee.", "Reported in March."
    r"|(?:[A-Z][a-z]+ed|Found|Built|Made|Written|Chosen|Sold|Given|Taken|Shown|Led) (?:by|in|on)(?=[^,]*$))\b"
)


def leans_back(sentence: str) -> bool:
    """Say whether a sentence, as people read it, is only understood with the one before."""
    return bool(_LEANS_BACK.match(sentence))


_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5} | {str(number): number for number in range(2, 6)}
_ANNOUNCES = re.compile(
    rf"\b(?P<number>{'|'.join(_NUMBERS)}) (?:[a-z-]+ ){{0,2}}(?:lessons|reasons|causes|conditions|demands|rules|principles"
    r"|steps|stages|phases|ways|methods|options|goals|aims|tasks|problems|risks|concerns|challenges|questions|arguments"
    r"|advantages|benefits|drawbacks|disadvantages|changes|measures|requirements|recommendations|explanations|factors"
    r"|consequences|effects|kinds|types|points|things)(?: (?:for|of|to|from|behind) (?:this|that|it|them|the [a-z]+))?[.:]$",
    re.IGNORECASE,
)


def announced(sentence: str) -> int:
    """Return how many sentences a sentence announces: three in "Keller draws three lessons."; 0 where it announces none."""
    match = _ANNOUNCES.search(sentence)
    return _NUMBERS[match["number"].lower()] if match else 0
