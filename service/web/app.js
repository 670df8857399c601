/** Starts the page. The address says whether it is for asking, a list, an article, an answer, the review or the usage. */

import { CHOSEN } from "./asking/about.js";
import { DELETED } from "./answers/actions.js";
import { getAnswer, getConversation, getMe, signOut } from "./calls/api.js";
import { showAnswer } from "./asking/arriving.js";
import { targetOf } from "./articles/article.js";
import { startAsking } from "./asking/asking.js";
import { element } from "./common/dom.js";
import { SIGNED_IN, forgetKey, newKey } from "./calls/key.js";
import { answerAt, articleAt, conversationAddress, conversationAt } from "./common/links.js";
import { problemNotice } from "./common/notices.js";
import { hidePreview } from "./answers/preview.js";
import { closeReader, fillWithArticle, listAt, openArticle, openList } from "./articles/reader.js";
import { reviewAt } from "./admin/review.js";
import { placesToSignIn } from "./calls/signin.js";
import { sourcesView } from "./admin/sources.js";
import { usageView } from "./admin/usage.js";

const content = document.getElementById("thread");
let stopAsking = () => false;
let introducing = null;

function start() {
  document.getElementById("to-asking").hidden = location.pathname === "/";
  const article = articleAt(location);
  const answer = answerAt(location);
  const conversation = conversationAt(location);
  const list = listAt(location.pathname);
  const review = reviewAt(location.pathname);
  if (article) startArticle(article);
  else if (answer) load("Fetching the answer…", () => getAnswer(answer), showKeptAnswer);
  else if (conversation) load("Fetching the conversation…", () => getConversation(conversation), showConversation);
  else if (list) showPage(list.querySelector("h1").textContent, list);
  else if (review) showPage("Review", review);
  else if (location.pathname === "/usage") showPage("Usage", usageView());
  else if (location.pathname === "/sources") showPage("Sources", sourcesView());
  else if (location.pathname === "/") startPlainly();
  else showNothingThere();
  document.addEventListener("keydown", onKey);
  document.addEventListener(CHOSEN, (/** @type {CustomEvent} */ { detail }) => askElsewhere(detail.question));
  window.addEventListener(SIGNED_IN, introduce);
  document.getElementById("sign-out").addEventListener("click", leave);
  document.getElementById("sign-in").addEventListener("click", () => newKey(null));
  introduce();
}

function showPage(title, view) {
  entitle(title);
  content.replaceChildren(view);
}

function entitle(words) {
  document.title = `${words} – Footnote`;
}

function startPlainly() {
  openListsHere();
  const chosen = sessionStorage.getItem(CHOSEN);
  sessionStorage.removeItem(CHOSEN);
  stopAsking = startAsking({ chosen });
}

async function startArticle(target) {
  const article = await fillWithArticle(content, targetOf(target));
  if (article) entitle(article.title);
}

/** Fetch something and show it, or say what went wrong. */
async function load(words, fetchIt, show) {
  content.replaceChildren(element("p", { class: "byline progress" }, words));
  try {
    const fetched = await fetchIt();
    content.replaceChildren();
    show(fetched);
  } catch (error) {
    content.replaceChildren(problemNotice(error, () => load(words, fetchIt, show)));
  }
}

function showConversation(conversation) {
  entitle(conversation.title);
  openListsHere();
  stopAsking = startAsking({ conversation });
}

function showKeptAnswer(answer) {
  entitle(answer.question);
  const body = element("div", { class: "entry-body" });
  showAnswer(body, answer, openArticle);
  const address = answer.own ? conversationAddress(answer.conversation_id) : "/";
  const onward = element("a", { href: address }, answer.own ? "Go on with this conversation" : "Ask a question of your own");
  const question = element("h2", { class: "question", dir: "auto" }, answer.question);
  document.getElementById("heading").hidden = false;
  const entry = element("article", { class: "entry" }, question, body);
  entry.addEventListener(DELETED, showDeleted);
  content.replaceChildren(entry, element("p", { class: "onward" }, onward));
}

function showDeleted() {
  document.title = "Footnote";
  const words = element("p", { class: "notice", tabindex: "-1" }, "The answer is deleted.");
  const onward = element("a", { href: "/" }, "Ask another question");
  content.replaceChildren(words, element("p", { class: "onward" }, onward));
  words.focus();
}

function showNothingThere() {
  entitle("No such page");
  const words = element("p", {}, "There is nothing at this address. ", element("a", { href: "/" }, "Ask a question"), ".");
  content.replaceChildren(element("div", { class: "notice" }, element("h1", { class: "notice-title" }, "No such page"), words));
}

/** Ask a question that was chosen where none can be asked: on the page for asking. */
function askElsewhere(question) {
  sessionStorage.setItem(CHOSEN, question);
  location.assign("/");
}

/** Let the links to lists open next to the answers, which need not go away for them. */
function openListsHere() {
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll("#to-articles, #to-conversations");
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      openList(link.pathname, link);
    });
  }
}

function onKey(event) {
  if (document.querySelector("dialog[open]")) return; // which has keys of its own
  if (event.key === "Escape" && (hidePreview() || stopAsking() || closeReader())) event.preventDefault();
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.getElementById("question");
  if (field.offsetParent === null) return; // nothing can be asked on this page
  event.preventDefault();
  field.focus();
}

/** Offer what depends on who one is. A call that still waits for a key goes on with the new one, so no second one is made. */
function introduce() {
  introducing ??= showWhatIsAllowed().finally(() => (introducing = null));
}

/** Where the service cannot say who one is, the call that the page is for says what is wrong. */
async function showWhatIsAllowed() {
  const me = await getMe().catch((error) => {
    console.error(error);
    return null;
  });
  for (const id of ["to-review", "to-usage", "to-sources"]) document.getElementById(id).hidden = !me?.admin;
  document.body.classList.toggle("admin", me?.admin === true);
  document.getElementById("sign-out").hidden = !me?.keys_required && !me?.name;
  document.getElementById("sign-in").hidden = me?.id !== "anyone" || !(await placesToSignIn()).length;
  document.getElementById("who").hidden = !me?.name;
  document.getElementById("who").textContent = me?.name ?? "";
}

async function leave() {
  forgetKey();
  try {
    const { address } = await signOut();
    location.assign(address ?? "/");
  } catch (error) {
    content.prepend(problemNotice(error, leave));
  }
}

start();
