/** Builds elements. Words from articles and models only ever enter the page here, as text nodes and attributes. */

/**
 * Make an element. Properties become attributes, except functions, which become event listeners. Children that are
 * strings become text; those that are null or undefined are left out.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown>} [properties]
 * @param {...unknown} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}, ...children) {
  return filled(document.createElement(name), properties, children);
}

/** Make a part of a drawing (SVG), as `element` does. */
export function shape(name, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), properties, children);
}

function filled(made, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, String(value));
  }
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return made;
}

/** Tell a screen reader what has just happened. */
export function announce(words) {
  document.getElementById("status").textContent = words;
}
