/** The field that questions are typed into, and the conversation above it. */

import { CHOSEN } from "./about.js";
import { element } from "../common/dom.js";
import { exportButtons } from "./exporting.js";
import { filterBar } from "./filters.js";
import { conversationAddress } from "../common/links.js";
import { openingView } from "./opening.js";
import { openArticle } from "../articles/reader.js";
import { Thread } from "./thread.js";

const form = document.getElementById("ask");
const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("question"));
const button = document.getElementById("ask-button");
const below = document.getElementById("below");
const exporting = document.getElementById("export");
const ASK = field.placeholder;
let address = null; // of the conversation, once it is kept

/**
 * Let questions be asked: in a new conversation, or in one from the history. A question that was `chosen` on another page is
 * asked at once. Returns what stops the one that is being answered.
 */
export function startAsking({ conversation = null, chosen = null } = {}) {
  const filters = filterBar(document.getElementById("filters"));
  const thread = new Thread(document.getElementById("thread"), {
    open: openArticle,
    onChange: (busy) => (button.textContent = busy ? "Stop" : "Ask"),
    onKept: (id) => {
      address = conversationAddress(id);
      stayAtAddress();
      exporting.hidden = false;
    },
    onGone: beginAgain,
    onEdit: typeAgain,
  });
  exporting.replaceChildren(...exportButtons(() => thread.conversation));
  form.hidden = false;
  document.getElementById("heading").hidden = false;
  const ask = (question) => {
    converse();
    thread.ask(question, filters.current());
  };
  listenToForm(thread, ask);
  window.addEventListener("popstate", stayAtAddress);
  if (conversation) {
    converse();
    thread.resume(conversation);
    exporting.hidden = false;
    if (conversation.withheld) form.before(withheld(conversation.withheld));
  } else if (chosen) {
    ask(chosen);
  } else {
    below.append(openingView());
  }
  field.focus({ preventScroll: true });
  return () => thread.stop();
}

function listenToForm(thread, ask) {
  const submit = () => {
    const question = field.value.trim();
    if (thread.busy || !question) return;
    field.value = "";
    fit();
    ask(question);
  };
  const askChosen = (/** @type {CustomEvent} */ event) => {
    event.stopPropagation();
    if (thread.busy) return;
    ask(event.detail.question);
    field.focus({ preventScroll: true });
  };
  for (const holder of [thread.list, below]) holder.addEventListener(CHOSEN, askChosen);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!thread.stop()) submit();
  });
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    // While a word is being composed, as in Japanese, Enter accepts the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
}

/** Put a question into the field again, to be changed. */
function typeAgain(question) {
  field.value = question;
  fit();
  field.focus();
}

/** Turn the page into a conversation: the field goes to its foot. */
function converse() {
  document.body.classList.add("conversing");
  for (const id of ["to-asking", "anew"]) document.getElementById(id).hidden = false;
  field.placeholder = "Ask a follow-up";
  below.replaceChildren();
}

/** Leave the address of a conversation that is gone; where nothing is left on the page, let it be as it opens. */
function beginAgain() {
  address = null;
  history.replaceState(history.state, "", "/");
  if (document.querySelector(".entry")) return;
  document.querySelector(".withheld")?.remove();
  document.body.classList.remove("conversing");
  for (const id of ["to-asking", "anew", "export"]) document.getElementById(id).hidden = true;
  field.placeholder = ASK;
  below.replaceChildren(openingView());
  field.focus();
}

/** Let the address be the conversation's, so that it is there again after a reload. */
function stayAtAddress() {
  if (address !== null && location.pathname !== address) history.replaceState(history.state, "", address);
}

function withheld(number) {
  const answers = number === 1 ? "One answer is" : `${number} answers are`;
  const reason = "left out: an article that it rests on was deleted, or may not be read by you any more.";
  return element("p", { class: "circumstance withheld" }, `${answers} ${reason}`);
}

/** Make the field as high as its words. */
function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
