/**
 * The panel next to the answers in which an article, or a list, is read. On a narrow screen it is a sheet over
 * everything. The browser's Back closes it, or goes back to the article before.
 */

import { DELETED } from "../answers/actions.js";
import { articleView, goToStretch, targetOf } from "./article.js";
import { getArticle } from "../calls/api.js";
import { articleList } from "./articles.js";
import { wasStopped } from "../calls/calls.js";
import { conversationList } from "../asking/conversations.js";
import { element } from "../common/dom.js";
import { articleAddress } from "../common/links.js";
import { problemNotice } from "../common/notices.js";

// By the address of the page that shows the same.
const LISTS = {
  "/articles": { name: "Articles", build: () => articleList(openArticle) },
  "/conversations": { name: "Conversations", build: conversationList },
};
const panel = document.getElementById("reader");
const behind = document.getElementById("desk");
const narrow = window.matchMedia("(max-width: 63.99rem)"); // as in style.css
let opener = null;
let fetching = new AbortController();

/** Open an article at a stretch. `from` gets the focus back when the panel closes. */
export function openArticle(target, from = document.activeElement) {
  open({ target: targetOf(target) }, from);
}

/** Open the list that this address is the page of. */
export function openList(address, from = document.activeElement) {
  open({ list: address }, from);
}

/** Build the list that this address is the page of; null where it is no list's. */
export function listAt(address) {
  return LISTS[address]?.build() ?? null;
}

/** Close the panel. Says whether it was open. */
export function closeReader() {
  if (panel.hidden) return false;
  // At once, for going back takes a moment, in which a second Escape would go back further.
  hide();
  history.go(-history.state.reader.depth);
  return true;
}

/** Show an article in this element: at once a word of progress, then the article or what went wrong. */
export async function fillWithArticle(holder, target) {
  fetching.abort();
  fetching = new AbortController();
  const { signal } = fetching;
  holder.replaceChildren(element("p", { class: "byline progress" }, "Fetching the article…"));
  try {
    const article = await getArticle({ ...target, signal });
    const view = articleView(article, target, signal);
    holder.replaceChildren(view);
    goToStretch(view);
    return article;
  } catch (error) {
    if (!wasStopped(error)) holder.replaceChildren(problemNotice(error, () => fillWithArticle(holder, target)));
    return null;
  }
}

function open(reader, from) {
  const depth = (history.state?.reader?.depth ?? 0) + 1;
  if (panel.hidden) opener = from;
  history.pushState({ reader: { ...reader, depth } }, "");
  show(reader);
}

function show({ target, list }) {
  const content = element("div", { class: "reader-content" });
  panel.replaceChildren(toolbar(list ?? articleAddress(target)), content);
  panel.setAttribute("aria-label", list ? LISTS[list].name : "Source");
  panel.hidden = false;
  document.body.classList.add("reading");
  behind.inert = narrow.matches;
  if (!list) return fillWithArticle(content, target);
  content.append(listAt(list));
  return content.querySelector("h1").focus({ preventScroll: true });
}

function toolbar(page) {
  return element(
    "div",
    { class: "reader-toolbar" },
    element("a", { class: "quiet", href: page }, "Open as a page"),
    element("button", { type: "button", class: "quiet", click: closeReader }, "Close"),
  );
}

function hide() {
  fetching.abort();
  panel.hidden = true;
  panel.replaceChildren();
  document.body.classList.remove("reading");
  behind.inert = false;
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}

narrow.addEventListener("change", () => {
  behind.inert = narrow.matches && !panel.hidden;
});
window.addEventListener("popstate", (event) => {
  if (event.state?.reader) show(event.state.reader);
  else if (!panel.hidden) hide();
});
// A conversation of the list has lost an answer, or its last and with that itself.
document.addEventListener(DELETED, () => {
  const list = panel.hidden ? null : history.state?.reader?.list;
  if (list) panel.querySelector(".reader-content").replaceChildren(listAt(list));
});
// After a reload the answer that the panel stood next to is not where it was.
if (history.state?.reader) history.replaceState(null, "");
