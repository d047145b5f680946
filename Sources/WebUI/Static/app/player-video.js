// The video of an event with its controls: play, time bar, speed, boxes, sound, full screen.

import { send } from "./api.js";
import { BoxOverlay } from "./boxes.js";
import { h, fill, icon, iconButton, reducedMotion, setText } from "./dom.js";
import { Scrubber } from "./scrubber.js";
import { preference, store } from "./store.js";
import { clock, minutes } from "./time.js";
import { codecName, whatToDo } from "./words.js";

const speeds = [1, 2, 4, 0.5];

export class PlayerVideo {
  #video = h("video", { class: "video", playsinline: "", preload: "auto", disablepictureinpicture: "" });
  #overlay = new BoxOverlay();
  #message = h("div", { class: "video-message", hidden: true });
  #spinner = h("div", { class: "video-wait", hidden: true, role: "status", "aria-label": "Loading the clip" });
  #stage = h("div", { class: "stage" }, this.#video, this.#overlay.element, this.#spinner, this.#message);
  #scrubber = new Scrubber({ onSeek: (seconds) => this.seek(seconds) });
  #play = iconButton("play", "Play (Space)", () => this.toggle(), "plain");
  #time = h("span", { class: "video-time" });
  #wall = h("span", { class: "video-clock", title: "The site's clock" });
  #speed = h("button", { type: "button", class: "button plain speed", "aria-label": "Speed", title: "Speed", onClick: () => this.#nextSpeed() }, "1×");
  #boxes = iconButton("boxes", "Motion boxes (b)", () => this.toggleBoxes(), "plain");
  #sound = iconButton("mute", "Sound", () => this.#toggleSound(), "plain");
  #full = iconButton("full", "Full screen (f)", () => this.fullScreen(), "plain");
  #event = null;
  #source = null;
  #pendingSeek = null;
  #frame = null;
  #resize = new ResizeObserver(() => this.#fitOverlay());

  constructor() {
    this.element = h("div", { class: "player-video" }, this.#stage, this.#scrubber.element,
      h("div", { class: "controls" }, this.#play, this.#time, this.#wall, h("span", { class: "grow" }), this.#speed, this.#boxes, this.#sound, this.#full));
    const video = this.#video;
    video.muted = preference.get("sound", "off") !== "on";
    video.addEventListener("play", () => this.#showPlay());
    video.addEventListener("pause", () => this.#showPlay());
    video.addEventListener("loadedmetadata", () => this.#event && this.#scrubber.load(this.#event, video.duration));
    video.addEventListener("loadeddata", () => { this.#fitOverlay(); this.#tick(); });
    video.addEventListener("seeked", () => {
      const next = this.#pendingSeek;
      this.#pendingSeek = null;
      if (next !== null) video.currentTime = next;
      this.#tick();
    });
    video.addEventListener("waiting", () => { this.#spinner.hidden = false; });
    for (const name of ["playing", "canplay", "seeked", "pause", "emptied"]) video.addEventListener(name, () => { this.#spinner.hidden = true; });
    video.addEventListener("error", () => this.#explain());
    video.addEventListener("click", () => this.toggle());
    this.#resize.observe(this.#stage);
    this.#setBoxes(preference.get("boxes", "on") === "on");
    this.#loop();
  }

  /** Shows an event's clip from its beginning; an event that only changed its words keeps playing. */
  load(event) {
    const source = event.clip?.url ?? null;
    const changed = source !== this.#source || event.id !== this.#event?.id;
    this.#event = event;
    if (!changed) return;
    this.#source = source;
    this.#message.hidden = true;
    this.#overlay.load(event.boxes);
    this.#boxes.disabled = this.#overlay.isEmpty;
    this.#sound.hidden = !event.clip?.has_audio;
    this.element.classList.toggle("no-clip", !source);
    if (!source) {
      this.#video.removeAttribute("src");
      this.#video.load();
      this.#say(event.state === "open" ? "Still recording. The clip appears here when the event is over." : "This event has no clip.");
      return;
    }
    if (event.clip.width && event.clip.height) this.#stage.style.setProperty("--ratio", `${event.clip.width} / ${event.clip.height}`);
    if (event.thumbnail_url) this.#video.poster = event.thumbnail_url;
    else this.#video.removeAttribute("poster");
    this.#scrubber.load(event, event.clip.duration_seconds);
    this.#spinner.hidden = false;
    this.#video.src = source;
    if (!reducedMotion()) this.play();
    this.#showPlay();
    this.#tick();
  }

  async play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error?.name !== "NotAllowedError" || this.#video.muted) return;
      // A browser that wants a gesture before it makes sound.
      this.#video.muted = true;
      this.#showSound();
      this.#video.play().catch(() => {});
    }
  }

  toggle() {
    if (!this.#source) return;
    if (this.#video.paused) this.play();
    else this.#video.pause();
  }

  /** Goes to a position; while a seek is under way only the newest wish is kept. */
  seek(seconds) {
    const target = Math.min(Math.max(0, seconds), Math.max(0, (this.#video.duration || Infinity) - 0.05));
    if (this.#video.seeking) this.#pendingSeek = target;
    else this.#video.currentTime = target;
    this.#scrubber.show(target);
  }

  skip(seconds) {
    this.seek((this.#pendingSeek ?? this.#video.currentTime) + seconds);
  }

  /** One picture on or back, paused. */
  step(direction) {
    this.#video.pause();
    const status = store.cameras.get(this.#event?.camera_id)?.status;
    this.skip(direction / (status?.frames_per_second > 1 ? status.frames_per_second : 15));
  }

  toggleBoxes() {
    const on = this.#boxes.getAttribute("aria-pressed") !== "true";
    preference.set("boxes", on ? "on" : "off");
    this.#setBoxes(on);
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.element.requestFullscreen) this.element.requestFullscreen().catch(() => {});
    else this.#video.webkitEnterFullscreen?.();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    if (document.fullscreenElement) document.exitFullscreen();
    this.#video.pause();
    // Without a source the browser lets go of the connection.
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #loop() {
    this.#frame = requestAnimationFrame(() => {
      if (!this.#video.paused) this.#tick();
      this.#loop();
    });
  }

  #tick() {
    const { currentTime } = this.#video;
    if (this.#pendingSeek === null && !this.#video.seeking) this.#scrubber.show(currentTime);
    if (!this.#overlay.element.classList.contains("off")) this.#overlay.at(currentTime);
    const clip = this.#event?.clip;
    if (!clip) {
      setText(this.#time, "");
      setText(this.#wall, "");
      return;
    }
    setText(this.#time, `${minutes(currentTime)} / ${minutes(this.#video.duration || clip.duration_seconds)}`);
    setText(this.#wall, clock(new Date(clip.starts_at).getTime() + 1000 * currentTime, store.zoneOf(this.#event.site_id)));
  }

  /** Lays the boxes over the picture itself, not over the bars beside it. */
  #fitOverlay() {
    const { clientWidth: width, clientHeight: height } = this.#stage;
    const pictureWidth = this.#video.videoWidth || this.#event?.clip?.width;
    const pictureHeight = this.#video.videoHeight || this.#event?.clip?.height;
    if (!pictureWidth || !pictureHeight || !width || !height) return;
    const scale = Math.min(width / pictureWidth, height / pictureHeight);
    const style = this.#overlay.element.style;
    style.width = `${pictureWidth * scale}px`;
    style.height = `${pictureHeight * scale}px`;
    style.left = `${(width - pictureWidth * scale) / 2}px`;
    style.top = `${(height - pictureHeight * scale) / 2}px`;
  }

  #setBoxes(on) {
    this.#boxes.setAttribute("aria-pressed", String(on));
    this.#overlay.element.classList.toggle("off", !on);
    if (on) this.#overlay.at(this.#video.currentTime);
  }

  #showPlay() {
    const paused = this.#video.paused;
    fill(this.#play, icon(paused ? "play" : "pause"));
    const label = paused ? "Play (Space)" : "Pause (Space)";
    this.#play.setAttribute("aria-label", label);
    this.#play.title = label;
    this.#showSound();
  }

  #showSound() {
    fill(this.#sound, icon(this.#video.muted ? "mute" : "sound"));
    this.#sound.setAttribute("aria-pressed", String(!this.#video.muted));
  }

  #toggleSound() {
    this.#video.muted = !this.#video.muted;
    preference.set("sound", this.#video.muted ? "off" : "on");
    this.#showSound();
  }

  #nextSpeed() {
    const next = speeds[(speeds.indexOf(this.#video.playbackRate) + 1) % speeds.length];
    this.#video.playbackRate = next;
    this.#video.defaultPlaybackRate = next;
    setText(this.#speed, `${next}×`);
  }

  #say(...content) {
    this.#spinner.hidden = true;
    fill(this.#message, content);
    this.#message.hidden = false;
  }

  /** The element only says that it failed; one byte of the clip tells whether the server or the browser is the cause. */
  async #explain() {
    const source = this.#source;
    if (!source || !this.#video.error) return;
    let text;
    try {
      await send(source, { headers: { Range: "bytes=0-0" } });
      const codec = this.#event.clip.codec;
      text = codec === "h265" ? "This browser cannot play H.265. Download the clip, or use a browser or device that can."
        : `This browser could not play the clip (${codecName(codec)}). Download it and try another player.`;
    } catch (problem) {
      text = `The clip could not be loaded. ${whatToDo(problem)}`;
    }
    if (source !== this.#source) return;
    this.#say(h("p", {}, text), h("a", { class: "button", href: `${source}?download=1`, download: "" }, icon("download"), "Download"));
  }
}
