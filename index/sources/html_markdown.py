"""Converts the main part of a web page to Markdown, with markdownify."""

import re
from copy import deepcopy

from bs4 import BeautifulSoup, Tag
from lxml.html import Element, HtmlElement, tostring
from markdownify import ATX, MarkdownConverter

from index.errors import ArticleError

_CELLS = frozenset({"td", "th"})
# No page means more columns than this where cells span them, and no cell with more characters is read again in each row.
_MOST_COLUMNS = 100
_LONGEST_REPEATED = 500
_BLANK_LINES = re.compile(r"\n{3,}")


def markdown_of(element: HtmlElement) -> str:
    """Return an element as Markdown: headings, lists, tables and code stay, links and pictures are words alone.

    Raises ArticleError when it is nested too deeply.
    """
    copied = deepcopy(element)
    copied.tail = None
    if copied.tag in _CELLS or copied.tag == "li":
        copied.tag = "div"
    for table in list(copied.iter("table")):
        _prepare_table(table)
    _number_items(copied)
    soup = BeautifulSoup(tostring(copied, encoding="unicode"), "lxml")
    try:
        text = _Converter().convert_soup(soup)
    except RecursionError:
        raise ArticleError("is nested too deeply. Save the article as text.") from None
    return tidy_markdown(text)


def tidy_markdown(text: str) -> str:
    """Return Markdown without blanks at the ends of lines and without more than one empty line in a row."""
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip()


def is_data_table(table: HtmlElement) -> bool:
    """Return whether a table is one of rows and columns, rather than one that sets blocks of a page side by side."""
    if table.get("role") in {"presentation", "none"} or table.find(".//table") is not None:
        return False
    rows = [[cell for cell in row if cell.tag in _CELLS] for row in table.iter("tr")]
    return len(rows) > 1 and any(len(cells) > 1 for cells in rows)


def _prepare_table(table: HtmlElement) -> None:
    if is_data_table(table):
        _repeat_cells(table)
        return
    parts = table.iter("thead", "tbody", "tfoot", "tr", "td", "th", "caption")
    for part in [table, *(part for part in parts if next(part.iterancestors("table")) is table)]:
        part.tag = "div"


def _repeat_cells(table: HtmlElement) -> None:
    """Repeat a cell that stands for several rows in each of them: a row is read by itself."""
    spanning: dict[int, tuple[HtmlElement, int]] = {}
    for row in table.iter("tr"):
        column = 0
        later: dict[int, tuple[HtmlElement, int]] = {}
        for cell in [cell for cell in row if cell.tag in _CELLS]:
            while column in spanning:
                cell.addprevious(_again(*spanning.pop(column), later, column))
                column += 1
            columns = min(_count(cell.get("colspan")), max(1, _MOST_COLUMNS - column))
            cell.set("colspan", str(columns))
            if (rows := _count(cell.get("rowspan"))) > 1 and column < _MOST_COLUMNS:
                later[column] = (cell, rows - 1)
            column += columns
        for place in sorted(spanning):
            row.append(_again(*spanning[place], later, place))
        spanning = later


def _again(cell: HtmlElement, rows: int, later: dict[int, tuple[HtmlElement, int]], column: int) -> HtmlElement:
    """Return a cell for one more row, and note it for the rows after that."""
    if rows > 1:
        later[column] = (cell, rows - 1)
    again = deepcopy(cell) if len(cell.text_content()) <= _LONGEST_REPEATED else Element(cell.tag)
    again.attrib.pop("rowspan", None)
    again.tail = None
    return again


def _count(written: str | None) -> int:
    return max(1, int(written)) if written and written.isascii() and written.isdigit() and len(written) < 6 else 1


def _number_items(element: HtmlElement) -> None:
    for listing in element.iter("ol"):
        start = _count(listing.get("start"))
        for number, item in enumerate(listing.iterchildren("li"), start):
            item.set("value", str(number))


class _Converter(MarkdownConverter):
    """Markdown as the rest of Footnote reads it: no links, no escapes that a quote would show, rows that stay rows."""

    def __init__(self) -> None:
        super().__init__(heading_style=ATX, escape_asterisks=False, escape_underscores=False)

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text

    def convert_span(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        # Notion sets the values of a property side by side, with nothing between.
        another = el.find_next_sibling()
        is_value = "selected-value" in el.get_attribute_list("class")
        return f"{text}, " if is_value and another is not None and another.name == "span" else text

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return ""

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = text.strip()
        if not text:
            return ""
        if "_inline" in parent_tags:
            return text + "; "
        mark = f"{el['value']}. " if el.parent is not None and el.parent.name == "ol" and el.get("value") else "- "
        return mark + _indented(text, len(mark)) + "\n"

    def convert_list(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_inline" in parent_tags:
            items = text.strip().removesuffix(";")
            return f" ({items})" if "li" in parent_tags else f" {items} "
        return str(super().convert_list(el, text, parent_tags))  # type: ignore[misc]

    convert_ul = convert_list
    convert_ol = convert_list

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        term = " ".join(text.split())
        return f"\n- {term}" if term and "_inline" not in parent_tags else term

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = text.strip()
        before = el.find_previous_sibling(["dt", "dd"])
        mark = "\n- " if before is None else ": " if before.name == "dt" else "; "
        return mark + (text if "_inline" in parent_tags else _indented(text, 2)) if text else ""

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_inline" in parent_tags:
            return f" {' '.join(text.split())} "
        return str(super().convert_pre(el, text, parent_tags))  # type: ignore[misc]

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        words = " ".join(text.split()).replace("|", "\\|")
        return f" {words} |" + " |" * (_count(str(el.get("colspan", ""))) - 1)

    convert_th = convert_td

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        table = el.find_parent("table")
        if table is not None and table.find("tr") is not el:
            return f"|{text}\n"
        columns = text.count("|") - text.count("\\|")
        line = "|" + " --- |" * columns
        kinds = {cell.name for cell in el.find_all(["td", "th"], recursive=False)}
        # A row whose head stands at its left is no head of columns.
        return f"|{'  |' * columns}\n{line}\n|{text}\n" if kinds == {"td", "th"} else f"|{text}\n{line}\n"

    def convert_div(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return str(super().convert_div(el, text, parent_tags))  # type: ignore[misc]

    convert_address = convert_aside = convert_center = convert_details = convert_fieldset = convert_div
    convert_figure = convert_footer = convert_form = convert_header = convert_hgroup = convert_legend = convert_div
    convert_main = convert_menu = convert_nav = convert_summary = convert_div


def _indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line if number and line else line for number, line in enumerate(text.split("\n")))
