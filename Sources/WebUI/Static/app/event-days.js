// Cards under headings of days, newest first. Keeps the DOM in order; knows nothing of calls or filters.

import { h, setText } from "./dom.js";
import { EventCard } from "./event-card.js";
import { newer } from "./filter-rules.js";
import { store } from "./store.js";
import { dayKey, dayName } from "./time.js";

export class EventDays {
  element = h("div", { class: "days" });
  #cards = new Map();
  #days = new Map();

  get size() {
    return this.#cards.size;
  }

  has(id) {
    return this.#cards.has(id);
  }

  card(id) {
    return this.#cards.get(id);
  }

  /** Ids in the order in which they are shown. */
  order() {
    return [...this.element.querySelectorAll(".event")].map((each) => each.dataset.id);
  }

  clear() {
    this.#cards.clear();
    this.#days.clear();
    this.element.replaceChildren();
  }

  /** Adds or updates; `fresh` lets a new card appear with a short highlight. */
  put(event, { fresh = false } = {}) {
    const known = this.#cards.get(event.id);
    if (known) {
      known.update(event);
      return;
    }
    const card = new EventCard(event);
    if (fresh) card.element.classList.add("fresh");
    this.#cards.set(event.id, card);
    const day = this.#day(event);
    const { list } = day;
    const last = list.lastElementChild;
    if (!last || newer(this.#eventOf(last), event) < 0) {
      list.append(card.element);
    } else {
      const after = [...list.children].find((each) => newer(event, this.#eventOf(each)) < 0);
      list.insertBefore(card.element, after ?? null);
    }
    this.#count(day);
  }

  remove(id) {
    const card = this.#cards.get(id);
    if (!card) return;
    this.#cards.delete(id);
    const section = card.element.closest("section");
    card.element.remove();
    const day = this.#days.get(section.dataset.day);
    if (day.list.children.length > 0) {
      this.#count(day);
      return;
    }
    this.#days.delete(section.dataset.day);
    section.remove();
  }

  /** Relative times and the names of days move on. */
  tick() {
    const now = Date.now();
    for (const card of this.#cards.values()) card.tick(now);
    for (const day of this.#days.values()) this.#nameDay(day);
  }

  #eventOf(element) {
    return this.#cards.get(element.dataset.id).event;
  }

  #day(event) {
    const zone = store.zoneOf(event.site_id);
    const key = dayKey(event.triggered_at, zone);
    const known = this.#days.get(key);
    if (known) return known;
    const name = h("span", {});
    const full = h("span", { class: "day-full" });
    const count = h("span", { class: "count" });
    const list = h("ol", { class: "event-grid", role: "list" });
    const section = h("section", { class: "day", dataset: { day: key } },
      h("h3", { class: "day-name" }, name, full, count), list);
    const day = { key, zone, at: event.triggered_at, name, full, count, list, section };
    this.#nameDay(day);
    const before = [...this.element.children].find((each) => each.dataset.day < key);
    this.element.insertBefore(section, before ?? null);
    this.#days.set(key, day);
    return day;
  }

  #nameDay(day) {
    const { name, full } = dayName(day.at, day.zone);
    setText(day.name, name);
    setText(day.full, full);
  }

  #count(day) {
    setText(day.count, String(day.list.children.length));
  }
}
