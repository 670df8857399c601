/** For admins: uploading files, what was uploaded, and the sources that the index is kept in step with. */

import { listSources, syncSources } from "../calls/api.js";
import { count } from "../articles/articles.js";
import { moment } from "../common/dates.js";
import { announce, element } from "../common/dom.js";
import { problemNotice } from "../common/notices.js";
import { uploadForm, uploadList } from "./uploads.js";

const STATES = {
  new: "not synced yet",
  "in step": "in step",
  failed: "failed",
  failing: "failing",
  unreadable: "cannot be read",
};

/** Build the page. */
export function sourcesView() {
  const sources = element("div", {});
  const uploads = element("div", {});
  const show = () => Promise.all([fill(sources, sourceRows, "Fetching the sources…"), fill(uploads, listed, "Fetching the uploads…")]);
  const form = uploadForm(show);
  form.hidden = true; // until it is known that this person may upload
  const listed = async (again) => {
    const rows = await uploadList(again);
    form.hidden = false;
    return rows;
  };
  show();
  return element(
    "section",
    { class: "sources" },
    element("h1", { class: "article-title" }, "Sources"),
    form,
    uploads,
    sources,
  );
}

async function fill(holder, build, words) {
  if (!holder.children.length) holder.append(element("p", { class: "byline progress" }, words));
  const again = () => fill(holder, build, words);
  const shown = await build(again).catch((error) => [problemNotice(error, again)]);
  holder.replaceChildren(...shown);
}

async function sourceRows(again) {
  const { file, sources, removed, ...told } = await listSources();
  const problem = told.problem ?? told.elsewhere;
  const gone = removed.map((name) => element("li", {}, `${name} is no longer in the file, and its articles are still there.`));
  const rows = [...sources.map((source) => sourceRow(source, again)), ...gone];
  const none = "No source is named yet. ";
  return [
    element("h2", { class: "overline" }, "Kept in step"),
    problem ? element("p", { class: "notice" }, problem) : null,
    rows.length || problem ? null : element("p", { class: "empty" }, none),
    element("ul", { class: "contents" }, rows),
    element("p", { class: "contents-facts" }, "Sources are named in ", element("code", {}, file), "."),
  ].filter(Boolean);
}

function sourceRow(source, again) {
  const last = source.last_sync;
  const wrong = source.state !== "in step" && source.state !== "new";
  const facts = [
    source.kind && `${source.kind}, ${source.place}`,
    count(source.articles),
    source.groups && `for ${source.groups.join(", ") || "nobody"}`,
    last && `synced ${moment(last.finished)}`,
    source.next_sync && `next ${moment(source.next_sync)}`,
  ];
  return element(
    "li",
    { class: "source" },
    element(
      "div",
      { class: "source-head" },
      element("h3", { class: "source-name" }, source.name, " ", element("span", { class: wrong ? "flag" : "contents-facts" }, STATES[source.state])),
      source.state === "unreadable" ? null : syncButton(source.name, again),
    ),
    element("p", { class: "contents-facts", dir: "auto" }, facts.filter(Boolean).join(" · ")),
    source.problem || last?.error ? element("p", { class: "wrong", dir: "auto" }, source.problem ?? failure(last)) : null,
    last ? outcome(last) : null,
  );
}

function failure({ error, failures }) {
  return failures > 1 ? `${error} (${failures} times in a row)` : error;
}

function outcome({ counts, problems, error }) {
  const changes = Object.entries(counts).filter(([, number]) => number);
  const words = changes.map(([name, number]) => `${number.toLocaleString("en-GB")} ${name}`).join(", ") || "nothing was read";
  const others = problems.filter((problem) => problem.error !== error);
  if (!others.length) return element("p", { class: "contents-facts" }, `Last sync: ${words}`);
  const rows = others.map((problem) => element("li", { dir: "auto" }, `${problem.path} ${problem.error}`));
  const files = others.length === 1 ? "1 note" : `${others.length} notes`;
  return element("details", {}, element("summary", { class: "contents-facts" }, `Last sync: ${words}; ${files}`), element("ul", { class: "faults" }, rows));
}

function syncButton(name, again) {
  const click = async ({ currentTarget: button }) => {
    button.disabled = true;
    button.textContent = "Syncing…";
    announce(`Syncing ${name}`);
    try {
      const { syncs } = await syncSources([name]);
      await again();
      announce(syncs[0].error ? `${name} failed` : `${name} is synced`);
    } catch (error) {
      button.replaceWith(problemNotice(error, again));
      announce(error.message);
    }
  };
  return element("button", { type: "button", class: "quiet", "aria-label": `Sync ${name} now`, click }, "Sync now");
}
