// Fresh camera pictures: fetched only while their canvas is on screen and the page is looked at, two at a time, decoded
// off the DOM and then painted in one step, so nothing flickers and nothing is fetched that nobody sees.

import { api } from "./api.js";

const atOnce = 2;
const watched = new Map();
let running = 0;
let paused = false;

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const state = watched.get(entry.target);
    if (state) state.visible = entry.isIntersecting;
  }
  pump();
}, { rootMargin: "80px" });

/**
 * Keeps a canvas showing a camera, with `alwaysOn` also while the others are paused. `wanted(failures)` tells whether asking makes sense (a camera that is off has no picture);
 * `onPicture(ok)` is told after each attempt. Returns a function that stops it.
 */
export function watch(canvas, cameraId, { everySeconds = 2, alwaysOn = false, wanted = () => true, onPicture = () => {} } = {}) {
  watched.set(canvas, {
    cameraId, everySeconds, alwaysOn, wanted, onPicture, visible: false, due: 0, failures: 0, controller: null,
  });
  observer.observe(canvas);
  return () => {
    watched.get(canvas)?.controller?.abort();
    watched.delete(canvas);
    observer.unobserve(canvas);
  };
}

/** Stops and resumes all of them, for when something lies over the cameras. */
export function pauseSnapshots(value) {
  paused = value;
  pump();
}

function pump() {
  if (document.visibilityState !== "visible") return;
  const now = performance.now();
  const ready = [...watched.entries()]
    .filter(([, state]) => state.visible && !state.controller && state.due <= now && (!paused || state.alwaysOn) && state.wanted(state.failures))
    .sort(([, a], [, b]) => a.due - b.due);
  for (const [canvas, state] of ready) {
    if (running >= atOnce) return;
    running += 1;
    refresh(canvas, state).finally(() => {
      running -= 1;
      pump();
    });
  }
}

async function refresh(canvas, state) {
  state.controller = new AbortController();
  let ok = false;
  try {
    const response = await api.snapshot(state.cameraId, state.controller.signal);
    const bitmap = await createImageBitmap(await response.blob());
    paint(canvas, bitmap);
    ok = true;
    state.failures = 0;
  } catch {
    state.failures += 1;
  }
  state.controller = null;
  // A camera without a picture is asked more and more rarely, up to every 15 s.
  state.due = performance.now() + 1000 * Math.min(15, state.everySeconds * (1 + state.failures));
  if (watched.has(canvas)) state.onPicture(ok);
}

function paint(canvas, bitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
  bitmap.close();
}

/** Asks for the picture of a camera at the next chance, for when it has just come online. */
export function refreshSoon(canvas) {
  const state = watched.get(canvas);
  if (!state) return;
  state.due = 0;
  state.failures = 0;
  pump();
}

setInterval(pump, 250);
document.addEventListener("visibilitychange", pump);
