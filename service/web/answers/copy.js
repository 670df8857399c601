/** Puts text on the clipboard: an answer with its sources, a link. */

import { particulars } from "../articles/article.js";
import { articleAddress, safeAddress } from "../common/links.js";

/** Write an answer with its sources as plain text. */
export function answerAsText(answer) {
  const sentences = answer.sentences.map(({ text, citations, support, form }) => {
    const markers = citations.map((number) => `[${number}]`).join("");
    const said = [text, markers, support === "verified" ? "" : "(unverified)"].filter(Boolean).join(" ");
    if (form === "quote") return `\n${said.replace(/^/gm, "> ")}\n`;
    return text.includes("\n") ? `\n${said}\n` : said; // lists and code stand on lines of their own
  });
  const short = answer.short_answer ? [`${answer.short_answer}\n`] : [];
  return [answer.question, "", ...short, sentences.join(" "), "", ...answer.citations.map(sourceAsText)].join("\n");
}

function sourceAsText(citation) {
  const { article_id: id, article_version: version, start, end } = citation;
  const here = new URL(articleAddress({ id, version, start, end }), location.href).href;
  const origin = [citation.title, ...particulars(citation), safeAddress(citation.url)?.href ?? here].join(", ");
  return `[${citation.number}] “${citation.quote}” ${origin}`;
}

/** Copy a text. Says whether the browser allowed it. */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => copyBySelecting(text));
  return copyBySelecting(text);
}

/** The old way, for pages served without TLS under another address than localhost, where there is no clipboard. */
function copyBySelecting(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
