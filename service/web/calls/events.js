/** Server-sent events from the body of a response, for `EventSource` cannot send a question. */

// The service says every 15 seconds that it is still there.
const SILENCE = 40_000;

/**
 * Yield `{event, data, id}` for each event, as the HTML standard reads a stream; `id` is the last one that was given. An event
 * that is cut off is left out. A stream in which nothing comes any more, as after a laptop slept, is over.
 */
export async function* eventsOf(body) {
  let event = "message";
  let data = [];
  let id = "";
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (data.length) yield { event, data: data.join("\n"), id };
      event = "message";
      data = [];
      continue;
    }
    const { name, value } = fieldOf(line);
    if (name === "event") event = value;
    if (name === "id") id = value;
    if (name === "data") data.push(value);
  }
}

function fieldOf(line) {
  const colon = line.indexOf(":");
  if (colon < 0) return { name: line, value: "" };
  return { name: line.slice(0, colon), value: line.slice(colon + (line[colon + 1] === " " ? 2 : 1)) };
}

async function readInTime(reader) {
  let timer;
  const silence = new Promise((resolve) => (timer = setTimeout(resolve, SILENCE, { done: true })));
  const read = await Promise.race([reader.read(), silence]);
  clearTimeout(timer);
  return read;
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await readInTime(reader);
      if (done) return;
      // A carriage return at the very end may be the first half of a line's end.
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}
