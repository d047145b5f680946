// Automatic, light or dark; kept on this device.

import { preference } from "./store.js";

const order = ["auto", "light", "dark"];
export const themeIcon = { auto: "auto", light: "sun", dark: "moon" };
export const themeWord = { auto: "as the system", light: "light", dark: "dark" };

export const theme = () => document.documentElement.dataset.theme ?? "auto";

export function nextTheme() {
  const next = order[(order.indexOf(theme()) + 1) % order.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  preference.set("theme", next === "auto" ? null : next);
  return next;
}
