// Drafts of questions: each is accepted, as it is or mended, or rejected.
"use strict";

const fileName = "reviews";
const allDone = "All are reviewed. Save the reviews now.";

function isDone(item) {
  return said[item.key]?.decision !== undefined;
}

function field(name) {
  return card.querySelector(`[name=${name}]`);
}

function now(item) {
  return { question: item.question, answers: item.answers, answerable: item.answerable, ...said[item.key] };
}

function show(item) {
  const row = now(item);
  field("question").value = row.question;
  field("answers").value = row.answers.join("\n");
  field("answerable").checked = row.answerable;
  card.querySelector(".evidence").replaceChildren(
    ...item.evidence.map(({ article_id: article, quote }) => {
      const figure = element("figure", "", "source");
      figure.append(element("figcaption", article), element("blockquote", quote));
      return figure;
    }),
  );
  card.querySelector(".notes").textContent = item.notes;
  for (const button of card.querySelectorAll("[data-decide]")) {
    button.setAttribute("aria-pressed", String(row.decision === button.dataset.decide));
  }
}

// What was typed counts at once, so that nothing is lost when the page is closed.
function mend() {
  const item = items[at];
  said[item.key] = {
    ...said[item.key],
    question: field("question").value.trim(),
    answers: field("answers").value.split("\n").map((line) => line.trim()).filter(Boolean),
    answerable: field("answerable").checked,
  };
  keep();
}

function decide(item, decision) {
  said[item.key] = { ...now(item), decision };
  keep();
  goFurther();
}

function press(key, item) {
  if (key === "a") decide(item, "accept");
  else if (key === "r") decide(item, "reject");
  else if (key === "e") field("question").focus();
  else return false;
  return true;
}

function lineOf(item) {
  return { key: item.key, rater: person.value.trim(), ...now(item) };
}

function readLine({ key, decision, question, answers, answerable }) {
  said[key] = { decision, question, answers, answerable };
}

const draft = document.querySelector(".deck");
draft.addEventListener("input", mend);
draft.addEventListener("click", (event) => {
  const decision = event.target.closest("button")?.dataset.decide;
  if (decision) decide(items[at], decision);
});
// Out of a field again, so that keys decide.
draft.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.activeElement.blur();
});
