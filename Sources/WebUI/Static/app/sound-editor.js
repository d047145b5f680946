// When a camera's sound makes an event: the API's `audio_trigger`, with what it hears now beside the level.

import { h, setText } from "./dom.js";
import { check, field, number } from "./form-fields.js";
import { store } from "./store.js";

const standard = { level_dbfs: -30, seconds: 0.5, hysteresis_db: 6, rearm_seconds: 5 };
const bounds = { level_dbfs: [-80, 0], seconds: [0.1, 30], hysteresis_db: [0, 40], rearm_seconds: [0, 3600] };

/** The part of a form; `read` gives the trigger or null. `id` is the camera's, where it exists already. */
export function soundEditor(trigger, id) {
  const values = { ...standard, ...trigger };
  const inputs = Object.fromEntries(Object.keys(bounds).map((key) => [key, number(values[key], ...bounds[key])]));
  const { node, box } = check("audio_trigger", "Loud sounds make an event", Boolean(trigger),
    "The camera's sound is listened to only while this is on.");
  const meter = h("meter", { class: "sound-meter", min: "-80", max: "0", "aria-label": "How loud it is now", hidden: true });
  const now = h("p", { class: "hint", role: "status" });
  const group = h("div", { class: "sound-settings" },
    h("div", { class: "columns" },
      field("audio_trigger.level_dbfs", "From this level on (dBFS)", inputs.level_dbfs,
        "0 is the loudest there is. Speech near the camera is often about -30, a quiet room below -50."),
      field("audio_trigger.seconds", "For so many seconds", inputs.seconds, "Shorter sounds are nothing."),
      field("audio_trigger.hysteresis_db", "Quiet so much below (dB)", inputs.hysteresis_db, "So far below the level it is quiet again."),
      field("audio_trigger.rearm_seconds", "Quiet for so many seconds", inputs.rearm_seconds, "Then the next event may come.")),
    meter, now);
  const toggle = () => { group.hidden = !box.checked; };
  box.addEventListener("change", toggle);
  toggle();
  const show = () => {
    const status = store.cameras.get(id)?.status;
    const level = status?.sound_level_dbfs;
    meter.hidden = !Number.isFinite(level);
    if (Number.isFinite(level)) meter.value = level;
    setText(now, Number.isFinite(level) ? `Now ${Math.round(level)} dBFS, the loudest of the last second.`
      : trigger ? status?.sound_remark ?? "" : "How loud it is is shown here once this is saved.");
    // Full at the level, so that the colours tell what would count.
    const least = inputs.level_dbfs.valueAsNumber;
    if (Number.isFinite(least)) {
      meter.high = least;
      meter.low = Math.max(-80, least - 12);
      meter.optimum = -80;
    }
  };
  const off = store.on("cameras", show);
  inputs.level_dbfs.addEventListener("input", show);
  show();
  return {
    element: h("div", {}, h("h3", { class: "form-heading" }, "Sound"), node, group),
    read: () => (box.checked ? Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.valueAsNumber])) : null),
    check: () => (box.checked ? Object.entries(inputs).filter(([key, input]) =>
      !(input.valueAsNumber >= bounds[key][0] && input.valueAsNumber <= bounds[key][1])).map(([key]) =>
      ({ field: `audio_trigger.${key}`, message: `A number from ${bounds[key][0]} to ${bounds[key][1]}.` })) : []),
    stop: off,
  };
}

/** Whether two triggers say the same. */
export const sameTrigger = (one, other) => (one === null || !other) ? (one ?? null) === (other ?? null)
  : Object.keys(bounds).every((key) => one[key] === other[key]);
