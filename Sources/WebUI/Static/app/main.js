// Puts the page together: session, what is shown, the stream, the address.

import { api, onApi, renew } from "./api.js";
import { makeBanner } from "./banner.js";
import { showCamera } from "./camera-view.js";
import { Cameras } from "./cameras.js";
import { h, fill } from "./dom.js";
import { EventList } from "./events.js";
import { cleaned } from "./filter-rules.js";
import { FilterBar } from "./filters.js";
import { makeHeader } from "./header.js";
import { listKeys } from "./list-keys.js";
import { showEvent } from "./player.js";
import { go, onRoute, route } from "./router.js";
import { signIn } from "./signin.js";
import { EventStream } from "./sse.js";
import { store } from "./store.js";
import { zoneNote } from "./time.js";
import { toastProblem } from "./toast.js";

const main = document.getElementById("main");
let shell = null;
let signingIn = false;
let shownFilters = null;
let unseen = 0;
let renewal = null;

const stream = new EventStream("/v1/events/stream", {
  onEvent(name, value) {
    if (name === "event" && value?.id) {
      if (value.state === "deleting") {
        store.removeEvent(value.id);
        return;
      }
      if (!store.events.has(value.id) && document.visibilityState !== "visible") countUnseen(unseen + 1);
      store.putEvent(value, { live: true });
    } else if (name === "deleted" && value?.id) {
      store.removeEvent(value.id);
    }
  },
  onState(state, status) {
    const was = store.connection;
    store.setConnection(state);
    if (state === "live" && was === "reconnecting") {
      shell?.list.catchUp();
      shell?.cameras.refresh();
      loadOnce();
    }
    if (status === 401) needSession();
  },
});

const header = makeHeader(document.getElementById("header"), { onSignOut: signOut });
makeBanner(document.getElementById("banner"), () => {
  stream.nudge();
  if (!shell) boot();
});
onApi("unauthorized", needSession);

function countUnseen(count) {
  unseen = count;
  document.title = count > 0 ? `(${count}) Vedette` : "Vedette";
}

/** Sites and judges: they change seldom. */
async function loadOnce() {
  const [sites, analyzers] = await Promise.allSettled([api.sites(), api.analyzers()]);
  if (sites.status === "fulfilled") store.setSites(sites.value);
  else toastProblem("The sites could not be read; times are shown in this device's zone.", sites.reason);
  if (analyzers.status === "fulfilled") store.setAnalyzers(analyzers.value.items);
}

function build() {
  const list = new EventList({ onClear: () => filters.clear() });
  const filters = new FilterBar();
  const cameras = new Cameras();
  const zoneHint = h("span", { class: "hint" });
  const tellZone = () => {
    const [site, ...others] = store.sites.values();
    const note = site && others.length === 0 ? zoneNote(Date.now(), site.time_zone) : "";
    zoneHint.textContent = note && `Times of ${site.time_zone.replaceAll("_", " ")} (${note})`;
  };
  store.on("sites", tellZone);
  tellZone();
  fill(main, cameras.element,
    h("section", { class: "events", id: "events", "aria-labelledby": "events-heading" },
      h("div", { class: "section-head" }, h("h2", { id: "events-heading", tabindex: "-1" }, "Events"), zoneHint),
      filters.element, list.element));
  shell = { list, filters, cameras };
  listKeys({ list, filters, changeTheme: header.changeTheme });
}

/** Brings the page to what the address says. */
function follow() {
  if (!shell) return;
  const { page, id, filters } = route();
  const key = JSON.stringify(cleaned(filters));
  if (key !== shownFilters) {
    shownFilters = key;
    shell.filters.draw(filters);
    shell.list.load(filters);
  }
  showCamera(page === "camera" ? id : null);
  showEvent(page === "event" ? id : null, { list: shell.list, changeTheme: header.changeTheme });
}

async function boot() {
  try {
    await api.me();
  } catch (problem) {
    // Said already, and the sign-in shown.
    if (problem.status === 401) return;
    fill(main, h("div", { class: "empty" }, h("h2", {}, "Vedette does not answer"),
      h("p", {}, problem.message), h("button", { type: "button", class: "button primary", onClick: boot }, "Try again")));
    return;
  }
  await loadOnce();
  if (!shell) build();
  shownFilters = null;
  follow();
  shell.cameras.start();
  stream.start();
  // Pictures and clips are asked for by elements, which cannot renew a session; so it is done before it runs out.
  renewal ??= setInterval(renew, 30 * 60 * 1000);
}

async function needSession() {
  if (signingIn) return;
  signingIn = true;
  stream.stop();
  shell?.cameras.stop();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  shell = null;
  store.setAnalyzers(null);
  await signIn(main);
  signingIn = false;
  location.reload();
}

async function signOut() {
  try {
    await api.logout();
  } catch (problem) {
    toastProblem("You are still signed in.", problem);
    return;
  }
  go({ page: "list", id: null, filters: {} }, { replace: true });
  location.reload();
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && countUnseen(0));
onRoute(follow);
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name !== "AbortError") toastProblem("Something went wrong.", event.reason);
});
boot();
