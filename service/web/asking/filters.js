/** Which articles a question is asked of: by scope, collection, publisher and day, chosen in a dialog, shown as chips. */

import { getCollections, getPublishers } from "../calls/api.js";
import { count } from "../articles/articles.js";
import { period } from "../common/dates.js";
import { announce, element } from "../common/dom.js";
import { problemNotice } from "../common/notices.js";

const NONE = { published_after: null, published_before: null, publishers: [], collections: [], scope: null };
const NOTHING_TO_CHOOSE = "No article names its publisher, its day or a collection.";

/** Fill this element with the chips and the button that opens the dialog. `current()` gives what the API calls filters. */
export function filterBar(holder) {
  let chosen = NONE;
  const button = element("button", { type: "button", class: "quiet", click: () => openDialog(chosen, choose) }, "Filter");
  const chips = element("ul", { class: "chips", "aria-label": "Only these articles are asked" });
  const choose = (filters) => {
    chosen = filters;
    chips.replaceChildren(...chipsOf(chosen).map(({ words, without }) => chip(words, () => drop(words, without))));
    chips.hidden = chips.children.length === 0;
    button.textContent = chips.hidden ? "Filter" : "Change";
  };
  const drop = (words, without) => {
    choose(without);
    announce(`No longer only ${words}`);
    button.focus();
  };
  choose(NONE);
  holder.replaceChildren(chips, button);
  return { current: () => chosen };
}

/** "The Herald or The Courier, from 1 May 2026 on"; the empty string where every article is asked. */
export function filtersInWords(filters) {
  const { scope, collections = [], publishers = [] } = filters;
  return [scope, collections.join(" or "), publishers.join(" or "), period(filters)].filter(Boolean).join(", ");
}

function chipsOf(chosen) {
  const days = period(chosen);
  const named = ["collections", "publishers"].flatMap((kind) =>
    chosen[kind].map((name) => ({
      words: name,
      without: { ...chosen, [kind]: chosen[kind].filter((other) => other !== name) },
    })),
  );
  const scope = { words: chosen.scope, without: { ...chosen, scope: null } };
  const dates = { words: days, without: { ...chosen, published_after: null, published_before: null } };
  return [...(chosen.scope ? [scope] : []), ...named, ...(days ? [dates] : [])];
}

function chip(words, click) {
  const properties = { type: "button", class: "chip", "aria-label": `Remove the filter ${words}`, click };
  const cross = element("span", { "aria-hidden": "true" }, " ×");
  return element("li", {}, element("button", properties, element("span", { dir: "auto" }, words), cross));
}

function openDialog(chosen, choose) {
  const form = element("form", {});
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "filter-title", close: () => dialog.remove() }, form);
  const fill = async () => {
    form.replaceChildren(element("p", { class: "byline progress" }, "Fetching what there is to choose from…"));
    try {
      const [published, labelled] = await Promise.all([getPublishers(), getCollections()]);
      form.replaceChildren(...fields({ ...published, ...labelled }, chosen, dialog));
      /** @type {HTMLElement} */ (form.querySelector("input, select"))?.focus();
    } catch (error) {
      form.replaceChildren(problemNotice(error, fill));
    }
  };
  form.addEventListener("input", () => checkDays(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(chosenIn(form));
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  fill();
}

function fields({ publishers, collections, scopes, earliest, latest }, chosen, dialog) {
  const day = (name, words) => {
    const properties = { type: "date", name, id: name, value: chosen[name] ?? "", min: earliest, max: latest };
    return element("p", { class: "day" }, element("label", { class: "overline", for: name }, words), element("input", properties));
  };
  const cancel = element("button", { type: "button", class: "quiet", click: () => dialog.close() }, "Cancel");
  return [
    element("h2", { id: "filter-title", class: "dialog-title" }, "Ask only articles"),
    scopes.length ? scopeChoice(scopes, chosen.scope) : null,
    earliest && element("div", { class: "days" }, day("published_after", "From"), day("published_before", "To")),
    collections.length ? boxes("collections", "In the collection", collections, chosen) : null,
    publishers.length ? boxes("publishers", "Published by", publishers, chosen) : null,
    earliest || publishers.length || collections.length ? null : element("p", { class: "dialog-words" }, NOTHING_TO_CHOOSE),
    element("p", { class: "dialog-ends" }, cancel, element("button", { type: "submit", class: "firm" }, "Apply")),
  ].filter(Boolean);
}

function scopeChoice(scopes, chosen) {
  const options = ["", ...scopes].map((name) => element("option", { value: name, selected: name === (chosen ?? "") }, name || "All articles"));
  const label = element("label", { class: "overline", for: "scope" }, "Scope");
  return element("p", { class: "day" }, label, element("select", { id: "scope", name: "scope" }, options));
}

/** A list of boxes to tick, one for each name, under a legend. */
function boxes(kind, legend, names, chosen) {
  const rows = names.map(({ name, articles }) => {
    const box = element("input", { type: "checkbox", name: kind, value: name, checked: chosen[kind].includes(name) });
    const facts = element("span", { class: "contents-facts" }, count(articles));
    return element("li", {}, element("label", { class: "choice" }, box, element("span", { dir: "auto" }, name)), facts);
  });
  const list = element("ul", { class: "contents choices", tabindex: rows.length > 8 ? 0 : null }, rows);
  return element("fieldset", {}, element("legend", { class: "overline" }, legend), list);
}

function checkDays({ elements }) {
  const { published_after: from, published_before: to } = elements;
  const turned = from?.value && to.value && to.value < from.value;
  to?.setCustomValidity(turned ? "This is before the first day." : "");
}

function chosenIn(form) {
  const given = new FormData(form);
  return {
    published_after: given.get("published_after") || null,
    published_before: given.get("published_before") || null,
    publishers: given.getAll("publishers"),
    collections: given.getAll("collections"),
    scope: given.get("scope") || null,
  };
}
