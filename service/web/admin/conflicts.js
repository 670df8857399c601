/** For admins: where two articles give different values for the same thing, next to each other, as they are found. */

import { particulars, quoteView, separated, targetOf } from "../articles/article.js";
import { articleLink } from "../articles/articles.js";
import { openArticle } from "../articles/reader.js";
import { findConflicts } from "../calls/api.js";
import { wasStopped } from "../calls/calls.js";
import { announce, element } from "../common/dom.js";
import { problemNotice } from "../common/notices.js";

const UNDER_WAY = "/problems/search-under-way";
const PAUSE = 5_000; // milliseconds until it is tried again while somebody else's search is under way
const EXPLAINED =
  "All passages are compared with each other. What is shown is worth a look, and need not be wrong: pages about similar " +
  "things give different values, too.";

/** Build the page. Nothing is looked for until its button is pressed. */
export function conflictsView() {
  const rows = element("ol", { class: "contents" });
  const facts = element("p", { class: "contents-facts" });
  const bar = element("progress", { max: 1, value: 0, hidden: true, "aria-label": "Passages compared" });
  const problem = element("div", {});
  const list = likeliestFirst(rows);
  let after = null;
  let stopping = null;
  const look = async () => {
    if (after === null) list.clear();
    stopping = new AbortController();
    bar.hidden = false;
    problem.replaceChildren();
    button.textContent = "Stop";
    try {
      do {
        const part = await found(after, stopping.signal);
        part.conflicts.forEach(list.add);
        bar.value = part.compared / Math.max(part.passages, 1);
        facts.textContent = `${list.count()} found · ${figure(part.compared)} of ${figure(part.passages)} passages compared`;
        after = part.next_after;
      } while (after !== null);
      bar.hidden = true;
    } catch (error) {
      if (!wasStopped(error)) problem.replaceChildren(problemNotice(error, look));
    }
    stopping = null;
    button.textContent = after === null ? "Look for conflicts" : "Go on";
    announce(facts.textContent);
  };
  const found = async (place, signal) => {
    for (;;) {
      try {
        return await findConflicts({ after: place, signal });
      } catch (error) {
        if (error.type !== UNDER_WAY) throw error;
        facts.textContent = "Another search is under way. This one goes on when that is done…";
        await pause(signal);
      }
    }
  };
  const click = () => (stopping ? stopping.abort() : look());
  const button = element("button", { type: "button", class: "firm", click }, "Look for conflicts");
  return element(
    "section",
    {},
    element("h1", { class: "article-title" }, "Conflicts"),
    element("p", {}, EXPLAINED),
    element("p", { class: "looking" }, button, bar),
    facts,
    problem,
    rows,
  );
}

/** A list that holds each conflict once. A new one takes its place among the others, which stay where the keyboard is. */
function likeliestFirst(rows) {
  const held = [];
  const known = new Set();
  return {
    count: () => held.length,
    clear() {
      held.length = 0;
      known.clear();
      rows.replaceChildren();
    },
    add(conflict) {
      const sides = [conflict.one, conflict.other].map((side) => JSON.stringify([side.article_id, side.start, side.value]));
      const key = sides.sort().join();
      if (known.has(key)) return;
      known.add(key);
      const before = held.findIndex((other) => other.likelihood < conflict.likelihood);
      const place = before < 0 ? held.length : before;
      rows.insertBefore(row(conflict), rows.children[place] ?? null);
      held.splice(place, 0, conflict);
    },
  };
}

function row({ one, other }) {
  return element("li", { class: "reviewed" }, element("div", { class: "change" }, side(one), side(other)));
}

/** @param {import("../calls/api.js").Shapes["ConflictSide"]} side */
function side({ value, quote, article_id: id, article_version: version, title, start, end, publisher, published }) {
  const link = articleLink(targetOf({ id, version, start, end, quote }), title, openArticle);
  return element(
    "div",
    { class: "wording" },
    element("h2", { class: "conflict-value", dir: "auto" }, value),
    quoteView({ quote, start: 0, highlight: placeOf(value, quote) }, "note-quote"),
    element("p", { class: "note-origin" }, separated([link, ...particulars({ publisher, published })])),
  );
}

/** Where the value stands in the quote, in code points. Null where markup of the article is between its words. */
function placeOf(value, quote) {
  const at = quote.indexOf(value);
  if (at < 0) return null;
  const start = [...quote.slice(0, at)].length;
  return { start, end: start + [...value].length };
}

function pause(signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, PAUSE);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

function figure(number) {
  return number.toLocaleString("en-GB");
}
