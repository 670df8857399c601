/** For admins: how good the answers are that were scored, and when that changed beyond chance. */

import { longDate } from "../common/dates.js";
import { element, shape } from "../common/dom.js";

const HEIGHT = 40; // of a drawing, which is stretched to the room there is
const NAMES = {
  supported: "Sentences supported by what they cite",
  refused: "Questions refused",
  slower: "Answers slower than",
  rated_good: "Ratings that are good",
};

/** Build this part of the page. */
export function qualityOver({ share, scored, measures }) {
  const heading = element("h2", { class: "overline" }, "How good the answers are");
  const none = share ? "Nothing of this time was scored yet." : "No answers are scored here (FOOTNOTE_SCORE_SHARE=0).";
  const said = `${scored.toLocaleString("en-GB")} answers scored, ${percent(share)} of all, each after the end of its day`;
  return [
    heading,
    element("p", { class: "contents-facts" }, measures.length ? said : none),
    element("ul", { class: "contents measures" }, measures.map(measureOver)),
  ];
}

function measureOver({ name, days, levels, than_ms: than }) {
  const { mean, low, high, n } = levels.at(-1);
  const words = than === null ? NAMES[name] : `${NAMES[name]} ${Math.round(than).toLocaleString("en-GB")} ms`;
  const facts = `${percent(mean)} (${percent(low)} to ${percent(high)}), of ${n.toLocaleString("en-GB")}`;
  const changes = levels.slice(1).map((level, place) => changeOver(levels[place], level));
  return element(
    "li",
    {},
    element("span", {}, words),
    element("span", { class: "contents-facts" }, facts),
    drawn(days, words),
    changes,
  );
}

function changeOver(before, after) {
  const way = after.mean > before.mean ? "Rose" : "Fell";
  const words = `${way} beyond chance on ${longDate(after.first)}, from ${percent(before.mean)} to ${percent(after.mean)}`;
  return element("p", { class: "level-changed" }, words);
}

function drawn(days, words) {
  const bars = days.map(({ day, mean, n }, place) => {
    const title = shape("title", {}, `${longDate(day)}: ${percent(mean)} of ${n}`);
    const height = HEIGHT * mean;
    const bar = shape("rect", { class: "mean", x: place + 0.1, y: HEIGHT - height, width: 0.8, height });
    return shape("g", {}, title, shape("rect", { class: "room", x: place, width: 1, height: HEIGHT }), bar);
  });
  const ends = [days[0], days.at(-1)].map(({ day, mean }) => `${percent(mean)} on ${longDate(day)}`);
  const properties = { class: "trend", viewBox: `0 0 ${days.length} ${HEIGHT}`, preserveAspectRatio: "none" };
  return shape("svg", { ...properties, role: "img", "aria-label": `${words}, day by day: ${ends.join(", ")}` }, bars);
}

function percent(share) {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
