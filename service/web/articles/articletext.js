/**
 * Shows an article's text with one stretch of it highlighted, exactly.
 *
 * Every character of the text becomes part of the page, in order: `element.textContent === text`. Markup such as `##`
 * and blank lines are only hidden from view. So whatever is highlighted is precisely the stretch that was cited.
 */

import { isRow, isTable, tableOf } from "./articletables.js";
import { element } from "../common/dom.js";
import { safeAddress } from "../common/links.js";

const FENCE = /^ {0,3}(```|~~~)/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+/;
const RULE = /^ {0,3}([-*_])([ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}>[ \t]?/;
const LINE_SIGNS = /^[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+)?/;
const ITEM = /^([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+/;
const TABLE = /^[ \t]*\|/;
// Bounded repeats, so that a hostile article cannot make the page search for ever.
const INLINE = new RegExp(
  [
    "(?<code>`)[^`\\n]{1,500}`",
    "^\\[!(?<callout>[A-Za-z]{1,20})\\][-+]?",
    "!?\\[\\[(?:[^\\[\\]|\\n]{1,300}\\|)?(?<wiki>[^\\[\\]|\\n]{1,300})\\]\\]",
    "<(?<tag>su[bp])>(?<raised>[^<>\\n]{1,100})</\\k<tag>>",
    "(?<strong>\\*\\*|__)(?=[^\\s*_])[^\\n]{1,500}?(?<=[^\\s*_])\\k<strong>",
    "(?<![\\w*])(?<em>[*_])(?=[^\\s*_])[^*_\\n]{1,500}(?<=\\S)\\k<em>(?![\\w*])",
    "!?\\[(?<label>[^\\[\\]\\n]{0,500})\\]\\((?<address>[^()\\s]{0,2000})(?:[ \\t]\"[^\"\\n]{0,500}\")?\\)",
  ].join("|"),
  "g",
);

/** Turn a stretch counted in code points, as the API counts, into one counted in UTF-16 units, as JavaScript does. */
export function utf16Stretch(text, { start, end }) {
  const from = unitsUntil(text, { from: 0, points: start });
  return { from, to: unitsUntil(text, { from, points: end - start }) };
}

/** Build the text of an article. `stretch` is counted in UTF-16 units; null highlights nothing. */
export function articleText({ text, format, stretch }) {
  const writer = new Writer(text, stretch ? [stretch] : []);
  const root = element("div", { class: `article-text ${format}` });
  const blocks = format === "markdown" ? blocksOf(text) : runsOf(text);
  for (const block of blocks) writer.block(root, block, format);
  root.dir = "auto"; // Last, for while it is set every block that is added makes Chromium look at all before it.
  return root;
}

/**
 * Write a quote into an element, with its stretches in elements called `marked`: emphasis is shown and its signs are hidden,
 * as in an article, and links are shown as text. The element's text is the quote and nothing else.
 */
export function quoteText(parent, { quote, stretches, marked }) {
  const writer = new Writer(quote, stretches, { marked, linked: () => element("span") });
  for (const { from, to } of linesOf(quote)) {
    // A quote starts after the signs of its first line: what looks like one there is said, as in "> 5 %".
    const signs = from ? quote.slice(from, to).match(LINE_SIGNS)[0].length : 0;
    writer.markup(parent, from, from + signs);
    writer.inline(parent, from + signs, to);
  }
}

function unitsUntil(text, { from, points }) {
  let units = from;
  for (let point = 0; point < points && units < text.length; point += 1) {
    units += text.codePointAt(units) > 0xffff ? 2 : 1;
  }
  return units;
}

/** Cut a text into blocks of lines. Together they are the whole text; a blank line belongs to the block before it. */
function blocksOf(text) {
  const blocks = [];
  for (const line of linesOf(text)) {
    const last = blocks.at(-1);
    if (last && continues(last, line)) extend(last, line);
    else blocks.push({ ...kindOf(line.words), lines: [line], closed: false });
  }
  return blocks;
}

/** Cut a plain text into runs of lines that are rows of a table, and the rest. Together they are the whole text. */
function runsOf(text) {
  const runs = [];
  for (const line of linesOf(text)) {
    const kind = isRow(line.words) ? "table" : "plain";
    if (runs.at(-1)?.kind === kind) runs.at(-1).lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs;
}

function* linesOf(text) {
  for (let from = 0; from < text.length; ) {
    const stop = text.indexOf("\n", from);
    const to = stop < 0 ? text.length : stop + 1;
    yield { from, to, words: text.slice(from, to).trimEnd() };
    from = to;
  }
}

function kindOf(words) {
  if (FENCE.test(words)) return { kind: "code", fence: words.match(FENCE)[1] };
  if (HEADING.test(words)) return { kind: "heading", level: words.match(HEADING)[1].length };
  if (RULE.test(words)) return { kind: "rule" };
  if (QUOTE.test(words)) return { kind: "quote" };
  if (TABLE.test(words)) return { kind: "table" };
  if (ITEM.test(words)) return { kind: "item", depth: Math.min(3, Math.floor(words.match(ITEM)[1].length / 2)) };
  return { kind: words === "" ? "blank" : "paragraph" };
}

function extend(block, line) {
  // What follows the end of a block of code is hidden, for it can only be blank.
  block.lines.push({ ...line, hidden: block.closed });
  block.closed ||= block.kind === "code" && line.words.trim().startsWith(block.fence);
}

function continues(block, line) {
  if (line.words === "" || (block.kind === "code" && !block.closed)) return true;
  const { kind } = kindOf(line.words);
  const before = block.lines.at(-1).words;
  if (before === "" || ["heading", "rule", "code"].includes(block.kind)) return false;
  if (["quote", "table"].includes(block.kind)) return kind === block.kind;
  return kind === "paragraph";
}

class Writer {
  /** `stretches` are marked; they come in order and do not overlap. */
  constructor(text, stretches, { marked = "mark", linked = link } = {}) {
    this.text = text;
    this.marked = marked;
    this.linked = linked;
    this.stretches = stretches;
  }

  block(root, block, format) {
    if (block.kind === "table" && isTable(block.lines, format)) return root.append(tableOf(block.lines, format, this.cells()));
    if (format !== "markdown") return this.plain(root, block.lines[0].from, block.lines.at(-1).to);
    const made = this.container(root, block);
    for (const [number, line] of block.lines.entries()) this.line(made, block, { ...line, number });
    return made;
  }

  /** What writes the cells of a table. */
  cells() {
    return {
      markup: (parent, from, to) => this.markup(parent, from, to),
      words: (parent, from, to) => this.cell(parent, from, to),
      isCited: (from, to) => this.stretches.some((stretch) => stretch.from < to && stretch.to > from),
    };
  }

  /** Write a cell, in which a bar has a sign before it that is not read. */
  cell(parent, from, to) {
    let done = from;
    for (const { index } of this.text.slice(from, to).matchAll(/\\\|/g)) {
      this.inline(parent, done, from + index);
      this.markup(parent, from + index, from + index + 1);
      done = from + index + 1;
    }
    this.inline(parent, done, to);
  }

  container(root, { kind, level, depth }) {
    const makers = {
      heading: () => element(/** @type {"h2"} */ (`h${Math.max(level, 2)}`), { class: `level-${level}` }),
      code: () => element("pre"),
      table: () => element("pre", { class: "table" }),
      quote: () => element("blockquote"),
      rule: () => element("div", { class: "rule" }),
      item: () => element("li", { class: `depth-${depth}` }),
      blank: () => element("div", { class: "markup" }),
      paragraph: () => element("p"),
    };
    const made = makers[kind]();
    (kind === "item" ? listIn(root) : root).append(made);
    return made;
  }

  line(made, { kind, fence }, { from, to, words, number, hidden }) {
    if (hidden || kind === "rule" || (words === "" && kind !== "code")) return this.markup(made, from, to);
    if (kind === "code" && words.trim().startsWith(fence)) return this.markup(made, from, to);
    if (kind === "code" || kind === "table") return this.plain(made, from, to);
    const start = from + this.prefix(kind, words, number);
    // A number says something, so it stays in view; a dash is drawn as a bullet.
    const numbered = kind === "item" && number === 0 && /^\s*\d/.test(words);
    if (numbered) made.classList.add("numbered");
    if (numbered) this.plain(made, from, start);
    else this.markup(made, from, start);
    return this.inline(made, start, to);
  }

  prefix(kind, words, number) {
    const pattern = { heading: HEADING, quote: QUOTE, item: number === 0 ? ITEM : /^[ \t]*/ }[kind];
    return pattern ? (words.match(pattern)?.[0].length ?? 0) : 0;
  }

  /** Write a line with its emphasis, code and links shown and their signs hidden. */
  inline(parent, from, to) {
    let done = from;
    for (const match of this.text.slice(from, to).matchAll(INLINE)) {
      const start = from + match.index;
      this.plain(parent, done, start);
      done = start + match[0].length;
      this.token(parent, match.groups, { start, end: done });
    }
    this.plain(parent, done, to);
  }

  token(parent, groups, { start, end }) {
    const { made, from, to } = this.shown(groups, { start, end });
    this.markup(parent, start, from);
    parent.append(made);
    if (groups.code) this.plain(made, from, to);
    else this.inline(made, from, to);
    this.markup(parent, to, end);
  }

  /** Return which stretch of a token is read, and the element that it goes into. */
  shown({ code, strong, em, label, address, callout, wiki, tag, raised }, { start, end }) {
    const ending = (words, signs) => ({ from: end - signs - words.length, to: end - signs });
    if (callout) return { made: element("strong"), from: start + 2, to: start + 2 + callout.length };
    if (wiki) return { made: element("span"), ...ending(wiki, 2) };
    if (raised) return { made: element(tag), ...ending(raised, tag.length + 3) };
    if (label !== undefined) {
      const from = this.text.indexOf("[", start) + 1;
      return { made: this.linked(address), from, to: from + label.length };
    }
    const signs = (code ?? strong ?? em).length;
    return { made: element(code ? "code" : strong ? "strong" : "em"), from: start + signs, to: end - signs };
  }

  markup(parent, from, to) {
    if (from === to) return;
    const made = element("span", { class: "markup" });
    this.plain(made, from, to);
    parent.append(made);
  }

  /** Write a stretch as it is; what of it is marked goes into elements of its own. */
  plain(parent, from, to) {
    let done = from;
    for (const stretch of this.stretches) {
      const start = Math.max(done, stretch.from);
      const end = Math.min(to, stretch.to);
      if (start >= end) continue;
      if (done < start) parent.append(this.text.slice(done, start));
      parent.append(element(/** @type {"mark"} */ (this.marked), {}, this.text.slice(start, end)));
      done = end;
    }
    if (done < to) parent.append(this.text.slice(done, to));
  }
}

function listIn(root) {
  if (root.lastElementChild?.tagName !== "UL") root.append(element("ul"));
  return root.lastElementChild;
}

function link(address) {
  const url = safeAddress(address);
  return url ? element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }) : element("span");
}
