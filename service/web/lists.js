/** A list under a heading that is fetched a page at a time. */

import { element } from "./dom.js";
import { problemNotice } from "./notices.js";

/**
 * Build such a list. `fetchPage(after)` gives a page with its `next_after`, `rowsOf(page, leave)` its rows, each
 * of which can `leave(row)` the list; `headingOf(page)` the words over it once it is there, and `empty()` what is shown
 * where there is nothing.
 */
export function pagedList({ heading, fetchPage, rowsOf, headingOf = () => heading, empty }) {
  const title = element("h1", { class: "article-title", tabindex: "-1" }, heading);
  const rows = element("ul", { class: "contents" });
  const more = element("div", { class: "more" });
  const load = async (after) => {
    more.replaceChildren(element("p", { class: "byline progress" }, "Fetching the list…"));
    try {
      const page = await fetchPage(after);
      rows.append(...rowsOf(page, leave));
      title.textContent = headingOf(page);
      more.replaceChildren(...(rows.children.length ? moreButton(page.next_after, load) : [empty()]));
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
  return element("section", {}, title, rows, more);
}

function moreButton(nextAfter, load) {
  if (nextAfter === null) return [];
  return [element("button", { type: "button", class: "quiet", click: () => load(nextAfter) }, "Show more")];
}
