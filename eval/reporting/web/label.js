// Labels of answers: is each right, and do its sources support it?
"use strict";

const fileName = "labels";
const allDone = "All are labelled. Save the labels now.";
const aspects = ["correct", "supported"];
const values = { yes: true, no: false, unsure: null };

function isDone(item) {
  return aspects.every((aspect) => said[item.key]?.[aspect] !== undefined);
}

// The first question that is open; both answered, pressing a key again changes the last.
function openAspect(item) {
  return aspects.find((aspect) => said[item.key]?.[aspect] === undefined) ?? aspects.at(-1);
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

function show(item) {
  card.querySelector(".asked").textContent = item.question;
  card.querySelector(".known").textContent = item.known.length ? `Known: ${item.known.join(" · ")}` : "";
  card.querySelector(".answer").textContent = item.text;
  card.querySelector(".sources").replaceChildren(...item.sources.map(sourceOf));
  for (const aspect of aspects) {
    const field = card.querySelector(`[data-aspect=${aspect}]`);
    field.classList.toggle("now", aspect === openAspect(item));
    for (const button of field.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(said[item.key]?.[aspect] === values[button.dataset.say]));
    }
  }
}

function say(item, aspect, word) {
  said[item.key] = { ...said[item.key], [aspect]: values[word] };
  keep();
  if (isDone(item) && aspect === "supported") goFurther();
  else draw();
}

function press(key, item) {
  const word = { y: "yes", n: "no", u: "unsure" }[key];
  if (word) say(item, openAspect(item), word);
  return word !== undefined;
}

function lineOf(item) {
  return { key: item.key, rater: person.value.trim(), ...said[item.key], question: item.question };
}

function readLine(row) {
  for (const aspect of aspects) {
    if (row[aspect] !== undefined) said[row.key] = { ...said[row.key], [aspect]: row[aspect] };
  }
}

document.querySelector(".choices").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) say(items[at], button.closest("fieldset").dataset.aspect, button.dataset.say);
});
