/** For admins: how much is asked, how that ends, by whom, of which articles, and how good the answers are. */

import { getQuality, getUsage } from "../calls/api.js";
import { articleLink, count } from "../articles/articles.js";
import { daysDrawn } from "./bars.js";
import { period } from "../common/dates.js";
import { announce, element } from "../common/dom.js";
import { problemNotice } from "../common/notices.js";
import { qualityOver } from "./quality.js";
import { openArticle } from "../articles/reader.js";

const PERIODS = [7, 30, 90]; // days
const USUAL = 30;

/** Build the page: a choice of how far to look back, and what there was. */
export function usageView() {
  const figures = element("div", { class: "usage-figures" });
  const options = PERIODS.map((days) => element("option", { value: days, selected: days === USUAL }, `${days} days`));
  const days = element("select", { id: "days", autocomplete: "off" }, options);
  const show = async () => {
    const chosen = days.value;
    figures.setAttribute("aria-busy", "true");
    const faults = [];
    const orFault = (error) => {
      faults.push(error);
      return null;
    };
    const [usage, quality] = await Promise.all([getUsage(chosen).catch(orFault), getQuality(chosen).catch(orFault)]);
    if (chosen !== days.value) return; // chosen again meanwhile
    figures.replaceChildren(
      ...(faults.length ? [problemNotice(faults[0], show)] : []),
      ...(usage ? usageOver(usage) : []),
      ...(quality ? qualityOver(quality) : []),
    );
    figures.removeAttribute("aria-busy");
    announce(figures.querySelector(".usage-period, .notice-title")?.textContent ?? "");
  };
  const label = element("label", { class: "overline", for: "days" }, "Over the last");
  const bar = element("form", { class: "review-filters", change: show }, element("p", {}, label, days));
  figures.append(element("p", { class: "byline progress" }, "Counting…"));
  show();
  return element("section", { class: "usage" }, element("h1", { class: "article-title" }, "Usage"), bar, figures);
}

function usageOver(usage) {
  const { answered, no_answer: refused, about, failed, abandoned } = usage.questions;
  const total = answered + refused + about + failed + abandoned;
  const number = total ? `${total.toLocaleString("en-GB")} ${total === 1 ? "question" : "questions"}` : "Nothing was asked";
  const heading = element("p", { class: "usage-period" }, `${number} ${inWords(usage)}`);
  if (!total) return [heading, ...articles(usage)];
  return [heading, keyFigures(usage, total), daysDrawn(usage.per_day), ...askers(usage), ...articles(usage)];
}

function inWords({ first, last }) {
  return `${period({ published_after: first, published_before: last })}, by the clock of UTC`;
}

function keyFigures(usage, total) {
  const { answered, no_answer: refused, about, failed, abandoned } = usage.questions;
  return element(
    "dl",
    { class: "key-figures" },
    figure("Answered", share(answered, total), answered),
    figure("Refused", share(refused, total), refused),
    about ? figure("Small talk", share(about, total), about) : null,
    figure("Failed or left", share(failed + abandoned, total), failed + abandoned),
    figure("Degraded", share(usage.degraded, usage.kept), `${usage.degraded} of ${usage.kept} kept`),
    figure("Median time", milliseconds(usage.median_ms), null),
    figure("95th percentile", milliseconds(usage.p95_ms), null),
    figure("Rated good", usage.rated_up, null),
    figure("Rated bad", usage.rated_down, null),
  );
}

function figure(name, value, more) {
  const small = more === null ? null : element("span", { class: "contents-facts" }, more.toLocaleString("en-GB"));
  return element("div", {}, element("dt", { class: "overline" }, name), element("dd", {}, value.toLocaleString("en-GB"), small));
}

function articles({ most_cited: cited, not_cited: left, not_cited_total: leftTotal }) {
  const most = cited[0]?.answers ?? 0;
  const rows = cited.map(({ article_id: id, title, answers }) => {
    const facts = answers === 1 ? "1 answer" : `${answers.toLocaleString("en-GB")} answers`;
    return measured(articleLink({ id }, title, openArticle), facts, answers / most);
  });
  const named = left.map(({ article_id: id, title }) => element("li", {}, articleLink({ id }, title, openArticle)));
  const further = leftTotal - left.length;
  return [
    ...list("Most cited articles", rows),
    ...list(`Not cited: ${count(leftTotal)}`, named),
    further ? element("p", { class: "contents-facts" }, `and ${count(further)} more`) : null,
  ].filter(Boolean);
}

function askers({ askers: named, askers_total: total }) {
  const rows = named.map(({ asker, questions }) => {
    const facts = questions === 1 ? "1 question" : `${questions.toLocaleString("en-GB")} questions`;
    return measured(element("span", { dir: "auto" }, asker), facts, questions / named[0].questions);
  });
  return list(total === named.length ? "Who asks" : `Who asks most, of ${total.toLocaleString("en-GB")}`, rows);
}

function list(heading, rows) {
  if (!rows.length) return [];
  return [element("h2", { class: "overline" }, heading), element("ul", { class: "contents" }, rows)];
}

/** A row with a line under it that is as long as its part of the largest. */
function measured(name, facts, part) {
  const line = element("span", { class: "measured", "aria-hidden": "true" });
  line.style.width = `${100 * part}%`;
  return element("li", {}, name, element("span", { class: "contents-facts" }, facts), line);
}

function share(part, total) {
  return total ? `${((100 * part) / total).toFixed(part && part < total ? 1 : 0)} %` : "–";
}

function milliseconds(time) {
  if (time === null) return "–";
  return time >= 1000 ? `${(time / 1000).toFixed(1)} s` : `${Math.round(time)} ms`;
}
