// Building DOM without markup. All text goes in as text nodes: what a model or a camera wrote can never become an element.

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an element. `props`: `class`, `on…` listeners, `dataset`, `hidden` and other properties, else attributes. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (typeof value === "boolean" && name in element) element[name] = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

/** Appends nodes and texts; skips null, undefined and false, so that `condition && node` works. */
export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Replaces all children. */
export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/** An icon of icons.svg; decorative unless the control around it has a label. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svgNamespace, "use");
  use.setAttribute("href", `/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** An SVG element with attributes. */
export function s(tag, attributes = {}) {
  const element = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** A button with an icon; `label` is its accessible name and tooltip. */
export function iconButton(name, label, onClick, extra = "") {
  return h("button", { type: "button", class: `button icon-button ${extra}`.trim(), "aria-label": label, title: label,
    onClick }, icon(name));
}

/** Sets text only where it differs, so that screen readers and selections are left in peace. */
export function setText(element, text) {
  const wanted = text ?? "";
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Whether the person asked for less movement. */
export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
