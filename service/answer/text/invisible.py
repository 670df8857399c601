"""Characters that nobody sees, and that change what is seen or carry words past the reader."""

import re

# Zero-width space, direction marks and overrides, word joiner and invisible operators, soft hyphen, byte-order mark, and the
# tag characters, in which whole sentences can be hidden (Unicode 15, chapter 23). The two joiners that Persian, Indic scripts
# and emoji need are not among them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Return a text without the characters that show nothing, such as zero-width and direction marks."""
    return _INVISIBLE.sub("", text)
