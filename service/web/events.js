/** Server-sent events from the body of a response, for `EventSource` cannot send a question. */

/** Yield `{event, data}` for each event, as the HTML standard reads a stream. One that is cut off is left out. */
export async function* eventsOf(body) {
  let event = "message";
  let data = [];
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (data.length) yield { event, data: data.join("\n") };
      event = "message";
      data = [];
      continue;
    }
    const { name, value } = fieldOf(line);
    if (name === "event") event = value;
    if (name === "data") data.push(value);
  }
}

function fieldOf(line) {
  const colon = line.indexOf(":");
  if (colon < 0) return { name: line, value: "" };
  return { name: line.slice(0, colon), value: line.slice(colon + (line[colon + 1] === " " ? 2 : 1)) };
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
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
