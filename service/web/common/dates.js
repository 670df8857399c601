/** Days and moments as people read them. */

/** "24 April 2026", of "2026-04-24". */
export function longDate(isoDate) {
  // Dates have no time zone: reading one as UTC and writing it as UTC keeps the day.
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(`${isoDate}T00:00:00Z`));
}

/** "24 April 2026 at 15:04", by the clock of who reads it. */
export function moment(isoMoment) {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" }).format(new Date(isoMoment));
}

/**
 * "from 1 May 2026 to 31 May 2026", both included; null where neither is given.
 * @param {{ published_after?: string | null, published_before?: string | null }} days
 */
export function period({ published_after: from, published_before: to }) {
  if (from && to) return from === to ? `on ${longDate(from)}` : `from ${longDate(from)} to ${longDate(to)}`;
  if (from) return `from ${longDate(from)} on`;
  return to ? `up to ${longDate(to)}` : null;
}
