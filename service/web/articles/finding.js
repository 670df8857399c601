/**
 * Finds a quote in the text of a page as another program reads it: with other white space, hyphens at the ends of lines,
 * ligatures, and bars between cells. Only letters and digits are compared.
 */

const NOT_COMPARED = /[^\p{L}\p{N}]/gu;
// So many letters before and after a quote say which of several places is meant.
const AROUND = 60;
const OPENING = /^[^\p{L}\p{N}]*/u;
const ENDING = /[^\p{L}\p{N}]*$/u;

/**
 * Find where a quote stands in the text of a page, in UTF-16 units. `before` and `after` are the words around it.
 * Where it does not stand there as one, the lines and cells of it that stand there once are found.
 * @param {string} text
 * @param {{ quote: string, before?: string, after?: string }} sought
 * @returns {{ from: number, to: number }[]} in order, without overlaps
 */
export function placesOf(text, { quote, before = "", after = "" }) {
  const page = compared(text);
  const whole = best(page.letters, { letters: letters(quote), before: letters(before), after: letters(after) });
  if (whole) return [withSigns(text, stretchIn(page, whole), quote.trim())];
  const parts = quote.split(/[|\n]/).map(letters).filter(Boolean);
  const found = parts.flatMap((part) => only(page.letters, part)).sort((one, other) => one.from - other.from);
  return found.filter(({ from }, number) => number === 0 || from >= found[number - 1].to).map((place) => stretchIn(page, place));
}

/** A stretch with the signs that a quote begins and ends with, where they stand there too. */
function withSigns(text, { from, to }, quote) {
  const [opening] = quote.match(OPENING);
  const [ending] = quote.match(ENDING);
  return {
    from: text.slice(0, from).endsWith(opening) ? from - opening.length : from,
    to: text.startsWith(ending, to) ? to + ending.length : to,
  };
}

function letters(text) {
  return text.normalize("NFKD").toLowerCase().replace(NOT_COMPARED, "");
}

/** The letters of a text, with where the sign begins and ends that each of them is of. */
function compared(text) {
  const starts = [];
  const ends = [];
  const parts = [];
  let at = 0;
  for (const sign of text) {
    const part = letters(sign);
    parts.push(part);
    for (let unit = 0; unit < part.length; unit++) {
      starts.push(at);
      ends.push(at + sign.length);
    }
    at += sign.length;
  }
  return { letters: parts.join(""), starts, ends };
}

function stretchIn({ starts, ends }, { from, to }) {
  return { from: starts[from], to: ends[to - 1] };
}

/** Of the places where a quote stands, the one with the most of the same letters around it. */
function best(page, { letters: quote, before, after }) {
  let found = null;
  for (const from of placesIn(page, quote)) {
    const to = from + quote.length;
    const same = sameAtEnd(page.slice(Math.max(0, from - AROUND), from), before) + sameAtStart(page.slice(to, to + AROUND), after);
    if (!found || same > found.same) found = { from, to, same };
  }
  return found;
}

function only(page, part) {
  const [from, another] = placesIn(page, part);
  return from === undefined || another !== undefined ? [] : [{ from, to: from + part.length }];
}

function* placesIn(page, part) {
  if (!part) return;
  for (let from = page.indexOf(part); from >= 0; from = page.indexOf(part, from + 1)) yield from;
}

function sameAtStart(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

function sameAtEnd(one, other) {
  let length = 0;
  while (length < one.length && one.at(-1 - length) === other.at(-1 - length)) length++;
  return length;
}
