/** What the page asks of the service. Each call throws a Problem, or an AbortError if it was stopped. */

import { call, callForJson } from "./calls.js";
import { encodeId } from "../common/links.js";
import { answerStream } from "./resuming.js";

/** @typedef {import("footnote-api").components["schemas"]} Shapes What the service sends and takes, by its OpenAPI document. */

const CAN_STREAM = "TextDecoderStream" in window;

/**
 * Ask a question. Yields `{event, data}`: "hits", then "sentence" for each, and "answer" last; only the last where the
 * service or this browser cannot stream. "broken" and "resumed" tell of a connection that broke, and was made again.
 */
export async function* ask(request, signal) {
  const response = await call("/api/ask", { method: "POST", body: { ...request, stream: CAN_STREAM, resumable: CAN_STREAM }, signal });
  if (response.headers.get("Content-Type").startsWith("application/json")) {
    yield { event: "answer", data: await response.json() };
  } else {
    yield* answerStream(response, signal);
  }
}

/**
 * One page of the articles: those in a collection, and whose titles hold these words, where these are given.
 * @returns {Promise<Shapes["ArticlesResponse"]>}
 */
export function listArticles({ title = null, collection = null, after = null, limit = 50 } = {}) {
  return callForJson(`/api/articles${query({ title, collection, after, limit })}`);
}

/**
 * An article, with where a scan has a stretch of it.
 * @returns {Promise<Shapes["ArticleResponse"]>}
 */
export function getArticle({ id, version = null, start = null, end = null, signal }) {
  return callForJson(`/api/articles/${encodeId(id)}${query({ version, start, end })}`, { signal });
}

/** The file that a version of an article was read from. */
export async function getOriginal({ id, version, signal }) {
  const response = await call(`/api/originals/${encodeId(id)}${query({ version })}`, { signal });
  return response.arrayBuffer();
}

/** @returns {Promise<Shapes["PublishersResponse"]>} */
export function getPublishers() {
  return callForJson("/api/publishers");
}

/**
 * The collections of the articles that one may read, and the scopes.
 * @returns {Promise<Shapes["CollectionsResponse"]>}
 */
export function getCollections() {
  return callForJson("/api/collections");
}

/**
 * Questions to begin with, which the articles answer.
 * @returns {Promise<Shapes["SuggestionsResponse"]>}
 */
export function getSuggestions() {
  return callForJson("/api/suggestions");
}

/** @returns {Promise<Shapes["MeResponse"]>} */
export function getMe() {
  return callForJson("/api/me");
}

/** End the session of this browser. Returns the `address` where the one at the issuer is ended, or null. */
export function signOut() {
  return callForJson("/auth/sign-out", { method: "POST", body: {} });
}

/** @returns {Promise<Shapes["ConversationsResponse"]>} */
export function listConversations({ after = null, limit = 30 } = {}) {
  return callForJson(`/api/conversations${query({ after, limit })}`);
}

/** @returns {Promise<Shapes["ConversationResponse"]>} */
export function getConversation(id) {
  return callForJson(`/api/conversations/${encodeURIComponent(id)}`);
}

/** A conversation as a file of Markdown. */
export function exportConversation(id) {
  return call(`/api/conversations/${encodeURIComponent(id)}/export`);
}

export function deleteConversation(id) {
  return call(`/api/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** @returns {Promise<Shapes["StoredAnswerResponse"]>} */
export function getAnswer(id) {
  return callForJson(`/api/answers/${encodeURIComponent(id)}`);
}

export function deleteAnswer(id) {
  return call(`/api/answers/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Let others open an answer by its address, or no longer. They still see only what they may read. */
export function share(id, shared) {
  return call(`/api/answers/${encodeURIComponent(id)}/share`, { method: "POST", body: { shared } });
}

/** Say what one thinks of an answer: "up" or "down", and why. Saying it again replaces what was said. */
export function rate(id, { rating, comment = null }) {
  return call("/api/feedback", { method: "POST", body: { answer_id: id, rating, comment } });
}

/**
 * What everyone asked, for admins. `rating` and `status` choose; null is any.
 * @returns {Promise<Shapes["ReviewResponse"]>}
 */
export function listReview({ rating, status, after = null, limit = 30 }) {
  return callForJson(`/api/review${query({ rating, status, after, limit })}`);
}

/**
 * Answers whose quoted words have changed since, most read first, for admins.
 * @returns {Promise<Shapes["StaleResponse"]>}
 */
export function listStale({ after = null, limit = 30 } = {}) {
  return callForJson(`/api/stale${query({ after, limit })}`);
}

/**
 * The sources that the index is kept in step with, for admins.
 * @returns {Promise<Shapes["SourcesResponse"]>}
 */
export function listSources() {
  return callForJson("/api/sources");
}

/**
 * Sync these sources, and wait until that is done.
 * @returns {Promise<Shapes["SyncSourcesResponse"]>}
 */
export function syncSources(names) {
  return callForJson("/api/sources/sync", { method: "POST", body: { names } });
}

/**
 * The uploaded files, for admins, and how much there may be of them.
 * @returns {Promise<Shapes["UploadsResponse"]>}
 */
export function listUploads() {
  return callForJson("/api/uploads");
}

export function deleteUpload(path) {
  return call("/api/uploads/delete", { method: "POST", body: { paths: [path] } });
}

/**
 * Where an article comes from, and its passages, for admins.
 * @returns {Promise<Shapes["OriginResponse"]>}
 */
export function getOrigin(id) {
  return callForJson(`/api/origins/${encodeId(id)}`);
}

/**
 * Read an article again from where it comes from.
 * @returns {Promise<Shapes["ReindexResponse"]>}
 */
export function reindex(id) {
  return callForJson("/api/reindex", { method: "POST", body: { article_ids: [id] } });
}

export function deleteArticles(ids) {
  return call("/api/delete", { method: "POST", body: { article_ids: ids } });
}

/**
 * What was refused or rated down, grouped by meaning, for admins.
 * @returns {Promise<Shapes["GapsResponse"]>}
 */
export function listGaps() {
  return callForJson("/api/gaps");
}

/**
 * Why a question is answered so, or refused, for admins.
 * @returns {Promise<Shapes["ExplainResponse"]>}
 */
export function explain({ question, filters }) {
  return callForJson("/api/explain", { method: "POST", body: { question, filters, limit: 20 } });
}

/**
 * Where two articles give different values, for admins: some seconds of looking, from the `next_after` of the last response on.
 * @returns {Promise<Shapes["ConflictsResponse"]>}
 */
export function findConflicts({ after, signal }) {
  return callForJson("/api/conflicts", { method: "POST", body: { after, seconds: 5 }, signal });
}

/** Sign an answer: with these sentences, and for these other ways to ask. */
export function approve(id, { sentences, wordings }) {
  return call(`/api/answers/${encodeURIComponent(id)}/approve`, { method: "POST", body: { sentences, wordings } });
}

/**
 * The approved answers, the latest first, for admins.
 * @returns {Promise<Shapes["ApprovedResponse"]>}
 */
export function listApproved() {
  return callForJson("/api/approved");
}

export function withdrawApproval(id) {
  return call(`/api/approved/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/**
 * How much was asked in the last days, for admins.
 * @returns {Promise<Shapes["UsageResponse"]>}
 */
export function getUsage(days) {
  return callForJson(`/api/usage${query({ days })}`);
}

/**
 * How good the answers of the last days are, for admins.
 * @returns {Promise<Shapes["QualityResponse"]>}
 */
export function getQuality(days) {
  return callForJson(`/api/quality${query({ days })}`);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
