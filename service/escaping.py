"""Words of articles, models and people, written so that what renders Markdown shows them as they are and links nothing.

Escapes alone do not keep an address from becoming a link: many renderers look for addresses again in what they have
unescaped. So addresses get a character that nobody sees, at the places without which no renderer knows them.
"""

import re

JOINER = "\u2060"  # word joiner: not seen, no white space, and part of no address
# Between the slashes and after the colon of "https://", around the dot of "www.", before the @ of an e-mail address, and
# before the letters of a domain's last part. Figures ("3.5") and abbreviations of single letters ("U.S.") stay whole.
_ADDRESS = re.compile(
    r"(?<=:)(?=/)|(?<=/)(?=/)|(?<=www)(?=\.)|(?<=[\w.+-])(?=@\w)|(?<=\w\.)(?=[^\W\d_]{2})|(?<=\bmailto:)|(?<=\bxmpp:)",
    re.IGNORECASE,
)
# A tilde before a figure ("~40 %") ends no deletion, and where no other ends it, begins none.
_MARK = re.compile(r"[\\`*_\[\]]|~(?!\d)|(?<=[^\s(])~")
_ENTITY = re.compile(r"&(?=#?\w{1,40};)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STARTS_BLOCK = re.compile(r"(?P<digits>\d{1,9})(?P<after>[.)])(?=\s|\Z)|(?P<sign>[#>+=:~|-])")


def unlinked(text: str) -> str:
    """Return a text with its addresses broken by a character that is not seen, so that nothing makes links of them."""
    return _ADDRESS.sub(JOINER, text)


def joined(text: str) -> str:
    """Return a text without the characters that `unlinked` puts in."""
    return text.replace(JOINER, "")


def markdown_escaped(text: str, *, begins: bool) -> str:
    """Return a text as Markdown that shows it as it is, on one line. `begins`: nothing stands before it on its line."""
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
    """Return the text that `markdown_escaped` was given, up to its white space."""
    words = joined(_ESCAPED.sub(r"\1", markdown))
    return words.replace("&lt;", "<").replace("&amp;", "&")
