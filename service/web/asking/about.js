/** A reply to small talk: friendly words, some of the articles, and questions that can be asked with a click. */

import { deletion } from "../answers/actions.js";
import { articleLink } from "../articles/articles.js";
import { element } from "../common/dom.js";

/** The name of the event at a question, and above, when someone chooses to ask it. */
export const CHOSEN = "question-chosen";

/** Build the reply, as the parts before its text, the text, and those after. A reply that was kept has only its text. */
export function aboutView(answer, open) {
  const { examples = [], questions = [] } = answer.about ?? {};
  const articles = examples.map(({ article_id: id, title }) => element("li", {}, articleLink({ id }, title, open)));
  return {
    before: [element("p", { class: "byline" }, "About these articles")],
    text: element("p", { class: "answer-text", dir: "auto" }, answer.text),
    after: [
      questions.length ? listed("You could ask", questions.map(choice)) : null,
      articles.length ? listed("Some of the articles", articles) : null,
      answer.conversation_id ? element("footer", { class: "colophon" }, deletion(answer)) : null,
    ].filter(Boolean),
  };
}

function listed(heading, rows) {
  const list = element("ul", { class: "contents" }, rows);
  return element("section", { class: "nearest" }, element("h3", { class: "overline" }, heading), list);
}

/** A row with a question that is asked when it is clicked. */
export function choice(question) {
  const click = () => button.dispatchEvent(new CustomEvent(CHOSEN, { bubbles: true, detail: { question } }));
  const button = element("button", { type: "button", class: "suggestion", dir: "auto", click }, question);
  return element("li", {}, button);
}
