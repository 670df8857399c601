/** For admins, under an article: where it comes from, its passages as they are searched, reading it again, deleting it. */

import { deleteArticles, getOrigin, reindex } from "../calls/api.js";
import { moment } from "../common/dates.js";
import { deleteButton } from "../common/deleting.js";
import { announce, element } from "../common/dom.js";
import { problemNotice } from "../common/notices.js";

/** A part that unfolds. Style sheets hide it from those who are no admins; the service tells nobody else. */
export function originView({ id, title }) {
  const body = element("div", {});
  const fill = async () => {
    body.replaceChildren(element("p", { class: "byline progress" }, "Looking it up…"));
    const shown = await getOrigin(id).then((origin) => parts(origin, title, fill), (error) => [problemNotice(error, fill)]);
    body.replaceChildren(...shown);
  };
  const toggle = ({ currentTarget: details }) => {
    if (details.open && !body.children.length) fill();
  };
  return element("details", { class: "origin for-admins", toggle }, element("summary", {}, "Where it comes from"), body);
}

function parts(origin, title, fill) {
  const readers = origin.groups === null ? "everyone" : origin.groups.join(", ") || "nobody";
  const facts = [
    ["Source", origin.source],
    ["File", origin.path],
    ["For", readers],
    ["Collections", origin.collections.join(", ")],
    ["Indexed", moment(origin.indexed)],
    ["Last seen", origin.last_seen && moment(origin.last_seen)],
  ].filter(([, value]) => value);
  const rows = facts.flatMap(([name, value]) => [element("dt", { class: "overline" }, name), element("dd", { dir: "auto" }, value)]);
  const passages = origin.passages.map(({ above, text }) =>
    element("li", {}, above.length ? element("p", { class: "contents-facts", dir: "auto" }, above.join(" › ")) : null, element("p", { dir: "auto" }, text)),
  );
  return [
    element("dl", { class: "origin-facts" }, rows),
    element("p", {}, againButton(origin, fill), " · ", deletion(origin, title)),
    element("h2", { class: "overline" }, `Passages as they are searched: ${passages.length}`),
    element("ol", { class: "passages" }, passages),
  ];
}

function againButton({ article_id: id }, fill) {
  const click = async ({ currentTarget: button }) => {
    button.disabled = true;
    button.textContent = "Reading…";
    try {
      const { changed, failed } = await reindex(id);
      await fill();
      announce(failed.length ? failed[0].error : changed ? "It has changed, and was read again" : "It has not changed");
    } catch (error) {
      button.replaceWith(problemNotice(error, fill));
      announce(error.message);
    }
  };
  return element("button", { type: "button", class: "quiet", click }, "Read again");
}

function deletion({ article_id: id, source }, title) {
  const stays = "It comes back with the next sync if its file is still there.";
  return deleteButton({
    what: "the article",
    title,
    consequence: source === "uploads" ? "It is gone for good, with its file if that holds nothing else." : `It is gone from the next answer. ${stays}`,
    remove: () => deleteArticles([id]),
    onDeleted: () => location.assign("/articles"),
  });
}
