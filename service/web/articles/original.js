/** The file that an article was read from, as it is, a page at a time, with the cited words marked. */

import { utf16Stretch } from "./articletext.js";
import { placesOf } from "./finding.js";
import { density, openPdf } from "./pdf.js";
import { getOriginal } from "../calls/api.js";
import { announce, element, shape } from "../common/dom.js";

const PDF = "application/pdf";
const PICTURES = ["image/png", "image/jpeg"]; // browsers show no TIFF
const ZOOMS = [1, 1.5, 2, 3];
const AROUND = 200; // UTF-16 units of the text before and after a quote

/** Whether the file of an article can be shown, in the version that is. */
export function hasOriginal({ original, current }) {
  return current && (original === PDF || PICTURES.includes(original));
}

/**
 * Show the file of an article at the page of the cited stretch. `signal` closes it. `failed` is called where it cannot be shown.
 * @param {import("../calls/api.js").Shapes["ArticleResponse"]} article
 * @param {{ start: number | null, end: number | null }} target
 * @param {{ signal: AbortSignal, failed: () => void }} handling
 */
export function originalView(article, target, { signal, failed }) {
  const view = element("section", { class: "original-file", "aria-label": "The file as it is" });
  view.append(element("p", { class: "byline progress" }, "Fetching the file…"));
  show(view, article, target, signal).catch((error) => {
    if (signal.aborted) return;
    console.error(error);
    failed();
  });
  return view;
}

async function show(view, article, target, signal) {
  const bytes = await getOriginal({ id: article.id, version: article.version, signal });
  const file = article.original === PDF ? await openPdf(bytes) : await openPicture(bytes, article.original);
  if (signal.aborted) return file.close();
  signal.addEventListener("abort", () => file.close());
  const pages = new Pages(view, file, article, target);
  await pages.start(signal);
}

/** A picture as a file of one page without text. */
async function openPicture(bytes, type) {
  const picture = await createImageBitmap(new Blob([bytes], { type }));
  const draw = async (_, width) => {
    const height = (width * picture.height) / picture.width;
    const dense = density({ width, height });
    const canvas = element("canvas", { width: Math.floor(width * dense), height: Math.floor(height * dense) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return { canvas, layer: null, texts: [], height };
  };
  return { count: 1, draw, close: () => picture.close() };
}

class Pages {
  constructor(view, file, article, target) {
    this.view = view;
    this.file = file;
    this.article = article;
    this.cited = target.start !== null && target.end > target.start ? { start: target.start, end: target.end } : null;
    this.number = Math.min(this.cited ? pageAt(article.pages, this.cited.start) : 1, file.count);
    this.zoom = 0;
    this.width = 0;
    this.turn = 0;
    this.build();
  }

  build() {
    const button = (words, click) => element("button", { type: "button", class: "quiet", click }, words);
    this.previous = button("Previous page", () => this.goTo(this.number - 1));
    this.next = button("Next page", () => this.goTo(this.number + 1));
    this.smaller = button("Smaller", () => this.enlarge(-1));
    this.larger = button("Larger", () => this.enlarge(1));
    this.where = element("span", { class: "page-number" });
    this.missing = element("p", { class: "notice", hidden: true }, "The quoted words could not be found on this page. The text shows them.");
    this.frame = element("div", { class: "page-frame", tabindex: "0", role: "group" });
  }

  /** Draw the first page, and again whenever the width changes. Rejects where the first page cannot be drawn. */
  async start(signal) {
    const bar = element("div", { class: "page-bar" }, this.previous, this.where, this.next, this.smaller, this.larger);
    this.view.replaceChildren(bar, this.missing, this.frame);
    await new Promise((resolve, reject) => {
      const observer = new ResizeObserver(() => {
        const width = this.frame.clientWidth;
        if (width === 0 || width === this.width) return;
        const isFirst = this.width === 0;
        this.width = width;
        this.draw({ arriving: isFirst }).then(resolve, reject);
      });
      observer.observe(this.frame);
      signal.addEventListener("abort", () => observer.disconnect());
    });
  }

  async goTo(number) {
    this.number = number;
    await this.draw({ arriving: true });
    announce(`Page ${number} of ${this.file.count}`);
  }

  enlarge(by) {
    this.zoom += by;
    return this.draw({ arriving: true });
  }

  async draw({ arriving }) {
    this.turn += 1;
    const { turn, number } = this;
    this.set();
    const { canvas, layer, texts, height } = await this.file.draw(number, this.width * ZOOMS[this.zoom]);
    if (turn !== this.turn) return; // another page was turned to meanwhile
    const boxes = this.boxesOn(number);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Page ${number} of ${this.article.title}`);
    const sheet = element("div", { class: "page-sheet" }, canvas, layer, boxes.length ? overlay(boxes) : null);
    sheet.style.width = `${this.width * ZOOMS[this.zoom]}px`;
    sheet.style.height = `${height}px`;
    const sought = boxes.length ? null : this.wordsOn(number);
    const places = sought ? placesOf(texts.map(({ text }) => text).join(""), sought) : [];
    mark(texts, places);
    this.missing.hidden = !sought || places.length > 0;
    this.frame.replaceChildren(sheet);
    if (arriving) this.arrive();
  }

  /** Bring what is marked into view, and the keyboard with it where it was at the head of the article. */
  arrive() {
    /** @type {HTMLElement | null} */
    const goal = this.frame.querySelector("mark, polygon");
    goal?.scrollIntoView({ block: "center", inline: "center" });
    if (goal && document.activeElement?.matches("h1, body")) this.frame.focus({ preventScroll: true });
  }

  set() {
    const { number, zoom } = this;
    this.where.textContent = `Page ${number} of ${this.file.count}`;
    this.frame.setAttribute("aria-label", `Page ${number}`);
    this.previous.disabled = number <= 1;
    this.next.disabled = number >= this.file.count;
    this.smaller.disabled = zoom === 0;
    this.larger.disabled = zoom === ZOOMS.length - 1;
  }

  boxesOn(number) {
    return this.article.scan?.boxes.filter(({ page }) => page === number) ?? [];
  }

  /** The cited words that stand on a page, with what stands around them; null where none do. */
  wordsOn(number) {
    if (!this.cited) return null;
    const { text, pages } = this.article;
    const start = Math.max(this.cited.start, pages[number - 1] ?? 0);
    const end = Math.min(this.cited.end, pages[number] ?? this.cited.end);
    if (start >= end) return null;
    const { from, to } = utf16Stretch(text, { start, end });
    const quote = text.slice(from, to);
    return quote.trim() ? { quote, before: text.slice(Math.max(0, from - AROUND), from), after: text.slice(to, to + AROUND) } : null;
  }
}

/** The number, from 1, of the page at an offset. */
function pageAt(pages, offset) {
  return Math.max(1, pages.filter((start) => start <= offset).length);
}

/** Boxes over a page, by their corners as shares of its width and height. */
function overlay(boxes) {
  const areas = boxes.map(({ corners }) => shape("polygon", { points: corners.map(([x, y]) => `${x},${y}`).join(" ") }));
  return shape("svg", { class: "page-boxes", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, areas);
}

/** Mark stretches of texts that follow each other. */
function mark(texts, places) {
  let start = 0;
  for (const { text, element: holder } of texts) {
    const end = start + text.length;
    const within = places.filter(({ from, to }) => from < end && to > start);
    if (within.length) holder.replaceChildren(...marked(text, within, start));
    start = end;
  }
}

function* marked(text, places, start) {
  let done = 0;
  for (const { from, to } of places) {
    const [first, last] = [Math.max(0, from - start), Math.min(text.length, to - start)];
    yield text.slice(done, first);
    yield element("mark", {}, text.slice(first, last));
    done = last;
  }
  yield text.slice(done);
}
