// The strip of cameras above the events; one row that scrolls sideways, or all of them as a grid.

import { api } from "./api.js";
import { CameraCard } from "./camera-card.js";
import { openCameraForm } from "./camera-form.js";
import { h, fill, icon, iconButton } from "./dom.js";
import { preference, store } from "./store.js";

const pollSeconds = 3;

export class Cameras {
  #cards = new Map();
  #list = h("ul", { class: "camera-strip" });
  #count = h("span", { class: "count" });
  #empty = h("div", { class: "empty", hidden: true });
  #layout = iconButton("grid", "Show all cameras as a grid", () => this.#toggleLayout(), "plain layout-button");
  #timer = null;
  #asking = false;

  constructor() {
    this.element = h("section", { class: "cameras", "aria-labelledby": "cameras-heading" },
      h("div", { class: "section-head" },
        h("h2", { id: "cameras-heading" }, "Cameras ", this.#count),
        this.#layout,
        h("button", { type: "button", class: "button", onClick: () => openCameraForm() }, icon("plus"), h("span", {}, "Add", h("span", { class: "wide-only" }, " camera")))),
      this.#list, this.#empty);
    fill(this.#list, [1, 2, 3].map(() => h("li", { class: "camera skeleton", "aria-hidden": "true" },
      h("div", { class: "camera-frame" }), h("div", { class: "camera-text" }, h("span", { class: "line" })))));
    fill(this.#empty, icon("camera"), h("h3", {}, "No cameras yet"),
      h("p", {}, "Add one with its RTSP address, for example ", h("code", {}, "rtsp://user:password@192.168.1.20:554/stream1"),
        ". Without a camera at hand, start Vedette with ", h("code", {}, "make run"), ": it brings a simulated site."),
      h("button", { type: "button", class: "button primary", onClick: () => openCameraForm() }, icon("plus"), "Add the first camera"));
    this.#setLayout(preference.get("cameras", "strip"));
    store.on("cameras", () => this.#render());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.refresh());
  }

  /** Asks for states now and every few seconds while the page is looked at. */
  start() {
    this.stop();
    this.#timer = setInterval(() => document.visibilityState === "visible" && this.refresh(), pollSeconds * 1000);
    return this.refresh();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async refresh() {
    if (this.#asking || !this.#timer) return;
    this.#asking = true;
    try {
      store.setCameras(await api.cameras());
    } catch {
      // The banner tells of a server that is away; the next poll tries again.
    } finally {
      this.#asking = false;
    }
  }

  #toggleLayout() {
    const next = this.#list.classList.contains("grid") ? "strip" : "grid";
    preference.set("cameras", next);
    this.#setLayout(next);
  }

  #setLayout(layout) {
    const grid = layout === "grid";
    this.#list.classList.toggle("grid", grid);
    const label = grid ? "Show cameras in one row" : "Show all cameras as a grid";
    this.#layout.setAttribute("aria-pressed", String(grid));
    this.#layout.setAttribute("aria-label", label);
    this.#layout.title = label;
  }

  #render() {
    this.#list.querySelectorAll(".skeleton").forEach((each) => each.remove());
    const ordered = [...store.cameras.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    for (const [id, card] of this.#cards) {
      if (store.cameras.has(id)) continue;
      card.close();
      this.#cards.delete(id);
    }
    ordered.forEach((camera, index) => {
      let card = this.#cards.get(camera.id);
      if (card) card.update(camera);
      else {
        card = new CameraCard(camera, { onEdit: (each) => openCameraForm(each) });
        this.#cards.set(camera.id, card);
      }
      if (this.#list.children[index] !== card.element) this.#list.insertBefore(card.element, this.#list.children[index] ?? null);
    });
    this.#empty.hidden = ordered.length > 0;
    this.#list.hidden = ordered.length === 0;
    this.#layout.hidden = ordered.length < 3;
    const online = ordered.filter((each) => each.enabled !== false && each.status?.state === "online").length;
    this.#count.textContent = ordered.length === 0 ? "" : online === ordered.length ? `${online}` : `${online}/${ordered.length} online`;
  }
}
