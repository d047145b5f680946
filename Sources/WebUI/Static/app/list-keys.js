// Keys of the list: the focused card is the current one.

import { toggleReviewed, toggleStarred } from "./actions.js";
import { openCameraForm } from "./camera-form.js";
import { reducedMotion } from "./dom.js";
import { pushKeys, showHelp } from "./keys.js";

export function listKeys({ list, filters, changeTheme }) {
  const focused = () => document.activeElement?.closest?.(".event")?.dataset.id ?? null;
  const focus = (id) => {
    const link = list.card(id)?.link;
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest", behavior: reducedMotion() ? "auto" : "smooth" });
  };
  const firstVisible = () => list.order().find((id) => list.card(id).element.getBoundingClientRect().bottom > 80);
  const move = async (steps) => {
    const from = focused();
    const next = from ? await list.neighbour(from, steps) : firstVisible();
    if (next) focus(next);
  };
  /** To the card above or below, by where it stands on the screen. */
  const moveRow = (direction) => {
    const from = focused();
    if (!from) return false;
    const here = list.card(from).element.getBoundingClientRect();
    const order = list.order();
    const rest = direction > 0 ? order.slice(order.indexOf(from) + 1) : order.slice(0, order.indexOf(from)).reverse();
    let best = null;
    let rowTop = null;
    for (const id of rest) {
      const box = list.card(id).element.getBoundingClientRect();
      if (Math.abs(box.top - here.top) < 4) continue;
      rowTop ??= box.top;
      if (Math.abs(box.top - rowTop) >= 4) break;
      const distance = Math.abs(box.left - here.left);
      if (!best || distance < best.distance) best = { id, distance };
    }
    if (best) focus(best.id);
    else move(direction);
    return undefined;
  };
  const onFocused = (run) => () => {
    const id = focused();
    if (!id) return false;
    run(id);
    return undefined;
  };
  return pushKeys({
    j: () => { move(1); }, k: () => { move(-1); },
    ArrowRight: onFocused(() => move(1)), ArrowLeft: onFocused(() => move(-1)),
    ArrowDown: () => moveRow(1), ArrowUp: () => moveRow(-1),
    r: onFocused((id) => { toggleReviewed(id); }), s: onFocused((id) => { toggleStarred(id); }),
    "/": () => filters.focusSearch(), c: () => { openCameraForm(); },
    t: changeTheme, "?": () => { showHelp(); },
  });
}
