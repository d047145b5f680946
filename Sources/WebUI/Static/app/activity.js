// Where in a camera's picture something moved: a heat map over the picture, and when a region moved that is drawn on it.

import { api } from "./api.js";
import { h, fill } from "./dom.js";
import { ago, clock, dateAndClock } from "./time.js";
import { toastProblem } from "./toast.js";

const ranges = [[3600, "the last hour"], [86_400, "the last day"], [604_800, "the last week"], [2_592_000, "the last 30 days"]];

/** The folded part of the camera's view; asks nothing until it is opened. */
export function activityPart(id, zone) {
  const picture = h("img", { class: "heat-picture", alt: "" });
  const map = h("canvas", { class: "heat-map", width: "32", height: "18", role: "img", "aria-label": "How often each part of the picture moved" });
  const box = h("div", { class: "heat-region", hidden: true });
  const frame = h("div", { class: "camera-frame large heat" }, picture, map, box);
  const range = h("select", { id: "activity-range" }, ranges.map(([seconds, word]) => h("option", { value: String(seconds), selected: seconds === 86_400 }, word)));
  const note = h("p", { class: "hint", role: "status" });
  const times = h("ul", { class: "recorded-spans" });
  const clear = h("button", { type: "button", class: "button", hidden: true, onClick: () => choose(null) }, "Whole picture");
  let region = null;
  let asked = 0;

  const span = () => {
    const to = new Date();
    return { from: new Date(to.getTime() - Number(range.value) * 1000).toISOString(), to: to.toISOString() };
  };

  async function load() {
    const mine = ++asked;
    const within = span();
    try {
      const [heat, found] = await Promise.all([
        api.heatmap(id, within), api.activity(id, { ...within, region: region?.map((each) => each.toFixed(4)).join(","), limit: 200,
          gap_seconds: Math.max(3, Math.round(Number(range.value) / 8640)) })]);
      if (mine !== asked) return;
      paint(map, heat);
      const newest = found.items.slice(-12).reverse();
      note.textContent = newest.length === 0 ? `Nothing moved ${region ? "there " : ""}in ${words()}, as far as the camera was looked at.`
        : `${region ? "There" : "Anywhere in it"}, in ${words()}: ${found.items.length}${found.next_cursor ? " times or more" : found.items.length === 1 ? " time" : " times"}.`
          + (region ? "" : " Draw a box on the picture to ask about a part of it.");
      fill(times, found.next_cursor ? [h("li", { class: "hint" }, "The first of them; choose a shorter time for the newest.")] : [],
        newest.map((each) => h("li", {}, `${dateAndClock(each.starts_at, zone)} – ${clock(each.ends_at, zone)}`,
          h("span", { class: "hint" }, `${ago(each.starts_at)} · ${each.seconds} s`))));
    } catch (problem) {
      toastProblem("The activity could not be read.", problem);
    }
  }

  const words = () => ranges.find(([seconds]) => String(seconds) === range.value)[1];

  function choose(next) {
    region = next;
    box.hidden = clear.hidden = region === null;
    if (region) place(box, region);
    load();
  }
  drawOn(frame, box, choose);
  range.addEventListener("change", load);

  /** What the camera sees now; without it the map lies on the dark. */
  async function showPicture() {
    try {
      const response = await api.snapshot(id);
      const address = URL.createObjectURL(await response.blob());
      picture.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
      picture.src = address;
    } catch {
      picture.removeAttribute("src");
    }
  }

  const part = h("details", { class: "more activity-part" }, h("summary", {}, "Activity"), frame,
    h("div", { class: "recording-form" }, h("label", { for: "activity-range" }, "In", range), clear), note, times);
  part.addEventListener("toggle", () => {
    if (!part.open) return;
    showPicture();
    load();
  });
  return { element: part };
}

/** The more often a cell moved, the redder; on a logarithmic scale, as one tree moves more than all people together. */
function paint(canvas, heat) {
  const most = Math.log1p(Math.max(...heat.cells, 1));
  const context = canvas.getContext("2d");
  const image = context.createImageData(heat.columns, heat.rows);
  heat.cells.forEach((seconds, index) => {
    const share = Math.log1p(seconds) / most;
    image.data.set([255, Math.round(220 * (1 - share)), 0, seconds === 0 ? 0 : Math.round(60 + 120 * share)], index * 4);
  });
  context.putImageData(image, 0, 0);
}

function place(box, [x, y, width, height]) {
  Object.assign(box.style, { left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * width}%`, height: `${100 * height}%` });
}

/** Lets a box be drawn with mouse, pen or finger; tells its place as fractions. */
function drawOn(frame, box, onDrawn) {
  let start = null;
  const at = (event) => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height].map((each) => Math.min(1, Math.max(0, each)));
  };
  const between = ([x, y], [toX, toY]) => [Math.min(x, toX), Math.min(y, toY), Math.abs(toX - x), Math.abs(toY - y)];
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    start = at(event);
  });
  frame.addEventListener("pointermove", (event) => {
    if (!start) return;
    box.hidden = false;
    place(box, between(start, at(event)));
  });
  const end = (event) => {
    if (!start) return;
    const drawn = between(start, at(event));
    start = null;
    // A click is no box.
    onDrawn(drawn[2] > 0.01 && drawn[3] > 0.01 ? drawn : null);
  };
  frame.addEventListener("pointerup", end);
  frame.addEventListener("pointercancel", () => { start = null; });
}
