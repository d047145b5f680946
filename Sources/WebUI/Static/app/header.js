// Product name, is the page live, who judges, theme, system, help.

import { api } from "./api.js";
import { h, fill, icon, iconButton } from "./dom.js";
import { openDialog } from "./dialog.js";
import { openExports } from "./exports.js";
import { showHelp } from "./keys.js";
import { store } from "./store.js";
import { nextTheme, theme, themeIcon, themeWord } from "./theme.js";
import { toastProblem } from "./toast.js";

const connectionWords = {
  connecting: ["Connecting…", "Opening the event stream."],
  live: ["Live", "Events arrive here as they happen."],
  reconnecting: ["Reconnecting…", "The event stream was interrupted; missed events are fetched when it is back."],
  stopped: ["Not connected", "Sign in to see events arrive."],
};

export function makeHeader(place, { onSignOut }) {
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  const word = h("span", { class: "connection-word" });
  const connection = h("span", { class: "connection", role: "status" }, dot, word);
  const judge = h("button", { type: "button", class: "judge", hidden: true, onClick: () => showSystem(onSignOut) });
  const themeButton = iconButton(themeIcon[theme()], "", () => changeTheme(), "plain theme-button");
  const changeTheme = () => {
    nextTheme();
    labelTheme();
  };
  const labelTheme = () => {
    const label = `Theme: ${themeWord[theme()]} (t)`;
    fill(themeButton, icon(themeIcon[theme()]));
    themeButton.setAttribute("aria-label", label);
    themeButton.title = label;
  };
  labelTheme();
  const tools = h("div", { class: "header-tools" }, judge, connection, themeButton,
    iconButton("keyboard", "Keyboard help (?)", showHelp, "plain keyboard-button"),
    iconButton("system", "System", () => showSystem(onSignOut), "plain"));
  fill(place, h("a", { class: "brand", href: "#/", "aria-label": "Vedette, all events" }, icon("logo"), h("span", {}, "Vedette")),
    tools);

  const showConnection = () => {
    const [text, explanation] = connectionWords[store.connection] ?? connectionWords.connecting;
    word.textContent = text;
    connection.title = explanation;
    connection.dataset.state = store.connection;
  };
  const showJudge = () => {
    const list = store.analyzers;
    judge.hidden = list === null;
    if (list === null) return;
    const lesser = list.some((each) => each.lesser);
    const name = list.length === 0 ? "No judge" : list.map((each) => shortDetail(each)).join(", ");
    judge.classList.toggle("warn", lesser || list.length === 0);
    judge.title = list.length === 0 ? "Events are recorded but not judged." : list.map((each) => each.detail || each.name).join("\n");
    fill(judge, icon(lesser || list.length === 0 ? "alert" : "ok"), h("span", { class: "judge-text" },
      h("span", { class: "judge-label" }, "Judge "), name));
  };
  store.on("connection", showConnection);
  store.on("analyzers", showJudge);
  showConnection();
  showJudge();
  return { changeTheme };
}

/** The first words of an analyzer's detail: "HOG people detector, the lesser one: put …" → "HOG people detector". */
function shortDetail(analyzer) {
  const text = (analyzer.detail || analyzer.name || "").split(/[,:;(]/)[0].trim();
  return text.length > 32 ? `${text.slice(0, 31)}…` : text;
}

async function showSystem(onSignOut) {
  const body = h("div", { class: "dialog-body system" });
  const dialog = openDialog({ title: "System", className: "dialog-small", content: body });
  const judges = store.analyzers ?? [];
  const list = h("dl", { class: "facts" });
  fill(body,
    h("h3", {}, "Judges"),
    judges.length === 0
      ? h("p", { class: "hint" }, "None: events are recorded but not judged. Add an analyzer to the configuration file and restart.")
      : h("ul", { class: "plain-list" }, judges.map((each) => h("li", {},
        h("strong", {}, each.name), " ", h("span", { class: "muted" }, each.kind),
        h("p", { class: each.lesser ? "warn-text" : "hint" }, each.detail || "")))),
    h("h3", {}, "Health"), list,
    h("div", { class: "dialog-actions" },
      h("a", { class: "button", href: "/openapi.json", target: "_blank", rel: "noopener" }, "API description"),
      h("button", { type: "button", class: "button", onClick: () => { dialog.close(); openExports(); } }, icon("download"), "Exported files"),
      h("button", { type: "button", class: "button", onClick: () => { dialog.close(); onSignOut(); } }, icon("out"), "Sign out")));
  const add = (name, value, bad = false) => list.append(h("dt", {}, name), h("dd", { class: bad ? "warn-text" : "" }, value));
  add("Event stream", connectionWords[store.connection]?.[0] ?? "");
  const [version, ready] = await Promise.allSettled([api.version(), api.ready()]);
  if (version.status === "fulfilled") {
    const { version: number, ...rest } = version.value;
    add("Version", [number, ...Object.values(rest).filter((each) => typeof each === "string")].filter(Boolean).join(" · "));
  } else {
    toastProblem("The version could not be read.", version.reason);
  }
  if (ready.status === "fulfilled") {
    for (const [name, check] of Object.entries(ready.value.checks ?? {})) {
      const text = typeof check === "string" ? check : check?.detail ?? check?.status ?? JSON.stringify(check);
      add(name.replaceAll("_", " "), text, !/^(ok|ready|pass)/i.test(typeof check === "string" ? check : check?.status ?? ""));
    }
  }
}
