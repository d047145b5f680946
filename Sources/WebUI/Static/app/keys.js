// Keyboard: one listener, one table, so that the help overlay always tells what is true.

import { h } from "./dom.js";
import { openDialog } from "./dialog.js";

const help = [
  ["In the list", [
    ["j", "k", "next and previous event (arrow keys too)"],
    ["Enter", "open the event"],
    ["r", "mark as reviewed, or not"],
    ["s", "star, or not"],
    ["/", "search"],
    ["c", "add a camera"],
  ]],
  ["In the player", [
    ["Space", "play and pause"],
    ["←", "→", "5 seconds back and forward"],
    [",", ".", "one picture back and forward"],
    ["j", "k", "older and newer event"],
    ["r", "s", "reviewed, star"],
    ["b", "motion boxes on and off"],
    ["f", "full screen"],
    ["Esc", "close"],
  ]],
  ["Anywhere", [
    ["t", "theme: as the system, light, dark"],
    ["?", "this help"],
  ]],
];

const scopes = [];

/** Adds handlers `{key: (event) => false | void}`; returning false means "not mine". The newest scope is asked first. */
export function pushKeys(handlers) {
  scopes.push(handlers);
  return () => {
    const at = scopes.indexOf(handlers);
    if (at >= 0) scopes.splice(at, 1);
  };
}

function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
  if (typing(event.target)) return;
  const dialogs = document.querySelectorAll("dialog[open]");
  const top = dialogs[dialogs.length - 1];
  for (const scope of [...scopes].reverse()) {
    if (top && scope.dialog !== top) continue;
    const handler = scope[event.key];
    if (handler && handler(event) !== false) {
      event.preventDefault();
      return;
    }
  }
});

let open = false;

export function showHelp() {
  if (open) return;
  open = true;
  openDialog({
    title: "Keyboard", className: "dialog-help", onClose: () => { open = false; },
    content: h("div", { class: "dialog-body help" }, help.map(([title, rows]) => h("section", {},
      h("h3", {}, title),
      h("dl", {}, rows.map((row) => [
        h("dt", {}, row.slice(0, -1).map((key) => h("kbd", {}, key))),
        h("dd", {}, row.at(-1)),
      ]))))),
  });
}
