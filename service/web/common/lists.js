/** A list under a heading that is fetched a page at a time. */

import { announce, element } from "./dom.js";
import { problemNotice } from "./notices.js";

const TYPING = 200; // milliseconds without a keystroke after which is looked for what was typed

/**
 * @template {{ next_after: string | null }} Page
 * @typedef {object} List
 * @property {string} heading
 * @property {(after: string | null, found: string | null) => Promise<Page>} fetchPage
 * @property {(page: Page, leave: (row: Element) => void) => Element[]} rowsOf
 * @property {(page: Page) => string} [headingOf]
 * @property {() => Element} empty
 * @property {string | null} [find]
 */

/**
 * Build such a list. `fetchPage(after, found)` gives a page with its `next_after`, `rowsOf(page, leave)` its rows, each of
 * which can `leave(row)` the list; `headingOf(page)` the words over it once it is there, and `empty()` what is shown where
 * there is nothing. With `find`, a long list has a field of that name, and `found` is what is typed there, or null.
 * @template {{ next_after: string | null }} Page
 * @param {List<Page>} list
 */
export function pagedList({ heading, fetchPage, rowsOf, headingOf = (_) => heading, empty, find = null }) {
  const title = element("h1", { class: "article-title", tabindex: "-1" }, heading);
  const rows = element("ul", { class: "contents" });
  const more = element("div", { class: "more" });
  const finder = findField(find, () => load(null).then(() => announce(title.textContent)));
  const load = async (after) => {
    const wanted = finder.value.trim();
    more.replaceChildren(element("p", { class: "byline progress" }, "Fetching the list…"));
    try {
      const page = await fetchPage(after, wanted || null);
      if (wanted !== finder.value.trim()) return; // typed on meanwhile, which is looked for next
      if (after === null) rows.replaceChildren();
      rows.append(...rowsOf(page, leave));
      title.textContent = headingOf(page);
      if (find && page.next_after !== null) finder.hidden = false;
      more.replaceChildren(...(rows.children.length ? moreButton(page.next_after, load) : [wanted ? notFound() : empty()]));
    } catch (error) {
      more.replaceChildren(problemNotice(error, () => load(after)));
    }
  };
  // The keyboard goes on at the next row, or at the heading of the list, which shows what else there is.
  const leave = (row) => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (!next) load(null);
    (next?.querySelector("a, summary") ?? title).focus();
  };
  load(null);
  return element("section", {}, title, finder, rows, more);
}

/** A field to find rows by, hidden until the list turns out to be long. */
function findField(words, look) {
  let waiting = 0;
  const input = () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, TYPING);
  };
  const named = { placeholder: words, "aria-label": words, autocomplete: "off" };
  return element("input", { type: "search", class: "find", hidden: true, maxlength: 200, input, ...named });
}

function notFound() {
  return element("p", { class: "empty" }, "There is none with these words.");
}

function moreButton(nextAfter, load) {
  if (nextAfter === null) return [];
  return [element("button", { type: "button", class: "quiet", click: () => load(nextAfter) }, "Show more")];
}
