/** The questions asked on this page and their answers, newest first. One question is asked at a time. */

import { ask, wasStopped } from "./api.js";
import { answerView } from "./answer.js";
import { announce, element } from "./dom.js";
import { problemNotice } from "./notices.js";

const PATIENCE = 3; // seconds after which the wait is counted

export class Thread {
  /** `open(target, opener)` shows an article; `onChange(busy)` is told when a question starts and ends. */
  constructor(list, { open, onChange }) {
    this.list = list;
    this.open = open;
    this.onChange = onChange;
    this.asking = null;
  }

  get busy() {
    return this.asking !== null;
  }

  /** Ask a question at the top of the thread, unless one is being answered. */
  ask(question) {
    if (this.busy) return;
    const body = element("div", { class: "entry-body" });
    const heading = element("h2", { class: "question", dir: "auto" }, question);
    this.list.prepend(element("article", { class: "entry" }, heading, body));
    this.answer(question, body);
  }

  /** Stop waiting for the answer. Says whether there was one to wait for. */
  stop() {
    this.asking?.abort();
    return this.busy;
  }

  async answer(question, body) {
    if (this.busy) return;
    this.asking = new AbortController();
    this.onChange(true);
    announce("Looking for an answer");
    const progress = progressView();
    body.replaceChildren(progress.view);
    try {
      const answer = await ask(question, this.asking.signal);
      body.replaceChildren(...answerView(answer, this.open));
      announce(spoken(answer));
    } catch (error) {
      body.replaceChildren(this.failure(error, question, body));
      announce(wasStopped(error) ? "Stopped" : `${error.title ?? "Something went wrong"}. ${error.message}`);
    } finally {
      progress.end();
      this.asking = null;
      this.onChange(false);
    }
  }

  failure(error, question, body) {
    const again = () => this.answer(question, body);
    if (!wasStopped(error)) return problemNotice(error, again);
    const button = element("button", { type: "button", class: "quiet", click: again }, "Ask again");
    return element("p", { class: "stopped" }, "Stopped. ", button);
  }
}

function progressView() {
  const words = element("span", {}, "Reading the articles…");
  let seconds = 0;
  const clock = setInterval(() => {
    seconds += 1;
    if (seconds >= PATIENCE) words.textContent = `Reading the articles… ${seconds} s`;
  }, 1000);
  return { view: element("p", { class: "progress" }, words), end: () => clearInterval(clock) };
}

function spoken({ status, short_answer: short, sentences, text }) {
  if (status !== "answered" || !sentences.length) return text;
  return [short && `${short}.`, ...sentences.map((sentence) => sentence.text)].filter(Boolean).join(" ");
}
