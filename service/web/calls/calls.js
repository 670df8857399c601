/** One call of the service, with a key where one is needed. Whatever goes wrong becomes a Problem with words for a person. */

import { currentKey, newKey } from "./key.js";

const SESSION_ENDED = "/problems/session-ended";
const UNREACHABLE = {
  title: "Footnote cannot be reached",
  detail: "The service does not answer. It may have been stopped; start it again and retry.",
};
const LASTING = new Set([400, 403, 404, 410, 413, 415, 422]);

export class Problem extends Error {
  /**
   * `type` is stable, for example `/problems/index-empty`; `detail` says what was wrong and what to do; `status` is null
   * where there was no reply.
   */
  constructor({ type, title, detail, status = null }) {
    super(detail);
    this.type = type;
    this.title = title;
    this.status = status;
  }

  /** Whether the same call may go well another time: it was not what was asked for that was wrong. */
  get passing() {
    return !LASTING.has(this.status);
  }
}

/**
 * @typedef {object} Options
 * @property {string} [method]
 * @property {object} [body] what is sent, as JSON
 * @property {AbortSignal} [signal] stops the call
 */

/**
 * Call the service. Gives the response, which is a good one; asks for a key as often as the service does.
 * @param {string} address
 * @param {Options} [options]
 */
export async function call(address, { method = "GET", body, signal } = {}) {
  for (;;) {
    const key = currentKey();
    const headers = { ...(key && { Authorization: `Bearer ${key}` }), ...(body && { "Content-Type": "application/json" }) };
    const response = await send(address, { method, headers, body: body && JSON.stringify(body), signal });
    if (response.ok) return response;
    await goOnWithAnotherKey(await problemOf(response), key);
  }
}

/**
 * Call the service for JSON.
 * @param {string} address
 * @param {Options} [options]
 */
export async function callForJson(address, options) {
  const response = await call(address, options);
  return response.json();
}

/** Whether someone stopped this call, which is no problem at all. */
export function wasStopped(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What a network that fails becomes; being stopped stays what it is. */
export function lostConnection(error, { title, detail }) {
  return wasStopped(error) ? error : new Problem({ type: "/problems/unreachable", title, detail });
}

/**
 * Send a form and tell how much of it has been sent, as a share of 1: `fetch` cannot. Gives what the service answers; asks for
 * a key as `call` does.
 */
export async function sendForm(address, form, onSent) {
  for (;;) {
    const key = currentKey();
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "text";
    if (key) request.setRequestHeader("Authorization", `Bearer ${key}`);
    request.upload.addEventListener("progress", ({ loaded, total }) => onSent(loaded / total));
    await new Promise((resolve) => {
      request.addEventListener("loadend", resolve);
      request.send(form);
    });
    if (request.status === 0) throw new Problem({ type: "/problems/unreachable", ...UNREACHABLE });
    if (request.status === 200) return JSON.parse(request.response);
    const headers = { "Content-Type": request.getResponseHeader("Content-Type") ?? "" };
    await goOnWithAnotherKey(await problemOf(new Response(request.response, { status: request.status, headers })), key);
  }
}

/** Ask for another key where the one that was sent was refused. Throws the problem where it is another one, or none is given. */
async function goOnWithAnotherKey(problem, key) {
  const ended = problem.type === SESSION_ENDED ? problem.message : "";
  if (problem.status !== 401 || !(await newKey(key, ended))) throw problem;
}

async function send(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    throw lostConnection(error, UNREACHABLE);
  }
}

async function problemOf(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) return new Problem(await response.json());
  return new Problem({
    type: "/problems/unknown",
    status: response.status,
    title: "Something went wrong",
    detail: `The service answered with status ${response.status} and said no more.`,
  });
}
