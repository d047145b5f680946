// The event stream, read with fetch instead of EventSource: so a 401 is seen as one, silence is noticed (the server
// sends a comment every 15 s), and the next attempt comes with back-off, at once when the network or the tab returns.

import { renew } from "./api.js";

const silenceSeconds = 40;

/** Splits a byte stream into server-sent events. Pure: feed text, get complete events. */
export class EventParser {
  #rest = "";
  #name = "";
  #data = [];
  id = "";

  feed(text) {
    const events = [];
    this.#rest += text;
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0) events.push({ name: this.#name || "message", data: this.#data.join("\n"), id: this.id });
        this.#name = "";
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") this.#name = value;
      else if (field === "data") this.#data.push(value);
      else if (field === "id" && !value.includes("\0")) this.id = value;
    }
    return events;
  }
}

/** Keeps the stream open. Calls `onEvent(name, object)` and `onState("connecting" | "live" | "reconnecting" | "stopped")`. */
export class EventStream {
  #path;
  #onEvent;
  #onState;
  #lastId = "";
  #controller = null;
  #attempt = 0;
  #running = false;
  #wake = null;

  constructor(path, { onEvent, onState }) {
    this.#path = path;
    this.#onEvent = onEvent;
    this.#onState = onState;
    addEventListener("online", () => this.nudge());
    addEventListener("pageshow", () => this.nudge());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.nudge());
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#loop();
  }

  stop() {
    this.#running = false;
    this.#controller?.abort();
    this.#wake?.();
    this.#onState("stopped");
  }

  /** Tries again now instead of waiting the back-off out. */
  nudge() {
    this.#attempt = Math.min(this.#attempt, 1);
    this.#wake?.();
  }

  async #loop() {
    while (this.#running) {
      this.#onState(this.#attempt === 0 ? "connecting" : "reconnecting");
      try {
        await this.#readOnce();
      } catch (error) {
        if (error?.status === 401 && !await renew()) {
          this.#running = false;
          this.#onState("stopped", 401);
          return;
        }
      }
      if (!this.#running) return;
      this.#attempt += 1;
      this.#onState("reconnecting");
      const seconds = Math.min(20, 0.5 * 2 ** Math.min(this.#attempt, 6)) * (0.7 + 0.6 * Math.random());
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, seconds * 1000);
      });
      this.#wake = null;
    }
  }

  async #readOnce() {
    const controller = new AbortController();
    this.#controller = controller;
    let watchdog;
    const heard = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => controller.abort(), silenceSeconds * 1000);
    };
    heard();
    try {
      const headers = { Accept: "text/event-stream" };
      if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
      const response = await fetch(this.#path, {
        headers, signal: controller.signal, credentials: "same-origin", cache: "no-store",
      });
      if (!response.ok) throw Object.assign(new Error("event stream refused"), { status: response.status });
      const parser = new EventParser();
      parser.id = this.#lastId;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      this.#onState("live");
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        heard();
        this.#attempt = 0;
        for (const event of parser.feed(value)) this.#deliver(event);
        this.#lastId = parser.id;
      }
    } finally {
      clearTimeout(watchdog);
      controller.abort();
    }
  }

  #deliver({ name, data }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    this.#onEvent(name, value);
  }
}
