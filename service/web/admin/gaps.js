/** For admins: what was asked and had no good answer, grouped by meaning, with the passages that come nearest today. */

import { nearPassage } from "../answers/answer.js";
import { listGaps } from "../calls/api.js";
import { moment } from "../common/dates.js";
import { element } from "../common/dom.js";
import { answerAddress } from "../common/links.js";
import { pagedList } from "../common/lists.js";
import { openArticle } from "../articles/reader.js";
import { retrievalLink } from "./retrieval.js";

/** Build the list. */
export function gapsList() {
  return pagedList({
    heading: "Gaps",
    fetchPage: async () => ({ ...(await listGaps()), next_after: null }),
    headingOf: ({ gaps, left_out: left }) => (left ? `Gaps: the ${gaps.length} largest of ${gaps.length + left}` : "Gaps"),
    rowsOf: (page) => page.gaps.map(row),
    empty: () => element("p", { class: "empty" }, "No question was refused or rated down."),
  });
}

function row({ questions, asked, refused, rated_down: down, latest, nearest, answer_ids: ids }) {
  const [first, ...others] = questions;
  const counts = [asked === 1 ? "asked once" : `asked ${asked} times`, refused ? `refused ${refused}` : "", down ? `rated down ${down}` : ""];
  const last = element("a", { href: answerAddress(ids[0]) }, moment(latest));
  const near = nearest.map((passage) => nearPassage(passage, openArticle));
  return element(
    "li",
    { class: "reviewed" },
    element("h2", { dir: "auto" }, first),
    others.map((question) => element("p", { class: "circumstance", dir: "auto" }, question)),
    element("p", { class: "contents-facts" }, `${counts.filter(Boolean).join(" · ")} · last `, last, " · ", retrievalLink(first)),
    near.length
      ? element("details", {}, element("summary", {}, "Nearest passages"), element("ul", { class: "contents" }, near))
      : null,
  );
}
