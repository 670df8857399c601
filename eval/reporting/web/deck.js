// Cards that are gone through by keyboard. What is said of them is kept in the browser after every key, and saved as lines of
// JSON. The script of the page, which stands before this one, has: fileName, allDone, isDone(item), show(item), press(key, item),
// lineOf(item) and readLine(row).

const items = JSON.parse(document.getElementById("items").textContent);
const card = document.querySelector(".deck");
const person = document.querySelector("input[name=person]");
const status = document.querySelector(".saved");
const store = `footnote-${fileName}-${items.map((item) => item.key.slice(0, 4)).join("")}`;
let said = {};
let at = 0;
let unsaved = false;

// A browser may forbid storage for files: then only the saved file keeps what was said, and leaving the page asks.
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
    localStorage.setItem(store, JSON.stringify({ person: person.value, said }));
  } catch {
    status.textContent = "This browser keeps nothing for this page. Save before you close it.";
  }
  if (items.every(isDone)) status.textContent = allDone;
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function draw() {
  const done = items.filter(isDone).length;
  card.querySelector("output").textContent = `${at + 1} of ${items.length}, ${done} done`;
  card.querySelector("progress").value = done;
  show(items[at]);
}

function move(by) {
  at = Math.min(items.length - 1, Math.max(0, at + by));
  draw();
  scrollTo(0, card.offsetTop);
}

// After a card is done the next that is not; at the end it stays.
function goFurther() {
  const next = items.findIndex((item, place) => place > at && !isDone(item));
  if (next > 0) move(next - at);
  else draw();
}

function toFirstOpen() {
  at = Math.max(0, items.findIndex((item) => !isDone(item)));
  draw();
}

function save() {
  const name = person.value.trim();
  const lines = items.filter((item) => said[item.key]).map((item) => JSON.stringify(lineOf(item)));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines.map((line) => `${line}\n`), { type: "application/jsonl" }));
  link.download = `${fileName}${name ? `-${name.replace(/[^\p{L}\p{N}]+/gu, "-")}` : ""}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  unsaved = false;
  status.textContent = `${lines.length} lines saved as ${link.download}.`;
}

// Lines of another page, or that are none, are passed over.
async function goOn(file) {
  const known = new Set(items.map((item) => item.key));
  let read = 0;
  for (const line of (await file.text()).split("\n")) {
    try {
      const row = JSON.parse(line);
      if (!known.has(row.key)) continue;
      readLine(row);
      person.value ||= row.rater ?? "";
      read += 1;
    } catch {
      continue;
    }
  }
  keep();
  toFirstOpen();
  status.textContent = `${read} lines read from ${file.name}.`;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "ArrowLeft") move(-1);
  else if (key === "ArrowRight") move(1);
  else if (key === "s") save();
  else if (!press(key, items[at])) return;
  event.preventDefault();
});
card.addEventListener("click", (event) => {
  const by = event.target.closest("button")?.dataset.move;
  if (by) move(Number(by));
});
document.querySelector(".save").addEventListener("click", save);
document.querySelector("input[name=earlier]").addEventListener("change", (event) => goOn(event.target.files[0]));
person.addEventListener("input", keep);
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

const before = kept();
said = before.said ?? {};
person.value = before.person ?? "";
toFirstOpen();
