/** An article as it is read: its heading, where it comes from, and its text with the cited stretch highlighted. */

import { articleText, quoteText, utf16Stretch } from "./articletext.js";
import { longDate } from "../common/dates.js";
import { element } from "../common/dom.js";
import { articleAddress, safeAddress } from "../common/links.js";
import { originView } from "./origin.js";
import { hasOriginal, originalView } from "./original.js";

/** What is opened: an article, or a stretch of one of its versions, with the words that should be found there. */
export function targetOf({ id, version = null, start = null, end = null, quote = null }) {
  return { id, version, start, end, quote };
}

/** Show an article with the stretch that the target names, if it names one. `signal` says that it is not shown any more. */
export function articleView(article, target, signal) {
  const stretch = stretchOf(article.text, target);
  const text = articleText({ text: article.text, format: article.format, stretch });
  hideRepeatedTitle(text, article.title);
  return element(
    "article",
    { class: "article" },
    element("h1", { class: "article-title", dir: "auto", tabindex: "-1" }, article.title),
    origin(article),
    article.current ? null : olderVersion(article),
    article.same_text?.length ? sameText(article.same_text) : null,
    lost(article.text, stretch, target) ? warning() : null,
    ...(hasOriginal(article) ? views(article, target, { text, signal }) : [text]),
    originView(article),
  );
}

/** The file of an article, its text, and what changes from one to the other. Where the file cannot be shown, only its text. */
function views(article, target, { text, signal }) {
  const failed = () => {
    show(text);
    bar.replaceChildren(element("p", { class: "notice" }, "The file cannot be shown as it is. This is its text."));
  };
  const file = originalView(article, target, { signal, failed });
  const shown = new Map([[file, "Original"], [text, "Text"]]);
  const buttons = [...shown].map(([view, words]) => element("button", { type: "button", class: "quiet", click: () => show(view) }, words));
  const bar = element("div", { class: "views", role: "group", "aria-label": "Shown as" }, buttons);
  const show = (view) => {
    for (const [number, other] of [file, text].entries()) {
      other.hidden = other !== view;
      buttons[number].setAttribute("aria-pressed", String(other === view));
    }
    const mark = view === text && text.querySelector("mark");
    if (mark) mark.scrollIntoView({ block: "center" });
  };
  show(file);
  return [bar, file, text];
}

/** Bring the cited stretch into view, and reading and the keyboard with it; without one, the top. */
export function goToStretch(view) {
  // Some of a stretch may be hidden markup, which cannot be scrolled to.
  const mark = [...view.querySelectorAll("mark")].find((shown) => shown.getClientRects().length);
  const goal = mark ?? view.querySelector("h1");
  goal.setAttribute("tabindex", "-1");
  goal.focus({ preventScroll: true });
  if (mark) mark.scrollIntoView({ block: "center" });
}

/** Publisher, date and so on, in one line: `["The Herald", "24 April 2026"]`. Of a scan, also how well it could be read. */
export function particulars({ publisher, published, authors = [], page = null, scan = null, confidence = scan?.confidence }) {
  const read = confidence && `from a scan, read with ${Math.round(100 * confidence)} % confidence`;
  return [authors.join(", "), publisher, published && longDate(published), page && `p. ${page}`, read].filter(Boolean);
}

/** A link to the article's own address, named by its host; null where there is none that is safe to follow. */
export function originalLink(address) {
  const url = safeAddress(address);
  if (!url) return null;
  return element(
    "a",
    { class: "original", href: url.href, target: "_blank", rel: "noopener noreferrer" },
    url.hostname.replace(/^www\./, ""),
    element("span", { "aria-hidden": "true" }, " ↗"),
    element("span", { class: "unseen" }, " (original, opens in a new tab)"),
  );
}

function stretchOf(text, { start, end }) {
  if (start === null || end === null || end <= start) return null;
  return utf16Stretch(text, { start, end });
}

function lost(text, stretch, { quote }) {
  return quote !== null && (stretch === null || text.slice(stretch.from, stretch.to) !== quote);
}

function warning() {
  return element("p", { class: "notice" }, "The quoted words are not where the citation says. Please report this.");
}

function olderVersion({ id, original }) {
  const link = element("a", { href: articleAddress({ id }) }, "Read today’s version");
  const file = original ? "So has its file: this is the text of then. " : "";
  const words = `This is the version that was cited. The article has changed since. ${file}`;
  return element("p", { class: "notice" }, words, link, ".");
}

function sameText(others) {
  const names = others.flatMap(({ id, publisher, url }) => [
    element("a", { href: articleAddress({ id }) }, publisher ?? id),
    originalLink(url),
  ]);
  return element("p", { class: "article-origin", dir: "auto" }, "The same text: ", separated(names.filter(Boolean)));
}

function origin(article) {
  const parts = [...particulars(article), originalLink(article.url)].filter(Boolean);
  return parts.length ? element("p", { class: "article-origin", dir: "auto" }, separated(parts)) : null;
}

/**
 * The quote of a citation in quotation marks, unless it brings its own, with what answers by itself in bold; or that of a
 * passage that comes near, with the words of the question marked. The element's text is the quote and nothing else.
 */
export function quoteView(citation, name) {
  const { quote } = citation;
  const opens = /^["'\u2018\u201c\u201e\u00ab]/.test(quote);
  const bare = opens && /["\u201c\u201d\u00bb]$/.test(quote);
  const view = element("q", { class: `${name}${bare ? " bare" : opens ? " opens" : ""}`, dir: "auto" });
  quoteText(view, { quote, stretches: highlighted(citation), marked: citation.marks ? "mark" : "b" });
  return view;
}

function highlighted({ quote, start: at, highlight, marks = highlight ? [highlight] : [] }) {
  return marks.map(({ start, end }) => utf16Stretch(quote, { start: start - at, end: end - at }));
}

/** Put a middle dot between parts. */
export function separated(parts) {
  return parts.flatMap((part, number) => (number ? [" · ", part] : [part]));
}

function hideRepeatedTitle(text, title) {
  const first = text.firstElementChild;
  const repeats = /^H\d$/.test(first?.tagName) && first.textContent.replace(/^[\s#]+/, "").trim() === title;
  if (repeats && !first.querySelector("mark")) first.classList.add("markup");
}
