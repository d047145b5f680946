// The moving regions of an event, drawn over its video. Boxes are fractions of the picture.

import { s } from "./dom.js";

/** How long a measurement stays on screen when no later one replaces it. */
const holdSeconds = 0.6;

export class BoxOverlay {
  element = s("svg", { class: "boxes", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  #groups = [];
  #shown = null;

  /** Takes the boxes of an event, in any order. */
  load(boxes) {
    const byTime = new Map();
    for (const box of boxes ?? []) {
      const group = byTime.get(box.at_seconds) ?? [];
      group.push(box);
      byTime.set(box.at_seconds, group);
    }
    this.#groups = [...byTime.entries()].sort(([a], [b]) => a - b);
    this.#shown = null;
    this.element.replaceChildren();
  }

  get isEmpty() {
    return this.#groups.length === 0;
  }

  /** Shows what moved at `seconds` of the clip. */
  at(seconds) {
    const group = groupAt(this.#groups, seconds);
    if (group === this.#shown) return;
    this.#shown = group;
    this.element.replaceChildren(...(group?.[1] ?? []).map((box) =>
      s("rect", { x: box.x, y: box.y, width: box.width, height: box.height })));
  }
}

/** The newest group at or before `seconds`, unless it is too old. */
export function groupAt(groups, seconds) {
  let low = 0;
  let high = groups.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (groups[middle][0] <= seconds + 0.02) low = middle + 1;
    else high = middle;
  }
  const group = groups[low - 1];
  return group && seconds - group[0] <= holdSeconds ? group : null;
}
