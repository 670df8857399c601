/** The sentences of an answer with their markers, also while they arrive. */

import { targetOf } from "../articles/article.js";
import { element } from "../common/dom.js";
import { attachPreview } from "./preview.js";

/**
 * Make the text of an answer. `set(sentences, citations)` makes it hold these sentences; those that it holds already stay
 * as they are, for someone may be at one of their markers. `open(target, opener)` shows an article next to it.
 */
export function answerText(open) {
  const view = element("p", { class: "answer-text", dir: "auto" });
  const held = []; // what each child of the view was made of
  const set = (sentences, citations) => {
    const marker = markerMaker(citations, open);
    for (const [place, sentence] of sentences.entries()) {
      const made = JSON.stringify(sentence);
      if (held[place] === made) continue;
      const shown = sentenceView(sentence, { marker, first: place === 0 });
      if (held[place] === undefined) view.append(shown);
      else view.children[place].replaceWith(shown);
      held[place] = made;
    }
    for (const surplus of [...view.children].slice(sentences.length)) surplus.remove();
    held.length = sentences.length;
  };
  return { view, set };
}

/** What makes the markers of these citations: a function from a citation's number to its marker. */
export function markerMaker(citations, open) {
  const cited = new Map(citations.map((citation) => [citation.number, citation]));
  return (number) => {
    const citation = cited.get(number);
    const click = (event) => open(citationTarget(citation), event.currentTarget);
    const properties = { type: "button", class: "marker", "data-number": number, click };
    const made = element("button", { ...properties, "aria-label": `Source ${number}: ${citation.title}` }, `${number}`);
    attachPreview(made, citation);
    return element("sup", {}, made);
  };
}

/** The stretch that a citation is of, to be opened. */
export function citationTarget(citation) {
  return targetOf({ ...citation, id: citation.article_id, version: citation.article_version });
}

function sentenceView({ text, citations, support, form = "prose" }, { marker, first }) {
  const verified = support === "verified";
  const flag = verified ? null : ["\u00a0", element("span", { class: "flag" }, "unverified")];
  if (form === "code") {
    const code = element("code", { class: "words", translate: "no", dir: "ltr" }, text);
    return element("span", { class: "sentence code" }, code, citations.map(marker));
  }
  // A marker must not start a line, so the last word keeps it company; unless it is too long for a small screen.
  const cut = text.lastIndexOf(" ") + 1;
  const tail = text.length - cut > 20 ? "" : text.slice(cut);
  // The lines of a list stand below each other.
  const layout = form === "quote" ? " quote" : form === "list" ? " listed" : "";
  return element(
    "span",
    { class: `sentence${verified ? "" : " unverified"}${layout}`, role: form === "quote" ? "blockquote" : null },
    first ? null : " ",
    element("span", { class: "words" }, text.slice(0, text.length - tail.length)),
    element("span", { class: "tail" }, element("span", { class: "words" }, tail), citations.map(marker), flag),
  );
}
