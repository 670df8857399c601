// The table of questions: sorting, filtering, opening. Without this script every row opens by itself, and stays in order.
"use strict";

const table = document.querySelector("table.questions");
const body = table.tBodies[0];
const rows = [...body.rows];
const heads = [...table.tHead.rows[0].cells];
const form = document.querySelector(".toolbar");
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

// A row's details lie in a noscript element, which is one text node here: ten thousand of them cost nothing until they are opened.
function fill(details) {
  const held = details.querySelector("noscript");
  if (held) held.outerHTML = held.textContent;
}

function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.v ?? (column === 1 ? cell.querySelector("summary").textContent : cell.textContent.trim());
}

// What has no value stays at the end, whichever way the rest goes.
function sortBy(column, way) {
  const numeric = heads[column].classList.contains("n");
  const keyed = rows.map((row, place) => ({ row, place, key: value(row, column) }));
  const compare = numeric ? (a, b) => a - b : order.compare;
  keyed.sort((a, b) => {
    if (!a.key || !b.key) return !a.key - !b.key || a.place - b.place;
    return way * compare(a.key, b.key) || a.place - b.place;
  });
  heads.forEach((head, at) => {
    if (at === column) head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  });
  const sorted = document.createDocumentFragment();
  keyed.forEach(({ row }) => sorted.append(row));
  body.append(sorted);
}

// Numbers are asked for to find the worst or the best: the first press shows the highest of all but ranks and places.
function nextWay(head) {
  const now = head.getAttribute("aria-sort");
  if (now) return now === "ascending" ? -1 : 1;
  return head.dataset.first === "descending" ? -1 : 1;
}

function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (letter) => names[letter]);
}

// Words of a closed row are looked for in its source, without tags; so are those of the question, which is not in there.
function holds(row, words) {
  const cell = row.cells[1];
  const held = cell.querySelector("noscript");
  if (cell.querySelector("summary").textContent.toLowerCase().includes(words)) return true;
  if (!held) return cell.textContent.toLowerCase().includes(words);
  return held.textContent.replace(/<[^>]*>/g, "").toLowerCase().includes(escaped(words));
}

function filter() {
  const given = new FormData(form);
  const is = given.get("is");
  const kind = given.get("kind");
  const words = (given.get("search") ?? "").trim().toLowerCase();
  let left = 0;
  for (const row of rows) {
    const shown =
      (!is || row.dataset.is.split(" ").includes(is)) &&
      (!kind || row.dataset.kind === kind) &&
      (!words || holds(row, words));
    row.hidden = !shown;
    left += shown;
  }
  const all = rows.length.toLocaleString("en");
  const every = `${all} question${rows.length === 1 ? "" : "s"}`;
  form.querySelector("output").textContent = left === rows.length ? every : `${left.toLocaleString("en")} of ${all}`;
  document.querySelector(".none").hidden = left > 0;
}

function showScore() {
  const chosen = form.elements.score;
  const column = heads.findIndex((head) => head.classList.contains("score"));
  const head = heads[column];
  head.querySelector("button").textContent = chosen.value;
  for (const row of rows) row.cells[column].textContent = row.dataset.scores.split(",")[chosen.selectedIndex];
  if (head.hasAttribute("aria-sort")) sortBy(column, head.getAttribute("aria-sort") === "ascending" ? 1 : -1);
}

function pick(link) {
  form.reset();
  form.elements.is.value = link.dataset.pick;
  if (form.elements.kind) form.elements.kind.value = link.dataset.kind;
  filter();
}

let waiting;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => {
  clearTimeout(waiting);
  if (event.target.name === "score") showScore();
  else if (event.target.name === "search") waiting = setTimeout(filter, 150);
  else filter();
});
form.addEventListener("reset", () => setTimeout(() => {
  if (form.elements.score) showScore();
  filter();
}));
table.tHead.addEventListener("click", (event) => {
  const head = event.target.closest("button")?.parentElement;
  if (head) sortBy(heads.indexOf(head), nextWay(head));
});
body.addEventListener("toggle", (event) => event.target.open && fill(event.target), true);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-pick]");
  if (link) pick(link);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement.classList.contains("term")) document.activeElement.blur();
});
addEventListener("beforeprint", () => body.querySelectorAll("details[open]").forEach(fill));

form.hidden = false;
filter();
