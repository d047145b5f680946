// Runs before the first paint, so that a chosen theme does not flash the other one. Everything else is in theme.js.
try {
  const chosen = localStorage.getItem("vedette.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden; the system's theme then holds.
}
