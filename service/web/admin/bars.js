/** Questions a day, drawn as bars, with the same in a table for who wants the figures or cannot see the drawing. */

import { longDate } from "../common/dates.js";
import { element, shape } from "../common/dom.js";

const HEIGHT = 100; // of the drawing, which is stretched to the room there is
const PARTS = [
  { name: "answered", words: "Answered", of: (day) => day.answered },
  { name: "refused", words: "Refused", of: (day) => day.no_answer },
  { name: "about", words: "Small talk", of: (day) => day.about },
  { name: "failed", words: "Failed or left", of: (day) => day.failed + day.abandoned },
];

/** Draw days, the first at the left. Each has `day` and how many questions ended how. */
export function daysDrawn(days) {
  const highest = days.reduce((most, day) => (sum(day) > sum(most) ? day : most));
  const ends = [days[0], days.at(-1)].map(({ day }) => element("span", {}, longDate(day)));
  const legend = PARTS.map(({ name, words }) => element("li", { class: `part ${name}` }, words));
  const most = `Questions a day: at most ${sum(highest)}, on ${longDate(highest.day)}`;
  const bars = days.map((day, place) => bar(day, { place, highest: sum(highest) }));
  const properties = { class: "bars", viewBox: `0 0 ${days.length} ${HEIGHT}`, preserveAspectRatio: "none" };
  return element(
    "figure",
    { class: "days-drawn" },
    element("figcaption", { class: "overline" }, most),
    shape("svg", { ...properties, role: "img", "aria-label": `${most}. The table below has every day.` }, bars),
    element("p", { class: "bars-ends", "aria-hidden": "true" }, ends),
    element("ul", { class: "parts", "aria-hidden": "true" }, legend),
    table(days),
  );
}

function bar(day, { place, highest }) {
  let top = HEIGHT;
  const parts = PARTS.map(({ name, of }) => {
    const height = (HEIGHT * of(day)) / highest;
    top -= height;
    return shape("rect", { class: name, x: place + 0.1, y: top, width: 0.8, height });
  });
  const words = PARTS.map(({ words: part, of }) => `${part.toLowerCase()} ${of(day)}`).join(", ");
  // Also where a day has no bar, the pointer finds it.
  const room = shape("rect", { class: "room", x: place, y: 0, width: 1, height: HEIGHT });
  return shape("g", {}, shape("title", {}, `${longDate(day.day)}: ${words}`), room, parts);
}

function table(days) {
  const names = ["Day", ...PARTS.map(({ words }) => words)];
  const rows = days.map((day) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, longDate(day.day)),
      PARTS.map(({ of }) => element("td", {}, of(day).toLocaleString("en-GB"))),
    ),
  );
  const head = element("thead", {}, element("tr", {}, names.map((name) => element("th", { scope: "col" }, name))));
  const figures = element("table", { class: "day-table" }, head, element("tbody", {}, rows.reverse()));
  return element("details", {}, element("summary", { class: "quiet" }, "Every day as a table"), figures);
}

function sum(day) {
  return PARTS.reduce((total, { of }) => total + of(day), 0);
}
