/** The list of one's past conversations, a page at a time, each of which can be opened and deleted. */

import { deleteConversation, listConversations } from "../calls/api.js";
import { moment } from "../common/dates.js";
import { deleteButton } from "../common/deleting.js";
import { element } from "../common/dom.js";
import { conversationAddress } from "../common/links.js";
import { pagedList } from "../common/lists.js";

/** Build the whole list. */
export function conversationList() {
  return pagedList({
    heading: "Conversations",
    fetchPage: (after) => listConversations({ after }),
    rowsOf: (page, leave) => page.conversations.map((conversation) => row(conversation, leave)),
    empty: () => element("p", { class: "empty" }, "What you ask is listed here, and can be gone on with."),
  });
}

function row({ id, title, updated, questions }, leave) {
  const facts = `${questions === 1 ? "1 question" : `${questions} questions`} · ${moment(updated)}`;
  const row = element("li", { class: "conversation" });
  const button = deleteButton({
    what: "the conversation",
    title,
    consequence: "Its questions and answers are gone for good, also for those who have a link to one.",
    remove: () => deleteConversation(id),
    onDeleted: () => leave(row),
  });
  row.append(
    element("a", { href: conversationAddress(id), dir: "auto" }, title),
    element("span", { class: "contents-facts" }, facts, " · ", button),
  );
  return row;
}
