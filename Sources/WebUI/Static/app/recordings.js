// A camera's continuous recording: what there is of the last day, and any span of it to play or to download.

import { api } from "./api.js";
import { h, fill } from "./dom.js";
import { openExports, requestExport } from "./exports.js";
import { dateAndClock, clock, fieldTime, instantOf, zoneNote } from "./time.js";
import { toastProblem } from "./toast.js";

const length = (seconds) => seconds < 90 ? `${Math.round(seconds)} s`
  : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;

/** The folded part of the camera's view; reads nothing until it is opened. */
export function recordingPart(id, zone) {
  const spans = h("ul", { class: "recorded-spans" });
  const from = h("input", { type: "datetime-local", step: "1", id: "recording-from", required: "" });
  const to = h("input", { type: "datetime-local", step: "1", id: "recording-to", required: "" });
  const note = h("p", { class: "hint", role: "status" });
  const video = h("video", { class: "recorded-video", controls: "", playsinline: "", hidden: true });
  const choose = (span) => {
    // Fields of whole seconds: the first within the span, and at most ten minutes.
    const begin = new Date(Math.ceil(Date.parse(span.starts_at) / 1000) * 1000);
    from.value = fieldTime(begin, zone);
    to.value = fieldTime(new Date(Math.min(Math.floor(Date.parse(span.ends_at) / 1000) * 1000, begin.getTime() + 600_000)), zone);
  };
  /** The chosen span as instants; null, and said, where there is none. */
  const chosen = () => {
    const [begin, end] = [from, to].map((field) => new Date(instantOf(field.value, zone) ?? NaN));
    if (Number.isNaN(begin.getTime()) || Number.isNaN(end.getTime()) || end <= begin) {
      note.textContent = "Give a beginning, and an end after it.";
      return null;
    }
    note.textContent = "";
    return { from: begin.toISOString(), to: end.toISOString() };
  };
  const address = (download) => {
    const span = chosen();
    return span && api.recordingAddress(id, { ...span, download: download ? 1 : undefined });
  };
  video.addEventListener("error", async () => {
    if (!video.getAttribute("src")) return;
    // The element does not say why; the server does.
    note.textContent = await api.whyNoRecording(video.getAttribute("src")) ?? "This browser cannot play it; download it instead.";
  });
  const elsewhere = zoneNote(new Date().toISOString(), zone);
  const form = h("form", { class: "recording-form", novalidate: "" },
    h("label", { for: "recording-from" }, ["From", elsewhere && ` (${elsewhere})`], from), h("label", { for: "recording-to" }, "To", to),
    h("button", { type: "submit", class: "button primary" }, "Play"),
    h("button", { type: "button", class: "button", onClick: () => {
      const url = address(true);
      if (url) window.location.assign(url);
    } }, "Download"),
    h("button", { type: "button", class: "button", title: "Recording, clips and pictures of this time as one ZIP with digests, made in the background",
      onClick: () => {
        const span = chosen();
        if (span) requestExport({ camera_id: id, ...span, format: "zip" });
      } }, "Export as ZIP"),
    h("button", { type: "button", class: "button", onClick: openExports }, "Exported files"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const url = address(false);
    if (!url) return;
    video.hidden = false;
    video.src = url;
    video.play().catch(() => {});
  });
  const part = h("details", { class: "more recording-part" }, h("summary", {}, "Recording"), spans, form, note, video);
  part.addEventListener("toggle", async () => {
    if (!part.open) {
      video.pause();
      return;
    }
    try {
      const items = [];
      const to = new Date().toISOString();
      // The newest are on the last page.
      for (let cursor, pages = 0; pages === 0 || (cursor && pages < 20); pages += 1) {
        const page = await api.recordings(id, { to, limit: 200, cursor });
        items.push(...page.items);
        cursor = page.next_cursor;
      }
      const newest = items.slice(-8).reverse();
      fill(spans, newest.length === 0
        ? [h("li", { class: "hint" }, "Nothing of the last day. A camera records what its setting “Recording” says.")]
        : newest.map((span) => [span, span !== items[0]]).map(([span, isAfterAnother]) => h("li", {}, h("button", { type: "button", class: "button", onClick: () => choose(span) },
          `${dateAndClock(span.starts_at, zone)} – ${clock(span.ends_at, zone)}`),
        h("span", { class: "hint" }, [length(span.duration_seconds), span.has_motion && "with events",
          isAfterAnother && span.gap_before_seconds >= 1 && `after a gap of ${length(span.gap_before_seconds)}`].filter(Boolean).join(" · ")))));
      if (newest[0] && !from.value) choose(newest[0]);
    } catch (problem) {
      toastProblem("The recordings could not be read.", problem);
    }
  });
  return { element: part, stop: () => { video.removeAttribute("src"); video.load(); } };
}
