/** For admins: what was asked, what was refused, what people said of the answers, and which of them have gone stale. */

import { DELETED, deletion } from "../answers/actions.js";
import { listReview, listStale } from "../calls/api.js";
import { approval, approvedList } from "./approving.js";
import { conflictsView } from "./conflicts.js";
import { showAnswer } from "../asking/arriving.js";
import { moment } from "../common/dates.js";
import { element } from "../common/dom.js";
import { gapsList } from "./gaps.js";
import { answerAddress } from "../common/links.js";
import { pagedList } from "../common/lists.js";
import { openArticle } from "../articles/reader.js";
import { retrievalLink, retrievalView } from "./retrieval.js";

const RATINGS = { "": "Any", down: "Rated down", up: "Rated up" };
const STATUSES = { "": "Any", answered: "Answered", no_answer: "Refused", about: "Small talk" };

const FLAGS = { no_answer: "refused", about: "small talk" };

const PAGES = {
  "/review": { words: "What was asked", view: askedView },
  "/review/stale": { words: "Went stale", view: staleList },
  "/review/approved": { words: "Approved", view: () => approvedList(unfolding) },
  "/review/gaps": { words: "Gaps", view: gapsList },
  "/review/conflicts": { words: "Conflicts", view: conflictsView },
  "/review/retrieval": { words: "Retrieval", view: retrievalView },
};

/** Build the page at this path: links to the lists, and one of them. Null if there is none at this path. */
export function reviewAt(path) {
  if (!Object.hasOwn(PAGES, path)) return null;
  const links = Object.entries(PAGES).map(([address, { words }]) =>
    element("a", { href: address, "aria-current": address === path ? "page" : null }, words),
  );
  const nav = element("nav", { class: "review-lists", "aria-label": "Lists" }, links);
  return element("section", { class: "review" }, nav, PAGES[path].view());
}

/** A choice of what is listed, and the list. */
function askedView() {
  const list = element("div", {});
  const rating = choice("Rating", RATINGS);
  const status = choice("Outcome", STATUSES);
  const show = () => {
    const chosen = { rating: rating.value || null, status: status.value || null };
    list.replaceChildren(reviewList(chosen));
  };
  const bar = element("form", { class: "review-filters", change: show }, labelled(rating), labelled(status));
  show();
  return element("div", {}, bar, list);
}

function reviewList(chosen) {
  return pagedList({
    heading: "Questions and answers",
    fetchPage: (after) => listReview({ ...chosen, after }),
    rowsOf: (page, leave) => page.rows.map((kept) => row(kept, leave)),
    empty: () => element("p", { class: "empty" }, "Nothing of this kind has been asked."),
  });
}

function staleList() {
  return pagedList({
    heading: "Went stale",
    fetchPage: (after) => listStale({ after }),
    rowsOf: (page, leave) => page.rows.map((kept) => staleRow(kept, leave)),
    empty: () => element("p", { class: "empty" }, "No answer rests on words that have changed since."),
  });
}

function staleRow({ answer_id: id, question, answer, asker, since, reads }, leave) {
  const read = reads === 1 ? "read again once" : `read again ${reads} times`;
  const facts = [`${read} · found ${moment(since)} · asked by ${asker} · `, deletion({ id, question })];
  const words = element("h2", { class: "reviewed-question", dir: "auto" }, question);
  const gone = element("p", { class: "circumstance" }, "An article that it cites was deleted, so the answer is no longer shown.");
  const row = element(
    "li",
    { class: "reviewed", [DELETED]: () => leave(row) },
    answer ? unfolding(answer, null) : [words, gone],
    element("p", { class: "contents-facts" }, answer ? element("a", { href: answerAddress(id) }, "Open") : null, answer ? " · " : null, facts),
  );
  return row;
}

function row({ answer, asker, asked, feedback }, leave) {
  const flag = FLAGS[answer.status];
  const outcome = flag ? element("span", { class: "flag" }, flag) : null;
  const link = element("a", { href: answerAddress(answer.id) }, moment(asked));
  const row = element(
    "li",
    { class: "reviewed", [DELETED]: () => leave(row) },
    unfolding(answer, outcome),
    element("p", { class: "contents-facts" }, link, " · ", asker, " · ", retrievalLink(answer.question), " · ", deletion(answer)),
    feedback.map(opinion),
  );
  return row;
}

/** The question, which unfolds to the answer that was given. What only its asker may do with it is not offered. */
function unfolding(answer, outcome) {
  const body = element("div", { class: "entry entry-body" });
  const question = element("h2", { class: "reviewed-question", dir: "auto" }, answer.question);
  const toggle = ({ currentTarget: details }) => {
    if (!details.open || body.children.length) return;
    showAnswer(body, { ...answer, own: false }, openArticle);
    body.append(approval(answer) ?? "");
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
