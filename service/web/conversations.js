/** The list of one's past conversations, a page at a time, each of which can be opened and deleted. */

import { deleteConversation, listConversations } from "./api.js";
import { moment } from "./dates.js";
import { announce, element } from "./dom.js";
import { conversationAddress } from "./links.js";
import { pagedList } from "./lists.js";
import { problemNotice } from "./notices.js";

const SURE_FOR = 4000; // milliseconds for which a second press deletes

/** Build the whole list. */
export function conversationList() {
  return pagedList({
    heading: "Conversations",
    fetchPage: (after) => listConversations({ after }),
    rowsOf: (page) => page.conversations.map(row),
    empty: () => element("p", { class: "empty" }, "What you ask is listed here, and can be gone on with."),
  });
}

function row(conversation) {
  const { id, title, updated, questions } = conversation;
  const facts = `${questions === 1 ? "1 question" : `${questions} questions`} · ${moment(updated)}`;
  const row = element("li", { class: "conversation" });
  row.append(
    element("a", { href: conversationAddress(id), dir: "auto" }, title),
    element("span", { class: "contents-facts" }, facts, " · ", deleteButton(conversation, row)),
  );
  return row;
}

/** A button that wants to be pressed twice, for what it deletes is gone. */
function deleteButton({ id, title }, row) {
  const label = `Delete the conversation ${title}`;
  const button = element("button", { type: "button", class: "quiet", "aria-label": label }, "Delete");
  const calm = () => {
    button.textContent = "Delete";
    button.classList.remove("sure");
    button.setAttribute("aria-label", label);
  };
  const remove = async () => {
    try {
      await deleteConversation(id);
      leave(row);
      announce("Deleted");
    } catch (error) {
      row.append(problemNotice(error, remove));
    }
  };
  button.addEventListener("click", () => {
    if (button.classList.contains("sure")) return remove();
    button.textContent = "Really delete?";
    button.classList.add("sure");
    button.setAttribute("aria-label", `Really delete the conversation ${title}?`);
    return setTimeout(calm, SURE_FOR);
  });
  return button;
}

/** Take a row out. The keyboard goes on at the next one, or at the heading of the list that says it is empty. */
function leave(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const list = row.closest("section");
  row.remove();
  if (next) return next.querySelector("a").focus();
  const empty = conversationList();
  list.replaceWith(empty);
  return empty.querySelector("h1").focus();
}
