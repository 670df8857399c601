/** The files of what is dropped on the page, also those within folders. */

const MOST = 10_000;

/** The files, each with its path from the folder that was dropped. Hidden ones are left out. */
export async function droppedFiles(transfer) {
  // All entries are taken at once: after the first wait, the browser gives none any more.
  const waiting = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const files = [];
  while (waiting.length && files.length < MOST) {
    const entry = waiting.shift();
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) waiting.push(...(await entriesOf(entry)));
    else files.push({ path: entry.fullPath.replace(/^\//, ""), file: await new Promise((done, fail) => entry.file(done, fail)) });
  }
  return files;
}

/** All entries of a folder, of which the browser gives a hundred at a time. */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return entries;
    entries.push(...some);
  }
}
