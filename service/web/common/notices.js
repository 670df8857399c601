/** What is shown when there is no answer to show: a problem, or an index with nothing in it. */

import { Problem } from "../calls/calls.js";
import { element } from "./dom.js";

const AGAIN = "Try again";
const REMEDIES = { "/problems/index-empty": emptyIndex };

/**
 * Say what went wrong in the service's own words, with a button to try again where that may help; or with another button,
 * where `words` say which.
 */
export function problemNotice(error, act, words = AGAIN) {
  if (!(error instanceof Problem)) console.error(error);
  const hopeless = error instanceof Problem && !error.passing;
  const remedy = REMEDIES[error.type];
  return element(
    "div",
    { class: "notice problem" },
    element("p", { class: "notice-title" }, error.title ?? "Something went wrong in this page"),
    remedy ? remedy() : element("p", {}, error.message),
    hopeless && words === AGAIN ? null : element("button", { type: "button", class: "quiet", click: act }, words),
  );
}

/** Nothing is indexed yet, and how to change that. */
export function emptyIndex() {
  return element(
    "p",
    { class: "empty" },
    "Nothing is indexed yet. Run ",
    element("code", {}, "footnote index PATH"),
    " with a folder of articles, then ask.",
  );
}
