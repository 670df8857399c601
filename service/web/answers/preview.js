/** The little card with the quote that appears next to a marker under the pointer or the keyboard's focus. */

import { particulars, quoteView, separated } from "../articles/article.js";
import { element } from "../common/dom.js";

const card = document.getElementById("preview");
const GAP = 8; // CSS pixels between marker and card, and between card and the edge of the window
const GRACE = 150; // milliseconds to move the pointer from the marker onto the card
let shownFor = null;
let leaving = 0;

/** Show this citation's quote whenever the marker is pointed at or focused. */
export function attachPreview(marker, citation) {
  marker.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(marker, citation));
  marker.addEventListener("pointerleave", hideSoon);
  marker.addEventListener("focus", () => marker.matches(":focus-visible") && show(marker, citation));
  marker.addEventListener("blur", hidePreview);
}

/** Put the card away. Says whether there was one. */
export function hidePreview() {
  clearTimeout(leaving);
  if (shownFor === null) return false;
  shownFor.removeAttribute("aria-describedby");
  noteOf(shownFor)?.classList.remove("lit");
  shownFor = null;
  card.hidden = true;
  return true;
}

function show(marker, citation) {
  hidePreview();
  shownFor = marker;
  marker.setAttribute("aria-describedby", card.id);
  noteOf(marker)?.classList.add("lit");
  const origin = separated([citation.title, ...particulars(citation)]);
  card.replaceChildren(
    quoteView(citation, "preview-quote"),
    element("span", { class: "preview-origin", dir: "auto" }, origin),
  );
  card.hidden = false;
  place(marker.getBoundingClientRect());
}

function place(marker) {
  const { width, height } = card.getBoundingClientRect();
  const below = marker.bottom + GAP;
  const fits = below + height + GAP <= window.innerHeight;
  const left = marker.left + marker.width / 2 - width / 2;
  card.style.left = `${Math.max(GAP, Math.min(left, document.documentElement.clientWidth - width - GAP))}px`;
  card.style.top = `${Math.max(GAP, fits ? below : marker.top - GAP - height)}px`;
}

function noteOf(marker) {
  return marker.closest(".entry")?.querySelector(`[data-note="${marker.dataset.number}"]`);
}

function hideSoon() {
  clearTimeout(leaving);
  leaving = setTimeout(hidePreview, GRACE);
}

card.addEventListener("pointerenter", () => clearTimeout(leaving));
card.addEventListener("pointerleave", hideSoon);
// The card does not move with the text, so it goes when the text moves; but its own quote may be scrolled.
const onScroll = (event) => event.target !== card && hidePreview();
document.addEventListener("scroll", onScroll, { capture: true, passive: true });
