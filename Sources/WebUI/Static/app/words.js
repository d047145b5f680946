// How states are called, which icon stands for them, and what to do about errors.

import { h, icon } from "./dom.js";

export const verdictWords = {
  abnormal: { word: "Abnormal", icon: "alert" },
  uncertain: { word: "Uncertain", icon: "question" },
  normal: { word: "Normal", icon: "ok" },
};

const analysisWords = {
  pending: { word: "Waiting", icon: "clock" },
  running: { word: "Judging…", icon: "clock" },
  done: { word: "No verdict", icon: "question" },
  failed: { word: "Not judged", icon: "alert" },
  skipped: { word: "Not judged", icon: "skip" },
};

/** 0.914 → "91 %". */
export const percent = (fraction) => `${Math.round(100 * Math.min(1, Math.max(0, Number(fraction) || 0)))} %`;

/** What a badge says of an event: its verdict, or how far judging has come. */
export function standing(event) {
  const verdict = event.verdict && verdictWords[event.verdict.state];
  if (verdict) {
    return { kind: event.verdict.state, icon: verdict.icon, text: `${verdict.word} ${percent(event.verdict.confidence)}`,
      busy: event.analysis === "running" || event.analysis === "pending" };
  }
  if (event.state === "open") return { kind: "recording", icon: "film", text: "Recording", busy: true };
  const words = analysisWords[event.analysis] ?? analysisWords.pending;
  return { kind: event.analysis ?? "pending", icon: words.icon, text: words.word,
    busy: event.analysis === "pending" || event.analysis === "running" };
}

export function badge(event) {
  const { kind, icon: name, text, busy } = standing(event);
  return h("span", { class: `badge badge-${kind}${busy ? " busy" : ""}` }, icon(name), text);
}

const triggers = { manual: "Asked for by hand", api: "Asked for by a program", tamper: "Tampering", schedule: "Scheduled", audio: "Loud" };
const tampering = { covered: "Camera covered", defocused: "Camera out of focus", moved: "Camera turned away" };

/** What opened an event, where it was not motion. */
export function triggerText(event) {
  if (event.kind === "tamper" && tampering[event.trigger_label]) return tampering[event.trigger_label];
  const words = triggers[event.kind];
  return words ? [words, event.trigger_label].filter(Boolean).join(": ") : "";
}

/** A sentence on why an event has no verdict, with what to do. */
export function analysisText(event) {
  switch (event.analysis) {
    case "pending": return "The verdict comes as soon as a judge is free.";
    case "running": return "A judge is looking at the pictures now.";
    case "skipped": return event.analysis_error ?? "No judge was asked. Set an analyzer and a policy to have events judged.";
    case "failed":
      return `${event.analysis_error ?? "The judge gave no usable answer."} The clip is safe; the server log has the cause.`;
    default: return "";
  }
}

export const cameraWords = {
  online: "Online",
  connecting: "Connecting",
  failing: "Failing",
  offline: "Offline",
  disabled: "Switched off",
};

const advice = {
  camera_unreachable: "Check the address and port, and that the camera has power and network.",
  camera_timeout: "The address answers but sends nothing: check the port, the path and any firewall; try the other transport.",
  camera_untrusted: "Enter the fingerprint of the camera's certificate, as the message tells it, in the camera's settings.",
  camera_unauthorized: "Check the user name and password in the camera's URL.",
  stream_not_found: "The camera has no such stream: check the path after the host in its URL.",
  stream_unsupported: "Set the camera to H.264 or H.265 video.",
  stream_stalled: "The picture stopped: check the network to the camera. Vedette keeps trying.",
  stream_ended: "The camera closed the stream. Vedette keeps trying.",
  stream_corrupt: "Broken video: check the network, or use TCP as the transport.",
  stream_changed: "The camera changed its picture format. Vedette starts anew by itself.",
  ingest_failure: "The fault is on Vedette's machine: see its log, or run “vedette doctor”.",
};

/** What to do about a camera's error. */
export const adviceFor = (error) => advice[(error?.type ?? "").split("/").pop()] ?? "Vedette keeps trying.";

const codecs = { h264: "H.264", h265: "H.265", mjpeg: "MJPEG" };
export const codecName = (codec) => codecs[codec] ?? codec?.toUpperCase() ?? "";

/** "1920×1080 · 15 fps · H.264". */
export function streamText(status) {
  const parts = [];
  if (status?.width && status?.height) parts.push(`${status.width}×${status.height}`);
  if (Number.isFinite(status?.frames_per_second)) parts.push(`${roundFps(status.frames_per_second)} fps`);
  if (status?.codec) parts.push(codecName(status.codec));
  return parts.join(" · ");
}

const roundFps = (fps) => (fps >= 10 ? Math.round(fps) : Math.round(fps * 10) / 10);

/** "6.2 MB". */
export function bytes(count) {
  if (!Number.isFinite(count)) return "";
  if (count < 1e6) return `${Math.max(1, Math.round(count / 1e3))} kB`;
  return `${(count / 1e6).toFixed(count < 1e8 ? 1 : 0)} MB`;
}

/** What a failed call means for the person, in one or two sentences. */
export function whatToDo(problem) {
  switch (problem?.kind) {
    case "offline": return problem.message;
    case "unauthorized": return "Your session has ended. Sign in again.";
    case "forbidden": return `${problem.message} Ask an administrator.`;
    case "not-found": return "It is no longer there; someone may have deleted it.";
    case "rate-limited": return `Too many requests. Try again in ${problem.retryAfterSeconds ?? "a few"} seconds.`;
    case "precondition-failed": return "Someone else changed it meanwhile. Look at the new values and try again.";
    case "unavailable": return `${problem.message} Try again in a moment.`;
    case "internal": return `${problem.message} If it happens again, see the server's log.`;
    default: return problem?.message ?? "Something went wrong. Reload the page.";
  }
}
