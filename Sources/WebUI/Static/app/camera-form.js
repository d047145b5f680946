// Add or change a camera. Only what was changed is sent; the server's word on each field is shown beside it.

import { api } from "./api.js";
import { h, append } from "./dom.js";
import { openDialog } from "./dialog.js";
import { check as checkBox, field, number, select, showErrors } from "./form-fields.js";
import { sameSchedule, scheduleEditor } from "./schedule-editor.js";
import { sameTrigger, soundEditor } from "./sound-editor.js";
import { store } from "./store.js";
import { toast, toastProblem } from "./toast.js";

/** Numbers: name, label, default, smallest, largest, explanation. */
const numbers = [
  ["pre_roll_seconds", "Seconds before", 5, 0, 60, "How much of the time before the motion is in the clip."],
  ["post_roll_seconds", "Seconds after", 5, 0, 60, "How much of the time after the motion is in the clip."],
  ["merge_gap_seconds", "Merge gap", 1, 0.2, 60, "Motion that resumes within this many seconds is the same event."],
  ["cool_down_seconds", "Cool-down", 0, 0, 3600, "No new event for this many seconds after one."],
  ["maximum_length_seconds", "Longest clip", 60, 10, 3600, "A longer event goes on in the next clip, without a gap."],
  ["timeout_seconds", "Time-out", 10, 1, 120, "Silence for this many seconds counts as a failure."],
  ["sensitivity", "Sensitivity", 0.5, 0, 1, "0 sees nothing, 1 sees everything."],
  ["minimum_area", "Smallest motion", 0.0003, 0, 0.5, "Smallest moving region that counts, as a fraction of the picture."],
];

/** What the form holds, in the API's words. */
function read(form, parts) {
  const values = { name: form.elements.name.value.trim(), url: form.elements.url.value.trim(),
    transport: form.elements.transport.value, analysis: form.elements.analysis.value, detect_url: form.elements.detect_url.value.trim() || null,
    record: form.elements.record.value, enabled: form.elements.enabled.checked,
    tamper: form.elements.tamper.checked, audio_trigger: parts.sound.read(), schedule: parts.schedule.read() };
  if (form.elements.site_id) values.site_id = form.elements.site_id.value;
  for (const [name] of numbers) values[name] = form.elements[name].valueAsNumber;
  return values;
}

function check(values, before, parts) {
  const errors = [];
  if (!values.name) errors.push({ field: "name", message: "Give the camera a name, for example “gate”." });
  if (!/^rtsps?:\/\/\S+$/i.test(values.url)) {
    errors.push({ field: "url", message: "An address that begins with rtsp://, for example rtsp://192.168.1.20:554/stream1." });
  } else if (values.url !== before?.url && /:\*+@/.test(values.url)) {
    errors.push({ field: "url", message: "Write the password again instead of ***: a changed address is stored as it stands here." });
  }
  if (values.detect_url !== null && !/^rtsps?:\/\/\S+$/i.test(values.detect_url)) {
    errors.push({ field: "detect_url", message: "An address that begins with rtsp://, or nothing." });
  } else if (values.detect_url !== null && values.detect_url !== before?.detect_url && /:\*+@/.test(values.detect_url)) {
    errors.push({ field: "detect_url", message: "Write the password again instead of ***." });
  }
  if (values.analysis === "substream" && values.detect_url === null) {
    errors.push({ field: "analysis", message: "There is no smaller stream: give its address, or choose another." });
  }
  for (const [name, , , least, most] of numbers) {
    if (!(values[name] >= least && values[name] <= most)) errors.push({ field: name, message: `A number from ${least} to ${most}.` });
  }
  return [...errors, ...parts.sound.check(), ...parts.schedule.check()];
}

/** Opens the form; with a camera it changes that one. */
export async function openCameraForm(known) {
  let before = known ?? null;
  let etag = null;
  if (known) {
    try {
      ({ camera: before, etag } = await api.camera(known.id));
    } catch (problem) {
      toastProblem("The camera could not be read.", problem);
      return;
    }
  }
  const value = (name, fallback) => before?.[name] ?? fallback;
  const sites = [...store.sites.values()];
  const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  const message = h("p", { class: "field-error", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary" }, before ? "Save" : "Add camera");
  const text = (name, extra) => h("input", { type: "text", value: value(name, ""), spellcheck: "false", autocomplete: "off", ...extra });
  const zone = store.zoneOf(value("site_id", sites[0]?.id));
  const parts = { sound: soundEditor(value("audio_trigger", null), before?.id), schedule: scheduleEditor(value("schedule", []), zone) };
  const form = h("form", { class: "dialog-body form", novalidate: "" },
    field("name", "Name", text("name", { maxlength: "100", autofocus: "" }), "Unique within its site."),
    field("url", "RTSP address", text("url", { inputmode: "url", autocapitalize: "off", placeholder: "rtsp://user:password@192.168.1.20:554/stream1" }),
      before ? "The password is not shown. Leave the address as it is to keep it." : "With user name and password in it, if the camera wants them. They are stored, and never shown again."),
    field("detect_url", "RTSP address of a smaller stream", text("detect_url", { inputmode: "url", autocapitalize: "off",
      oninput: (event) => { if (event.target.value && form.elements.analysis.value === "ladder") form.elements.analysis.value = "substream"; } }),
      "Optional. The same view, smaller: it is analysed, while the large one is recorded."),
    sites.length > 1 && field("site_id", "Site", select(value("site_id", sites[0].id), sites.map((site) => [site.id, site.name]))),
    field("transport", "Transport", select(value("transport", "tcp"), [["tcp", "TCP (reliable)"], ["udp", "UDP (less delay)"]])),
    field("analysis", "Analysis", select(value("analysis", "ladder"), [["ladder", "When something stirs"], ["keyframes", "When a keyframe differs"], ["full", "Every picture"], ["substream", "The smaller stream"]]),
      "“When something stirs” decodes next to nothing while nothing happens; “Every picture” takes about ten times the processor."),
    field("record", "Recording", select(value("record", "events"), [["events", "Events only"], ["motion", "Around events, in whole segments"], ["continuous", "Everything"]]),
      "Besides the clips of events. Nothing is removed by itself yet: “Everything” takes about 32 GB a day for a stream of 3 Mbit/s."),
    checkBox("enabled", "Switched on", value("enabled", true)).node,
    h("details", { class: "more" }, h("summary", {}, "Motion and clips"),
      h("div", { class: "columns" }, numbers.map(([name, label, fallback, least, most, hint]) =>
        field(name, label, number(value(name, fallback), least, most), hint)))),
    h("details", { class: "more" }, h("summary", {}, "Tampering, sound and fixed times"),
      h("div", { class: "form" },
        checkBox("tamper", "Tampering makes an event", value("tamper", true), "When the camera is covered, loses its focus or is turned away.").node,
        parts.sound.element, parts.schedule.element)),
    message,
    h("div", { class: "dialog-actions" },
      h("button", { type: "button", class: "button", onClick: () => dialog.close() }, "Cancel"), submit));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = read(form, parts);
    message.textContent = "";
    const own = check(values, before, parts);
    showErrors(form, own);
    if (own.length > 0) return;
    submit.disabled = true;
    try {
      store.setCamera(await save(values, before, etag, key));
      dialog.close();
      toast(before ? `Camera “${values.name}” is saved.` : `Camera “${values.name}” is added; Vedette is connecting to it.`);
    } catch (problem) {
      const unplaced = showErrors(form, problem.errors ?? []);
      if (problem.kind === "precondition-failed") message.textContent = "Someone else changed this camera meanwhile. Close this and open it again.";
      else if (unplaced.length > 0 || !(problem.errors?.length > 0)) append(message, [[problem.message, ...unplaced].join(" ")]);
    } finally {
      submit.disabled = false;
    }
  });
  const dialog = openDialog({ title: before ? `Camera “${before.name}”` : "Add a camera", content: form, onClose: () => parts.sound.stop() });
}

function save(values, before, etag, key) {
  if (!before) return api.createCamera(values, key);
  const patch = Object.fromEntries(Object.entries(values).filter(([name, each]) => !isSame(name, each, before[name])));
  return Object.keys(patch).length === 0 ? before : api.updateCamera(before.id, patch, etag);
}

const isSame = (name, one, other) => name === "schedule" ? sameSchedule(one, other)
  : name === "audio_trigger" ? sameTrigger(one, other) : one === other;
