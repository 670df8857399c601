"""Escapes text of articles, models and people, so that Markdown renderers show it as it is and make no links of it.

Escapes alone do not prevent links: many renderers look for addresses in the unescaped text. So an invisible character is put
into addresses, at the places by which renderers recognise them.
"""

import re

JOINER = "\u2060"  # word joiner: invisible, not white space, and not part of any address
# Between the slashes and after the colon of "https://", around the dot of "www.", before the @ of an e-mail address, and
# before the letters of a domain's last part. Figures ("3.5") and abbreviations of single letters ("U.S.") stay whole.
_ADDRESS = re.compile(
    r"(?<=:)(?=/)|(?<=/)(?=/)|(?<=www)(?=\.)|(?<=[\w.+-])(?=@\w)|(?<=\w\.)(?=[^\W\d_]{2})|(?<=\bmailto:)|(?<=\bxmpp:)",
    re.IGNORECASE,
)
# A tilde before a figure ("~40 %") does not end a deletion, and without another one that ends it, does not begin one.
_MARK = re.compile(r"[\\`*_\[\]]|~(?!\d)|(?<=[^\s(])~")
_LINK_MARK = re.compile(r"[\\\[\]<]")
_ENTITY = re.compile(r"&(?=#?\w{1,40};)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STARTS_BLOCK = re.compile(r"(?P<digits>\d{1,9})(?P<after>[.)])(?=\s|\Z)|(?P<sign>[#>+=:~|-])")


def unlinked(text: str) -> str:
    """Return a text with an invisible character in its addresses, so that no renderer makes links of them."""
    return _ADDRESS.sub(JOINER, text)


def inert(text: str) -> str:
    """Return text in which a Markdown renderer finds no link, image or HTML, for readers who may show it in either way."""
    return unlinked(_LINK_MARK.sub(r"\\\g<0>", text))


def joined(text: str) -> str:
    """Return a text without the characters that `unlinked` inserts."""
    return text.replace(JOINER, "")


def markdown_escaped(text: str, *, begins: bool) -> str:
    """Return Markdown that shows a text as it is, on one line. `begins`: it is the first on its line."""
    one_line = unlinked(" ".join(text.split()))
    escaped = _MARK.sub(r"\\\g<0>", _ENTITY.sub("&amp;", one_line)).replace("<", "&lt;")
    return _block_start_escaped(escaped) if begins else escaped


def _block_start_escaped(text: str) -> str:
    start = _STARTS_BLOCK.match(text)
    if start is None:
        return text
    at = start.start("after") if start["digits"] else 0
    return f"{text[:at]}\\{text[at:]}"


def unescaped(markdown: str) -> str:
    """Undo `markdown_escaped`, except for changes of white space."""
    words = joined(_ESCAPED.sub(r"\1", markdown))
    return words.replace("&lt;", "<").replace("&amp;", "&")
