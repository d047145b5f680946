// What a person does to an event. Shown at once, taken back when the server refuses.

import { api } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { store } from "./store.js";
import { toast, toastProblem } from "./toast.js";

async function change(id, patch, failed) {
  const before = store.events.get(id);
  if (!before) return false;
  store.putEvent({ ...before, ...patch });
  try {
    store.putEvent(await api.updateEvent(id, patch));
    return true;
  } catch (problem) {
    const now = store.events.get(id) ?? before;
    store.putEvent({ ...now, ...Object.fromEntries(Object.keys(patch).map((name) => [name, before[name]])) });
    if (problem.kind === "not-found") store.removeEvent(id);
    toastProblem(failed, problem);
    return false;
  }
}

export const toggleReviewed = (id) =>
  change(id, { reviewed: !store.events.get(id)?.reviewed }, "The event was not marked.");

export const toggleStarred = (id) =>
  change(id, { starred: !store.events.get(id)?.starred }, "The star was not changed.");

/** Saves a note; an empty one is none. */
export const saveNote = (id, text) => change(id, { note: text.trim() || null }, "The note was not saved.");

/** Deletes an event and its clip after asking; resolves to whether it is gone. */
export async function deleteEvent(id) {
  const event = store.events.get(id);
  const sure = await confirmDialog({
    title: "Delete this event?", action: "Delete for good",
    text: `Its clip, pictures and verdicts are deleted for good.${event?.starred ? " It is starred." : ""}`,
  });
  if (!sure) return false;
  try {
    await api.removeEvent(id);
    store.removeEvent(id);
    toast("The event is deleted.");
    return true;
  } catch (problem) {
    if (problem.kind === "not-found") store.removeEvent(id);
    toastProblem("The event was not deleted.", problem);
    return false;
  }
}
