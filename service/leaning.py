"""Sentences that lean on the one before: "It also …", "The company …", "That deal …"."""

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
