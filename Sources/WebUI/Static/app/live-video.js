// A camera's live stream in a <video>, by Media Source Extensions: fetched, appended piece by piece, kept near its end, and
// begun anew when it breaks. Sound is fetched only once it is asked for: a sound track that pauses would hold the pictures up.

import { api } from "./api.js";
import { h, fill, icon, iconButton } from "./dom.js";
import { whatToDo } from "./words.js";

const Source = window.ManagedMediaSource ?? window.MediaSource;
/** H.265 of the usual profile, at a level that is enough for any camera. */
const h265 = 'video/mp4; codecs="hvc1.1.6.L153.B0"';
/** Further behind than this is not caught up with by playing faster. */
const jumpSeconds = 2;
const hurrySeconds = 0.7;
const restSeconds = 0.3;
const keepBehindSeconds = 10;
const mostQueuedBytes = 32 << 20;

export class LiveVideo {
  #video = h("video", { class: "live-picture", muted: true, playsinline: "", autoplay: "", disableremoteplayback: "", disablepictureinpicture: "" });
  #badge = h("span", { class: "state live-state" });
  #note = h("p", { class: "live-note", role: "status", hidden: true });
  #sound = iconButton("mute", "Sound", () => this.#toggleSound(), "plain live-button");
  #full = iconButton("full", "Full screen", () => this.#fullScreen(), "plain live-button");
  #id;
  #onChange;
  #attempt = null;
  #timer = null;
  #failures = 0;
  #withSound = false;
  /** What the server is told to send as it comes; it encodes the rest. */
  #codecs = Source?.isTypeSupported(h265) ? "h264,h265" : "h264";
  #stopped = false;
  #onVisible = () => (document.visibilityState === "visible" ? this.#begin() : this.#pause());

  /** `onChange` is told when it begins or ceases to show pictures. Starts at once. */
  constructor(id, { onChange = () => {} } = {}) {
    this.#id = id;
    this.#onChange = onChange;
    this.element = h("div", { class: "live" }, this.#video,
      h("div", { class: "camera-over" }, this.#badge, h("span", { class: "live-tools" }, this.#sound, this.#full)), this.#note);
    this.#sound.hidden = true;
    this.#say("connecting");
    document.addEventListener("visibilitychange", this.#onVisible);
    this.#begin();
  }

  get isShowing() { return this.element.dataset.state === "live"; }

  /** Offers sound where the camera has any. */
  set hasSound(value) { this.#sound.hidden = !value; }

  stop() {
    this.#stopped = true;
    document.removeEventListener("visibilitychange", this.#onVisible);
    this.#pause();
  }

  #pause() {
    clearTimeout(this.#timer);
    this.#attempt?.abort();
    this.#attempt = null;
    if (this.element.dataset.state === "live") this.#say("connecting");
  }

  #begin() {
    this.#pause();
    if (this.#stopped || document.visibilityState !== "visible") return;
    if (!Source) {
      this.#say("unsupported", "This browser cannot play a live stream; you see single pictures.");
      return;
    }
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#play(attempt.signal).catch((problem) => problem).then((problem) => {
      if (attempt.signal.aborted) return;
      attempt.abort();
      if (this.element.dataset.state === "unsupported") return;
      this.#failures += 1;
      this.#say("waiting", problem?.status ? whatToDo(problem) : undefined);
      const seconds = problem?.retryAfterSeconds ?? Math.min(10, 2 ** Math.min(this.#failures - 1, 4) / 2);
      if (![403, 404].includes(problem?.status)) this.#timer = setTimeout(() => this.#begin(), seconds * 1000);
    });
  }

  /** Plays until the stream ends or breaks. */
  async #play(signal) {
    const response = await api.live(this.#id, { audio: this.#withSound, video: this.#codecs }, signal);
    const type = response.headers.get("Content-Type");
    const isH265 = /hvc1|hev1/.test(type);
    if (!Source.isTypeSupported(type)) {
      // H.265, and not this kind of it: from now on as H.264.
      if (isH265) this.#codecs = "h264";
      else this.#say("unsupported", "This browser cannot play this stream; you see single pictures.");
      return;
    }
    // One that says it plays H.265 and then does not.
    this.#video.addEventListener("error", () => { if (isH265) this.#codecs = "h264"; }, { once: true, signal });
    const source = new Source();
    const address = URL.createObjectURL(source);
    const opened = new Promise((resolve) => { source.addEventListener("sourceopen", resolve, { once: true }); });
    this.#video.src = address;
    signal.addEventListener("abort", () => {
      URL.revokeObjectURL(address);
      this.#video.removeAttribute("src");
      this.#video.load();
    }, { once: true });
    await opened;
    if (signal.aborted) return;
    const feed = new Feed(source.addSourceBuffer(type), this.#video);
    const showing = () => {
      this.#failures = 0;
      this.#say("live");
    };
    this.#video.addEventListener("playing", showing, { once: true, signal });
    this.#video.muted = !this.#withSound;
    this.#video.play().catch(() => {
      // A browser that wants a gesture before it makes sound.
      this.#video.muted = true;
      this.#showSound();
      this.#video.play().catch(() => {});
    });
    const reader = response.body.getReader();
    while (!signal.aborted) {
      const { value, done } = await reader.read();
      if (done) return;
      feed.add(value);
    }
  }

  #say(state, note) {
    const was = this.isShowing;
    this.element.dataset.state = state;
    const words = { connecting: "Connecting…", live: "Live", waiting: "Connecting…", unsupported: "Pictures" };
    fill(this.#badge, h("span", { class: "state-dot" }), words[state]);
    this.#note.textContent = note ?? "";
    this.#note.hidden = !note;
    if (was !== this.isShowing) this.#onChange(this.isShowing);
  }

  #toggleSound() {
    this.#withSound = !this.#withSound;
    this.#showSound();
    this.#begin();
  }

  #showSound() {
    fill(this.#sound, icon(this.#withSound && !this.#video.muted ? "sound" : "mute"));
    this.#sound.setAttribute("aria-pressed", String(this.#withSound));
  }

  #fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.element.requestFullscreen) this.element.requestFullscreen().catch(() => {});
    else this.#video.webkitEnterFullscreen?.();
  }
}

/** Appends to a source buffer one piece at a time, forgets what was shown, and keeps the video near the end. */
class Feed {
  #buffer;
  #video;
  #queue = [];
  #queued = 0;

  constructor(buffer, video) {
    this.#buffer = buffer;
    this.#video = video;
    buffer.addEventListener("updateend", () => {
      this.#follow();
      this.#next();
    });
  }

  /** Throws when the browser takes no more, so that the stream is begun anew. */
  add(bytes) {
    if (this.#video.error) throw new Error(this.#video.error.message);
    this.#queue.push(bytes);
    this.#queued += bytes.byteLength;
    if (this.#queued > mostQueuedBytes) throw new Error("the browser does not keep up");
    this.#next();
  }

  #next() {
    if (this.#buffer.updating || this.#queue.length === 0) return;
    const { buffered } = this.#buffer;
    const old = this.#video.currentTime - keepBehindSeconds;
    if (buffered.length > 0 && buffered.start(0) < old - keepBehindSeconds) {
      this.#buffer.remove(0, old);
      return;
    }
    const bytes = this.#queue.shift();
    this.#queued -= bytes.byteLength;
    this.#buffer.appendBuffer(bytes);
  }

  #follow() {
    const { buffered } = this.#buffer;
    const video = this.#video;
    if (buffered.length === 0 || video.seeking) return;
    const start = buffered.start(buffered.length - 1);
    const end = buffered.end(buffered.length - 1);
    const behind = end - video.currentTime;
    if (video.currentTime < start || behind > jumpSeconds) video.currentTime = Math.max(start, end - restSeconds);
    else video.playbackRate = behind > hurrySeconds ? 1.1 : behind < restSeconds ? 1 : video.playbackRate;
  }
}
