// One line under the header while the server cannot be reached.

import { onApi } from "./api.js";
import { h, fill, icon } from "./dom.js";
import { store } from "./store.js";

const patienceSeconds = 4;

/** Shows and hides by itself; `retry` is what its button does. */
export function makeBanner(place, retry) {
  let timer = null;
  const hide = () => {
    clearTimeout(timer);
    timer = null;
    place.hidden = true;
  };
  const showSoon = () => {
    timer ??= setTimeout(() => {
      const text = navigator.onLine === false
        ? "This device is offline. What you see is from before; new events appear when it is back."
        : "Vedette does not answer. What you see is from before; this page keeps trying. Check that it is running.";
      fill(place, icon("alert"), h("span", {}, text), h("button", { type: "button", class: "button small", onClick: retry }, "Try now"));
      place.hidden = false;
    }, patienceSeconds * 1000);
  };
  onApi("lost", showSoon);
  onApi("reached", hide);
  store.on("connection", (state) => {
    if (state === "live" || state === "stopped") hide();
    else if (state === "reconnecting") showSoon();
  });
}
