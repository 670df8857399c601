/** One answer as it is read: short answer, sentences with their markers, what sources differ on, the sources. */

import { aboutView } from "../asking/about.js";
import { colophon } from "./actions.js";
import { originalLink, particulars, quoteView, separated, targetOf } from "../articles/article.js";
import { articleLink } from "../articles/articles.js";
import { moment, period } from "../common/dates.js";
import { element } from "../common/dom.js";
import { answerText, citationTarget, markerMaker } from "./sentences.js";
import { staleNotice } from "./stale.js";

/** @typedef {import("../calls/api.js").Shapes} Shapes */

/**
 * Build an answer, the statement that none was found, or a reply to small talk, as the parts before its text, the text, and
 * those after.
 * `text` is what `answerText` made, if its sentences have begun to arrive.
 * @param {Shapes["AskResponse"] & Partial<Shapes["StoredAnswerResponse"]>} answer
 * @param {{ open: (target: object, opener?: Element) => void, text?: ReturnType<typeof answerText> }} shown
 */
export function answerView(answer, { open, text = answerText(open) }) {
  if (answer.status === "about") return aboutView(answer, open);
  return answer.status === "answered" ? answered(answer, { open, text }) : notAnswered(answer, open);
}

/**
 * What the asker should know of how a question was taken, which is known before it is answered.
 * @param {{ completed_question?: string | null, preferences?: Shapes["PreferencesWire"] }} understood
 */
export function understanding({ completed_question: completed = null, preferences = {} }) {
  const preferred = period(preferences);
  return [
    completed && element("p", { class: "circumstance", dir: "auto" }, `Understood as: ${completed}`),
    preferred && element("p", { class: "circumstance" }, `Preferred: articles published ${preferred}`),
  ].filter(Boolean);
}

function answered(answer, { open, text }) {
  if (answer.sentences.length) text.set(answer.sentences, answer.citations);
  else text.view.textContent = answer.text;
  return {
    before: [
      staleNotice(answer, open),
      element("p", { class: "byline" }, byline(answer)),
      ...understanding(answer),
      answer.short_answer && element("p", { class: "short-answer", dir: "auto" }, answer.short_answer),
    ].filter(Boolean),
    text: text.view,
    after: [
      degraded(answer),
      answer.disagreements.length ? differences(answer.disagreements, markerMaker(answer.citations, open)) : null,
      sources(answer.citations, open),
      colophon(answer),
    ].filter(Boolean),
  };
}

function notAnswered(answer, open) {
  const rows = answer.nearest.map((passage) => nearPassage(passage, open));
  const nearest = element(
    "section",
    { class: "nearest" },
    element("h3", { class: "overline" }, "Nearest passages"),
    element("ul", { class: "contents" }, rows),
  );
  return {
    before: [element("p", { class: "byline" }, "No answer found"), ...understanding(answer)],
    text: element("p", { class: "no-answer", dir: "auto" }, answer.text),
    after: [degraded(answer), rows.length ? nearest : null, colophon(answer)].filter(Boolean),
  };
}

/** A passage with the words of the question marked. Answers that are kept from earlier name the article alone. */
export function nearPassage(passage, open) {
  const target = targetOf({ ...passage, id: passage.article_id, version: passage.article_version });
  const quote = passage.quote ? quoteView(passage, "near-quote") : null;
  return element("li", { class: "near" }, articleLink(target, passage.title, open), quote);
}

function byline({ answerer, approved }) {
  if (approved) return `Approved by ${approved.by}, ${moment(approved.at)}`;
  return answerer === "extractive" ? "Quoted from the articles" : `Written by ${answerer}`;
}

function degraded({ degraded: reason }) {
  return reason && element("p", { class: "circumstance degraded", dir: "auto" }, reason);
}

function differences(disagreements, marker) {
  const groups = disagreements.map(({ about, values }) =>
    element(
      "tbody",
      {},
      element("tr", {}, element("th", { scope: "rowgroup", colspan: 2, dir: "auto" }, about)),
      values.map(({ value, citations }) => {
        const givenBy = element("td", { class: "given-by" }, citations.map(marker));
        return element("tr", {}, element("td", { dir: "auto" }, value), givenBy);
      }),
    ),
  );
  const caption = element("caption", { class: "overline" }, "Sources differ");
  return element("table", { class: "differences" }, caption, groups);
}

function sources(citations, open) {
  const notes = citations.map((citation) => note(citation, open));
  return element(
    "section",
    { class: "sources" },
    element("h3", { class: "unseen" }, "Sources"),
    element("ol", { class: "notes" }, notes),
  );
}

function note(citation, open) {
  const title = articleLink(citationTarget(citation), citation.title, open);
  const origin = [title, ...particulars(citation), originalLink(citation.url)];
  return element(
    "li",
    { class: "note", value: citation.number, "data-note": citation.number },
    element("span", { class: "note-number", "aria-hidden": "true" }, `${citation.number}`),
    quoteView(citation, "note-quote"),
    element("p", { class: "note-origin", dir: "auto" }, separated(origin.filter(Boolean))),
  );
}
