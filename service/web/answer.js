/** One answer as it is read: short answer, sentences with their markers, what sources differ on, the sources. */

import { originalLink, particulars, quoteView, separated, targetOf } from "./article.js";
import { articleLink } from "./articles.js";
import { copyAnswer } from "./copy.js";
import { element } from "./dom.js";
import { attachPreview } from "./preview.js";

/** Build an answer, or the statement that there is none. `open(target, opener)` shows an article beside it. */
export function answerView(answer, open) {
  return answer.status === "answered" ? answered(answer, open) : notAnswered(answer, open);
}

function answered(answer, open) {
  const marker = markerMaker(answer.citations, open);
  return [
    element("p", { class: "byline" }, byline(answer.answerer)),
    ...circumstances(answer),
    answer.short_answer ? element("p", { class: "short-answer", dir: "auto" }, answer.short_answer) : null,
    element("p", { class: "answer-text", dir: "auto" }, sentences(answer, marker)),
    answer.disagreements.length ? differences(answer.disagreements, marker) : null,
    sources(answer.citations, open),
    colophon(answer, true),
  ].filter(Boolean);
}

function notAnswered(answer, open) {
  const rows = answer.nearest.map(({ article_id: id, title }) => element("li", {}, articleLink({ id }, title, open)));
  const nearest = element(
    "section",
    { class: "nearest" },
    element("h3", { class: "overline" }, "Nearest articles"),
    element("ul", { class: "contents" }, rows),
  );
  return [
    element("p", { class: "byline" }, "Not in the articles"),
    ...circumstances(answer),
    element("p", { class: "no-answer", dir: "auto" }, answer.text),
    rows.length ? nearest : null,
    colophon(answer, false),
  ].filter(Boolean);
}

function byline(answerer) {
  return answerer === "extractive" ? "Quoted from the articles" : `Written by ${answerer}`;
}

/** What the asker should know of how this came about. */
function circumstances({ completed_question: completed, preferences, degraded }) {
  const after = preferences.published_after;
  return [
    completed && element("p", { class: "circumstance", dir: "auto" }, `Understood as: ${completed}`),
    after && element("p", { class: "circumstance" }, `Only articles published after ${after}.`),
    degraded && element("p", { class: "circumstance degraded", dir: "auto" }, degraded),
  ].filter(Boolean);
}

function sentences(answer, marker) {
  if (!answer.sentences.length) return answer.text;
  return answer.sentences.flatMap((sentence, number) => [number ? " " : "", sentenceView(sentence, marker)]);
}

function sentenceView({ text, citations, support }, marker) {
  const verified = support === "verified";
  const flag = verified ? null : ["\u00a0", element("span", { class: "flag" }, "unverified")];
  // A marker must not start a line, so the last word keeps it company; unless it is too long for a small screen.
  const cut = text.lastIndexOf(" ") + 1;
  const tail = text.length - cut > 20 ? "" : text.slice(cut);
  return element(
    "span",
    { class: verified ? "sentence" : "sentence unverified" },
    element("span", { class: "words" }, text.slice(0, text.length - tail.length)),
    element("span", { class: "tail" }, element("span", { class: "words" }, tail), citations.map(marker), flag),
  );
}

function markerMaker(citations, open) {
  const cited = new Map(citations.map((citation) => [citation.number, citation]));
  return (number) => {
    const citation = cited.get(number);
    const click = (event) => open(citationTarget(citation), event.currentTarget);
    const properties = { type: "button", class: "marker", "data-number": number, click };
    const made = element("button", { ...properties, "aria-label": `Source ${number}: ${citation.title}` }, `${number}`);
    attachPreview(made, citation);
    return element("sup", {}, made);
  };
}

function citationTarget(citation) {
  return targetOf({ ...citation, id: citation.article_id, version: citation.article_version });
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

function colophon(answer, copies) {
  const { retrieve, answer: answering } = answer.timings_ms;
  const timings = `Found in ${duration(retrieve)}, answered in ${duration(answering)}`;
  const copy = (event) => copyAnswer(answer, event.currentTarget);
  return element(
    "footer",
    { class: "colophon" },
    element("span", { class: "timings" }, timings),
    copies ? element("button", { type: "button", class: "quiet", click: copy }, "Copy") : null,
  );
}

function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds < 1 ? "less than 1 ms" : `${Math.round(milliseconds)} ms`;
}
