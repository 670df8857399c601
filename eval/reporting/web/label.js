// Labels of answers by keyboard. They are kept in the browser after every key, and saved as lines of JSON.
"use strict";

const items = JSON.parse(document.getElementById("items").textContent);
const shown = document.querySelector(".label");
const rater = document.querySelector("input[name=rater]");
const status = document.querySelector(".saved");
const aspects = ["correct", "supported"];
const values = { yes: true, no: false, unsure: null };
const store = `footnote-labels-${items.map((item) => item.key.slice(0, 4)).join("")}`;
let labels = {};
let at = 0;
let unsaved = false;

// A browser may forbid storage for files: then only the saved file keeps the labels, and leaving the page asks.
function kept() {
  try {
    return JSON.parse(localStorage.getItem(store)) ?? {};
  } catch {
    return {};
  }
}

function keep() {
  unsaved = true;
  try {
    localStorage.setItem(store, JSON.stringify({ rater: rater.value, labels }));
  } catch {
    status.textContent = "This browser keeps nothing for this page. Save the labels before you close it.";
  }
}

function isDone(item) {
  return aspects.every((aspect) => labels[item.key]?.[aspect] !== undefined);
}

// The first question that is open; both answered, pressing a key again changes the last.
function openAspect() {
  return aspects.find((aspect) => labels[items[at].key]?.[aspect] === undefined) ?? aspects.at(-1);
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function sourceOf(source) {
  const figure = element("figure", "", "source");
  const quote = document.createElement("blockquote");
  for (const [text, number] of source.pieces) {
    const piece = element(number === null ? "span" : "mark", text);
    if (number !== null) piece.append(element("sup", number));
    quote.append(piece);
  }
  figure.append(element("figcaption", source.title), quote);
  return figure;
}

function show() {
  const item = items[at];
  const done = items.filter(isDone).length;
  shown.querySelector("output").textContent = `${at + 1} of ${items.length}, ${done} labelled`;
  shown.querySelector("progress").value = done;
  shown.querySelector(".asked").textContent = item.question;
  shown.querySelector(".known").textContent = item.known.length ? `Known: ${item.known.join(" · ")}` : "";
  shown.querySelector(".answer").textContent = item.text;
  shown.querySelector(".sources").replaceChildren(...item.sources.map(sourceOf));
  for (const aspect of aspects) {
    const field = shown.querySelector(`[data-aspect=${aspect}]`);
    field.classList.toggle("now", aspect === openAspect());
    for (const button of field.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(labels[item.key]?.[aspect] === values[button.dataset.say]));
    }
  }
}

function say(aspect, word) {
  const key = items[at].key;
  labels[key] = { ...labels[key], [aspect]: values[word] };
  keep();
  const next = items.findIndex((item, place) => place > at && !isDone(item));
  if (items.every(isDone)) status.textContent = "All are labelled. Save the labels now.";
  if (isDone(items[at]) && aspect === "supported" && next > 0) move(next - at);
  else show();
}

function move(by) {
  at = Math.min(items.length - 1, Math.max(0, at + by));
  show();
  scrollTo(0, shown.offsetTop);
}

function save() {
  const name = rater.value.trim();
  const lines = items
    .filter((item) => labels[item.key])
    .map((item) => JSON.stringify({ key: item.key, rater: name, ...labels[item.key], question: item.question }));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines.map((line) => `${line}\n`), { type: "application/jsonl" }));
  link.download = `labels${name ? `-${name.replace(/[^\p{L}\p{N}]+/gu, "-")}` : ""}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  unsaved = false;
  status.textContent = `${lines.length} labels saved as ${link.download}.`;
}

// Lines of another page, or that are no labels, are passed over.
async function goOn(file) {
  const known = new Set(items.map((item) => item.key));
  let read = 0;
  for (const line of (await file.text()).split("\n")) {
    try {
      const { key, rater: name, ...said } = JSON.parse(line);
      if (!known.has(key)) continue;
      for (const aspect of aspects) {
        if (said[aspect] !== undefined) labels[key] = { ...labels[key], [aspect]: said[aspect] };
      }
      rater.value ||= name ?? "";
      read += 1;
    } catch {
      continue;
    }
  }
  keep();
  at = Math.max(0, items.findIndex((item) => !isDone(item)));
  show();
  status.textContent = `${read} labels read from ${file.name}.`;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
  const word = { y: "yes", n: "no", u: "unsure" }[event.key.toLowerCase()];
  if (word) say(openAspect(), word);
  else if (event.key === "ArrowLeft") move(-1);
  else if (event.key === "ArrowRight") move(1);
  else if (event.key.toLowerCase() === "s") save();
  else return;
  event.preventDefault();
});
shown.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.say) say(button.closest("fieldset").dataset.aspect, button.dataset.say);
  else if (button?.dataset.move) move(Number(button.dataset.move));
});
document.querySelector(".save").addEventListener("click", save);
document.querySelector("input[name=earlier]").addEventListener("change", (event) => goOn(event.target.files[0]));
rater.addEventListener("input", keep);
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

const before = kept();
labels = before.labels ?? {};
rater.value = before.rater ?? "";
at = Math.max(0, items.findIndex((item) => !isDone(item)));
show();
