/** An answer while it arrives: a word of progress, then sentence by sentence, then whole, without moving what is read. */

import { answerView, understanding } from "../answers/answer.js";
import { element } from "../common/dom.js";
import { answerText } from "../answers/sentences.js";

const PATIENCE = 3; // seconds after which the wait is counted
// Milliseconds that the first sentences wait. Quoted answers are whole by then, and show their short answer above the
// text from the start.
const HELD = 150;

/**
 * Show in `body` what arrives: `found(hits)`, `searching(queries)`, `said(sentence)`; `broken()` and `resumed()`, where the connection
 * breaks and is there again; and last `finish(answer)`, or `breakOff(notice)`, which leaves the sentences that came before it.
 */
export function arrivingAnswer(body, open) {
  const progress = progressLine();
  const text = answerText(open);
  const said = [];
  const cited = [];
  let holding = 0;
  const show = () => {
    text.set(said, cited);
    if (!text.view.isConnected) body.append(text.view);
  };
  const settle = () => {
    progress.end();
    clearTimeout(holding);
  };
  body.replaceChildren(progress.view);
  body.setAttribute("aria-busy", "true");
  return {
    found(event) {
      if (event.hits.length) progress.say(`Reading ${passages(event.hits)}`);
      progress.view.after(...understanding(event));
    },
    searching({ queries }) {
      progress.say(`Searching for ${queries.join(", ")}`);
    },
    said({ sentence, citations }) {
      said.push(sentence);
      cited.push(...citations);
      if (text.view.isConnected) show();
      else holding ||= setTimeout(show, HELD);
    },
    broken() {
      progress.say("The connection broke. Connecting again");
    },
    resumed() {
      progress.say("Going on with the answer");
    },
    finish(answer) {
      settle();
      const view = answerView(answer, { open, text });
      fill(body, view);
    },
    breakOff(notice) {
      settle();
      if (said.length) fill(body, { before: [], text: text.view, after: [notice] });
      else body.replaceChildren(notice);
    },
  };
}

/** Show a whole answer. */
export function showAnswer(body, answer, open) {
  fill(body, answerView(answer, { open }));
}

/** Put these parts into the body. The text stays in its place if it is there, and with it the focus on a marker. */
function fill(body, { before, text, after }) {
  for (const part of [...body.children]) if (part !== text) part.remove();
  if (!text.isConnected) body.append(text);
  text.before(...before);
  text.after(...after);
  body.removeAttribute("aria-busy");
}

function passages(hits) {
  const articles = new Set(hits.map((hit) => hit.article_id)).size;
  const found = hits.length === 1 ? "1 passage" : `${hits.length} passages`;
  return `${found} of ${articles === 1 ? "1 article" : `${articles} articles`}`;
}

function progressLine() {
  let words = "Reading the articles";
  let seconds = 0;
  const view = element("p", { class: "byline progress" });
  const write = () => (view.textContent = seconds < PATIENCE ? `${words}…` : `${words}… ${seconds} s`);
  const clock = setInterval(() => {
    seconds += 1;
    write();
  }, 1000);
  write();
  const say = (said) => {
    words = said;
    write();
  };
  return { view, say, end: () => clearInterval(clock) };
}
