/** For admins: what was found for a question, what was read in it, and why it was answered or refused. */

import { explain } from "../calls/api.js";
import { particulars, targetOf } from "../articles/article.js";
import { articleLink } from "../articles/articles.js";
import { announce, element } from "../common/dom.js";
import { filterBar } from "../asking/filters.js";
import { problemNotice } from "../common/notices.js";
import { openArticle } from "../articles/reader.js";

const OUTCOMES = {
  answered: "Answered",
  nothing_found: "Refused: no passage was found",
  other_language: "Refused: the question is in a language that is not read",
  below_threshold: "Refused: not sure enough",
  model_found_nothing: "Refused: the language model found no answer in the passages",
  model_failed: "Refused: the language model failed, and the quotes are not sure enough",
  small_talk: "Small talk: no article is looked at for it",
};
const MEASURES = {
  intercept: "Where everything starts",
  evidence: "What the reading model says of the best sentence",
  score: "How likely the best sentence belongs to the answer",
  cosine: "How similar its passage is to the question",
  names_missing: "Share of the question's names that stand nowhere near",
  opposite_asked: "Whether it says the opposite of a word of the question",
};

/** Build the page: a field for a question, and what comes of it. A question in the address is asked at once. */
export function retrievalView() {
  const asked = new URLSearchParams(location.search).get("question") ?? "";
  const field = element("input", { type: "text", id: "explained", dir: "auto", maxlength: 2000, autocomplete: "off", value: asked });
  const result = element("div", { class: "explained" });
  const holder = element("div", { class: "filters" });
  const filters = filterBar(holder);
  const show = async () => {
    const question = field.value.trim();
    if (!question) return;
    const progress = element("p", { class: "byline progress" }, "Reading the articles…");
    result.replaceChildren(progress);
    const shown = await explain({ question, filters: filters.current() }).then(explanation, (error) => [problemNotice(error, show)]);
    if (!progress.isConnected) return; // another question was asked meanwhile
    result.replaceChildren(...shown);
    announce(result.querySelector(".outcome, .notice-title")?.textContent ?? "");
  };
  const submit = (event) => {
    event.preventDefault();
    show();
  };
  const label = element("label", { class: "overline", for: "explained" }, "Question");
  const button = element("button", { type: "submit", class: "firm" }, "Explain");
  show();
  return element(
    "section",
    {},
    element("h1", { class: "article-title" }, "Retrieval"),
    element("form", { class: "explain", submit }, label, element("p", {}, field, button), holder),
    result,
  );
}

/** A link to this page, for this question. */
export function retrievalLink(question) {
  return element("a", { href: `/review/retrieval?${new URLSearchParams({ question })}` }, "Why?");
}

function explanation({ outcome, threshold, language, answer, searches }) {
  const sure = `Confidence ${figure(answer.confidence)}; there is an answer from ${figure(threshold)} on.`;
  const facts = [sure, language ? `The language seems to be ${language}.` : ""].filter(Boolean).join(" ");
  return [
    element("h2", { class: "outcome" }, OUTCOMES[outcome]),
    searches.length ? element("p", { class: "contents-facts" }, facts) : null,
    element("p", { dir: "auto" }, answer.text),
    ...searches.map(searchView),
  ].filter(Boolean);
}

function searchView({ text, chosen, confidence, measures, hits, hits_total: total }) {
  const flag = chosen ? element("span", { class: "flag" }, "answered from") : null;
  const found = total > hits.length ? `the best ${hits.length} of ${total} passages` : `${total} passages`;
  return element(
    "section",
    { class: "search-read" },
    element("h3", { dir: "auto" }, `Searched for: ${text} `, flag),
    element("p", { class: "contents-facts" }, `Confidence ${figure(confidence)} · ${found}`),
    measures.length ? measureTable(measures) : null,
    element("ol", { class: "contents hits-read" }, hits.map(hitView)),
  );
}

function measureTable(measures) {
  const rows = measures.map(({ name, value, weight }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, MEASURES[name] ?? name),
      [figure(value), figure(weight), signed(value * weight)].map((words) => element("td", {}, words)),
    ),
  );
  const heads = ["Measure", "Value", "Weight", "Adds"].map((words) => element("th", { scope: "col" }, words));
  const table = element("table", { class: "measures" }, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, rows));
  return element("details", {}, element("summary", {}, "How the confidence comes about"), table);
}

function hitView({ rank, hit, preference, read, quoted, sentences }) {
  const target = targetOf({ ...hit, id: hit.article_id, version: hit.article_version, quote: null });
  const scores = [
    `vector ${figure(hit.dense)}`,
    hit.lexical === null ? "" : `words ${figure(hit.lexical)}`,
    `together ${figure(hit.score)}`,
    preference ? `time and source ${signed(preference)}` : "",
  ];
  const flags = [read && "read", quoted && "quoted"].filter(Boolean).map((words) => element("span", { class: "flag" }, words));
  return element(
    "li",
    {},
    element("p", {}, `${rank}. `, articleLink(target, hit.title, openArticle), " ", flags),
    element("p", { class: "contents-facts" }, [...particulars(hit), ...scores].filter(Boolean).join(" · ")),
    element(
      "details",
      {},
      element("summary", {}, sentences.length ? "What was read in it" : "Its words"),
      sentences.length ? element("ul", { class: "sentences-read" }, sentences.map(sentenceView)) : element("p", { dir: "auto" }, hit.text),
    ),
  );
}

function sentenceView({ text, reader, probability, short_answer: short, quoted }) {
  const facts = [
    probability === null ? "" : `belongs to the answer: ${figure(probability)}`,
    reader === null ? "" : `reading model ${signed(reader)}`,
    short ? `short answer: ${short}` : "",
  ];
  const flag = quoted ? element("span", { class: "flag" }, "quoted") : null;
  return element(
    "li",
    { class: quoted ? "quoted" : null },
    element("p", { dir: "auto" }, text, " ", flag),
    element("p", { class: "contents-facts", dir: "auto" }, facts.filter(Boolean).join(" · ")),
  );
}

function figure(value) {
  return value.toFixed(2).replace("-", "−");
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
