"""Reads from a web page which groups may read it: `<meta name="groups" content="board, staff">`."""

import re

from lxml.html import document_fromstring

from index.errors import AccessUnclear
from index.sources.metadata import field_name, read_metadata

_MAY_NAME = re.compile(r"<meta\b[^>]{0,500}groups", re.IGNORECASE)


def groups_in_page(page: str) -> frozenset[str] | None:
    """Return the groups that a page names in its head, an empty set for nobody, None where it names none.

    Raises AccessUnclear when it names them more than once, or without saying which.
    """
    if not _MAY_NAME.search(page):
        return None
    tags = [
        tag
        for tag in document_fromstring(page).iter("meta")
        if field_name(tag.get("name") or tag.get("property") or "") == "groups"
    ]
    if not tags:
        return None
    if len(tags) > 1 or tags[0].get("content") is None:
        raise AccessUnclear(
            'names groups in a form that is not understood. Write one <meta name="groups" content="a, b">.'
        )
    names = [name for name in tags[0].get("content", "").split(",") if name.strip()]
    return read_metadata({"groups": names}).groups
