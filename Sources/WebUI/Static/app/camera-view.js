// One camera, large: its live picture, what its stream is, and what can be done with it.

import { api } from "./api.js";
import { activityPart } from "./activity.js";
import { stateOf } from "./camera-card.js";
import { openCameraForm } from "./camera-form.js";
import { confirmDialog, openDialog } from "./dialog.js";
import { h, fill, icon } from "./dom.js";
import { LiveVideo } from "./live-video.js";
import { recordingPart } from "./recordings.js";
import { go, leave } from "./router.js";
import { pauseSnapshots, watch } from "./snapshots.js";
import { store } from "./store.js";
import { ago, clock } from "./time.js";
import { toast, toastProblem } from "./toast.js";
import { adviceFor, cameraWords, codecName } from "./words.js";

let current = null;

/** Opens the view of a camera, or closes it with null. */
export function showCamera(id) {
  if (current?.id === id) return;
  current?.close();
  current = null;
  if (id === null) return;
  const canvas = h("canvas", { class: "camera-picture", role: "img", width: "16", height: "9", "aria-label": "Picture of the camera" });
  const facts = h("dl", { class: "facts" });
  const trouble = h("p", { class: "warn-text", hidden: true });
  // Single pictures until the live ones are there, and where they cannot be played.
  const live = new LiveVideo(id);
  const stop = watch(canvas, id, { everySeconds: 1, alwaysOn: true,
    wanted: (failures) => !live.isShowing && (failures === 0 || stateOf(store.cameras.get(id) ?? {}) === "online") });
  const camera = () => store.cameras.get(id);
  const recording = recordingPart(id, store.zoneOf(camera()?.site_id));
  const activity = activityPart(id, store.zoneOf(camera()?.site_id));
  pauseSnapshots(true);
  const dialog = openDialog({
    title: "Camera", className: "dialog-wide camera-view",
    content: h("div", { class: "dialog-body" }, h("div", { class: "camera-frame large" }, canvas, live.element), trouble, facts, recording.element, activity.element,
      h("div", { class: "dialog-actions" },
        h("button", { type: "button", class: "button danger-quiet", onClick: () => remove(camera()) }, icon("trash"), "Remove"),
        h("button", { type: "button", class: "button", onClick: () => camera() && openCameraForm(camera()) }, icon("edit"), "Edit"),
        recordButton(camera),
        h("button", { type: "button", class: "button primary", onClick: () => go({ page: "list", id: null, filters: { camera_id: id } }) },
          icon("film"), "Its events"))),
    onClose: () => {
      off();
      stop();
      live.stop();
      recording.stop();
      pauseSnapshots(current !== null && current.id !== id);
      if (current?.id === id) {
        current = null;
        leave();
      }
    },
  });
  const render = () => {
    const known = camera();
    if (!known) return;
    dialog.heading.textContent = known.name;
    // No browser takes G.711 piece by piece.
    live.hasSound = ["aac", "opus"].includes(known.status?.audio_codec);
    showFacts(facts, trouble, known);
  };
  const off = store.on("cameras", render);
  render();
  current = { id, close: () => { current = null; dialog.close(); } };
}

/** Asks for a clip from before now on; again while it runs makes that one longer. */
function recordButton(camera) {
  const button = h("button", { type: "button", class: "button", title: "Keep a clip of what happens now, from some seconds ago on",
    onClick: async () => {
      const known = camera();
      if (!known) return;
      button.disabled = true;
      try {
        const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
        const { joined } = await api.trigger(known.id, { kind: "manual" }, key);
        toast(joined ? "It goes on recording." : "Recording. The event appears in the list when its clip is finished.");
      } catch (problem) {
        toastProblem(`Camera “${known.name}” does not record now.`, problem);
      } finally {
        button.disabled = false;
      }
    } }, icon("film"), "Record now");
  return button;
}

const soundWords = {
  aac: "AAC", opus: "Opus", pcma: "G.711 A-law, in clips; browsers cannot play it live",
  pcmu: "G.711 µ-law, in clips; browsers cannot play it live",
};

/** What the rungs of the activity ladder mean. */
const rungWords = {
  learning: "every picture, for now", asleep: "keyframes, until something stirs", audit: "keyframes; every picture as a check",
  alert: "every picture: something stirred", awake: "every picture: something moves", full: "every picture",
};

function showFacts(facts, trouble, camera) {
  const { status = {} } = camera;
  const zone = store.zoneOf(camera.site_id);
  const error = camera.enabled === false ? null : status.error;
  trouble.hidden = !error;
  if (error) trouble.textContent = `${error.detail} ${adviceFor(error)}`;
  const rows = [
    ["State", cameraWords[stateOf(camera)]],
    ["Address", camera.url],
    ["Site", store.sites.get(camera.site_id)?.name],
    ["Video", status.codec && [codecName(status.codec), status.width && `${status.width}×${status.height}`,
      Number.isFinite(status.frames_per_second) && `${status.frames_per_second.toFixed(1)} fps`,
      Number.isFinite(status.bitrate_kbps) && `${Math.round(status.bitrate_kbps)} kbit/s`,
      status.encoder && `encoded here, the camera sends ${codecName(status.source_codec)}`].filter(Boolean).join(" · ")],
    ["Keyframe every", Number.isFinite(status.keyframe_interval_seconds) && `${status.keyframe_interval_seconds.toFixed(1)} s`],
    ["Sound", status.codec && (status.has_audio ? soundWords[status.audio_codec] ?? "yes" : status.sound_remark ?? "no")],
    ["Heard now", Number.isFinite(status.sound_level_dbfs) && `${Math.round(status.sound_level_dbfs)} dBFS`],
    ["Analysis", status.codec && [rungWords[status.rung] ?? status.rung, status.rung_reason].filter(Boolean).join(": ")],
    ["Decoder", status.decoder],
    ["Connected", status.connected_at && `${clock(status.connected_at, zone)} (${ago(status.connected_at)})`],
    ["Interruptions", status.gaps],
    ["Reconnects", status.reconnects],
    ["Pictures analysed", Number.isFinite(status.frames_analysed) &&
      `${status.frames_analysed.toLocaleString()}${status.frames_dropped ? `, ${status.frames_dropped.toLocaleString()} dropped` : ""}`],
  ];
  fill(facts, rows.filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

async function remove(camera) {
  if (!camera) return;
  const sure = await confirmDialog({
    title: `Remove “${camera.name}”?`, action: "Remove the camera",
    text: "Vedette stops watching it. To pause it instead, edit it and switch it off.",
  });
  if (!sure) return;
  try {
    await api.removeCamera(camera.id);
    leave();
    store.removeCamera(camera.id);
    toast(`Camera “${camera.name}” is removed.`);
  } catch (problem) {
    toastProblem(`Camera “${camera.name}” was not removed.`, problem);
  }
}
