// Modal dialogs over the native element: focus stays inside, Esc closes, focus returns to where it was.

import { h, iconButton } from "./dom.js";
import { rehome } from "./toast.js";

/** Opens a dialog with a title bar; `tools` stand before its close button. Returns `{element, heading, close}`; `onClose` runs once, however it was closed. */
export function openDialog({ title, content, className = "", tools = [], onClose }) {
  const returnTo = document.activeElement;
  const heading = h("h2", { class: "dialog-title", tabindex: "-1", id: `dialog-${Math.random().toString(36).slice(2)}` }, title);
  const element = h("dialog", { class: `dialog ${className}`, "aria-labelledby": heading.id },
    h("div", { class: "dialog-head" }, heading, tools, iconButton("close", "Close (Esc)", () => element.close(), "plain")),
    content);
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close();
  });
  element.addEventListener("close", () => {
    onClose?.();
    rehomeAfter(element);
    if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  }, { once: true });
  document.body.append(element);
  // Focus begins at the title, so that it is read first and no button looks chosen; forms begin at their first field.
  if (!element.querySelector("[autofocus]")) heading.setAttribute("autofocus", "");
  element.showModal();
  rehome();
  return { element, heading, close: () => element.open && element.close() };
}

function rehomeAfter(element) {
  const toasts = element.querySelector("#toasts");
  if (toasts) document.body.append(toasts);
  element.remove();
  rehome();
}

/** Asks before something that cannot be undone; resolves to true or false. */
export function confirmDialog({ title, text, action }) {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = openDialog({
      title, className: "dialog-small", onClose: () => resolve(answer),
      content: h("div", { class: "dialog-body" },
        h("p", {}, text),
        h("div", { class: "dialog-actions" },
          h("button", { type: "button", class: "button", onClick: () => dialog.close(), autofocus: "" }, "Keep it"),
          h("button", { type: "button", class: "button danger", onClick: () => { answer = true; dialog.close(); } }, action))),
    });
  });
}
