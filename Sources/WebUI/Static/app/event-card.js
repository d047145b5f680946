// One event of the list.

import { toggleReviewed, toggleStarred } from "./actions.js";
import { h, fill, icon, iconButton, setText } from "./dom.js";
import { go } from "./router.js";
import { store } from "./store.js";
import { ago, clock, dateAndClock, duration, zoneNote } from "./time.js";
import { analysisText, badge, standing, triggerText } from "./words.js";

export class EventCard {
  #badge = h("span", { class: "event-badge" });
  #image = h("img", { class: "event-image", alt: "", loading: "lazy", decoding: "async", width: "320", height: "180" });
  #blank = h("span", { class: "event-blank" }, icon("film"));
  #length = h("span", { class: "event-length" });
  #camera = h("span", { class: "event-camera" });
  #time = h("time", { class: "event-time" });
  #ago = h("span", { class: "event-ago" });
  #summary = h("p", { class: "event-summary" });
  #labels = h("ul", { class: "labels" });
  #star = iconButton("star", "", () => toggleStarred(this.event.id), "plain star-button");
  #check = iconButton("check", "", () => toggleReviewed(this.event.id), "plain check-button");

  constructor(event) {
    this.link = h("a", { class: "event-open", href: `#/events/${encodeURIComponent(event.id)}`, onClick: (click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey) return;
      click.preventDefault();
      go({ page: "event", id: event.id });
    } },
    h("div", { class: "event-thumb" }, this.#blank, this.#image, this.#badge, this.#length),
    h("div", { class: "event-text" },
      h("div", { class: "event-line" }, this.#camera, this.#time, this.#ago),
      this.#summary, this.#labels));
    this.element = h("li", { class: "event", dataset: { id: event.id } }, this.link,
      h("div", { class: "event-tools" }, this.#check, this.#star));
    this.#image.addEventListener("error", () => { this.#image.hidden = true; });
    this.#image.addEventListener("load", () => { this.#image.hidden = false; });
    this.update(event);
  }

  update(event) {
    this.event = event;
    const zone = store.zoneOf(event.site_id);
    const { kind, text } = standing(event);
    this.element.dataset.kind = kind;
    this.element.classList.toggle("reviewed", Boolean(event.reviewed));
    this.element.classList.toggle("starred", Boolean(event.starred));
    if (this.#badge.dataset.key !== `${kind}${text}${event.analysis}`) {
      this.#badge.dataset.key = `${kind}${text}${event.analysis}`;
      fill(this.#badge, badge(event));
    }
    if (event.thumbnail_url && this.#image.getAttribute("src") !== event.thumbnail_url) this.#image.src = event.thumbnail_url;
    this.#image.hidden = !event.thumbnail_url;
    setText(this.#length, event.clip ? `${duration(event.clip.duration_seconds)}${event.state === "interrupted" ? " · cut off" : ""}` : "");
    setText(this.#camera, event.camera_name);
    setText(this.#time, `${clock(event.triggered_at, zone)}${store.sites.size > 1 ? ` ${zoneNote(event.triggered_at, zone)}` : ""}`.trim());
    this.#time.dateTime = event.triggered_at;
    this.#time.title = `${dateAndClock(event.triggered_at, zone)}, ${zone}`;
    setText(this.#summary, [triggerText(event), event.verdict?.summary || (event.verdict ? "" : analysisText(event))]
      .filter(Boolean).join(". "));
    this.#summary.classList.toggle("muted", !event.verdict);
    const labels = event.verdict?.labels ?? [];
    if (this.#labels.dataset.key !== labels.join("\n")) {
      this.#labels.dataset.key = labels.join("\n");
      fill(this.#labels, labels.slice(0, 6).map((each) => h("li", { class: "label" }, each)));
    }
    name(this.#star, event.starred ? "Remove the star (s)" : "Star: keep an eye on it (s)", event.starred);
    name(this.#check, event.reviewed ? "Mark as not reviewed (r)" : "Mark as reviewed (r)", event.reviewed);
    this.link.setAttribute("aria-label", [text, labels.join(", "), event.camera_name, this.#time.textContent,
      event.reviewed ? "reviewed" : "to review", event.starred && "starred"].filter(Boolean).join(", "));
    this.tick();
  }

  /** Brings "3 min. ago" up to date. */
  tick(now = Date.now()) {
    setText(this.#ago, ago(this.event.triggered_at, now));
  }
}

function name(button, label, pressed) {
  button.setAttribute("aria-label", label);
  button.title = label;
  button.setAttribute("aria-pressed", String(Boolean(pressed)));
}
