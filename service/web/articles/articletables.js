/** Tables of articles: lines with bars between their cells, in Markdown and in the text of PDFs, shown as tables. */

import { element } from "../common/dom.js";

// Signs at the end are hidden with the cell before them, so that every character of the text stays in the page.
const RULE_OF_HEAD = /^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)*[ \t]*:?-+:?[ \t]*\|?[ \t]*$/;
const BAR = /(?<!\\)\|/g;
const CELL_BAR = /(?:^|[ \t])\|(?:[ \t]|$)/;
// More than that, and a browser takes long to lay it out.
const MOST_CELLS = 20_000;

/** Whether a line of plain text is a row of cells, as PDFs have them. */
export function isRow(words) {
  return CELL_BAR.test(words);
}

/** Whether these lines are a table that can be shown: in Markdown its second line rules off the head. */
export function isTable(lines, format) {
  const rows = lines.filter(({ words }) => words !== "");
  if (rows.length < 2 || (format === "markdown" && !RULE_OF_HEAD.test(rows[1].words))) return false;
  return rows.reduce((sum, { words }) => sum + words.split("|").length, 0) <= MOST_CELLS;
}

/**
 * Build a table of lines. Its text is that of the lines. The first is the head; a row that is cited is marked. `write` has
 * `markup(parent, from, to)` for what is hidden, `words(parent, from, to)` for what is read, and `isCited(from, to)`.
 */
export function tableOf(lines, format, write) {
  const head = element("thead");
  const body = element("tbody");
  for (const [number, line] of lines.entries()) {
    const part = number === 0 || (format === "markdown" && number === 1) ? head : body;
    if (line.words === "") hide(body.lastElementChild ?? head.lastElementChild, line, write);
    else if (part === head && number === 1) part.append(hiddenRow(line, write));
    else part.append(row(line, part === head ? "th" : "td", write));
  }
  const table = element("table", {}, head, body);
  // It scrolls by itself, with its head in view, and so has to be reached by the keyboard.
  return element("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, table);
}

function row({ from, to, words }, name, write) {
  const cited = write.isCited(from, from + words.length);
  const made = element("tr", cited ? { class: "cited", "aria-current": "true" } : {});
  const cells = cellsOf(words);
  for (const [number, { start, end }] of cells.entries()) {
    const before = number ? cells[number - 1].end : 0;
    const cell = element(name, name === "th" ? { scope: "col" } : {});
    write.markup(cell, from + before, from + start);
    write.words(cell, from + start, from + end);
    if (number === cells.length - 1) write.markup(cell, from + end, to);
    made.append(cell);
  }
  return made;
}

function hiddenRow({ from, to }, write) {
  const cell = element("td");
  write.markup(cell, from, to);
  return element("tr", { class: "markup" }, cell);
}

function hide(lastRow, { from, to }, write) {
  write.markup(lastRow.lastElementChild, from, to);
}

/** Where the words of each cell start and end, without the white space around them. There is at least one cell. */
function cellsOf(words) {
  const bars = [...words.matchAll(BAR)].map(({ index }) => index);
  const opened = words.slice(0, bars[0] ?? 0).trim() === "" && bars.length > 0;
  const starts = opened ? bars.map((bar) => bar + 1) : [0, ...bars.map((bar) => bar + 1)];
  const ends = [...(opened ? bars.slice(1) : bars), words.length];
  const cells = starts.map((start, number) => stripped(words, start, ends[number]));
  // What follows the last bar is no cell, but the end of the line.
  const closed = cells.length > 1 && opened && cells.at(-1).start === cells.at(-1).end;
  return closed ? cells.slice(0, -1) : cells;
}

function stripped(words, from, to) {
  const cell = words.slice(from, to);
  const start = from + (cell.length - cell.trimStart().length);
  return { start, end: start + cell.trim().length };
}
