"""Reads from a web page which groups may read it: `<meta name="groups" content="board, staff">`."""

from lxml.html import HtmlElement

from index.errors import AccessUnclear
from index.sources.metadata import field_name, groups_of

_NAMES = ("name", "property", "itemprop", "http-equiv")


def groups_in_page(tree: HtmlElement) -> frozenset[str] | None:
    """Return the groups that a page names in its head, an empty set for nobody, None where it names none.

    Raises AccessUnclear when it names them more than once, without saying which, or under a name that is misspelt.
    """
    named = [(name, tag.get("content")) for tag in tree.iter("meta") for name in _names_of(tag)]
    fields: dict[str, object] = {name: content for name, content in named if name != "groups"}
    said = [content for name, content in named if name == "groups"]
    if len(said) > 1 or None in said:
        raise AccessUnclear(
            'names groups in a form that is not understood. Write one <meta name="groups" content="a, b">.'
        )
    if said:
        fields["groups"] = [name for name in (said[0] or "").split(",") if name.strip()]
    return groups_of(fields)


def _names_of(tag: HtmlElement) -> list[str]:
    """Return the name of a tag, without what some put before it, as in `dcterms.title` and `og:title`."""
    written = next(filter(None, map(tag.get, _NAMES)), "")
    return [field_name(written.replace(":", ".").rpartition(".")[2])] if written else []
