"""Removes from office documents what readers do not see: hidden text, deletions, hidden slides and notes."""

from collections.abc import Callable, Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree
from lxml.html import document_fromstring, tostring

from index.sources.html_tree import remove_hidden

_OFF = {"0", "false", "off"}
_TEXTS = {"document", "footnotes", "endnotes"}


def visible_document(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a `.docx` file without hidden and deleted text, and warnings of what was left out."""
    with ZipFile(BytesIO(raw)) as archive:
        styles = [root for name in _xml_parts(archive) if _local(root := _parsed(archive.read(name))) == "styles"]
    hidden = _hidden_styles(styles)
    count = 0

    def visible(name: str, content: bytes) -> bytes:
        nonlocal count
        if not name.endswith(".xml") or _local(root := _parsed(content)) not in _TEXTS:
            return content
        count += _remove_unseen(root, hidden)
        return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))

    changed = _rewritten(raw, visible)
    return changed, ((f"{count} stretches of hidden text were left out",) if count else ())


def _xml_parts(archive: ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.endswith(".xml")]


def _rewritten(raw: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    changed = BytesIO()
    with ZipFile(BytesIO(raw)) as archive, ZipFile(changed, "w", ZIP_DEFLATED, compresslevel=1) as copy:
        for part in archive.infolist():
            copy.writestr(part.filename, change(part.filename, archive.read(part)))
    return changed.getvalue()


def _parsed(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _child(element: etree._Element, *path: str) -> etree._Element | None:
    for name in path:
        found = next((child for child in element if _local(child) == name), None)
        if found is None:
            return None
        element = found
    return element


def _value(element: etree._Element | None) -> str | None:
    if element is None:
        return None
    return next((value for name, value in element.attrib.items() if etree.QName(name).localname == "val"), "")


def _hides(properties: etree._Element | None) -> bool | None:
    """Return whether properties of text hide it, or None where they say nothing of it."""
    said = _value(_child(properties, "vanish")) if properties is not None else None
    return None if said is None else said.lower() not in _OFF


def _hidden_styles(roots: list[etree._Element]) -> set[str]:
    """Return the names of styles that hide text, themselves or by what they are based on; "" is that of all text."""
    hidden: dict[str, bool | None] = {}
    based: dict[str, str | None] = {}
    for root in roots:
        hidden[""] = _hides(_child(root, "docDefaults", "rPrDefault", "rPr"))
        for style in (child for child in root if _local(child) == "style"):
            name = next((value for key, value in style.attrib.items() if etree.QName(key).localname == "styleId"), "")
            hidden[name], based[name] = _hides(_child(style, "rPr")), _value(_child(style, "basedOn"))
    return {name for name in hidden if _inherited(name, hidden, based)}


def _inherited(name: str, hidden: dict[str, bool | None], based: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current not in seen:
        if (said := hidden.get(current)) is not None:
            return said
        seen.add(current)
        current = based.get(current)
    return bool(hidden.get(""))


def _remove_unseen(root: etree._Element, hidden: set[str]) -> int:
    """Remove from a text, in place, what is hidden, deleted or moved away. Return how much was hidden."""
    unseen, count = [], 0
    for element in root.iter():
        kind = _local(element)
        if kind in {"del", "moveFrom"} and len(element):
            unseen.append(element)
        elif (kind == "r" and _is_hidden(element, hidden)) or (kind == "tr" and _is_hidden_row(element)):
            unseen.append(element)
            count += 1
    for element in unseen:
        if element.getparent() is not None:
            element.getparent().remove(element)
    return count


def _is_hidden_row(row: etree._Element) -> bool:
    said = _value(_child(row, "trPr", "hidden"))
    return said is not None and said.lower() not in _OFF


def _is_hidden(run: etree._Element, hidden: set[str]) -> bool:
    properties = _child(run, "rPr")
    said = _hides(properties)
    if said is not None:
        return said
    # Where one of two styles hides text, Word shows it if both do. If in doubt, it is left out.
    paragraph = next((above for above in run.iterancestors() if _local(above) == "p"), None)
    styles = [_value(_child(properties, "rStyle")) if properties is not None else None]
    styles += [_value(_child(paragraph, "pPr", "pStyle")) if paragraph is not None else None]
    return "" in hidden or not hidden.isdisjoint(style for style in styles if style)


def visible_slides(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a `.pptx` file without what its slides do not show, and warnings of it. Hidden slides stay, empty."""
    from pptx import Presentation

    deck = Presentation(BytesIO(raw))
    slides = notes = 0
    for slide in deck.slides:
        shown = slide._element.get("show", "1").lower() not in _OFF
        slides += not shown
        for shape in list(_hidden_shapes(slide.shapes._spTree)) if shown else list(slide.shapes._spTree):
            if etree.QName(shape).localname not in {"nvGrpSpPr", "grpSpPr"}:
                shape.getparent().remove(shape)
        if slide.has_notes_slide:
            notes += bool(slide.notes_slide.notes_text_frame and slide.notes_slide.notes_text_frame.text.strip())
            _forget_notes(slide)
    changed = BytesIO()
    deck.save(changed)
    left_out = [f"{count} {what}" for count, what in ((slides, "hidden slides"), (notes, "speaker's notes")) if count]
    return changed.getvalue(), ((f"{' and '.join(left_out)} were left out",) if left_out else ())


def _hidden_shapes(tree: etree._Element) -> Iterator[etree._Element]:
    for named in tree.iter():
        if _local(named) == "cNvPr" and named.get("hidden", "0").lower() not in _OFF:
            yield named.getparent().getparent()


def _forget_notes(slide: object) -> None:
    part = slide.part  # type: ignore[attr-defined]
    for key, relation in list(part.rels.items()):
        if relation.reltype.endswith("/notesSlide"):
            part.rels.pop(key)


def visible_book(raw: bytes) -> bytes:
    """Return an `.epub` file without what its pages hide."""

    def visible(name: str, content: bytes) -> bytes:
        if not name.lower().endswith((".xhtml", ".html", ".htm")) or not content.strip():
            return content
        tree = document_fromstring(content)
        remove_hidden(tree)
        return bytes(tostring(tree, encoding="utf-8"))

    return _rewritten(raw, visible)
