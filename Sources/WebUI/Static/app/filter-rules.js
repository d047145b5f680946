// What the filters of the address mean: as a query for the API, and as a test for events that arrive live. No DOM.

import { store } from "./store.js";
import { dayKey, instantOf, shiftDay } from "./time.js";

export const filterNames = ["camera_id", "verdict_state", "label", "reviewed", "starred", "q", "when", "from", "to"];

/** Only known filters that are set. */
export function cleaned(filters) {
  return Object.fromEntries(filterNames.filter((name) => filters[name]).map((name) => [name, filters[name]]));
}

/** The zone that days and times of the filter are meant in: the chosen camera's site's, else the first site's. */
export function filterZone(filters) {
  const camera = store.cameras.get(filters.camera_id);
  return store.zoneOf(camera?.site_id ?? [...store.sites.keys()][0]);
}

/** `{from, to}` as instants; either may be missing. */
export function span(filters, now = Date.now()) {
  const zone = filterZone(filters);
  const today = dayKey(now, zone);
  switch (filters.when) {
    case "hour": return { from: new Date(now - 3600e3).toISOString() };
    case "today": return { from: instantOf(today, zone) };
    case "yesterday": return { from: instantOf(shiftDay(today, -1), zone), to: instantOf(today, zone) };
    case "week": return { from: instantOf(shiftDay(today, -6), zone) };
    case "custom": return { from: filters.from && instantOf(filters.from, zone), to: filters.to && instantOf(filters.to, zone) };
    default: return {};
  }
}

/** The query of `GET /v1/events`. */
export function apiQuery(filters) {
  const { camera_id, verdict_state, label, reviewed, starred, q } = filters;
  return { camera_id, verdict_state, label: label?.trim().toLowerCase(), reviewed, starred, q: q?.trim(), ...span(filters) };
}

/** Whether a live event belongs to the list, by the same rules as the server's. */
export function matches(event, filters) {
  const { camera_id, verdict_state, label, reviewed, starred, q } = filters;
  if (camera_id && event.camera_id !== camera_id) return false;
  if (verdict_state && event.verdict?.state !== verdict_state) return false;
  if (label && !(event.verdict?.labels ?? []).includes(label.trim().toLowerCase())) return false;
  if (reviewed && String(Boolean(event.reviewed)) !== reviewed) return false;
  if (starred && String(Boolean(event.starred)) !== starred) return false;
  if (q?.trim()) {
    const text = [event.camera_name, event.verdict?.summary, event.verdict?.reason, event.note].join("\n").toLowerCase();
    if (!q.trim().toLowerCase().split(/\s+/).every((word) => text.includes(word))) return false;
  }
  const { from, to } = span(filters);
  const at = new Date(event.triggered_at).getTime();
  if (from && at < new Date(from).getTime()) return false;
  return !(to && at >= new Date(to).getTime());
}

/** Newest first: by trigger, then by id. */
export function newer(a, b) {
  if (a.triggered_at !== b.triggered_at) return a.triggered_at > b.triggered_at ? -1 : 1;
  return a.id > b.id ? -1 : a.id < b.id ? 1 : 0;
}
