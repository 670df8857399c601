/** For admins: what was asked, what was refused, and what people said of the answers. */

import { DELETED, deletion } from "./actions.js";
import { listReview } from "./api.js";
import { showAnswer } from "./arriving.js";
import { moment } from "./dates.js";
import { element } from "./dom.js";
import { answerAddress } from "./links.js";
import { pagedList } from "./lists.js";
import { openArticle } from "./reader.js";

const RATINGS = { "": "Any", down: "Rated down", up: "Rated up" };
const STATUSES = { "": "Any", answered: "Answered", no_answer: "Refused", about: "Small talk" };

const FLAGS = { no_answer: "refused", about: "small talk" };

/** Build the page: a choice of what is listed, and the list. */
export function reviewView() {
  const list = element("div", {});
  const rating = choice("Rating", RATINGS);
  const status = choice("Outcome", STATUSES);
  const show = () => {
    const chosen = { rating: rating.value || null, status: status.value || null };
    list.replaceChildren(reviewList(chosen));
  };
  const bar = element("form", { class: "review-filters", change: show }, labelled(rating), labelled(status));
  show();
  return element("section", { class: "review" }, bar, list);
}

function reviewList(chosen) {
  return pagedList({
    heading: "Questions and answers",
    fetchPage: (after) => listReview({ ...chosen, after }),
    rowsOf: (page, leave) => page.rows.map((kept) => row(kept, leave)),
    empty: () => element("p", { class: "empty" }, "Nothing of this kind has been asked."),
  });
}

function row({ answer, asker, asked, feedback }, leave) {
  const flag = FLAGS[answer.status];
  const outcome = flag ? element("span", { class: "flag" }, flag) : null;
  const link = element("a", { href: answerAddress(answer.id) }, moment(asked));
  const row = element(
    "li",
    { class: "reviewed", [DELETED]: () => leave(row) },
    unfolding(answer, outcome),
    element("p", { class: "contents-facts" }, link, " · ", asker, " · ", deletion(answer)),
    feedback.map(opinion),
  );
  return row;
}

/** The question, which unfolds to the answer that was given. What only its asker may do with it is not offered. */
function unfolding(answer, outcome) {
  const body = element("div", { class: "entry entry-body" });
  const question = element("h2", { class: "reviewed-question", dir: "auto" }, answer.question);
  const toggle = ({ currentTarget: details }) => {
    if (details.open && !body.children.length) showAnswer(body, { ...answer, own: false }, openArticle);
  };
  return element("details", { toggle }, element("summary", {}, question, outcome ? [" ", outcome] : null), body);
}

function opinion({ asker, rating, comment, given }) {
  const words = `${rating === "up" ? "Rated up" : "Rated down"} by ${asker}, ${moment(given)}`;
  return element(
    "div",
    { class: `opinion ${rating}` },
    element("p", { class: "contents-facts" }, words),
    comment ? element("p", { dir: "auto" }, comment) : null,
  );
}

function choice(name, options) {
  const made = Object.entries(options).map(([value, words]) => element("option", { value }, words));
  return element("select", { id: name.toLowerCase(), autocomplete: "off" }, made);
}

function labelled(select) {
  const words = select.id[0].toUpperCase() + select.id.slice(1);
  return element("p", {}, element("label", { class: "overline", for: select.id }, words), select);
}
