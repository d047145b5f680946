// What forms are made of: a labelled control with its explanation and a place for what is wrong with it.

import { h } from "./dom.js";

/** A control under its label; `name` is the API's word for it, by which a complaint finds it. */
export function field(name, label, control, hint) {
  const hintId = `hint-${name}`;
  const errorId = `error-${name}`;
  control.id = `field-${name}`;
  control.name = name;
  control.setAttribute("aria-describedby", `${hintId} ${errorId}`);
  return h("div", { class: "field", dataset: { field: name } },
    h("label", { for: control.id }, label), control,
    h("p", { class: "hint", id: hintId }, hint ?? ""),
    h("p", { class: "field-error", id: errorId, role: "alert" }));
}

/** A list to choose one of; `options` are pairs of value and words. */
export const select = (value, options) => h("select", {}, options.map(([key, word]) =>
  h("option", { value: key, selected: key === value }, word)));

/** A box to tick, in front of its words. */
export function check(name, label, checked, hint) {
  const box = h("input", { type: "checkbox", id: `field-${name}`, name, checked });
  const node = h("div", { class: "field", dataset: { field: name } },
    h("label", { class: "check", for: box.id }, box, label),
    hint && h("p", { class: "hint" }, hint),
    h("p", { class: "field-error", role: "alert" }));
  return { node, box };
}

export const number = (value, least, most) => h("input", { type: "number", min: String(least), max: String(most), step: "any",
  inputmode: "decimal", value });

/** The place of a field: by its whole name (`schedule[0].at`), its last word (`url`), or the part of the form that it is in. */
function placeOf(form, name) {
  for (const word of [name, name.split(/[./]/).pop(), name.split(/[.[/]/)[0]]) {
    const place = form.querySelector(`[data-field="${CSS.escape(word)}"]`);
    if (place) return place;
  }
  return null;
}

/** Shows each complaint beside its field, opens what hides it, and goes to the first; returns those without a place. */
export function showErrors(form, errors) {
  for (const node of form.querySelectorAll(".field-error")) node.textContent = "";
  for (const node of form.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid");
  const unplaced = [];
  for (const { field: name, message } of errors) {
    const place = placeOf(form, String(name));
    if (!place) {
      unplaced.push(message);
      continue;
    }
    place.querySelector(".field-error").textContent = message;
    place.querySelector("input, select")?.setAttribute("aria-invalid", "true");
    for (let details = place.closest("details"); details; details = details.parentElement?.closest("details")) details.open = true;
  }
  form.querySelector("[aria-invalid]")?.focus();
  return unplaced;
}
