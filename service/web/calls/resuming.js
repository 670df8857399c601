/** The stream of an answer. Where its connection breaks, it is taken up again after the last event that came. */

import { Problem, call, lostConnection, wasStopped } from "./calls.js";
import { eventsOf } from "./events.js";

const BROKEN_OFF = {
  title: "The answer broke off",
  detail: "The connection ended before the answer was whole. Ask again.",
};
// Milliseconds between attempts. The service keeps an answer that nobody reads for a minute.
const WAITS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
// Up to this wait, "no such answer" may be the word of another process behind the same address.
const LAST_MISSING = 2_000;

/**
 * Yield `{event, data}` for each event of an answer, from a first response; "broken" and "resumed" in between, where the
 * connection breaks and is there again. An answer that is stopped is not worked on any more.
 */
export async function* answerStream(response, signal) {
  let answer = null;
  let number = 0;
  try {
    for (;;) {
      for await (const { event, data, id } of untilItBreaks(response)) {
        if (event === "error") throw new Problem(JSON.parse(data));
        const parsed = JSON.parse(data);
        answer ??= parsed.id;
        number = Number(id);
        yield { event, data: parsed };
        if (event === "answer") return;
      }
      if (!answer) throw lostConnection(null, BROKEN_OFF);
      yield { event: "broken" };
      response = await resumed(`/api/answers/${answer}/stream`, number, signal);
      yield { event: "resumed" };
    }
  } finally {
    if (signal.aborted && answer) stop(`/api/answers/${answer}/stream`);
  }
}

async function* untilItBreaks(response) {
  try {
    yield* eventsOf(response.body);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // as fetch names a lost connection
  }
}

async function resumed(address, number, signal) {
  for (const wait of WAITS) {
    await pause(wait, signal);
    try {
      return await call(`${address}?after=${number}`, { signal });
    } catch (error) {
      const missing = error.status === 404 && wait < LAST_MISSING;
      if (wasStopped(error) || !(error.passing || missing)) throw lasting(error);
    }
  }
  throw lostConnection(null, BROKEN_OFF);
}

/** An answer that is not there any more broke off: that nothing is kept under its id says nothing to a person. */
function lasting(error) {
  return error.status === 404 ? lostConnection(null, BROKEN_OFF) : error;
}

/** Wait, but no longer than until the network is there again, or someone stops this. */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const goOn = () => {
      clearTimeout(timer);
      resolve();
    };
    window.addEventListener("online", goOn, { once: true });
    signal.addEventListener("abort", goOn, { once: true });
  });
}

/** The service ends the work by itself, a minute later, where it does not hear this. */
function stop(address) {
  call(address, { method: "DELETE" }).catch((error) => console.debug(error));
}
