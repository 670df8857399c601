/** Addresses: of articles, answers and conversations here, and of the articles' originals elsewhere. */

const ARTICLES = "/articles/";
const ANSWERS = "/answers/";
const CONVERSATIONS = "/conversations/";

/**
 * Write an article's id into a path. Slashes stay, for they read well, unless a browser or a proxy would then "tidy"
 * the path: they drop the parts `.` and `..`, and sometimes empty ones.
 */
export function encodeId(id) {
  const parts = id.split("/");
  const fragile = parts.some((part) => part === "" || part === "." || part === "..");
  return fragile ? encodeURIComponent(id) : parts.map(encodeURIComponent).join("/");
}

/** The address of an article's page, at a stretch of one of its versions where these are given. */
export function articleAddress({ id, version = null, start = null, end = null }) {
  const query = new URLSearchParams();
  if (version !== null) query.set("version", version);
  if (start !== null && end !== null) {
    query.set("start", String(start));
    query.set("end", String(end));
  }
  return ARTICLES + encodeId(id) + (query.size ? `?${query}` : "");
}

/** Read such an address back. Returns null where it is no article's. */
export function articleAt(location) {
  if (!location.pathname.startsWith(ARTICLES)) return null;
  const query = new URLSearchParams(location.search);
  return {
    id: decodeId(location.pathname.slice(ARTICLES.length)),
    version: query.get("version"),
    start: offset(query.get("start")),
    end: offset(query.get("end")),
  };
}

/** The address of an answer's page. */
export function answerAddress(id) {
  return ANSWERS + encodeURIComponent(id);
}

/** The address at which a conversation goes on. */
export function conversationAddress(id) {
  return CONVERSATIONS + encodeURIComponent(id);
}

/** The id of the answer whose page this is, or null. */
export function answerAt({ pathname }) {
  return pathname.startsWith(ANSWERS) ? decodeId(pathname.slice(ANSWERS.length)) : null;
}

/** The id of the conversation whose page this is, or null. */
export function conversationAt({ pathname }) {
  return pathname.startsWith(CONVERSATIONS) ? decodeId(pathname.slice(CONVERSATIONS.length)) : null;
}

/** An article's own address, if it is one that a browser may be sent to. Anything but http and https is not. */
export function safeAddress(address) {
  if (!address || !URL.canParse(address)) return null;
  const url = new URL(address);
  return ["http:", "https:"].includes(url.protocol) ? url : null;
}

function decodeId(path) {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path; // Typed by hand with a bare "%": take it as it is.
    throw error;
  }
}

function offset(written) {
  return written !== null && /^\d{1,9}$/.test(written) ? Number(written) : null;
}
