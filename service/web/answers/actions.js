/** What can be done with an answer, under it: copy, share, say what one thinks of it. */

import { deleteAnswer, rate, share } from "../calls/api.js";
import { answerAsText, copyText } from "./copy.js";
import { deleteButton } from "../common/deleting.js";
import { announce, element } from "../common/dom.js";
import { answerAddress } from "../common/links.js";
import { problemNotice } from "../common/notices.js";

/** The name of the event at an answer's foot, and above, once that answer is deleted. */
export const DELETED = "answer-deleted";

const SHOWN_FOR = 2000; // milliseconds for which a button says what it did

/** The line under an answer, and room below it for what its buttons open. Only what is kept can be shared and rated. */
export function colophon(answer) {
  const drawer = element("div", { class: "drawer" });
  const { retrieve, answer: answering } = answer.timings_ms;
  const { own = true } = answer; // What has just been asked is one's own; what is fetched says whose it is.
  const kept = answer.conversation_id !== null || "own" in answer;
  return element(
    "footer",
    { class: "colophon" },
    answer.status === "answered" ? action("Copy", (button) => copyAnswer(answer, button)) : null,
    kept && own ? action("Share", (from) => attempt(drawer, () => shareAnswer(answer, { drawer, from }))) : null,
    kept && own ? deletion(answer) : null,
    kept ? thumbs(answer, drawer) : null,
    element("span", { class: "timings" }, `Found in ${duration(retrieve)}, answered in ${duration(answering)}`),
    drawer,
  );
}

/** The button that deletes an answer, which then tells those above it. */
export function deletion({ id, question }) {
  const button = deleteButton({
    what: "the answer",
    title: question,
    consequence: "It is gone for good, with its question and what was said of it, also for those who have its link.",
    remove: () => deleteAnswer(id),
    onDeleted: () => button.dispatchEvent(new CustomEvent(DELETED, { bubbles: true, detail: { id } })),
  });
  return button;
}

function action(words, click) {
  return element("button", { type: "button", class: "quiet", click: (event) => click(event.currentTarget) }, words);
}

/** Do something that may fail; what went wrong is said in the drawer. */
async function attempt(drawer, act) {
  try {
    await act();
  } catch (error) {
    fill(drawer, problemNotice(error, () => attempt(drawer, act)));
    announce(error.message);
  }
}

async function copyAnswer(answer, button) {
  const words = (await copyText(answerAsText(answer))) ? "Copied" : "Copying is not allowed here";
  const before = button.textContent;
  button.textContent = words;
  announce(words);
  setTimeout(() => (button.textContent = before), SHOWN_FOR);
}

async function shareAnswer({ id }, { drawer, from }) {
  await share(id, true);
  const address = new URL(answerAddress(id), location.href).href;
  const copied = await copyText(address);
  const words = `${copied ? "The link is copied. " : ""}It opens for those who may read these articles.`;
  const field = element("input", { type: "text", readonly: true, value: address, "aria-label": "Link to this answer" });
  const stop = async () => {
    await share(id, false);
    close({ drawer, from }, "The link does not open any more.");
  };
  const buttons = [
    action("Stop sharing", () => attempt(drawer, stop)),
    action("Close", () => close({ drawer, from }, "")),
  ];
  fill(drawer, element("p", {}, words), field, element("p", { class: "drawer-ends" }, buttons));
  announce(words);
  field.select();
}

function thumbs(answer, drawer) {
  const made = ["up", "down"].map((rating) => {
    const label = rating === "up" ? "Good answer" : "Bad answer";
    const properties = { type: "button", class: `thumb ${rating}`, title: label, "aria-label": label };
    const click = ({ currentTarget: from }) => attempt(drawer, () => choose(rating, from));
    return element("button", { ...properties, "aria-pressed": String(answer.rating === rating), click });
  });
  const choose = async (rating, from) => {
    await rate(answer.id, { rating });
    for (const thumb of made) thumb.setAttribute("aria-pressed", String(thumb === from));
    fill(drawer, commentForm(answer, rating, { drawer, from }));
    announce("Thank you. You can say more below.");
  };
  return element("span", { class: "thumbs", role: "group", "aria-label": "What do you think of it?" }, made);
}

function commentForm(answer, rating, { drawer, from }) {
  const question = rating === "up" ? "What is good about it?" : "What is wrong with it?";
  const field = element("textarea", { rows: 2, maxlength: 4000, dir: "auto", "aria-label": question, placeholder: question });
  const send = async () => {
    const comment = field.value.trim();
    if (comment) await rate(answer.id, { rating, comment });
    close({ drawer, from }, "Thank you.");
  };
  const submit = (event) => {
    event.preventDefault();
    attempt(drawer, send);
  };
  const buttons = [
    element("button", { type: "submit", class: "quiet" }, "Send"),
    action("No comment", () => close({ drawer, from }, "Thank you.")),
  ];
  return element("form", { submit }, field, element("p", { class: "drawer-ends" }, buttons));
}

/** Show something in the drawer, above the field for the next question. */
function fill(drawer, ...parts) {
  drawer.replaceChildren(...parts);
  drawer.scrollIntoView({ block: "nearest" });
}

/** Leave a word in the drawer. The keyboard goes on from the button that opened it. */
function close({ drawer, from }, words) {
  const line = words ? [element("p", {}, words)] : [];
  drawer.replaceChildren(...line);
  announce(words);
  from.focus({ preventScroll: true });
}

function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds < 1 ? "less than 1 ms" : `${Math.round(milliseconds)} ms`;
}
