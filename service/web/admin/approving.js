/** For admins: signing an answer, with edits of its words, and the list of what is signed. */

import { approve, listApproved, withdrawApproval } from "../calls/api.js";
import { moment } from "../common/dates.js";
import { announce, element } from "../common/dom.js";
import { answerAddress } from "../common/links.js";
import { pagedList } from "../common/lists.js";
import { problemNotice } from "../common/notices.js";

/** A button under an answer that opens the form to approve it; null where there is nothing to approve. */
export function approval(answer) {
  if (answer.status !== "answered" || answer.approved || answer.stale?.length) return null;
  const place = element("div", { class: "drawer" });
  const open = ({ currentTarget: button }) => {
    place.replaceChildren(form(answer, { place, button }));
    place.querySelector("textarea").focus();
  };
  return element("div", {}, element("button", { type: "button", class: "quiet", click: open }, "Approve…"), place);
}

function form(answer, { place, button }) {
  const said = answer.sentences.map((sentence, number) => sentenceField(sentence, number + 1));
  const wordings = element("textarea", { rows: 2, dir: "auto", maxlength: 10000, "aria-label": "Other ways to ask, one on each line" });
  const problems = element("div", {});
  const close = (words) => {
    place.replaceChildren(words ? element("p", {}, words) : "");
    announce(words);
    button.focus({ preventScroll: true });
  };
  const send = async () => {
    const sentences = said.filter(({ field }) => field.value.trim()).map(({ field, text, citations }) => {
      const edited = field.value.trim();
      return { text: edited === text.trim() ? text : edited, citations };
    });
    const others = wordings.value.split("\n").map((line) => line.trim()).filter(Boolean);
    try {
      await approve(answer.id, { sentences, wordings: others });
      close("Approved. Who asks the same gets this answer, if they may read what it cites.");
    } catch (error) {
      problems.replaceChildren(problemNotice(error, send));
      announce(error.message);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    send();
  };
  return element(
    "form",
    { class: "approving", submit },
    element("p", {}, "Each sentence is checked against the quotes that it cites. An empty one is left out. "
      + "Quotation marks stay only around words of these quotes."),
    said.map(({ view }) => view),
    element("p", { class: "overline" }, "Other ways to ask, one on each line"),
    wordings,
    problems,
    element(
      "p",
      { class: "drawer-ends" },
      element("button", { type: "submit", class: "quiet" }, "Approve"),
      element("button", { type: "button", class: "quiet", click: () => close("") }, "Cancel"),
    ),
  );
}

function sentenceField({ text, citations }, number) {
  const label = `Sentence ${number}, citing ${citations.join(", ")}`;
  const field = element("textarea", { rows: 2, maxlength: 2000, dir: "auto", "aria-label": label });
  field.value = text;
  return { field, text, citations, view: [element("p", { class: "overline" }, label), field] };
}

/** The list of approved answers. `unfolding(answer)` shows one. */
export function approvedList(unfolding) {
  return pagedList({
    heading: "Approved answers",
    fetchPage: async () => ({ ...(await listApproved()), next_after: null }),
    rowsOf: (page, leave) => page.rows.map((row) => approvedRow(row, { unfolding, leave })),
    empty: () => element("p", { class: "empty" }, "No answer is approved. Unfold one under “What was asked” to approve it."),
  });
}

function approvedRow({ answer, approved_by: by, approved, given, in_use: inUse, wordings }, { unfolding, leave }) {
  const problems = element("div", {});
  const withdraw = async () => {
    try {
      await withdrawApproval(answer.id);
      leave(row);
    } catch (error) {
      problems.replaceChildren(problemNotice(error, withdraw));
    }
  };
  const times = given === 1 ? "given once" : `given ${given} times`;
  const others = wordings.filter((wording) => wording !== answer.question);
  const row = element(
    "li",
    { class: "reviewed" },
    unfolding(answer, inUse ? null : element("span", { class: "flag" }, "not in use")),
    others.length ? element("p", { class: "contents-facts", dir: "auto" }, `Also for: ${others.join(" · ")}`) : null,
    element(
      "p",
      { class: "contents-facts" },
      element("a", { href: answerAddress(answer.id) }, moment(approved)),
      ` · ${by} · ${times} · `,
      element("button", { type: "button", class: "quiet", click: withdraw }, "Withdraw"),
    ),
    problems,
  );
  return row;
}
