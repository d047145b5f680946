// A camera's clips at fixed times: one row for each rule, in the words of the API's `schedule`.

import { h, iconButton } from "./dom.js";
import { field, number, select } from "./form-fields.js";

const mostRules = 16;
const days = [["mon", "Mo"], ["tue", "Tu"], ["wed", "We"], ["thu", "Th"], ["fri", "Fr"], ["sat", "Sa"], ["sun", "Su"]];
const longDays = { mon: "Monday", tue: "Tuesday", wed: "Wednesday", thu: "Thursday", fri: "Friday", sat: "Saturday", sun: "Sunday" };

/** The part of a form; `read` gives the rules, `check` what is wrong with them. `zone` is the site's. */
export function scheduleEditor(rules, zone) {
  const rows = [];
  const list = h("div", { class: "schedule-rows" });
  const add = h("button", { type: "button", class: "button", onClick: () => {
    append({ name: freeName(), at: "06:00", every_seconds: null, days: [], duration_seconds: 10 }).focus();
  } }, "Add a time");

  const freeName = () => {
    const taken = new Set(rows.map((row) => row.name.value.trim()));
    for (let n = 1; ; n += 1) if (!taken.has(`time ${n}`)) return `time ${n}`;
  };

  // The names of fields hold the place in the list, as complaints of the server do.
  const renumber = () => {
    rows.forEach((row, index) => row.place(index));
    add.disabled = rows.length >= mostRules;
  };

  function append(rule) {
    const row = makeRow(rule, () => {
      rows.splice(rows.indexOf(row), 1);
      row.element.remove();
      renumber();
      add.focus();
    });
    rows.push(row);
    list.append(row.element);
    renumber();
    return row.name;
  }
  for (const rule of rules ?? []) append(rule);
  renumber();

  return {
    element: h("div", { class: "field", dataset: { field: "schedule" } },
      h("h3", { class: "form-heading" }, "Clips at fixed times"),
      h("p", { class: "hint" }, `By the site's clock (${zone}).`), list, h("div", {}, add),
      h("p", { class: "field-error", role: "alert" })),
    read: () => rows.map((row) => row.read()),
    check: () => rows.flatMap((row, index) => row.check().map((each) => ({ ...each, field: `schedule[${index}].${each.field}` }))),
  };
}

function makeRow(rule, onRemove) {
  const name = h("input", { type: "text", value: rule.name, maxlength: "64", spellcheck: "false", autocomplete: "off" });
  const kind = select(rule.every_seconds ? "every" : "at", [["at", "at"], ["every", "every"]]);
  kind.setAttribute("aria-label", "When");
  const at = h("input", { type: "time", value: rule.at ?? "06:00", step: "60" });
  const every = number(rule.every_seconds ? rule.every_seconds / 60 : 60, 1, 1440);
  const lasts = number(rule.duration_seconds, 1, 3600);
  const boxes = days.map(([key, word]) => {
    const box = h("input", { type: "checkbox", value: key, checked: (rule.days ?? []).includes(key), "aria-label": longDays[key] });
    return { box, node: h("label", { class: "weekday" }, box, word) };
  });
  const nodes = {
    name: field("schedule-name", "Name", name), at: field("schedule-at", "Time", at),
    every_seconds: field("schedule-every", "Minutes", every), duration_seconds: field("schedule-lasts", "Seconds", lasts),
  };
  const toggle = () => {
    nodes.at.hidden = kind.value !== "at";
    nodes.every_seconds.hidden = kind.value !== "every";
  };
  kind.addEventListener("change", toggle);
  toggle();
  const element = h("fieldset", { class: "schedule-row" },
    h("legend", { class: "sr-only" }, "Clips at a fixed time"),
    nodes.name, h("div", { class: "field" }, h("span", { class: "field-label", "aria-hidden": "true" }, "When"), kind), nodes.at, nodes.every_seconds, nodes.duration_seconds,
    iconButton("trash", "Remove this time", onRemove, "plain"),
    h("div", { class: "weekdays" }, boxes.map((each) => each.node),
      h("span", { class: "hint" }, "(none: every day)")));
  return {
    element, name,
    place(index) {
      for (const [key, node] of Object.entries(nodes)) {
        node.dataset.field = `schedule[${index}].${key}`;
        const control = node.querySelector("input");
        control.id = `field-schedule-${index}-${key}`;
        node.querySelector("label").htmlFor = control.id;
      }
    },
    read: () => ({
      name: name.value.trim(), ...(kind.value === "at" ? { at: at.value } : { every_seconds: Math.round(every.valueAsNumber * 60) }),
      days: boxes.filter((each) => each.box.checked).map((each) => each.box.value), duration_seconds: lasts.valueAsNumber,
    }),
    check() {
      const errors = [];
      if (!name.value.trim()) errors.push({ field: "name", message: "Give it a name; its events carry it." });
      if (kind.value === "at" && !/^\d\d:\d\d$/.test(at.value)) errors.push({ field: "at", message: "A time of day." });
      if (kind.value === "every" && !(every.valueAsNumber >= 1 && every.valueAsNumber <= 1440)) {
        errors.push({ field: "every_seconds", message: "A number from 1 to 1440." });
      }
      if (!(lasts.valueAsNumber >= 1 && lasts.valueAsNumber <= 3600)) errors.push({ field: "duration_seconds", message: "A number from 1 to 3600." });
      return errors;
    },
  };
}

/** Whether two schedules say the same; the server writes what is left out as null. */
export const sameSchedule = (one, other) => JSON.stringify((one ?? []).map(plain)) === JSON.stringify((other ?? []).map(plain));

const plain = (rule) => [rule.name, rule.at ?? null, rule.every_seconds ?? null, [...(rule.days ?? [])].sort(), rule.duration_seconds];
