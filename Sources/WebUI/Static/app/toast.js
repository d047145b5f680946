// Short messages at the bottom. Errors stay until dismissed or 12 s; the rest 4 s.

import { h, iconButton } from "./dom.js";
import { whatToDo } from "./words.js";

const region = () => document.getElementById("toasts");
const shown = new Map();

/** Puts the region into the topmost open dialog, since everything behind a modal one is out of reach. */
export function rehome() {
  const dialogs = [...document.querySelectorAll("dialog[open]")];
  const home = dialogs.at(-1) ?? document.body;
  if (region().parentElement !== home) home.append(region());
}

/** Shows a message; `action` is `{label, run}`. The same text is not shown twice at once. */
export function toast(text, { kind = "info", action } = {}) {
  rehome();
  shown.get(text)?.();
  const node = h("div", { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : "status" },
    h("span", { class: "toast-text" }, text),
    action && h("button", { type: "button", class: "button small", onClick: () => { close(); action.run(); } }, action.label),
    iconButton("close", "Dismiss", () => close(), "plain"));
  const timer = setTimeout(() => close(), kind === "error" ? 12000 : 4000);
  const close = () => {
    clearTimeout(timer);
    node.remove();
    shown.delete(text);
  };
  shown.set(text, close);
  region().append(node);
  while (region().children.length > 4) region().firstElementChild.remove();
}

/** Tells of a failed call. `what` is what was tried: "The camera was not saved." */
export function toastProblem(what, problem) {
  if (problem?.kind === "unauthorized" || problem?.name === "AbortError") return;
  toast(`${what} ${whatToDo(problem)}`, { kind: "error" });
}
