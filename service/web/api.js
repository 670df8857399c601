/** Calls the service. Whatever goes wrong becomes a Problem with words for the person at the page. */

import { encodeId } from "./links.js";

export class Problem extends Error {
  /** `type` is stable, for example `/problems/index-empty`; `detail` says what was wrong and what to do. */
  constructor({ type, title, detail }) {
    super(detail);
    this.type = type;
    this.title = title;
  }
}

export function ask(question, signal) {
  return call("/api/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ question }),
    signal,
  });
}

export function listArticles({ after = null, limit = 50, signal } = {}) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (after !== null) query.set("after", after);
  return call(`/api/articles?${query}`, { signal });
}

export function getArticle({ id, version = null, signal }) {
  const query = version === null ? "" : `?${new URLSearchParams({ version })}`;
  return call(`/api/articles/${encodeId(id)}${query}`, { signal });
}

/** Whether someone stopped this call, which is no problem at all. */
export function wasStopped(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

async function call(address, options) {
  const response = await fetch(address, options).catch((error) => {
    if (wasStopped(error)) throw error;
    throw new Problem({
      type: "/problems/unreachable",
      title: "Footnote cannot be reached",
      detail: "The service does not answer. It may have been stopped; start it again and retry.",
    });
  });
  if (response.ok) return response.json();
  throw await problemOf(response);
}

async function problemOf(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) return new Problem(await response.json());
  return new Problem({
    type: "/problems/unknown",
    title: "Something went wrong",
    detail: `The service answered with status ${response.status} and said no more.`,
  });
}
