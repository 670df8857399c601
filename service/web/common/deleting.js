/** Deletes what is kept, after asking: a button, and the dialog that it opens. */

import { announce, element } from "./dom.js";

const GONE_ALREADY = "/problems/not-kept"; // deleted in another tab, say

/**
 * A button that deletes something once that is confirmed. `what` names it ("the answer"), `title` is what it is known by,
 * `consequence` what goes with it. `remove()` deletes it, and `onDeleted()` then takes it from the page.
 */
export function deleteButton({ what, title, consequence, remove, onDeleted }) {
  const ask = () => openDialog({ what, title, consequence, remove, onDeleted });
  const properties = { type: "button", class: "quiet", "aria-label": `Delete ${what}: ${title}`, click: ask };
  return element("button", properties, "Delete");
}

function openDialog({ what, title, consequence, remove, onDeleted }) {
  const wrong = element("p", { class: "wrong", role: "alert" });
  const firm = element("button", { type: "submit", class: "firm" }, "Delete");
  const cancel = element("button", { type: "button", class: "quiet", autofocus: "", click: () => dialog.close() }, "Cancel");
  const form = element(
    "form",
    {},
    element("h2", { id: "delete-title", class: "dialog-title" }, `Delete ${what}?`),
    element("p", { class: "dialog-subject", dir: "auto" }, title),
    element("p", { id: "delete-words", class: "dialog-words" }, consequence),
    wrong,
    element("p", { class: "dialog-ends" }, cancel, firm),
  );
  const named = { "aria-labelledby": "delete-title", "aria-describedby": "delete-words" };
  // The browser gives the focus back to the button that opened it.
  const dialog = element("dialog", { class: "dialog", ...named, close: () => dialog.remove() }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    firm.disabled = true;
    wrong.textContent = (await refusalOf(remove)) ?? "";
    firm.disabled = false;
    if (wrong.textContent) return;
    dialog.close();
    onDeleted();
    announce(`Deleted ${what}`);
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** Why it could not be deleted, or null: it is gone. */
async function refusalOf(remove) {
  try {
    await remove();
    return null;
  } catch (error) {
    return error.type === GONE_ALREADY ? null : error.message;
  }
}
