/** Signing in at a place that the service names. The session is a cookie that only the service reads. */

import { element } from "../common/dom.js";

/** Where one can sign in: each with `title`, which may be empty, and `address`. None where the service cannot say. */
export async function placesToSignIn() {
  const response = await fetch("/auth/issuers").catch(() => null);
  return response?.ok ? (await response.json()).issuers : [];
}

/** A link to each place. It leads back to this page. */
export function signInLinks(places) {
  const back = encodeURIComponent(location.pathname + location.search);
  const links = places.map(({ title, address }) =>
    element("li", {}, element("a", { class: "firm", href: `${address}&to=${back}` }, title ? `Sign in with ${title}` : "Sign in")),
  );
  return element("ul", { class: "sign-in-ways" }, links);
}
