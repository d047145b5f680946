// The time bar under the video: where it moved, when it triggered, where the evidence was taken, where we are.

import { h, fill } from "./dom.js";
import { minutes } from "./time.js";

export class Scrubber {
  #range = h("input", { type: "range", min: "0", max: "1", step: "0.01", value: "0", class: "scrub-range", "aria-label": "Position in the clip" });
  #marks = h("div", { class: "scrub-marks", "aria-hidden": "true" });
  #played = h("div", { class: "scrub-played", "aria-hidden": "true" });
  #duration = 1;

  constructor({ onSeek }) {
    this.element = h("div", { class: "scrub" }, h("div", { class: "scrub-track" }, this.#marks, this.#played), this.#range);
    this.#range.addEventListener("input", () => {
      this.#paint(this.#range.valueAsNumber);
      onSeek(this.#range.valueAsNumber);
    });
    // The player's own keys move in seconds; the range would move in hundredths.
    this.#range.addEventListener("keydown", (event) => {
      if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) event.preventDefault();
    });
  }

  /** Marks of an event on a clip of that length. */
  load(event, duration) {
    this.#duration = duration > 0 ? duration : 1;
    this.#range.max = String(this.#duration);
    const start = new Date(event.clip.starts_at).getTime();
    const at = (iso) => (new Date(iso).getTime() - start) / 1000;
    const motion = h("span", { class: "mark-motion" });
    this.#place(motion, at(event.started_at), at(event.ended_at ?? event.started_at));
    const trigger = h("span", { class: "mark-trigger" });
    this.#place(trigger, at(event.triggered_at));
    fill(this.#marks, motion, trigger, (event.evidence ?? []).map((each) => {
      const mark = h("span", { class: "mark-evidence" });
      this.#place(mark, each.at_seconds);
      return mark;
    }));
    this.show(0);
  }

  /** Moves the handle to `seconds`. */
  show(seconds) {
    if (Math.abs(this.#range.valueAsNumber - seconds) > 0.02) this.#range.value = String(seconds);
    this.#range.setAttribute("aria-valuetext", `${minutes(seconds)} of ${minutes(this.#duration)}`);
    this.#paint(seconds);
  }

  #paint(seconds) {
    this.#played.style.width = `${this.#share(seconds)}%`;
  }

  #place(node, from, to) {
    node.style.left = `${this.#share(from)}%`;
    if (to !== undefined) node.style.width = `${Math.max(0.5, this.#share(to) - this.#share(from))}%`;
  }

  #share(seconds) {
    return 100 * Math.min(1, Math.max(0, seconds / this.#duration));
  }
}
