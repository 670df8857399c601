/** What there is to ask about, shown under the question until the first is asked. */

import { listArticles } from "../calls/api.js";
import { articleRow, count } from "../articles/articles.js";
import { element } from "../common/dom.js";
import { emptyIndex, problemNotice } from "../common/notices.js";
import { openArticle, openList } from "../articles/reader.js";

const SHOWN = 8; // titles

/** Build the opening. It fills itself when the service has answered. */
export function openingView() {
  const view = element("section", { class: "opening" });
  const load = async () => {
    try {
      const page = await listArticles({ limit: SHOWN });
      view.replaceChildren(...(page.total ? contents(page) : [emptyIndex()]));
    } catch (error) {
      view.replaceChildren(problemNotice(error, load));
    }
  };
  load();
  return view;
}

function contents({ articles, total }) {
  const click = () => openList("/articles");
  const all = element("button", { type: "button", class: "quiet", click }, `All ${count(total)}`);
  return [
    element("p", { class: "lead" }, "Answers point to the exact words of the articles, one click away."),
    element("h2", { class: "overline" }, `${count(total)} indexed`),
    element("ul", { class: "contents" }, articles.map((article) => articleRow(article, openArticle))),
    total > articles.length ? all : null,
  ].filter(Boolean);
}
