// The open event: dialog, previous and next, keys. The address decides which one it is.

import { toggleReviewed, toggleStarred } from "./actions.js";
import { api } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, fill, iconButton, setText } from "./dom.js";
import { pushKeys, showHelp } from "./keys.js";
import { PlayerPanel } from "./player-panel.js";
import { PlayerVideo } from "./player-video.js";
import { go, leave, route } from "./router.js";
import { pauseSnapshots } from "./snapshots.js";
import { store } from "./store.js";
import { dateAndClock, zoneNote } from "./time.js";
import { whatToDo } from "./words.js";

let open = null;

/** Shows an event, moves an open player to it, or closes the player with null. */
export function showEvent(id, { list, changeTheme }) {
  if (id === null) {
    open?.close();
    return;
  }
  open ??= new Player(list, changeTheme);
  open.show(id);
}

class Player {
  #id = null;
  #list;
  #video = new PlayerVideo();
  #panel = new PlayerPanel({ onSeek: (seconds) => this.#video.seek(seconds), onDeleted: () => this.#dialog.close() });
  #newer = iconButton("up", "Newer event (k)", () => this.#move(-1), "plain");
  #older = iconButton("down", "Older event (j)", () => this.#move(1), "plain");
  #body = h("div", { class: "player-body" });
  #when = h("span", { class: "player-when" });
  #name = h("span", { class: "player-camera" });
  #dialog;
  #offs = [];

  constructor(list, changeTheme) {
    this.#list = list;
    pauseSnapshots(true);
    this.#dialog = openDialog({
      title: [this.#name, this.#when], className: "player", tools: [this.#newer, this.#older], content: this.#body,
      onClose: () => this.#closed(),
    });
    const act = (run) => () => { run(); };
    this.#offs.push(
      store.on("event", ({ event }) => event.id === this.#id && this.#draw(event)),
      store.on("event-removed", (gone) => gone === this.#id && this.#missing("This event was deleted.")),
      pushKeys({
        dialog: this.#dialog.element,
        " ": (event) => (event.target.closest("button, a, summary") ? false : this.#video.toggle()),
        ArrowLeft: act(() => this.#video.skip(-5)), ArrowRight: act(() => this.#video.skip(5)),
        ",": act(() => this.#video.step(-1)), ".": act(() => this.#video.step(1)),
        j: act(() => this.#move(1)), k: act(() => this.#move(-1)),
        ArrowDown: act(() => this.#move(1)), ArrowUp: act(() => this.#move(-1)),
        r: act(() => toggleReviewed(this.#id)), s: act(() => toggleStarred(this.#id)),
        b: act(() => this.#video.toggleBoxes()), f: act(() => this.#video.fullScreen()),
        t: act(changeTheme), "?": act(showHelp),
      }));
  }

  async show(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.#showNeighbours();
    const known = store.events.get(id);
    if (known) {
      this.#draw(known);
      return;
    }
    setText(this.#name, "Event");
    setText(this.#when, "");
    fill(this.#body, h("div", { class: "stage skeleton" }), h("div", { class: "player-panel" }, h("span", { class: "line" }), h("span", { class: "line short" })));
    try {
      const event = await api.event(id);
      if (this.#id === id) store.putEvent(event);
    } catch (problem) {
      if (this.#id !== id) return;
      this.#missing(problem.status === 404 ? "There is no such event. It may have been deleted." : `The event could not be read. ${whatToDo(problem)}`);
    }
  }

  close() {
    this.#id = null;
    if (open === this) open = null;
    this.#dialog.close();
  }

  #draw(event) {
    const zone = store.zoneOf(event.site_id);
    setText(this.#name, event.camera_name);
    setText(this.#when, `${dateAndClock(event.triggered_at, zone)} ${zoneNote(event.triggered_at, zone)}`.trim());
    if (!this.#body.contains(this.#video.element)) fill(this.#body, this.#video.element, this.#panel.element);
    this.#video.load(event);
    this.#panel.load(event);
  }

  #missing(text) {
    this.#video.close();
    fill(this.#body, h("div", { class: "empty" }, h("h3", {}, text),
      h("button", { type: "button", class: "button primary", onClick: () => this.#dialog.close() }, "Back to the events")));
  }

  #showNeighbours() {
    const order = this.#list.order();
    const at = order.indexOf(this.#id);
    this.#newer.disabled = at <= 0;
    this.#older.disabled = at < 0 || (at === order.length - 1 && !this.#list.hasMore);
  }

  async #move(steps) {
    const from = this.#id;
    const next = await this.#list.neighbour(from, steps);
    if (next && this.#id === from) go({ page: "event", id: next }, { replace: true });
    else this.#showNeighbours();
  }

  #closed() {
    this.#panel.close();
    this.#video.close();
    for (const off of this.#offs) off();
    if (open === this) open = null;
    pauseSnapshots(open !== null);
    const last = this.#id;
    const at = route();
    if (last !== null && at.page === "event" && at.id === last) leave();
    if (last !== null) this.#list.card(last)?.link.focus();
  }
}
