/** The list of articles, a page at a time. */

import { separated, particulars } from "./article.js";
import { deleteArticles, getCollections, listArticles } from "../calls/api.js";
import { deleteButton } from "../common/deleting.js";
import { element } from "../common/dom.js";
import { articleAddress } from "../common/links.js";
import { pagedList } from "../common/lists.js";
import { emptyIndex } from "../common/notices.js";

const NAMED = 3; // titles, where articles are to be deleted

/**
 * Build the whole list, of all collections or one. `open` is called with an article's `{id}` when one is chosen by a plain
 * click.
 */
export function articleList(open) {
  const list = element("div", {});
  const select = element("select", { id: "collection", autocomplete: "off" }, element("option", { value: "" }, "All"));
  const show = () => list.replaceChildren(listOf(select.value || null, { open, onDeleted }));
  const onDeleted = () => {
    show();
    list.querySelector("h1").focus();
  };
  const label = element("label", { class: "overline", for: "collection" }, "Collection");
  const bar = element("form", { class: "review-filters", hidden: true, change: show }, element("p", {}, label, select));
  getCollections().then(
    ({ collections }) => {
      bar.hidden = !collections.length;
      select.append(...collections.map(({ name, articles }) => element("option", { value: name }, `${name} (${articles})`)));
    },
    (error) => console.error(error), // the list says what is wrong
  );
  show();
  return element("div", {}, bar, list);
}

function listOf(collection, { open, onDeleted }) {
  const { box, bar } = chooser(onDeleted);
  const list = pagedList({
    heading: "Articles",
    fetchPage: (after, title) => listArticles({ title, collection, after }),
    find: "Find by title",
    rowsOf: (page) => page.articles.map((article) => articleRow(article, open, box(article))),
    headingOf: (page) => count(page.total),
    empty: emptyIndex,
  });
  return element("div", {}, list, bar);
}

/** For admins: boxes to choose articles with, and a bar at the foot of the window to delete those that are chosen. */
function chooser(onDeleted) {
  const chosen = new Map();
  const bar = element("div", { class: "chosen for-admins", hidden: true });
  const fill = () => {
    bar.hidden = !chosen.size;
    bar.replaceChildren(`${count(chosen.size)} chosen `, deletion([...chosen.keys()], [...chosen.values()], onDeleted));
  };
  const box = ({ id, title }) => {
    const change = ({ currentTarget: { checked } }) => {
      if (checked) chosen.set(id, title);
      else chosen.delete(id);
      fill();
    };
    const properties = { type: "checkbox", class: "choose for-admins", autocomplete: "off", checked: chosen.has(id) };
    return element("input", { ...properties, "aria-label": `Choose ${title}`, change });
  };
  return { box, bar };
}

function deletion(ids, titles, onDeleted) {
  const others = titles.length - NAMED;
  return deleteButton({
    what: count(ids.length),
    title: [...titles.slice(0, NAMED), others > 0 ? `and ${count(others)} more` : ""].filter(Boolean).join(", "),
    consequence: "They are gone from the next answer. Those whose files are still at their source come back with its next sync.",
    remove: () => deleteArticles(ids),
    onDeleted,
  });
}

/** "1 article", "12,345 articles". */
export function count(total) {
  return `${total.toLocaleString("en-GB")} ${total === 1 ? "article" : "articles"}`;
}

/** One line of the list: a real link, so that it can be opened in a new tab, that opens here when simply clicked. */
export function articleRow(article, open, box = null) {
  const facts = separated(particulars({ ...article, authors: [] }));
  return element(
    "li",
    {},
    box,
    articleLink({ id: article.id }, article.title, open),
    facts.length ? element("span", { class: "contents-facts" }, facts) : null,
  );
}

/** A link to an article, at a stretch of it where the target names one. */
export function articleLink(target, title, open) {
  const address = articleAddress(target);
  const click = (event) => {
    if (!open || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(target);
  };
  return element("a", { href: address, dir: "auto", click }, title);
}
