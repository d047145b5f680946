// Addresses: "#/" the list, "#/events/<id>" the player, "#/cameras/<id>" a camera; "?…" after them are the filters.
// The address is the only place where filters and the open event are kept, so links and the back button work.

const listeners = new Set();
let depth = 0;

/** What the address says: `{page: "list" | "event" | "camera", id, filters}`. */
export function route() {
  const [path, search = ""] = location.hash.replace(/^#/, "").split("?");
  const [, collection, id] = path.split("/");
  const filters = Object.fromEntries(new URLSearchParams(search));
  if (collection === "events" && id) return { page: "event", id: decodeURIComponent(id), filters };
  if (collection === "cameras" && id) return { page: "camera", id: decodeURIComponent(id), filters };
  return { page: "list", id: null, filters };
}

export function addressOf({ page = "list", id = null, filters = {} }) {
  const search = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== "" && value != null)).toString();
  const path = page === "event" ? `/events/${encodeURIComponent(id)}` : page === "camera" ? `/cameras/${encodeURIComponent(id)}` : "/";
  return `#${path}${search ? `?${search}` : ""}`;
}

/** Goes to another address; `replace` leaves no step for the back button. */
export function go(target, { replace = false } = {}) {
  const address = addressOf({ ...route(), ...target });
  if (address === (location.hash || "#/")) return;
  if (replace) {
    history.replaceState(history.state, "", address);
  } else {
    depth += 1;
    history.pushState({ depth }, "", address);
  }
  tell();
}

/** Closes what is open: back to the list the person came from, or to a fresh one after a deep link. */
export function leave() {
  if (route().page === "list") return;
  if (history.state?.depth) history.back();
  else go({ page: "list", id: null }, { replace: true });
}

export function onRoute(listener) {
  listeners.add(listener);
}

function tell() {
  for (const listener of listeners) listener(route());
}

addEventListener("popstate", tell);
