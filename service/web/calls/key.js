/**
 * Lets someone in: through a place to sign in, which leaves a cookie that scripts cannot read, or by a key, which is kept for
 * this tab, or on this machine if they say so.
 */

import { element } from "../common/dom.js";
import { placesToSignIn, signInLinks } from "./signin.js";

/** The name of the event on the window when someone has signed in. */
export const SIGNED_IN = "signed-in";

const NAME = "footnote-key";
let key = storages().map((storage) => storage.getItem(NAME)).find(Boolean) ?? null;
let asking = null; // the one dialog that is open, however many calls wait for a key

/** The key to send, or null. */
export function currentKey() {
  return key;
}

/**
 * Ask for another key than the one that was refused, or to sign in, which leaves the page. `words` say what became of the
 * session. Says whether there is a key now.
 */
export async function newKey(refused, words = "") {
  if (key !== refused) return true; // Another call that was refused has asked meanwhile.
  asking ??= askForKey(refused === null ? words : "The key that was kept is not accepted any more.").finally(
    () => (asking = null),
  );
  return asking;
}

/** Forget the key, here and on this machine. */
export function forgetKey() {
  key = null;
  for (const storage of storages()) storage.removeItem(NAME);
}

function keep(given, remember) {
  forgetKey();
  key = given;
  const [tab, machine] = storages();
  (remember ? machine : tab)?.setItem(NAME, given);
  window.dispatchEvent(new Event(SIGNED_IN));
}

/** Where a key may be kept. A browser that is told to keep nothing throws when it is merely asked. */
function storages() {
  try {
    return [window.sessionStorage, window.localStorage];
  } catch (error) {
    if (error instanceof DOMException) return [];
    throw error;
  }
}

async function askForKey(words) {
  const { dialog, form, field, remember, wrong } = keyDialog(await placesToSignIn());
  const say = (said) => (wrong.textContent = said);
  say(words);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "in");
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const given = field.value.trim();
      const refusal = given ? await refusalOf(given) : "Enter your key.";
      if (refusal === null) {
        keep(given, remember.checked);
        return dialog.close("in");
      }
      say(refusal);
      return field.select();
    });
  });
}

/** What is wrong with a key, or null. Headers bear no other characters than these, and keys have none. */
async function refusalOf(given) {
  if (!/^[\x21-\x7e]+$/.test(given)) return "A key has no spaces and no letters beyond A to Z.";
  const response = await fetch("/api/me", { headers: { Authorization: `Bearer ${given}` } }).catch(() => null);
  if (response === null) return "The service cannot be reached. Try again.";
  if (response.status === 401) return "This key is not accepted. Is it whole?";
  return response.ok ? null : `The service answered with status ${response.status}. Try again later.`;
}

function keyDialog(places) {
  const field = element("input", { id: "key", type: "password", autocomplete: "current-password", spellcheck: "false" });
  const remember = element("input", { type: "checkbox" });
  const wrong = element("p", { class: "wrong", role: "alert" });
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "key-title" });
  const form = element(
    "form",
    {},
    element("label", { class: "overline", for: "key" }, "Key"),
    field,
    element("label", { class: "choice" }, remember, " Remember it on this machine"),
  );
  const enter = element("button", { type: "submit", class: places.length ? "quiet" : "firm" }, places.length ? "Use this key" : "Sign in");
  const cancel = element("button", { type: "button", class: "quiet", click: () => dialog.close("") }, "Not now");
  if (places.length) {
    form.append(element("p", { class: "dialog-ends" }, enter));
    dialog.append(
      element("h2", { id: "key-title", class: "dialog-title" }, "Sign in"),
      wrong,
      signInLinks(places),
      element("details", { class: "by-key" }, element("summary", { class: "quiet" }, "I have a key"), form),
      element("p", { class: "dialog-ends" }, cancel),
    );
  } else {
    form.append(wrong, element("p", { class: "dialog-ends" }, cancel, enter));
    dialog.append(
      element("h2", { id: "key-title", class: "dialog-title" }, "Your key"),
      element("p", { class: "dialog-words" }, "This service answers those who have a key. The person who runs it can give you one."),
      form,
    );
  }
  return { dialog, form, field, remember, wrong };
}
