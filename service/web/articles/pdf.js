/** PDFs as pdf.js draws them (`vendor/pdfjs-dist`). No script of a file runs, and nothing is fetched for one. */

import { element } from "../common/dom.js";

const PDF_JS = "/static/vendor/pdfjs-dist/";
// A page may say that it is as large as a house.
const MOST_PIXELS = 16_000_000;
const LONGEST_SIDE = 16_000;
const OPTIONS = {
  cMapUrl: `${PDF_JS}cmaps/`,
  standardFontDataUrl: `${PDF_JS}standard_fonts/`,
  wasmUrl: `${PDF_JS}wasm/`,
  useWasm: false, // the Content-Security-Policy forbids it; the decoders are there as JavaScript, too
  enableXfa: false,
  disableWorkerRendering: true,
  maxImageSize: 60_000_000, // pixels, as where pictures are recognised
  canvasMaxAreaInBytes: 4 * MOST_PIXELS,
  verbosity: 0,
};
let loading = null;

/**
 * Open a PDF. `draw` makes a page, from 1, that is so many CSS pixels wide, with its text over it; `texts` are the parts of that
 * in the order of the file, and the element of each.
 */
export async function openPdf(bytes) {
  const pdfjs = await loaded();
  const task = pdfjs.getDocument({ ...OPTIONS, data: new Uint8Array(bytes) });
  try {
    const file = await task.promise;
    return { count: file.numPages, draw: async (number, width) => drawn(pdfjs, await file.getPage(number), width), close: () => task.destroy() };
  } catch (error) {
    task.destroy();
    throw error;
  }
}

/** How many of its pixels a canvas has for each of CSS, so that it is sharp and not too large. */
export function density({ width, height }) {
  return Math.min(window.devicePixelRatio, Math.sqrt(MOST_PIXELS / (width * height)), LONGEST_SIDE / Math.max(width, height));
}

/** @returns {Promise<typeof import("pdfjs-dist")>} */
async function loaded() {
  const address = `${PDF_JS}legacy/build/pdf.min.mjs`;
  loading ??= import(address).catch((error) => {
    loading = null;
    throw error;
  });
  const pdfjs = await loading;
  pdfjs.GlobalWorkerOptions.workerSrc = `${PDF_JS}legacy/build/pdf.worker.min.mjs`;
  return pdfjs;
}

/**
 * @param {typeof import("pdfjs-dist")} pdfjs
 * @param {import("pdfjs-dist").PDFPageProxy} page
 * @param {number} width
 */
async function drawn(pdfjs, page, width) {
  const scale = width / page.getViewport({ scale: 1 }).width;
  const viewport = page.getViewport({ scale });
  const dense = density(viewport);
  const canvas = element("canvas", { width: Math.floor(viewport.width * dense), height: Math.floor(viewport.height * dense) });
  const container = element("div", { class: "page-text" });
  container.style.setProperty("--total-scale-factor", String(scale));
  await page.render({ canvas, viewport, transform: [dense, 0, 0, dense, 0, 0] }).promise;
  const layer = new pdfjs.TextLayer({ textContentSource: page.streamTextContent(), container, viewport });
  await layer.render();
  const texts = layer.textContentItemsStr.map((text, number) => ({ text, element: layer.textDivs[number] }));
  return { canvas, layer: container, texts, height: viewport.height };
}
