// Files to keep: a camera's time or an event, made by the server in the background.

import { api } from "./api.js";
import { h, fill, icon } from "./dom.js";
import { openDialog } from "./dialog.js";
import { store } from "./store.js";
import { clock, dateAndClock } from "./time.js";
import { toastProblem } from "./toast.js";
import { bytes, percent } from "./words.js";

// Nothing announces an export's progress; it is asked for while the dialog is open and one is being made.
const everyMilliseconds = 2000;

const stateWords = {
  pending: "Waiting", running: "Being made", ready: "Ready", failed: "Failed", cancelled: "Cancelled", expired: "Gone: its time is over",
};

/** Asks for a file and shows what becomes of it. `body` is that of `POST /v1/exports`. */
export async function requestExport(body) {
  try {
    const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    await api.createExport(body, key);
  } catch (problem) {
    toastProblem("The file is not made.", problem);
    return;
  }
  openExports();
}

/** The files that were asked for, newest first. */
export function openExports() {
  const list = h("ul", { class: "plain-list export-list" });
  const note = h("p", { class: "hint", role: "status" });
  let timer = null;
  let isOpen = true;
  openDialog({
    title: "Exported files", className: "dialog-small", content: h("div", { class: "dialog-body" }, list, note),
    onClose: () => {
      isOpen = false;
      clearTimeout(timer);
    },
  });
  const refresh = async () => {
    clearTimeout(timer);
    try {
      const { items } = await api.exports();
      if (!isOpen) return;
      note.textContent = items.length === 0 ? "None yet. A camera's recording and an event's details have a button for it." : "";
      fill(list, items.map((each) => row(each, refresh)));
      if (items.some((each) => ["pending", "running"].includes(each.state))) timer = setTimeout(refresh, everyMilliseconds);
    } catch (problem) {
      if (!isOpen) return;
      toastProblem("The exported files could not be read.", problem);
      timer = setTimeout(refresh, everyMilliseconds * 5);
    }
  };
  refresh();
}

function row(item, refresh) {
  const camera = store.cameras.get(item.camera_id);
  const zone = store.zoneOf(camera?.site_id);
  const what = item.event_ids
    ? item.event_ids.length === 1 ? "One event" : `${item.event_ids.length} events`
    : `${camera?.name ?? "A camera"}, ${dateAndClock(item.from, zone)} – ${clock(item.to, zone)}`;
  const state = item.state === "running" ? `${stateWords.running}: ${percent(item.progress)}` : stateWords[item.state] ?? item.state;
  return h("li", {}, h("strong", {}, what),
    h("p", { class: item.error ? "warn-text" : "hint" }, [item.format.toUpperCase(), state, item.error,
      item.size_bytes && bytes(item.size_bytes), item.state === "ready" && `until ${dateAndClock(item.expires_at, zone)}`].filter(Boolean).join(" · ")),
    h("div", { class: "export-actions" },
      item.state === "ready" && h("a", { class: "button primary", href: item.url, download: item.file_name }, icon("download"), "Download"),
      h("button", { type: "button", class: "button danger-quiet", onClick: async () => {
        try {
          await api.removeExport(item.id);
        } catch (problem) {
          toastProblem("The file was not deleted.", problem);
        }
        refresh();
      } }, icon("trash"), ["pending", "running"].includes(item.state) ? "Cancel" : "Delete")));
}
