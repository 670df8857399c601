/** A conversation: the questions and their answers, oldest first. One question is asked at a time. */

import { DELETED } from "../answers/actions.js";
import { ask } from "../calls/api.js";
import { arrivingAnswer, showAnswer } from "./arriving.js";
import { wasStopped } from "../calls/calls.js";
import { announce, element } from "../common/dom.js";
import { filtersInWords } from "./filters.js";
import { problemNotice } from "../common/notices.js";

const REMEMBERED = 6; // answers that are sent along with a question where the service keeps no conversations

const CONVERSATION_GONE = "/problems/not-kept";

export class Thread {
  /**
   * `open(target, opener)` shows an article; `onChange(busy)` is told when a question starts and ends, `onKept(id)` the
   * conversation's id when there is one, and `onGone()` that its last answer was deleted, and with it the conversation;
   * `onEdit(question)` that someone wants to ask a question that went wrong in other words.
   */
  constructor(list, { open, onChange, onKept, onGone, onEdit }) {
    this.list = list;
    this.open = open;
    this.onChange = onChange;
    this.onKept = onKept;
    this.onGone = onGone;
    this.onEdit = onEdit;
    this.asking = null;
    this.conversation = null;
    this.answers = [];
  }

  get busy() {
    return this.asking !== null;
  }

  /** Show a conversation that was kept, to go on with it. */
  resume({ id, answers }) {
    this.conversation = id;
    this.answers.push(...answers);
    for (const answer of answers) showAnswer(this.entry(answer.question).body, answer, this.open);
    this.list.lastElementChild?.scrollIntoView({ block: "start" });
  }

  /** Ask a question at the end of the thread, unless one is being answered. */
  ask(question, filters = {}) {
    if (this.busy) return;
    const { entry, body } = this.entry(question, filters);
    if (entry.previousElementSibling) entry.scrollIntoView({ block: "start" });
    this.answer({ question, filters }, body);
  }

  /** Stop waiting for the answer. Says whether there was one to wait for. */
  stop() {
    this.asking?.abort();
    return this.busy;
  }

  entry(question, filters = {}) {
    const body = element("div", { class: "entry-body" });
    const heading = element("h2", { class: "question", dir: "auto", tabindex: "-1" }, question);
    const words = filtersInWords(filters);
    const asked = words ? element("p", { class: "circumstance", dir: "auto" }, `Only ${words}`) : null;
    const entry = element("article", { class: "entry" }, heading, asked, body);
    entry.addEventListener(DELETED, (/** @type {CustomEvent} */ { detail }) => this.leave(entry, detail.id));
    this.list.append(entry);
    return { entry, body };
  }

  /** Take out an entry whose answer was deleted. */
  leave(entry, id) {
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    this.answers = this.answers.filter((answer) => answer.id !== id);
    entry.remove();
    next?.querySelector(".question").focus();
    if (this.answers.length) return;
    this.conversation = null;
    this.onGone();
  }

  async answer(asked, body) {
    if (this.busy) return;
    this.asking = new AbortController();
    this.onChange(true);
    announce("Looking for an answer");
    const arriving = arrivingAnswer(body, this.open);
    try {
      const answer = await this.arrive(asked, arriving);
      this.answers.push(answer);
      this.conversation = answer.conversation_id;
      if (this.conversation) this.onKept(this.conversation);
      announce(spoken(answer));
    } catch (error) {
      arriving.breakOff(this.failure(error, asked, body));
      announce(wasStopped(error) ? "Stopped" : `${error.title ?? "Something went wrong"}. ${error.message}`);
    } finally {
      this.asking = null;
      this.onChange(false);
    }
  }

  async arrive(asked, arriving) {
    let answer = null;
    for await (const { event, data } of ask(this.request(asked), this.asking.signal)) {
      if (event === "hits") arriving.found(data);
      if (event === "searching") arriving.searching(data);
      if (event === "broken") arriving.broken();
      if (event === "resumed") arriving.resumed();
      if (event === "sentence") arriving.said(data);
      if (event === "answer") answer = data;
    }
    arriving.finish(answer);
    return answer;
  }

  request({ question, filters }) {
    if (this.conversation) return { question, filters, conversation_id: this.conversation };
    const asked = this.answers.filter((answer) => answer.status !== "about");
    const history = asked.slice(-REMEMBERED).flatMap((answer) => [
      { role: "user", text: answer.question },
      { role: "assistant", text: spoken(answer) },
    ]);
    return { question, filters, history };
  }

  failure(error, asked, body) {
    const again = () => this.answer(asked, body);
    if (error.type === CONVERSATION_GONE) {
      this.conversation = null;
      return problemNotice(error, again, "Ask in a new conversation");
    }
    if (error.passing === false) return problemNotice(error, () => this.onEdit(asked.question), "Change the question");
    if (!wasStopped(error)) return problemNotice(error, again);
    const button = element("button", { type: "button", class: "quiet", click: again }, "Ask again");
    return element("p", { class: "stopped" }, "Stopped. ", button);
  }
}

function spoken({ status, short_answer: short, sentences, text }) {
  if (status !== "answered" || !sentences.length) return text;
  return [short && `${short}.`, ...sentences.map((sentence) => sentence.text)].filter(Boolean).join(" ");
}
