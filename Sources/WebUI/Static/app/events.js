// The list of events: pages by cursor while scrolling, live ones on top, or held back while the reader is further down.

import { api } from "./api.js";
import { EventDays } from "./event-days.js";
import { apiQuery, cleaned, matches } from "./filter-rules.js";
import { h, fill, icon, reducedMotion } from "./dom.js";
import { store } from "./store.js";
import { whatToDo } from "./words.js";

const pageSize = 48;

export class EventList {
  #days = new EventDays();
  #filters = {};
  #cursor = null;
  #controller = null;
  #loading = false;
  #failed = false;
  #held = new Set();
  #foot = h("div", { class: "list-foot", "aria-live": "polite" });
  #empty = h("div", { class: "empty", hidden: true });
  #pill = h("button", { type: "button", class: "pill", hidden: true, onClick: () => this.#release() });
  #onClear;

  constructor({ onClear }) {
    this.#onClear = onClear;
    this.element = h("div", { class: "event-list" }, this.#pill, this.#days.element, this.#empty, this.#foot);
    store.on("event", ({ event, live }) => this.#arrived(event, live));
    store.on("event-removed", (id) => this.#gone(id));
    store.on("cameras", () => this.#showEmpty());
    store.on("sites", () => this.#days.size > 0 && this.load(this.#filters));
    new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && !this.#failed && this.more(),
      { rootMargin: "900px" }).observe(this.#foot);
    addEventListener("scroll", () => this.#held.size > 0 && this.#atTop() && this.#release(), { passive: true });
    setInterval(() => document.visibilityState === "visible" && this.#days.tick(), 15000);
  }

  /** Starts anew with these filters. */
  async load(filters) {
    this.#controller?.abort();
    this.#controller = new AbortController();
    this.#filters = cleaned(filters);
    this.#cursor = null;
    this.#held.clear();
    this.#showPill();
    this.#loading = false;
    this.#days.clear();
    this.#empty.hidden = true;
    this.#days.element.append(skeletons());
    await this.#page();
  }

  /** The next page, if there is one. */
  async more() {
    if (this.#loading || !this.#cursor) return false;
    return this.#page();
  }

  async #page() {
    const { signal } = this.#controller;
    this.#loading = true;
    this.#failed = false;
    fill(this.#foot, this.#days.size > 0 && h("span", { class: "hint" }, "Loading older events…"));
    try {
      const page = await api.events({ ...apiQuery(this.#filters), limit: pageSize, cursor: this.#cursor }, signal);
      if (signal.aborted) return false;
      this.#days.element.querySelector(".skeletons")?.remove();
      this.#cursor = page.next_cursor ?? null;
      for (const event of page.items) {
        this.#days.put(event);
        store.putEvent(event);
      }
      fill(this.#foot, !this.#cursor && this.#days.size > 12 && h("span", { class: "hint" }, "That is all of them."));
      return page.items.length > 0;
    } catch (problem) {
      if (signal.aborted) return false;
      this.#failed = true;
      this.#days.element.querySelector(".skeletons")?.remove();
      fill(this.#foot, h("p", { class: "warn-text" }, `The events could not be read. ${whatToDo(problem)}`),
        h("button", { type: "button", class: "button", onClick: () => this.#retry() }, "Try again"));
      return false;
    } finally {
      if (!signal.aborted) {
        this.#loading = false;
        this.#showEmpty();
      }
    }
  }

  #retry() {
    return this.#days.size > 0 ? this.#page() : this.load(this.#filters);
  }

  /** After an interruption: fetches what was missed; starts anew where the gap is longer than a page. */
  async catchUp() {
    if (this.#loading) return;
    if (this.#failed || this.#days.size === 0) {
      await this.load(this.#filters);
      return;
    }
    const { signal } = this.#controller;
    try {
      const page = await api.events({ ...apiQuery(this.#filters), limit: pageSize }, signal);
      if (signal.aborted) return;
      if (page.next_cursor && !page.items.some((each) => this.#days.has(each.id))) await this.load(this.#filters);
      else for (const event of page.items) store.putEvent(event, { live: true });
    } catch {
      // The stream's next return tries again.
    }
  }

  #arrived(event, live) {
    if (this.#days.has(event.id)) {
      // Changed ones stay where they are, even if they match no longer: nothing vanishes under the reader's hand.
      this.#days.put(event);
      return;
    }
    if (!live || event.state === "deleting" || !matches(event, this.#filters)) return;
    if (this.#atTop()) this.#days.put(event, { fresh: true });
    else this.#held.add(event.id);
    this.#showPill();
    this.#showEmpty();
  }

  #gone(id) {
    this.#held.delete(id);
    this.#days.remove(id);
    this.#showPill();
    this.#showEmpty();
  }

  #atTop() {
    return this.element.getBoundingClientRect().top > -40;
  }

  #release() {
    const events = [...this.#held].map((id) => store.events.get(id)).filter(Boolean);
    this.#held.clear();
    this.#showPill();
    for (const event of events) this.#days.put(event, { fresh: true });
    if (!this.#atTop()) {
      document.getElementById("events").scrollIntoView({ behavior: reducedMotion() ? "auto" : "smooth", block: "start" });
    }
  }

  #showPill() {
    const count = this.#held.size;
    this.#pill.hidden = count === 0;
    if (count > 0) fill(this.#pill, icon("up"), count === 1 ? "1 new event" : `${count} new events`);
  }

  #showEmpty() {
    const none = this.#days.size === 0 && !this.#loading && !this.#failed && this.#held.size === 0
      && !this.#days.element.querySelector(".skeletons");
    this.#empty.hidden = !none;
    if (!none) return;
    if (Object.keys(this.#filters).length > 0) {
      fill(this.#empty, icon("filter"), h("h3", {}, "No event matches"), h("p", {}, "Loosen the filters, or look at all events."),
        h("button", { type: "button", class: "button primary", onClick: this.#onClear }, "Clear filters"));
      return;
    }
    const online = [...store.cameras.values()].filter((each) => each.status?.state === "online").length;
    const watching = online === 0 ? "As soon as a camera is online, every movement in front of it becomes a clip here."
      : `Vedette is watching ${online === 1 ? "one camera" : `${online} cameras`}. When something moves, a clip with its verdict appears here by itself: walk past a camera to try it.`;
    fill(this.#empty, icon("film"), h("h3", {}, "No events yet"), h("p", {}, watching));
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  order() {
    return this.#days.order();
  }

  card(id) {
    return this.#days.card(id);
  }

  /** The id `steps` further down (older) or up from `id`, fetching another page where needed; null at the ends. */
  async neighbour(id, steps) {
    let order = this.order();
    const at = order.indexOf(id);
    if (at < 0) return null;
    if (at + steps >= order.length && await this.more()) order = this.order();
    return order[at + steps] ?? null;
  }
}

const skeletons = () => h("div", { class: "event-grid skeletons", "aria-hidden": "true" }, Array.from({ length: 8 }, () =>
  h("div", { class: "event skeleton" }, h("div", { class: "event-thumb" }), h("div", { class: "event-text" },
    h("span", { class: "line" }), h("span", { class: "line short" })))));
