/** The list of articles, a page at a time. */

import { separated, particulars } from "./article.js";
import { listArticles } from "../calls/api.js";
import { element } from "../common/dom.js";
import { articleAddress } from "../common/links.js";
import { pagedList } from "../common/lists.js";
import { emptyIndex } from "../common/notices.js";

/** Build the whole list. `open` is called with an article's `{id}` when one is chosen by a plain click. */
export function articleList(open) {
  return pagedList({
    heading: "Articles",
    fetchPage: (after, title) => listArticles({ title, after }),
    find: "Find by title",
    rowsOf: (page) => page.articles.map((article) => articleRow(article, open)),
    headingOf: (page) => count(page.total),
    empty: emptyIndex,
  });
}

/** "1 article", "12,345 articles". */
export function count(total) {
  return `${total.toLocaleString("en-GB")} ${total === 1 ? "article" : "articles"}`;
}

/** One line of the list: a real link, so that it can be opened in a new tab, that opens here when simply clicked. */
export function articleRow(article, open) {
  const facts = separated(particulars({ ...article, authors: [] }));
  return element(
    "li",
    {},
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
