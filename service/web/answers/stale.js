/** What has changed in the articles since an answer was given: the words that it quotes next to those of today. */

import { CHOSEN } from "../asking/about.js";
import { quoteView } from "../articles/article.js";
import { articleLink } from "../articles/articles.js";
import { moment } from "../common/dates.js";
import { element } from "../common/dom.js";

/** Build the notice over an answer, or null if its words are all unchanged. `open` shows an article. */
export function staleNotice({ question, completed_question: completed, stale = [], citations }, open) {
  if (!stale.length) return null;
  const since = stale.map((one) => one.since).sort()[0];
  const cited = new Map(citations.map((citation) => [citation.number, citation]));
  const ask = ({ currentTarget: button }) => {
    const detail = { question: completed ?? question };
    button.dispatchEvent(new CustomEvent(CHOSEN, { bubbles: true, detail }));
  };
  return element(
    "section",
    { class: "notice stale" },
    element("h3", { class: "notice-title" }, "The articles have changed since"),
    element("p", {}, `This answer rests on words that were found changed on ${moment(since)}.`),
    stale.map((one) => change(cited.get(one.number), one, open)),
    element("button", { type: "button", class: "quiet", click: ask }, "Ask again"),
  );
}

function change(citation, now, open) {
  const target = { id: citation.article_id, version: now.article_version, start: now.start, end: now.end, quote: now.quote };
  const [before, after] = differing(citation.quote, now.quote ?? "");
  const gone = element("p", { class: "circumstance" }, "These words are gone.");
  return element(
    "div",
    { class: "change" },
    element("p", { class: "note-origin", dir: "auto" }, `${citation.number} `, articleLink(target, citation.title, open)),
    wording("Quoted", quoteView({ quote: citation.quote, start: 0, marks: before }, "note-quote")),
    wording("Now", now.quote === null ? gone : quoteView({ quote: now.quote, start: 0, marks: after }, "note-quote")),
  );
}

function wording(name, words) {
  return element("div", { class: "wording" }, element("h4", { class: "overline" }, name), words);
}

/** Find what differs between two texts, but for the words that both begin and end with: a stretch of each, in code points. */
function differing(before, after) {
  const [old, now] = [before, after].map((text) => text.split(/(\s+)/));
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return [old, now].map((pieces) => {
    const from = points(pieces.slice(0, start));
    const to = points(pieces.slice(0, pieces.length - end));
    return to > from ? [{ start: from, end: to }] : [];
  });
}

function points(pieces) {
  return [...pieces.join("")].length;
}
