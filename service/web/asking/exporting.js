/** Takes a conversation out of the page: as a file of Markdown with footnotes, or on paper. */

import { exportConversation } from "../calls/api.js";
import { announce, element } from "../common/dom.js";
import { problemNotice } from "../common/notices.js";

/** The buttons under a conversation. `id()` is its id, once it is kept. */
export function exportButtons(id) {
  const problems = element("span", {});
  const save = async () => {
    problems.replaceChildren();
    try {
      download(await exportConversation(id()));
    } catch (error) {
      problems.replaceChildren(problemNotice(error, save));
      announce(error.message);
    }
  };
  return [
    element("button", { type: "button", class: "quiet", click: save }, "Export"),
    element("button", { type: "button", class: "quiet", click: () => window.print() }, "Print"),
    problems,
  ];
}

/** Save what was fetched: a link could not carry the key. */
async function download(response) {
  const name = response.headers.get("Content-Disposition").match(/filename="([\w.-]+)"/)[1];
  const address = URL.createObjectURL(await response.blob());
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
  announce("Exported");
}
