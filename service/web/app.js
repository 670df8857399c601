/** Starts the page: the address says whether it is for asking, for the list of articles, or for one of them. */

import { count, articleList, articleRow } from "./articles.js";
import { listArticles } from "./api.js";
import { element } from "./dom.js";
import { articleAt } from "./links.js";
import { emptyIndex, problemNotice } from "./notices.js";
import { hidePreview } from "./preview.js";
import { closeReader, fillWithArticle, openArticle, openList } from "./reader.js";
import { targetOf } from "./article.js";
import { Thread } from "./thread.js";

const SHOWN_AT_FIRST = 8; // titles under the question before anything is asked

const content = document.getElementById("thread");

function start() {
  const target = articleAt(location);
  document.getElementById("to-asking").hidden = location.pathname === "/";
  if (target) startArticle(target);
  else if (location.pathname === "/articles") content.replaceChildren(articleList(null));
  else startAsking();
}

async function startArticle(target) {
  const article = await fillWithArticle(content, targetOf(target));
  if (article) document.title = `${article.title} – Footnote`;
}

function startAsking() {
  const form = document.getElementById("ask");
  const field = document.getElementById("question");
  const button = document.getElementById("ask-button");
  const thread = new Thread(content, {
    open: openArticle,
    onChange: (busy) => (button.textContent = busy ? "Stop" : "Ask"),
  });
  const submit = () => {
    const question = field.value.trim();
    if (thread.busy || !question) return;
    document.querySelector(".opening")?.remove();
    field.value = "";
    fit(field);
    thread.ask(question);
    window.scrollTo({ top: 0 });
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!thread.stop()) submit();
  });
  field.addEventListener("input", () => fit(field));
  field.addEventListener("keydown", (event) => {
    // While a word is being composed, as in Japanese, Enter accepts the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  listenToKeys(field, thread);
  openListHere();
  field.focus();
  content.append(opening());
}

function listenToKeys(field, thread) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (hidePreview() || thread.stop() || closeReader())) event.preventDefault();
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });
}

/** Let the link to all articles open beside the answers, which would be lost if it led away. */
function openListHere() {
  const link = document.getElementById("to-articles");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openList(link);
  });
}

/** What there is to ask about, shown until the first question. */
function opening() {
  const view = element("section", { class: "opening" });
  const load = async () => {
    try {
      const page = await listArticles({ limit: SHOWN_AT_FIRST });
      view.replaceChildren(...(page.total ? contents(page) : [emptyIndex()]));
    } catch (error) {
      view.replaceChildren(problemNotice(error, load));
    }
  };
  load();
  return view;
}

function contents({ articles, total }) {
  const all = element("button", { type: "button", class: "quiet", click: () => openList() }, `All ${count(total)}`);
  return [
    element("p", { class: "lead" }, "Answers point to the exact words of the articles, one click away."),
    element("h2", { class: "overline" }, `${count(total)} indexed`),
    element("ul", { class: "contents" }, articles.map((article) => articleRow(article, openArticle))),
    total > articles.length ? all : null,
  ].filter(Boolean);
}

/** Make the field as high as its words. */
function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

start();
