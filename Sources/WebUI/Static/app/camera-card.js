// One camera of the strip: picture, name, state in words, what the stream is.

import { h, fill, icon, iconButton, setText } from "./dom.js";
import { go } from "./router.js";
import { refreshSoon, watch } from "./snapshots.js";
import { adviceFor, cameraWords, streamText } from "./words.js";

/** The state to show; a camera that is switched off is `disabled` whatever its last status says. */
export const stateOf = (camera) => (camera.enabled === false ? "disabled" : camera.status?.state ?? "connecting");

export class CameraCard {
  #canvas = h("canvas", { class: "camera-picture", role: "img", width: "16", height: "9" });
  #badge = h("span", { class: "state" });
  #recording = h("span", { class: "recording", hidden: true, title: "An event is being recorded" }, "Recording");
  #veil = h("div", { class: "camera-veil" });
  #name = h("span", { class: "camera-name" });
  #detail = h("span", { class: "camera-detail" });
  #stop;
  #state = null;
  #hasPicture = false;

  constructor(camera, { onEdit }) {
    this.camera = camera;
    const open = h("a", { class: "camera-open", href: `#/cameras/${encodeURIComponent(camera.id)}`, onClick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go({ page: "camera", id: this.camera.id });
    } }, h("div", { class: "camera-frame" }, this.#canvas, this.#veil, h("div", { class: "camera-over" }, this.#badge, this.#recording)),
    h("div", { class: "camera-text" }, this.#name, this.#detail));
    this.element = h("li", { class: "camera" }, open,
      iconButton("edit", "Edit camera", () => onEdit(this.camera), "plain camera-edit"));
    this.#stop = watch(this.#canvas, camera.id, {
      // One that is not online may have a last picture; asking once tells.
      wanted: (failures) => stateOf(this.camera) === "online" || (failures === 0 && !this.#hasPicture),
      onPicture: (ok) => {
        if (ok) this.#hasPicture = true;
        this.#showVeil();
      },
    });
    this.update(camera);
  }

  update(camera) {
    this.camera = camera;
    const state = stateOf(camera);
    setText(this.#name, camera.name);
    setText(this.#detail, streamText(camera.status));
    this.#canvas.setAttribute("aria-label", `Picture of ${camera.name}`);
    this.element.querySelector(".camera-edit").setAttribute("aria-label", `Edit camera ${camera.name}`);
    if (this.#state !== state) {
      if (state === "online" && this.#state !== null) refreshSoon(this.#canvas);
      this.#state = state;
      this.element.dataset.state = state;
      fill(this.#badge, h("span", { class: "state-dot" }), cameraWords[state] ?? state);
    }
    this.#recording.hidden = !camera.status?.open_event_id;
    this.#showVeil();
  }

  /** Without a fresh picture says over the frame why, and what to do; an old picture stays, dimmed. */
  #showVeil() {
    const state = stateOf(this.camera);
    const fresh = this.#hasPicture && state === "online";
    this.element.classList.toggle("has-picture", this.#hasPicture);
    this.#veil.hidden = fresh;
    if (fresh) return;
    const error = state === "disabled" || state === "online" ? null : this.camera.status?.error;
    const text = error ? `${sentence(error.detail)} ${adviceFor(error)}` : waiting[state] ?? "No picture";
    if (this.#veil.dataset.text === text) return;
    this.#veil.dataset.text = text;
    this.#veil.title = error ? text : "";
    this.#veil.classList.toggle("with-reason", Boolean(error));
    fill(this.#veil, !error && icon(state === "disabled" || state === "offline" ? "camera-off" : "camera"), h("span", {}, text));
  }

  close() {
    this.#stop();
    this.element.remove();
  }
}

const waiting = {
  disabled: "Switched off", offline: "No connection", failing: "No picture", connecting: "Connecting…", online: "Waiting for a picture…",
};

const sentence = (text) => (/[.!?]$/.test(text ?? "") ? text : `${text ?? "The camera cannot be read"}.`);
