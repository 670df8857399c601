/** Uploading files: which, for whom, how far each has come and what is wrong with it; and the list of what was uploaded. */

import { deleteUpload, getCollections, listUploads, syncSources } from "../calls/api.js";
import { sendForm } from "../calls/calls.js";
import { articleLink } from "../articles/articles.js";
import { deleteButton } from "../common/deleting.js";
import { announce, element } from "../common/dom.js";
import { droppedFiles } from "./dropping.js";

const ENTRANCE = "/api/upload";

/** The form. `onDone()` is called once files were uploaded and read. */
export function uploadForm(onDone) {
  const chosen = new Map(); // path -> { file, row, say, progress }
  const rows = element("ul", { class: "contents uploading" });
  const add = (files) => {
    for (const { path, file } of files) {
      chosen.get(path)?.row.remove();
      const entry = fileRow(path, file, () => drop(path));
      chosen.set(path, entry);
      rows.append(entry.row);
    }
    send.disabled = chosen.size === 0;
    announce(`${chosen.size} chosen`);
  };
  const drop = (path) => {
    chosen.get(path).row.remove();
    chosen.delete(path);
    send.disabled = chosen.size === 0;
    announce(`${path} is left out`);
    zone.querySelector("button").focus();
  };
  const zone = dropZone(add);
  const wrong = element("p", { class: "wrong", role: "alert" });
  const send = element("button", { type: "submit", class: "firm", disabled: "" }, "Upload");
  const form = element("form", { class: "upload" }, zone, rows, readersField(), collectionsField(), wrong, element("p", {}, send));
  form.addEventListener("change", () => (wrong.textContent = ""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const readers = readersIn(form);
    wrong.textContent = readers.problem ?? "";
    if ("problem" in readers) return;
    send.disabled = true;
    await uploadAll(chosen, readers);
    await onDone();
  });
  return form;
}

/** What was uploaded, for the page. */
export async function uploadList(again) {
  const { files, bytes } = await listUploads();
  if (!files.length) return [];
  const faults = files.filter(({ problem }) => problem).length;
  const words = `Uploaded files: ${files.length.toLocaleString("en-GB")}, ${size(bytes)}${faults ? `, ${faults} not read` : ""}`;
  const rows = files.map((file) => uploadedRow(file, again));
  return [element("details", { class: "uploaded" }, element("summary", {}, words), element("ul", { class: "contents" }, rows))];
}

function uploadedRow(file, again) {
  const { path, articles, groups, collections, problem } = file;
  const named = articles.length ? articleLink({ id: articles[0] }, path, null) : element("span", { dir: "auto" }, path);
  const facts = [size(file.bytes), groups === null ? "everyone" : groups.join(", ") || "nobody", collections.join(", "), file.by];
  const button = deleteButton({
    what: "the file",
    title: path,
    consequence: "It is gone for good, and so are its articles.",
    remove: () => deleteUpload(path),
    onDeleted: again,
  });
  const wrong = problem ? element("p", { class: "wrong", dir: "auto" }, problem) : null;
  return element("li", {}, named, element("span", { class: "contents-facts", dir: "auto" }, facts.filter(Boolean).join(" · "), " · ", button), wrong);
}

function dropZone(add) {
  const picker = (attributes) => {
    const change = ({ currentTarget: input }) => {
      add([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
      input.value = "";
    };
    return element("input", { type: "file", multiple: "", hidden: true, tabindex: "-1", change, ...attributes });
  };
  const files = picker({ "aria-label": "Files" });
  const folder = picker({ webkitdirectory: "", "aria-label": "Folder" });
  const button = (words, input) => element("button", { type: "button", class: "quiet", click: () => input.click() }, words);
  const over = (event) => {
    event.preventDefault();
    zone.classList.add("over");
  };
  const out = () => zone.classList.remove("over");
  const onDrop = async (event) => {
    event.preventDefault();
    out();
    add(await droppedFiles(event.dataTransfer));
  };
  const words = element("p", {}, "Drop files or a folder here, or ");
  words.append(button("choose files", files), " or ", button("choose a folder", folder), ".");
  const zone = element("div", { class: "drop-zone", dragover: over, dragleave: out, drop: onDrop }, words, files, folder);
  return zone;
}

function fileRow(path, file, leaveOut) {
  const state = element("span", { class: "contents-facts" }, size(file.size));
  const progress = element("progress", { max: 1, value: 0, hidden: true, "aria-label": `Progress of ${path}` });
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Leave out ${path}`, click: leaveOut }, "Leave out");
  const row = element("li", {}, element("span", { dir: "auto" }, path), progress, state, button);
  const say = (words, kind = "contents-facts") => {
    state.className = kind;
    state.textContent = words;
  };
  return { file, row, say, progress, button };
}

function readersField() {
  const radio = (value, words) =>
    element("label", { class: "choice" }, element("input", { type: "radio", name: "readers", value, required: "" }), words);
  const groups = element("input", { type: "text", name: "groups", id: "upload-groups", autocomplete: "off", placeholder: "staff, board" });
  groups.addEventListener("input", () => (groups.form.elements["readers"].value = "groups"));
  const label = element("label", { class: "unseen", for: "upload-groups" }, "Groups, separated by commas");
  return element(
    "fieldset",
    {},
    element("legend", { class: "overline" }, "Who may read them"),
    radio("everyone", "Everyone"),
    radio("groups", "Only these groups"),
    label,
    groups,
  );
}

function collectionsField() {
  const known = element("datalist", { id: "known-collections" });
  getCollections().then(
    ({ collections }) => known.append(...collections.map(({ name }) => element("option", { value: name }))),
    (error) => console.error(error), // they can be typed all the same
  );
  const field = element("input", { type: "text", name: "collections", id: "upload-collections", autocomplete: "off", list: known.id });
  return element("p", {}, element("label", { class: "overline", for: field.id }, "Collections, separated by commas"), field, known);
}

function readersIn(form) {
  const { readers, groups, collections } = form.elements;
  const named = names(groups.value);
  if (readers.value === "groups" && !named.length) return { problem: "Name at least one group." };
  const chosen = readers.value === "everyone" ? [["everyone", "true"]] : named.map((name) => ["groups", name]);
  return { fields: [...chosen, ...names(collections.value).map((name) => ["collections", name])] };
}

function names(written) {
  return written.split(",").map((name) => name.trim()).filter(Boolean);
}

/** Send one file after the other, then have them read, and say with each what became of it. Those that are in leave the list. */
async function uploadAll(chosen, { fields }) {
  const sent = [];
  for (const [path, entry] of chosen) {
    entry.button.remove();
    if (await sendOne(path, entry, fields)) sent.push(path);
  }
  const rows = new Map(chosen);
  chosen.clear();
  if (!sent.length) return;
  announce("All files are sent and are being read.");
  const states = await readAll().catch((error) => error);
  for (const path of sent) {
    const found = states instanceof Map ? states.get(path) : null;
    if (found?.articles.length && !found.problem) rows.get(path).say("in the index");
    else rows.get(path).say(found?.problem ?? states.message ?? "was not read; see the notes of the source below", "wrong");
  }
  announce("The files were read.");
}

async function sendOne(path, { file, say, progress }, fields) {
  const form = new FormData();
  for (const [name, value] of [...fields, ["sync", "false"]]) form.append(name, value);
  form.append("files", file, path);
  progress.hidden = false;
  try {
    const { files } = await sendForm(ENTRANCE, form, (share) => (progress.value = share));
    if (files[0].problem) throw new Error(files[0].problem);
    say("sent; is being read");
    return true;
  } catch (error) {
    say(error.message, "wrong");
    return false;
  } finally {
    progress.hidden = true;
  }
}

async function readAll() {
  await syncSources(["uploads"]);
  const { files } = await listUploads();
  return new Map(files.map((file) => [file.path, file]));
}

function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = bytes ? Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1) : 0;
  return `${(bytes / 1000 ** power).toLocaleString("en-GB", { maximumFractionDigits: power ? 1 : 0 })} ${units[power]}`;
}
