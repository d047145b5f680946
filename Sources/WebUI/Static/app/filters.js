// The bar of filters above the events. It writes the address and is drawn from it.

import { h, fill, icon, iconButton, setText } from "./dom.js";
import { cleaned, filterZone } from "./filter-rules.js";
import { go, route } from "./router.js";
import { store } from "./store.js";

const times = [["", "Any time"], ["hour", "Last hour"], ["today", "Today"], ["yesterday", "Yesterday"], ["week", "Last 7 days"], ["custom", "From … to"]];
const reviews = [["", "Reviewed or not"], ["false", "To review"], ["true", "Reviewed"]];
const verdicts = [["", "Any verdict"], ["abnormal", "Abnormal"], ["uncertain", "Uncertain"], ["normal", "Normal"]];

const labelled = (label, control) => h("label", { class: "filter" }, h("span", { class: "filter-label" }, label), control);
const options = (rows) => rows.map(([value, word]) => h("option", { value }, word));

export class FilterBar {
  #search = h("input", { type: "search", id: "search", placeholder: "Search", title: "Search (/)", "aria-label": "Search in summaries, reasons, notes and camera names",
    enterkeyhint: "search", autocomplete: "off" });
  #camera = h("select", {}, options([["", "All cameras"]]));
  #verdict = h("select", {}, options(verdicts));
  #review = h("select", {}, options(reviews));
  #when = h("select", {}, options(times));
  #label = h("input", { type: "text", list: "known-labels", placeholder: "Any label", autocomplete: "off", autocapitalize: "off" });
  #labels = h("datalist", { id: "known-labels" });
  #starred = h("button", { type: "button", class: "button toggle", "aria-pressed": "false" }, icon("star"), "Starred");
  #from = h("input", { type: "datetime-local", "aria-label": "From" });
  #to = h("input", { type: "datetime-local", "aria-label": "To" });
  #zone = h("span", { class: "hint" });
  #custom = h("div", { class: "filter-custom", hidden: true }, this.#from, h("span", {}, "to"), this.#to, this.#zone);
  #clear = h("button", { type: "button", class: "button plain", hidden: true, onClick: () => this.clear() }, "Clear filters");
  #more = h("button", { type: "button", class: "button filters-toggle", "aria-expanded": "false", "aria-controls": "filter-fields" });
  #timer = null;

  constructor() {
    const fields = h("div", { class: "filter-fields", id: "filter-fields" },
      labelled("Camera", this.#camera), labelled("Verdict", this.#verdict), labelled("Label", this.#label), this.#labels,
      labelled("Review", this.#review), labelled("Time", this.#when), this.#starred, this.#custom, this.#clear);
    this.element = h("form", { class: "filters", role: "search", "aria-label": "Filter events" },
      h("div", { class: "filter-first" },
        h("div", { class: "search" }, icon("search"), this.#search, iconButton("close", "Clear the search", () => {
          this.#search.value = "";
          this.#set({ q: "" });
        }, "plain search-clear")), this.#more),
      fields);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set({ q: this.#search.value });
    });
    this.#more.addEventListener("click", () => {
      const open = this.element.classList.toggle("open");
      this.#more.setAttribute("aria-expanded", String(open));
    });
    this.#camera.addEventListener("change", () => this.#set({ camera_id: this.#camera.value }));
    this.#verdict.addEventListener("change", () => this.#set({ verdict_state: this.#verdict.value }));
    this.#review.addEventListener("change", () => this.#set({ reviewed: this.#review.value }));
    this.#label.addEventListener("change", () => this.#set({ label: this.#label.value.trim().toLowerCase() }));
    this.#when.addEventListener("change", () => this.#set({ when: this.#when.value, from: "", to: "" }));
    this.#from.addEventListener("change", () => this.#set({ from: this.#from.value }));
    this.#to.addEventListener("change", () => this.#set({ to: this.#to.value }));
    this.#starred.addEventListener("click", () => this.#set({ starred: route().filters.starred ? "" : "true" }));
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#set({ q: this.#search.value }), 350);
    });
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#search.blur();
    });
    store.on("cameras", () => this.#drawCameras());
    store.on("labels", () => this.#drawLabels());
    this.#drawLabels();
    this.draw(route().filters);
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  clear() {
    go({ filters: {} });
  }

  #set(change) {
    clearTimeout(this.#timer);
    // Typing makes no steps for the back button; choosing does.
    go({ filters: cleaned({ ...route().filters, ...change }) }, { replace: "q" in change });
  }

  /** Shows the filters of the address. */
  draw(filters) {
    const put = (control, value) => {
      if (control !== document.activeElement && control.value !== (value ?? "")) control.value = value ?? "";
    };
    put(this.#search, filters.q);
    this.#drawCameras(filters);
    this.#verdict.value = filters.verdict_state ?? "";
    this.#review.value = filters.reviewed ?? "";
    this.#when.value = filters.when ?? "";
    put(this.#label, filters.label);
    put(this.#from, filters.from);
    put(this.#to, filters.to);
    this.#custom.hidden = filters.when !== "custom";
    setText(this.#zone, filterZone(filters).replaceAll("_", " "));
    this.#starred.setAttribute("aria-pressed", String(Boolean(filters.starred)));
    const set = Object.keys(cleaned(filters)).filter((name) => !["from", "to"].includes(name));
    this.#clear.hidden = set.length === 0;
    const count = set.filter((name) => name !== "q").length;
    fill(this.#more, icon("filter"), count > 0 ? `Filters (${count})` : "Filters");
    for (const control of [this.#camera, this.#verdict, this.#review, this.#when, this.#label]) {
      control.classList.toggle("set", control.value !== "");
    }
  }

  #drawCameras(filters = route().filters) {
    const wanted = filters.camera_id ?? "";
    const rows = [...store.cameras.values()].map((each) => [each.id, each.name]).sort((a, b) => a[1].localeCompare(b[1]));
    if (wanted && !store.cameras.has(wanted)) rows.push([wanted, "a removed camera"]);
    const key = JSON.stringify(rows);
    if (this.#camera.dataset.rows !== key) {
      this.#camera.dataset.rows = key;
      fill(this.#camera, options([["", "All cameras"], ...rows]));
    }
    this.#camera.value = wanted;
  }

  #drawLabels() {
    fill(this.#labels, [...store.labels].sort().map((value) => h("option", { value })));
  }
}
