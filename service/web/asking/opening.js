/** What there is to ask about, and questions to try, shown under the question until the first is asked. */

import { getPublishers, getSuggestions, listArticles } from "../calls/api.js";
import { articleRow, count } from "../articles/articles.js";
import { period } from "../common/dates.js";
import { element } from "../common/dom.js";
import { choice } from "./about.js";
import { emptyIndex, problemNotice } from "../common/notices.js";
import { openArticle, openList } from "../articles/reader.js";

const SHOWN = 8; // titles
const NAMED = 3; // publishers

/** Build the opening. It fills itself when the service has answered. */
export function openingView() {
  const view = element("section", { class: "opening" });
  const load = async () => {
    try {
      const [page, published] = await Promise.all([listArticles({ limit: SHOWN }), getPublishers()]);
      view.replaceChildren(...(page.total ? contents(page, published) : [emptyIndex()]));
    } catch (error) {
      view.replaceChildren(problemNotice(error, load));
    }
  };
  load();
  return view;
}

function contents({ articles, total }, published) {
  const click = () => openList("/articles");
  const all = element("button", { type: "button", class: "quiet", click }, `All ${count(total)}`);
  return [
    element("p", { class: "lead", dir: "auto" }, `Ask a question of ${corpus(total, published)}.`),
    element("p", {}, "Each answer shows the exact words that it rests on, one click away."),
    suggestions(),
    element("h2", { class: "overline" }, `${count(total)} indexed`),
    element("ul", { class: "contents" }, articles.map((article) => articleRow(article, openArticle))),
    total > articles.length ? all : null,
  ].filter(Boolean);
}

/** "65 articles, some by The Herald, The Courier and 3 others, dated from 5 January 2024 to 24 April 2026". */
function corpus(total, { publishers, earliest, latest }) {
  const largest = [...publishers].sort((one, other) => other.articles - one.articles).map(({ name }) => name);
  const named = largest.slice(0, NAMED);
  const others = largest.length - named.length;
  if (others) named.push(others === 1 ? "1 other" : `${others} others`);
  const all = publishers.reduce((sum, { articles }) => sum + articles, 0) >= total;
  const by = named.length ? `${all ? " by" : ", some by"} ${new Intl.ListFormat("en-GB").format(named)}` : "";
  const days = period({ published_after: earliest, published_before: latest });
  return `${count(total)}${by}${days ? `, dated ${days}` : ""}`;
}

/** Questions that the articles answer. The first time, they take a moment. */
function suggestions() {
  const list = element("ul", { class: "contents suggestions", "aria-busy": "true" });
  const view = element("section", {}, element("h2", { class: "overline" }, "You could ask"), list);
  getSuggestions().then(
    ({ questions }) => {
      list.replaceChildren(...questions.map(choice));
      list.removeAttribute("aria-busy");
      view.hidden = !questions.length;
    },
    (error) => {
      console.error(error); // one can ask all the same
      view.hidden = true;
    },
  );
  return view;
}
