// What the page knows, in one place, with a notice to whoever shows it. No DOM here.

/** A set of listeners per topic. */
class Topics {
  #listeners = new Map();

  on(topic, listener) {
    const all = this.#listeners.get(topic) ?? new Set();
    all.add(listener);
    this.#listeners.set(topic, all);
    return () => all.delete(listener);
  }

  say(topic, value) {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(value);
  }
}

const topics = new Topics();

export const store = {
  sites: new Map(),
  cameras: new Map(),
  analyzers: null,
  /** Newest state of every event seen, by id. */
  events: new Map(),
  labels: new Set(["person", "vehicle", "animal"]),
  connection: "connecting",

  on: (topic, listener) => topics.on(topic, listener),

  setSites(list) {
    if (JSON.stringify(list) === JSON.stringify([...this.sites.values()])) return;
    this.sites = new Map(list.map((each) => [each.id, each]));
    topics.say("sites");
  },

  setCameras(list) {
    this.cameras = new Map(list.map((each) => [each.id, each]));
    topics.say("cameras");
  },

  setCamera(camera) {
    this.cameras.set(camera.id, { ...this.cameras.get(camera.id), ...camera });
    topics.say("cameras");
  },

  removeCamera(id) {
    this.cameras.delete(id);
    topics.say("cameras");
  },

  setAnalyzers(list) {
    this.analyzers = list;
    topics.say("analyzers");
  },

  /** Remembers an event; `live` when it came over the stream and may be new to the list. */
  putEvent(event, { live = false } = {}) {
    this.events.set(event.id, event);
    for (const label of event.verdict?.labels ?? []) {
      if (!this.labels.has(label)) {
        this.labels.add(label);
        topics.say("labels");
      }
    }
    topics.say("event", { event, live });
  },

  removeEvent(id) {
    this.events.delete(id);
    topics.say("event-removed", id);
  },

  setConnection(state) {
    if (this.connection === state) return;
    this.connection = state;
    topics.say("connection", state);
  },

  /** The time zone an event or camera is told in: its site's, else this device's. */
  zoneOf(siteId) {
    return this.sites.get(siteId)?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
};

/** A choice kept on this device. */
export const preference = {
  get(name, fallback) {
    try {
      return localStorage.getItem(`vedette.${name}`) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(`vedette.${name}`);
      else localStorage.setItem(`vedette.${name}`, value);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  },
};
